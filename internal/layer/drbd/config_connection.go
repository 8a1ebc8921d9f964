package drbd

import (
	"fmt"
	"strings"
)

// connection writes the connection of the local node to one peer.
func (w *writer) connection(me, peer Node) {
	c := w.r.connection(me.Name, peer.Name)
	w.open("connection")
	w.block(secNet, c.Net)
	w.block(secPeerDevice, c.PeerDevice)
	w.peerVolumes(c)
	for _, p := range w.r.paths(me, peer) {
		inPath := len(c.Paths) > 0
		if inPath {
			w.open("path")
		}
		w.host(me, p.A, c.Proxy)
		w.host(peer, p.B, c.Proxy)
		if inPath {
			w.close()
		}
	}
	w.close()
}

// peerVolumes writes what single volumes of a connection have of their own.
func (w *writer) peerVolumes(c Connection) {
	for _, v := range w.r.volumes() {
		lines := w.options(secPeerDevice, c.VolumeOptions[v.Number])
		if len(lines) == 0 {
			continue
		}
		w.open(fmt.Sprintf("volume %d", v.Number))
		w.open("disk")
		for _, l := range lines {
			w.line("%s", l)
		}
		w.close()
		w.close()
	}
}

func (w *writer) host(n Node, e Endpoint, proxy bool) {
	host := w.text("the host name of node "+n.Name, n.Uname)
	switch {
	case proxy:
		w.open(fmt.Sprintf("host %s address ipv4 127.0.0.1:%d via proxy on %s", host, e.Port, host))
		w.line("inside ipv4 127.0.0.2:%d;", e.Port)
		w.line("outside %s;", family(e.Addr, e.Port))
		w.close()
		return
	case !e.Outside.IsValid():
	case w.tools.Utils.AtLeast(utils923):
		w.line("host %s address %s via outside-address %s;", host, family(e.Addr, e.Port), family(e.Outside, e.Port))
		return
	default:
		w.warnings = append(w.warnings, fmt.Sprintf("The outside address of node %s is left out: it needs drbd-utils %s, the node has %s.",
			n.Name, utils923, w.tools.Utils))
	}
	w.line("host %s address %s;", host, family(e.Addr, e.Port))
}

// proxyOptions and compressionOptions are what the proxy section may have.
var (
	proxyOptions       = infos(word, "memlimit read-loops sndbuf-size rcvbuf-size ping-timeout")
	compressionOptions = infos(word, "level dict-size lc lp pb nice-len mf mode depth contexts fallback-to-zlib numa-threshold")
	compressions       = infos(word, "zstd zlib lz4 lzma")
)

func (w *writer) proxy() {
	p := w.r.Proxy
	if p == nil || len(p.Options) == 0 && p.Compression == "" {
		return
	}
	w.open("proxy")
	for _, o := range p.Options {
		if _, ok := proxyOptions[o.Name]; !ok {
			w.skip("proxy", o, "this version does not know it")
			continue
		}
		w.line("%s", w.option(o, optionInfo{}))
	}
	w.plugin(p)
	w.close()
}

func (w *writer) plugin(p *Proxy) {
	if p.Compression == "" {
		return
	}
	if _, ok := compressions[p.Compression]; !ok {
		w.fail("DrbdProxy/CompressionType", "it is none of zstd, zlib, lz4 and lzma")
		return
	}
	var line strings.Builder
	line.WriteString(p.Compression)
	for _, o := range p.CompressionOptions {
		if _, ok := compressionOptions[o.Name]; !ok {
			w.skip("proxy", o, "this version does not know it")
			continue
		}
		val, why := bare(o.Value)
		if why != "" {
			w.fail(o.Name, why)
		}
		line.WriteString(" " + o.Name + " " + val)
	}
	w.open("plugin")
	w.line("%s;", line.String())
	w.close()
}
