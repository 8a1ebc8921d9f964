package placing

import (
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/mixing"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/object/show"
	"github.com/holdfast-storage/holdfast/internal/place"
)

const keyTarget = "AutoplaceTarget"

// Nodes describes the nodes with a satellite to the placer, which changes nothing of it.
func Nodes(w *model.World) []*place.Node {
	out := make([]*place.Node, 0, w.Nodes.Len())
	clusterOff := isFalse(w.Props()[keyTarget])
	d := describedBefore(w)
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.nodes.end()
	for u := range w.NodeUses {
		if u.Node.Type.HasSatellite() {
			out = append(out, d.nodes.of(nodeParts{u, clusterOff}, describeNode))
		}
	}
	return out
}

// nodeParts is all that the description of a node follows from.
type nodeParts struct {
	model.NodeUse
	clusterOff bool
}

func describeNode(u nodeParts) *place.Node {
	n := u.Node
	p := &place.Node{Name: n.Name, MixesKinds: mixing.CapableHost(u.Status), Props: n.Props, Evacuating: n.Evacuating, Evicted: n.Evicted,
		Deleting: n.Deleting != nil, ResourceCount: u.Resources, NoAutoplace: isFalse(n.Props[keyTarget])}
	if _, own := n.Props[keyTarget]; !own {
		p.NoAutoplace = u.clusterOff
	}
	if st := u.Status; st != nil {
		p.Online = st.State == model.ConnOnline
		if st.Host != nil {
			p.Layers, p.Providers, p.UnsupportedWhy = st.Host.LayerSet, st.Host.ProviderSet, st.Host.UnsupportedWhy
		}
	}
	if !p.Online {
		p.WhyOffline = show.WhyNotOnline(u.Status)
	}
	return p
}

func isFalse(v string) bool {
	switch strings.ToLower(v) {
	case "false", "no":
		return true
	}
	return false
}

// Pools describes the storage pools to the placer, which changes nothing of it.
func Pools(w *model.World) []*place.Pool {
	out := make([]*place.Pool, 0, w.Pools.Len())
	v := viewer{World: w, cluster: w.Controller()}
	d := describedBefore(w)
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.pools.end()
	for u := range w.PoolUses {
		out = append(out, d.pools.of(v.parts(u), describePool))
	}
	return out
}

// Pool describes one storage pool.
func Pool(w *model.World, p *model.Pool) *place.Pool {
	v := viewer{World: w, cluster: w.Controller()}
	u := model.PoolUse{Pool: p, Tally: w.PoolTally(p.Node, p.Name)}
	u.Status, _ = w.PoolStatus.Get(p.Node, p.Name)
	return describePool(v.parts(u))
}

// viewer looks at the pools of one world. It keeps what many pools share, for every
// spawn looks at all of them.
type viewer struct {
	*model.World
	cluster *model.Controller
	// def is the pool definition that was looked up last, node the node.
	def  *model.PoolDefinition
	node *model.Node
}

// poolParts is all that the description of a pool follows from. What a thin pool inherits
// its limits from is nil for others, and where it is missing.
type poolParts struct {
	model.PoolUse
	def     *model.PoolDefinition
	node    *model.Node
	cluster *model.Controller
}

func (w *viewer) parts(u model.PoolUse) poolParts {
	if !thin(u.Pool) {
		return poolParts{PoolUse: u}
	}
	return poolParts{PoolUse: u, def: w.definition(u.Pool.Name), node: w.nodeOf(u.Pool.Node), cluster: w.cluster}
}

func thin(p *model.Pool) bool { return p.Thin() && !p.Diskless() }

// definition is a pool's definition, nil for none.
func (w *viewer) definition(pool string) *model.PoolDefinition {
	if w.def == nil || w.def.Name != pool {
		d, ok := w.PoolDefinitions.Get(pool)
		if !ok {
			return nil
		}
		w.def = d
	}
	return w.def
}

// nodeOf is a pool's node, nil for none; pools come sorted by node.
func (w *viewer) nodeOf(node string) *model.Node {
	if w.node == nil || w.node.Name != node {
		n, ok := w.Nodes.Get(node)
		if !ok {
			return nil
		}
		w.node = n
	}
	return w.node
}

func describePool(u poolParts) *place.Pool {
	p, t := u.Pool, u.Tally
	out := &place.Pool{Node: p.Node, Name: p.Name, Kind: p.Kind, Thin: thin(p), Diskless: p.Diskless(),
		ReservedKiB: t.ReservedKiB, SharedSpace: p.SharedSpace, NoAutoplace: isFalse(p.Props[keyTarget])}
	if st := u.Status; st != nil {
		out.CapacityKnown, out.FreeKiB, out.TotalKiB = st.Known, st.FreeKiB, st.TotalKiB
		out.MinIOSizeBytes = st.MinIOSizeBytes
	}
	if out.Thin {
		u.thinLimits(out)
	} else {
		// What is promised but not made yet does not show in a thick pool's free space.
		out.PendingKiB = max(0, t.ReservedKiB-t.PresentKiB)
	}
	return out
}

func (u *poolParts) thinLimits(out *place.Pool) {
	levels := [3]map[string]string{0: u.Pool.Props}
	if u.def != nil {
		levels[1] = u.def.Props
	}
	if u.cluster != nil {
		levels[2] = u.cluster.Props
	}
	get := func(key string) (string, bool) {
		for _, l := range levels {
			if v, ok := l[key]; ok {
				return v, true
			}
		}
		return "", false
	}
	free, total, err := place.Ratios(get)
	if err != nil {
		// A stored value that no longer parses never allows more than no over-subscription.
		free, total = 1, 1
	}
	out.RatioFree, out.RatioTotal = free, total
	out.MinThinFree = place.DefaultMinThinFree()
	levels[1] = nil
	if u.node != nil {
		levels[1] = u.node.Props
	}
	if v, ok := get(place.KeyMinThinFree); ok {
		if m, err := place.ParseMinThinFree(v); err == nil {
			out.MinThinFree = m
		}
	}
}

// Replicas describes a definition's replicas to the placer.
func Replicas(w *model.World, definition string) []place.Replica {
	var out []place.Replica
	rs := replication.Replicas(w, definition)
	for r := range w.Resources.Under(definition) {
		// What is under way counts as done: disks that come or go, and migrations.
		diskless := r.Diskless != model.Diskful && !replication.Adding(r) || replication.Removing(r)
		p := place.Replica{Node: r.Node, Diskless: diskless, Tiebreaker: diskless && r.Diskless == model.Tiebreaker,
			SkipDisk: replication.IsTrue(r.Props[replication.KeySkipDisk]),
			Deleting: r.Deleting != nil || replication.MigratesTo(rs, r.Node) != nil,
			Leaving:  r.Deleting == nil && (replication.Removing(r) || replication.MigratesTo(rs, r.Node) != nil)}
		if len(r.Volumes) > 0 {
			p.Pool = r.Volumes[0].Pool
			if pool, ok := w.Pools.Get(r.Node, p.Pool); ok {
				p.Kind, p.SharedSpace = pool.Kind, pool.SharedSpace
			}
			p.FurtherKinds = furtherKinds(w, r, p.Kind)
		}
		out = append(out, p)
	}
	return out
}

// furtherKinds are the kinds of storage of further volumes that differ from the first.
func furtherKinds(w *model.World, r *model.Resource, first v1.ProviderKind) []v1.ProviderKind {
	var out []v1.ProviderKind
	for _, v := range r.Volumes[1:] {
		if p, ok := w.Pools.Get(r.Node, v.Pool); ok && p.Kind != first && !p.Diskless() && !slices.Contains(out, p.Kind) {
			out = append(out, p.Kind)
		}
	}
	return out
}
