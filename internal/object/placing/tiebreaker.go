package placing

import (
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/place"
)

// Chosen is a place that was found for a replica.
type Chosen struct{ Node, Pool string }

// Tiebreaker finds a place for a tiebreaker: by the group's filter, then without its
// rules on replicas, then anywhere, for any third vote is better than none.
func Tiebreaker(w *model.World, d *model.Definition, stack []v1.LayerType) (Chosen, bool) {
	filter := v1.AutoSelectFilter{}
	if g, ok := w.Groups.Get(d.Group); ok {
		filter = g.Filter
	}
	loose := filter
	loose.ReplicasOnSame, loose.ReplicasOnDifferent, loose.XReplicasOnDifferentMap = nil, nil, nil
	nodes, pools, deployed := Nodes(w), disklessPools(w), Replicas(w, d.Name)
	for _, f := range []v1.AutoSelectFilter{filter, loose, {}} {
		q, err := Query(w, &f, stack)
		if err != nil {
			continue
		}
		q.Resource, q.Diskless, q.Additional, q.PlaceCount = d.Name, true, 1, 0
		res, err := place.Place(nodes, pools, deployed, q)
		if err == nil && len(res.Chosen) == 1 {
			return Chosen{Node: res.Chosen[0].Node, Pool: res.Chosen[0].Name}, true
		}
	}
	return Chosen{}, false
}

func disklessPools(w *model.World) []*place.Pool {
	var out []*place.Pool
	for p := range w.Pools.All {
		if p.Diskless() {
			out = append(out, Pool(w, p))
		}
	}
	return out
}
