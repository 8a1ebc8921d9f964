package desired

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// level is the properties of one object in a chain of inheritance. Its name is put
// together only where a value is hidden.
type level struct {
	// kind is V, R, VD, VG, RD, RG, N, C, RC, NC or SP.
	kind  string
	name  string
	node  string
	nr    int
	props map[string]string
}

// from names the object, such as RD (web).
func (l *level) from() string {
	switch l.kind {
	case "C":
		return "C"
	case "V":
		return "V (" + l.name + "/" + strconv.Itoa(l.nr) + " on " + l.node + ")"
	case "VD", "VG":
		return l.kind + " (" + l.name + "/" + strconv.Itoa(l.nr) + ")"
	case "R", "SP":
		return l.kind + " (" + l.name + " on " + l.node + ")"
	}
	return l.kind + " (" + l.name + ")"
}

// first is the value that counts: that of the first level that has the key.
func first(key string, levels []level) (string, bool) {
	for i := range levels {
		if v, ok := levels[i].props[key]; ok {
			return v, true
		}
	}
	return "", false
}

// options are the effective values of a namespace. With kinds, only those count that
// an object of these kinds gives: the others are written elsewhere.
func options(namespace string, levels []level, kinds ...string) []link.DRBDOption {
	var keys map[string]int
	for i := range levels {
		if len(kinds) > 0 && !slices.Contains(kinds, levels[i].kind) {
			continue
		}
		for k := range levels[i].props {
			if !strings.HasPrefix(k, namespace) || len(k) == len(namespace) {
				continue
			}
			if keys == nil {
				keys = map[string]int{}
			}
			if _, closer := keys[k]; !closer {
				keys[k] = i
			}
		}
	}
	if keys == nil {
		return nil
	}
	var out []link.DRBDOption
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if hidden(k, levels[:keys[k]]) {
			continue
		}
		o := link.DRBDOption{Name: k[len(namespace):], Value: levels[keys[k]].props[k]}
		for i := keys[k] + 1; i < len(levels); i++ {
			if v, ok := levels[i].props[k]; ok && v != o.Value {
				o.Overrides = append(o.Overrides, link.DRBDOverride{Value: v, From: levels[i].from()})
			}
		}
		out = append(out, o)
	}
	return out
}

// hidden tells whether a closer level, of a kind that is written elsewhere, has a key.
func hidden(key string, closer []level) bool {
	_, ok := first(key, closer)
	return ok
}

func isTrue(v string) bool { return strings.EqualFold(v, "true") || strings.EqualFold(v, "yes") }

func compareNames(a, b string) int { return strings.Compare(model.Key(a), model.Key(b)) }

// scope is what the instruction of a definition's replicas has in common.
type scope struct {
	w     *model.World
	d     *model.Definition
	group *model.Group
	// rd, rg and c are the levels that all replicas share.
	rd, rg, c level
	// shared is rd, rg, c.
	shared []level
}

func newScope(w *model.World, d *model.Definition) *scope {
	s := &scope{w: w, d: d, rd: level{kind: "RD", name: d.Name, props: d.Props}, c: level{kind: "C", props: w.Props()}}
	s.rg = level{kind: "RG", name: d.Group}
	if g, ok := w.Groups.Get(d.Group); ok {
		s.group, s.rg.name, s.rg.props = g, g.Name, g.Props
	}
	s.shared = []level{s.rd, s.rg, s.c}
	return s
}

// replica is one replica with the levels of its own.
type replica struct {
	r    *model.Resource
	node *model.Node
	// options is the order for options of the replica as a whole: R, RD, RG, N, C.
	options []level
	// pools are those of its volumes, the first volume's first.
	pools []level
}

func (s *scope) replica(r *model.Resource) *replica {
	m := &replica{r: r}
	n := level{kind: "N", name: r.Node}
	if node, ok := s.w.Nodes.Get(r.Node); ok {
		m.node, n.name, n.props = node, node.Name, node.Props
	}
	m.options = []level{{kind: "R", name: s.d.Name, node: r.Node, props: r.Props}, s.rd, s.rg, n, s.c}
	for i := range r.Volumes {
		if p, ok := s.w.Pools.Get(r.Node, r.Volumes[i].Pool); ok && len(p.Props) > 0 {
			m.pools = append(m.pools, level{kind: "SP", name: p.Name, node: r.Node, props: p.Props})
		}
	}
	return m
}

// volumeOptions are the disk options that are special to the replica's volumes.
func (s *scope) volumeOptions(m *replica) map[int][]link.DRBDOption {
	if bare(m.r) {
		return nil
	}
	var out map[int][]link.DRBDOption
	for _, v := range m.r.Volumes {
		vd, ok := s.d.Volume(v.Number)
		if !ok {
			continue
		}
		levels := make([]level, 0, 8)
		levels = append(levels, level{kind: "V", name: s.d.Name, node: m.r.Node, nr: v.Number, props: v.Props}, m.options[0],
			level{kind: "VD", name: s.d.Name, nr: v.Number, props: vd.Props})
		if s.group != nil {
			if vg, ok := s.group.Volume(v.Number); ok {
				levels = append(levels, level{kind: "VG", name: s.group.Name, nr: v.Number, props: vg.Props})
			}
		}
		levels = append(levels, m.options[1:]...)
		if opts := options("DrbdOptions/Disk/", levels, "V", "R", "VD", "VG", "N"); opts != nil {
			if out == nil {
				out = map[int][]link.DRBDOption{}
			}
			out[v.Number] = opts
		}
	}
	return out
}

// sections are the settings of the resource as a whole.
func (s *scope) sections(out *link.DRBD, m *replica) {
	out.Handlers = options("DrbdOptions/Handlers/", s.shared)
	out.Options = options("DrbdOptions/Resource/", m.options)
	out.Net = s.net()
	out.Disk = options("DrbdOptions/Disk/", s.shared)
	out.Proxy = s.proxy()
}

// net adds what follows from other settings, where the user has not chosen.
func (s *scope) net() []link.DRBDOption {
	const verify, transport = "verify-alg", "transport"
	out := options("DrbdOptions/Net/", s.shared)
	has := func(name string) bool {
		return slices.ContainsFunc(out, func(o link.DRBDOption) bool { return o.Name == name })
	}
	off, _ := first("DrbdOptions/auto-verify-algo-disable", s.shared)
	if v, ok := first("DrbdOptions/auto-verify-alg", s.shared); ok && v != "" && !isTrue(off) && !has(verify) {
		out = append(out, link.DRBDOption{Name: verify, Value: v})
	}
	switch strings.ToUpper(s.d.DRBD.Transport) {
	case "RDMA", "ROCE":
		if !has(transport) {
			out = append(out, link.DRBDOption{Name: transport, Value: "rdma"})
		}
	}
	return out
}

// proxy are the settings of DRBD Proxy, where any are made.
func (s *scope) proxy() *link.DRBDProxy {
	p := link.DRBDProxy{Options: options("DrbdOptions/Proxy/", s.shared)}
	if kind, ok := first("DrbdProxy/CompressionType", s.shared); ok && kind != "none" {
		p.Compression = kind
		p.CompressionOptions = options("DrbdOptions/ProxyCompression/", s.shared)
	}
	if p.Options == nil && p.Compression == "" {
		return nil
	}
	return &p
}
