package desired

import (
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	layer "github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// Keys of properties about the network between replicas.
const (
	keyNic     = "PrefNic"
	keyOutside = "Linstor/Drbd/OutsideAddress"
	keySite    = "Site"
	keyProxy   = "DrbdProxy/AutoEnable"
	pathsSpace = "Paths/"

	defaultInterface = "default"
)

// address is where the replica's node listens, and the address under which peers
// reach it if that is another one.
func (m *replica) address() (inside, outside string) {
	nic, ok := m.nic(keyNic)
	if !ok {
		nic, ok = m.node.Interface(defaultInterface)
	}
	if !ok && len(m.node.Interfaces) > 0 {
		nic = m.node.Interfaces[0]
	}
	inside = nic.Address
	if out, ok := m.nic(keyOutside); ok && out.Address != inside {
		outside = out.Address
	}
	return inside, outside
}

// nic is the interface that a property names. A value that another node is meant by,
// with an interface this one does not have, is passed over.
func (m *replica) nic(key string) (model.NetInterface, bool) {
	for _, levels := range [2][]level{m.pools, m.options} {
		for i := range levels {
			if name, ok := levels[i].props[key]; ok {
				if nic, found := m.node.Interface(name); found {
					return nic, true
				}
			}
		}
	}
	return model.NetInterface{}, false
}

// connection is what is special to the connection of a pair; false for nothing.
func (s *scope) connection(a, b *replica) (link.DRBDConnection, bool) {
	if compareNames(a.r.Node, b.r.Node) > 0 {
		a, b = b, a
	}
	nameA, nameB := a.name(), b.name()
	rc, proxied := level{kind: "RC", name: nameA + ", " + nameB}, s.apart(a, b)
	if c, ok := s.w.ResourceConns.Get(s.d.Name, a.r.Node, b.r.Node); ok {
		rc.props, proxied = c.Props, proxied || c.Proxy
	}
	nc := level{kind: "NC", name: nameA + ", " + nameB}
	if c, ok := s.w.NodeConns.Get(a.r.Node, b.r.Node); ok {
		nc.props = c.Props
	}
	levels := []level{rc, s.rd, nc, s.rg, s.c}
	out := link.DRBDConnection{A: nameA, B: nameB, Net: options("DrbdOptions/Net/", levels, "RC", "NC"),
		PeerDevice: options("DrbdOptions/PeerDevice/", levels), Volumes: s.peerVolumes(a, b), Paths: paths(a, b, rc.props), Proxy: proxied}
	if out.Paths == nil {
		out.Paths = paths(a, b, nc.props)
	}
	return out, out.Net != nil || out.PeerDevice != nil || out.Volumes != nil || out.Paths != nil || out.Proxy
}

func (m *replica) name() string {
	if m.node != nil {
		return m.node.Name
	}
	return m.r.Node
}

// apart tells whether traffic between two nodes goes through DRBD Proxy because they
// are at different sites.
func (s *scope) apart(a, b *replica) bool {
	if a.node == nil || b.node == nil {
		return false
	}
	siteA, siteB := a.node.Props[keySite], b.node.Props[keySite]
	if siteA == "" || siteB == "" || siteA == siteB {
		return false
	}
	for _, m := range []*replica{a, b} {
		on, ok := m.node.Props[keyProxy]
		if !ok {
			on = s.c.props[keyProxy]
		}
		if !isTrue(on) {
			return false
		}
	}
	return true
}

// paths are the network paths that properties Paths/NAME/NODE describe; one that
// lacks an end, or names an interface that is not there, is left out.
func paths(a, b *replica, props map[string]string) []link.DRBDPath {
	if a.node == nil || b.node == nil {
		return nil
	}
	ends := map[string][2]string{}
	for key, nic := range props {
		rest, ok := strings.CutPrefix(key, pathsSpace)
		name, node, both := strings.Cut(rest, "/")
		if !ok || !both {
			continue
		}
		e := ends[name]
		switch model.Key(node) {
		case model.Key(a.node.Name):
			e[0] = nic
		case model.Key(b.node.Name):
			e[1] = nic
		}
		ends[name] = e
	}
	var out []link.DRBDPath
	for _, name := range slices.Sorted(maps.Keys(ends)) {
		nicA, okA := a.node.Interface(ends[name][0])
		nicB, okB := b.node.Interface(ends[name][1])
		if okA && okB {
			out = append(out, link.DRBDPath{Name: name, AddressA: nicA.Address, PortA: a.port(), AddressB: nicB.Address, PortB: b.port()})
		}
	}
	return out
}

// keptApart is a connection that leads nowhere. The peer stays configured: DRBD notes for
// it what it misses, and on a new disk it does so only for those that it knows.
func keptApart(c link.DRBDConnection, me, peer *replica) link.DRBDConnection {
	p := link.DRBDPath{Name: layer.PathNowhere, AddressA: layer.NearNowhere, PortA: me.port(), AddressB: layer.FarNowhere(peer.r.DRBD.NodeID), PortB: layer.PortNowhere}
	if c.A != me.name() {
		p.AddressA, p.PortA, p.AddressB, p.PortB = p.AddressB, p.PortB, p.AddressA, p.PortA
	}
	c.Paths, c.Proxy = []link.DRBDPath{p}, false
	return c
}

func (m *replica) port() int {
	if m.r.DRBD == nil || len(m.r.DRBD.Ports) == 0 {
		return 0
	}
	return m.r.DRBD.Ports[0]
}
