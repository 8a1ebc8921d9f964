package rules

import (
	"slices"

	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// hide keeps an empty disk that is about to come from the nodes with copies that are away
// until they have quorum again. A node that comes back with old data would count the vote
// of a disk that is not there, and could use that data with it.
func hide(tx *model.Tx, r *model.Resource) {
	if r.DRBD == nil {
		return
	}
	var hidden []string
	if r.Toggle == model.ToggleAddRequested && begun(r) && replication.Empty(r) {
		for _, o := range replicas(tx, r.Definition) {
			if !sameNode(o, r) && hiddenFrom(tx.World, r, o) {
				hidden = append(hidden, o.Node)
			}
		}
	}
	if slices.Equal(hidden, r.DRBD.Hidden) {
		return
	}
	next, own := *r, *r.DRBD
	own.Hidden, next.DRBD = hidden, &own
	tx.PutResource(&next)
}

func hiddenFrom(w *model.World, r, o *model.Resource) bool {
	if o.DRBD == nil || len(o.Volumes) == 0 || o.Inactive || desired.Leaves(o) || o.Diskless != model.Diskful || skipsDisk(o) {
		return false
	}
	was := slices.Contains(r.DRBD.Hidden, o.Node)
	return replication.Away(w, o) || was && !replication.Quorate(w, o)
}
