package rules

import (
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// forgetPeers tells replicas with metadata to give up the slots of peers that are gone
// for good. Until they have done so, the node id is given to nobody else.
func forgetPeers(tx *model.Tx) error {
	for _, name := range tx.Touched().Definitions {
		gone := goneIDs(tx, name)
		for _, r := range replicas(tx, name) {
			forget(tx, r, gone)
		}
	}
	return nil
}

// goneIDs lists the node ids of the replicas that this change has removed.
func goneIDs(tx *model.Tx, definition string) []int {
	var out []int
	for old := range tx.Base().Resources.Under(definition) {
		now, ok := tx.Resources.Get(old.Definition, old.Node)
		if old.DRBD != nil && (!ok || now.UUID != old.UUID) {
			out = append(out, old.DRBD.NodeID)
		}
	}
	return out
}

func forget(tx *model.Tx, r *model.Resource, gone []int) {
	if r.DRBD == nil || r.Deleting != nil {
		return
	}
	ids := r.DRBD.Forget
	if !hasMetadata(r) {
		// With its metadata the slots have gone.
		ids, gone = nil, nil
	}
	if len(ids) > 0 && !r.Inactive {
		if st, ok := settledStatus(tx, r); ok && st.Progress == model.ProgressReady {
			ids = nil
		}
	}
	for _, id := range gone {
		if id != r.DRBD.NodeID && !slices.Contains(ids, id) {
			ids = append(slices.Clone(ids), id)
		}
	}
	if slices.Equal(ids, r.DRBD.Forget) {
		return
	}
	next, own := *r, *r.DRBD
	own.Forget = ids
	next.DRBD = &own
	tx.PutResource(&next)
}

// hasMetadata tells whether a replica has DRBD metadata, or will have it in the end.
func hasMetadata(r *model.Resource) bool {
	return model.HasLayer(r.Stack, v1.LayerTypeDrbd) && (r.Diskless == model.Diskful || r.Toggle != model.ToggleNone)
}
