package drbd

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
)

// memberOf finds the own node by the name that DRBD's tools go by.
func memberOf(r *link.Resource, uname string) (link.DRBDNode, bool) {
	if r.DRBD == nil {
		return link.DRBDNode{}, false
	}
	i := slices.IndexFunc(r.DRBD.Nodes, func(n link.DRBDNode) bool { return n.Uname == uname })
	if i < 0 {
		return link.DRBDNode{}, false
	}
	return r.DRBD.Nodes[i], true
}

// staying are DRBD's volumes without those that are being deleted.
func staying(r *link.Resource) []link.DRBDVolume {
	if r.DRBD == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.DRBD.Volumes), func(v link.DRBDVolume) bool {
		return slices.ContainsFunc(r.Volumes, func(o link.Volume) bool { return o.Number == v.Number && o.Delete })
	})
}

// wanted turns the instruction into what the planner knows.
func wanted(in layer.Input, now *seen, found *probed, down bool) (Wanted, error) {
	r, d := in.Resource, in.Resource.DRBD
	if d == nil && down && in.Whole {
		// Taking down goes by the name and by the file that we wrote, so that a replica
		// without numbers can be deleted and made anew.
		return Wanted{Tools: now.tools, Dir: resourceDir, Down: true, Resource: Resource{Name: r.Name}}, nil
	}
	if d == nil {
		return Wanted{}, untold(r).Because("no node id and no TCP port are stored for this replica")
	}
	w := Wanted{Tools: now.tools, Header: Header{Program: "Holdfast"}, Dir: resourceDir, Down: down, SkipDisk: d.SkipDisk, Reconnect: d.Reconnect, Discard: d.Discard, Retract: d.Retract,
		Restart: d.Restart != 0, Trust: d.Trust, Meta: map[int]MetaWanted{},
		Resource: Resource{Name: r.Name, Secret: d.Secret, Handlers: options(d.Handlers), Options: options(d.Options), Net: options(d.Net),
			Disk: options(d.Disk), Connections: connections(d.Connections), Proxy: proxy(d.Proxy)}}
	me, member := memberOf(r, now.uname)
	w.MayKeep, w.Kept = d.MayKeep, len(in.Keep) > 0
	for _, n := range d.Nodes {
		if w.Kept && n.Name == me.Name {
			n.Diskless, n.Client, me.Diskless = false, false, false
		}
		w.Resource.Nodes = append(w.Resource.Nodes, node(n))
	}
	if down {
		return w, nil
	}
	if !member {
		return Wanted{}, notMember(r, now.uname)
	}
	w.Resource.Local = me.Name
	w.Awaited = awaited(in, me, now, found)
	for _, v := range staying(r) {
		if slices.Contains(w.Awaited, v.Number) {
			continue
		}
		w.Resource.Volumes = append(w.Resource.Volumes, volume(in, v, me, found))
		meta, err := metaOf(v, in.MayMake[v.Number])
		if err != nil {
			return Wanted{}, err
		}
		w.Meta[v.Number] = meta
	}
	for _, id := range d.Forget {
		if found.slots[id] {
			w.Forget = append(w.Forget, id)
		}
	}
	return w, nil
}

// awaited are the volumes, added to a resource which is up, whose disks are yet to be
// made. Without it, a primary node would show its users a volume without data, and DRBD
// would let no peer call its disk up to date. Where another disk has failed, and the
// controller has not heard of it, the new one would not be used either.
func awaited(in layer.Input, me link.DRBDNode, now *seen, found *probed) []int {
	if me.Diskless || found.file == nil {
		return nil
	}
	var out []int
	skipped := len(found.failed) > 0 && !in.Resource.DRBD.SkipDisk
	stay := staying(in.Resource)
	for _, v := range stay {
		dev := in.Lower[v.Number]
		_, runs := now.states[in.Resource.Name].Devices[v.Number]
		if in.MayMake[v.Number] && !runs && (skipped || !dev.Present && !dev.Foreseen) && !listsDisk(found.file, me.Uname, v.Number) {
			out = append(out, v.Number)
		}
	}
	if len(out) == len(stay) {
		return nil // nothing of it is up
	}
	return out
}

func notMember(r *link.Resource, uname string) error {
	names := []string{}
	for _, n := range r.DRBD.Nodes {
		names = append(names, n.Uname)
	}
	return fault.New(v1.FailInvalidConfig, "This host is no member of DRBD's resource '%s'.", r.Name).
		Because("its name is '%s' (uname -n), the members are %s", uname, strings.Join(names, ", ")).
		Fix("Give the host its former name back; if it was renamed on purpose, reconnect the node so that its new name is known.").Ref("RscDfn", r.Name)
}

// untold is the fault of a replica with DRBD in its stack for which DRBD's numbers lack.
func untold(r *link.Resource) *fault.Fault {
	return fault.New(v1.FailImplError, "DRBD cannot be started for resource '%s'.", r.Name).
		Fix("If 'resource list -r %s' shows another replica that is UpToDate, run 'resource delete' and then 'resource create' for this node: "+
			"the replica gets numbers then, and its data from the other one. If there is none, restore the controller's database from a backup "+
			"('holdfast-controller db import'), for only its numbers fit the data. Nothing on the node has been changed.", r.Name).Ref("RscDfn", r.Name)
}

// standIn begins the path of a device that no layer below has told yet.
const standIn = "/dev/storage-of/"

// volume takes the paths from the devices below. Where a device is missing, the
// path is the one in the present file, so that the file stays as it is.
func volume(in layer.Input, v link.DRBDVolume, me link.DRBDNode, found *probed) Volume {
	out := Volume{Number: v.Number, Minor: v.Minor, SizeKiB: v.ExactKiB}
	if out.NoDisk = len(in.Keep) > 0 && !in.Keep[v.Number]; out.NoDisk || me.Diskless {
		return out
	}
	dev := in.Lower[v.Number]
	disk, meta := listed(found.file, me.Uname, v.Number)
	unknown := fmt.Sprintf("%s%s/%d", standIn, in.Resource.Name, v.Number)
	out.BackingPath = firstOf(dev.Path, disk, unknown)
	if v.ExternalMeta {
		out.MetaPath = firstOf(dev.Parts[metaSuffix].Path, meta, unknown+metaSuffix)
	}
	return out
}

func firstOf(words ...string) string {
	i := slices.IndexFunc(words, func(s string) bool { return s != "" })
	return words[i]
}

func metaOf(v link.DRBDVolume, mayMake bool) (MetaWanted, error) {
	m := MetaWanted{Layout: layoutOf(v)}
	if v.GrowKiB > 0 {
		m.Grow = &Grow{NetKiB: v.GrowKiB, AssumeClean: v.GrowClean}
	}
	if !mayMake {
		return m, nil
	}
	c := &Create{Start: Start(v.Start), Anew: v.Anew, KeepsData: v.KeepsData}
	switch c.Start {
	case StartWinner, StartSkip, StartFull:
	default:
		return m, fault.New(v1.FailImplError, "Volume %d is to begin in a way that is not known: '%s'.", v.Number, v.Start)
	}
	for text, to := range map[*string]*UUID{&v.Day0: &c.Day0, &v.Random: &c.Random} {
		if *text == "" {
			continue
		}
		u, err := ParseUUID(*text)
		if err != nil {
			return m, fmt.Errorf("volume %d: %w", v.Number, err)
		}
		*to = u
	}
	m.Create = c
	return m, nil
}

// addr leaves an address that cannot be read invalid; Check says so.
func addr(s string) netip.Addr {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return a
}

func endpointOf(address string, port int, outside string) Endpoint {
	e := Endpoint{Addr: addr(address), Outside: addr(outside)}
	if port > 0 && port <= math.MaxUint16 {
		e.Port = uint16(port)
	}
	return e
}

func node(n link.DRBDNode) Node {
	out := Node{Name: n.Name, Uname: n.Uname, NodeID: n.NodeID, Diskless: n.Diskless, Client: n.Client,
		Endpoint: endpointOf(n.Address, n.Port, n.Outside), VolumeOptions: map[int][]Option{}}
	for nr, opts := range n.VolumeOptions {
		out.VolumeOptions[nr] = options(opts)
	}
	return out
}

func options(in []link.DRBDOption) []Option {
	var out []Option
	for _, o := range in {
		next := Option{Name: o.Name, Value: o.Value}
		for _, other := range o.Overrides {
			next.Overrides = append(next.Overrides, Override(other))
		}
		out = append(out, next)
	}
	return out
}

func connections(in []link.DRBDConnection) []Connection {
	var out []Connection
	for _, c := range in {
		next := Connection{A: c.A, B: c.B, Net: options(c.Net), PeerDevice: options(c.PeerDevice), Proxy: c.Proxy}
		for nr, opts := range c.Volumes {
			if next.VolumeOptions == nil {
				next.VolumeOptions = map[int][]Option{}
			}
			next.VolumeOptions[nr] = options(opts)
		}
		for _, p := range c.Paths {
			next.Paths = append(next.Paths, Path{Name: p.Name, A: endpointOf(p.AddressA, p.PortA, p.OutsideA), B: endpointOf(p.AddressB, p.PortB, p.OutsideB)})
		}
		out = append(out, next)
	}
	return out
}

func proxy(p *link.DRBDProxy) *Proxy {
	if p == nil {
		return nil
	}
	return &Proxy{Options: options(p.Options), Compression: p.Compression, CompressionOptions: options(p.CompressionOptions)}
}

// listed are the paths that a file of ours gives a host for a volume; empty where
// it has none.
func listed(text []byte, uname string, number int) (disk, meta string) {
	if !listsDisk(text, uname, number) {
		return "", ""
	}
	host, _ := quote(uname)
	_, member, _ := strings.Cut(string(text), "\n    on "+host+" {\n")
	_, block, _ := strings.Cut("\n"+member, fmt.Sprintf("\n        volume %d {\n", number))
	block, _, _ = strings.Cut(block, "\n        }\n")
	for line := range strings.Lines(block) {
		line = strings.TrimSuffix(strings.TrimSpace(line), ";")
		for key, to := range map[string]*string{"disk ": &disk, "meta-disk ": &meta} {
			if val, ok := strings.CutPrefix(line, key+`"`); ok && *to == "" {
				*to = strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(strings.TrimSuffix(val, `"`))
			}
		}
	}
	return disk, meta
}
