package placing

import (
	"strings"

	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/mixing"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/object/show"
	"github.com/holdfast-storage/holdfast/internal/place"
)

const keyTarget = "AutoplaceTarget"

// Nodes describes the nodes with a satellite to the placer.
func Nodes(w *model.World) []place.Node {
	out := make([]place.Node, 0, w.Nodes.Len())
	clusterOff := isFalse(w.Props()[keyTarget])
	for n := range w.Nodes.All {
		if !n.Type.HasSatellite() {
			continue
		}
		p := place.Node{Name: n.Name, MixesKinds: mixing.Capable(w, n.Name), Props: n.Props, Evacuating: n.Evacuating, Evicted: n.Evicted,
			Deleting: n.Deleting != nil, ResourceCount: w.ResourceCount(n.Name), NoAutoplace: isFalse(n.Props[keyTarget])}
		if _, own := n.Props[keyTarget]; !own {
			p.NoAutoplace = clusterOff
		}
		if st, ok := w.NodeStatus.Get(n.Name); ok {
			p.Online = st.State == model.ConnOnline
			if st.Host != nil {
				p.Layers, p.Providers, p.UnsupportedWhy = st.Host.LayerSet, st.Host.ProviderSet, st.Host.UnsupportedWhy
			}
		}
		if !p.Online {
			p.WhyOffline = show.WhyOffline(w, n.Name)
		}
		node := n.Name
		p.HasResource = func(name string) bool { _, ok := w.Resources.Get(name, node); return ok }
		p.Resources = func(yield func(string) bool) {
			for r := range w.ResourcesOn(node) {
				if !yield(r.Definition) {
					return
				}
			}
		}
		out = append(out, p)
	}
	return out
}

func isFalse(v string) bool {
	switch strings.ToLower(v) {
	case "false", "no":
		return true
	}
	return false
}

// Pools describes the storage pools to the placer.
func Pools(w *model.World) []place.Pool {
	out := make([]place.Pool, 0, w.Pools.Len())
	for p := range w.Pools.All {
		out = append(out, Pool(w, p))
	}
	return out
}

// Pool describes one storage pool.
func Pool(w *model.World, p *model.Pool) place.Pool {
	t := w.PoolTally(p.Node, p.Name)
	out := place.Pool{Node: p.Node, Name: p.Name, Kind: p.Kind, Thin: p.Thin() && !p.Diskless(), Diskless: p.Diskless(),
		ReservedKiB: t.ReservedKiB, SharedSpace: p.SharedSpace, NoAutoplace: isFalse(p.Props[keyTarget])}
	if st, ok := w.PoolStatus.Get(p.Node, p.Name); ok {
		out.CapacityKnown, out.FreeKiB, out.TotalKiB = st.Known, st.FreeKiB, st.TotalKiB
		out.MinIOSizeBytes = st.MinIOSizeBytes
	}
	if out.Thin {
		thinLimits(w, p, &out)
	} else {
		// What is promised but not made yet does not show in a thick pool's free space.
		out.PendingKiB = max(0, t.ReservedKiB-t.PresentKiB)
	}
	return out
}

func thinLimits(w *model.World, p *model.Pool, out *place.Pool) {
	def := map[string]string{}
	if d, ok := w.PoolDefinitions.Get(p.Name); ok {
		def = d.Props
	}
	get := func(key string) (string, bool) {
		for _, l := range []map[string]string{p.Props, def, w.Props()} {
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
	node := map[string]string{}
	if n, ok := w.Nodes.Get(p.Node); ok {
		node = n.Props
	}
	for _, l := range []map[string]string{p.Props, node, w.Props()} {
		if v, ok := l[place.KeyMinThinFree]; ok {
			if m, err := place.ParseMinThinFree(v); err == nil {
				out.MinThinFree = m
			}
			return
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
		}
		out = append(out, p)
	}
	return out
}
