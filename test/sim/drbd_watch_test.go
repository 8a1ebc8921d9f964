package sim_test

import (
	"fmt"

	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// checkNumbers checks that nobody has a number twice that DRBD needs once.
func (s *simulation) checkNumbers(w *model.World) {
	minors, ports := map[int]string{}, map[string]string{}
	for d := range w.Definitions.All {
		for _, vd := range d.Volumes {
			what := fmt.Sprintf("volume %d of %s", vd.Number, d.Name)
			if other, taken := minors[vd.Minor]; taken && vd.Minor >= 0 {
				s.fail("revision %d: %s and %s have the minor number %d", w.Rev, other, what, vd.Minor)
			}
			minors[vd.Minor] = what
		}
		ids := map[int]string{}
		for r := range w.Resources.Under(d.Name) {
			if r.DRBD == nil {
				continue
			}
			if other, taken := ids[r.DRBD.NodeID]; taken {
				s.fail("revision %d: %s on %s and %s has the node id %d", w.Rev, d.Name, other, r.Node, r.DRBD.NodeID)
			}
			ids[r.DRBD.NodeID] = r.Node
			for _, p := range r.DRBD.Ports {
				at := fmt.Sprintf("%s:%d", r.Node, p)
				if other, taken := ports[at]; taken {
					s.fail("revision %d: %s and %s have the port %s", w.Rev, other, d.Name, at)
				}
				ports[at] = d.Name
			}
		}
	}
}

// checkGrowth checks that automatisms make no more replicas with disks than wanted.
func (s *simulation) checkGrowth(old, now *model.World) {
	for d := range now.Definitions.All {
		was, ok := old.Definitions.Get(d.Name)
		if !ok || was.UUID != d.UUID || !replication.Replicated(d) {
			continue
		}
		before, after := replication.Staying(old, d.Name), replication.Staying(now, d.Name)
		if after > before && after > replication.Wanted(now, d) {
			s.fail("revision %d: %s has %d replicas with disks after %d, wanted are %d, and nobody has asked for more",
				now.Rev, d.Name, after, before, replication.Wanted(now, d))
		}
	}
}
