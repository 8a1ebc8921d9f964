package drbd

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"github.com/holdfast-storage/holdfast/internal/provider"
)

// A connection to a peer that a node must not meet has a path that leads to nobody: it
// stays configured, so that DRBD goes on to note what the peer misses.
const (
	PathNowhere = "none"
	NearNowhere = "127.0.0.1"
	PortNowhere = 1
)

// FarNowhere is the address at which nobody is instead of a peer.
func FarNowhere(nodeID int) string { return fmt.Sprintf("127.0.0.%d", nodeID+2) }

// leave cuts off the peers with a disk that are not connected, before the disk goes. One
// that comes back with old data would take this node for one with a disk, count its vote and
// go on with what is old, until it is told of this.
func (p *planner) leave() {
	for _, n := range p.diskfulPeers() {
		if l, ok := p.o.State.Connections[n.NodeID]; ok && l.Connection != Connected && l.Connection != StandAlone {
			p.cmd(provider.EffectModify, "do without "+n.Name+", which is not connected and may lack data, from before the disk goes",
				"drbdsetup", "disconnect", p.w.Resource.FullName(), strconv.Itoa(n.NodeID))
		}
	}
}

// keepLeft leaves the peers alone that were cut off before the disk was let go of, until the
// controller says who has been told of that. A disk that has to be used again meets all.
func (p *planner) keepLeft(r *Resource) {
	if p.o.State == nil || !p.w.MayKeep || slices.ContainsFunc(r.Volumes, p.mayUse) {
		return
	}
	for _, n := range p.diskfulPeers() {
		if p.left(n) {
			r.Connections = apart(r.Connections, p.me(), n, r.connection(p.me().Name, n.Name))
		}
	}
}

// mayUse tells whether a volume has its disk, or gets it in this round.
func (p *planner) mayUse(v Volume) bool {
	return p.attached(v.Number) || !p.me().Diskless && !p.skipDisk && !slices.Contains(p.unready, v.Number)
}

// left tells whether a peer was cut off: the kernel says so at first, and then the file.
func (p *planner) left(n Node) bool {
	if l, ok := p.o.State.Connections[n.NodeID]; ok && l.Connection == StandAlone {
		return true
	}
	host, err := quote(n.Uname)
	if err != "" || slices.ContainsFunc(p.w.Resource.Volumes, func(v Volume) bool { return !p.hasLetGo(v.Number) }) {
		return false
	}
	e := farNowhere(n.NodeID)
	return bytes.Contains(p.o.File, fmt.Appendf(nil, "host %s address %s;", host, family(e.Addr, e.Port)))
}

// hasLetGo tells whether the disk of a volume was let go of by an order of ours.
func (p *planner) hasLetGo(volume int) bool {
	d, ok := p.device(volume)
	return listsNone(p.o.File, p.me().Uname, volume) || ok && d.Disk == DiskDiskless && d.Client == Yes
}

// apart replaces the connection of a pair by one that leads nowhere.
func apart(all []Connection, me, peer Node, c Connection) []Connection {
	c.Proxy, c.Paths = false, []Path{{Name: PathNowhere, A: Endpoint{Addr: netip.MustParseAddr(NearNowhere), Port: me.Endpoint.Port}, B: farNowhere(peer.NodeID)}}
	others := slices.DeleteFunc(slices.Clone(all), func(o Connection) bool {
		return o.A == me.Name && o.B == peer.Name || o.B == me.Name && o.A == peer.Name
	})
	return append(others, c)
}

func farNowhere(nodeID int) Endpoint {
	return Endpoint{Addr: netip.MustParseAddr(FarNowhere(nodeID)), Port: PortNowhere}
}
