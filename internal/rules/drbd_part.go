package rules

import (
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// partLeavers lets the others do without a replica that is deleted or deactivated, but
// not before it has let go. One that is deleted is then gone altogether; if its
// satellite is away, the kernels of the others tell whether they still reach it. One that
// joins them takes part once all of them know of it.
func partLeavers(tx *model.Tx) error {
	for _, d := range replicated(tx) {
		part(tx, d)
	}
	return nil
}

func part(tx *model.Tx, d *model.Definition) {
	for _, r := range replicas(tx, d.Name) {
		if r.DRBD == nil {
			continue
		}
		parted := r.DRBD.Parted && joins(tx, r)
		if r.Deleting != nil || r.Inactive {
			parted = r.DRBD.Parted || hasParted(tx, r)
		}
		if parted == r.DRBD.Parted {
			continue
		}
		next, own := *r, *r.DRBD
		own.Parted = parted
		next.DRBD = &own
		tx.PutResource(&next)
	}
}

func hasParted(tx *model.Tx, r *model.Resource) bool {
	if online(tx.World, r.Node) {
		st, ok := settledStatus(tx, r)
		return r.Inactive && ok && st.Progress == model.ProgressReady && st.DRBD == nil
	}
	return !replication.Waits(r) && replication.Unreached(tx.World, r)
}

// joins tells whether a replica with a disk still waits for others to know of it. One
// without cannot have old data.
func joins(tx *model.Tx, r *model.Resource) bool { return hasMetadata(r) && !mayCome(tx.World, r) }

// mayCome tells whether nobody is waited for any more by a copy that is about to come.
func mayCome(w *model.World, r *model.Resource) bool {
	if r.DRBD.Held {
		return false
	}
	untold, powerless := replication.Awaited(w, r)
	return len(untold)+len(powerless) == 0
}
