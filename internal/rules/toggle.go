package rules

import (
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// advanceToggles brings changes between diskful and diskless one phase further where
// what the satellites report allows it.
func advanceToggles(tx *model.Tx) error {
	for _, d := range replicated(tx) {
		for _, r := range replication.Replicas(tx.World, d.Name) {
			if r.Toggle != model.ToggleNone && r.Deleting == nil {
				advanceToggle(tx, d, r)
			}
		}
	}
	return nil
}

func advanceToggle(tx *model.Tx, d *model.Definition, r *model.Resource) {
	switch r.Toggle {
	case model.ToggleAddRequested:
		// The peers must expect the disk before it appears.
		if mayCome(tx.World, r) {
			phase(tx, r, model.ToggleAdding)
		}
	case model.ToggleAdding:
		if attached(tx, r) {
			next := *r
			next.Toggle, next.Diskless, next.FormerDisk = model.ToggleNone, model.Diskful, false
			tx.PutResource(&next)
		}
	case model.ToggleRemoveRequested:
		// One after the other, and never the last good copy.
		if otherHolds(tx, r) && !replication.OtherRemoving(tx.World, r) {
			next := *r
			next.Toggle, next.Diskless = model.ToggleRemoving, r.ToggleTo
			next.Removals++
			if next.Diskless == model.Diskful {
				next.Diskless = model.DRBDDiskless
			}
			tx.PutResource(&next)
		}
	case model.ToggleRemoving:
		if dropped(tx, r) {
			replication.Dropped(tx, r)
			noteUnaware(tx, d.Name, r.Node)
		}
	}
}

// otherHolds tells whether another replica has all data of one. Without a volume there
// is none.
func otherHolds(tx *model.Tx, r *model.Resource) bool {
	return len(r.Volumes) == 0 || replication.OtherUpToDate(tx.World, r.Definition, r.Node) != nil
}

func phase(tx *model.Tx, r *model.Resource, to model.Toggle) {
	next := *r
	next.Toggle = to
	tx.PutResource(&next)
}

// attached tells whether DRBD uses the new disk of every volume. It does not while the
// replica is inactive: then the state is that of the storage.
func attached(tx *model.Tx, r *model.Resource) bool {
	st, ok := replication.Settled(tx.World, r)
	if !ok || st.Progress != model.ProgressReady || r.Inactive || desired.Joining(r) {
		return false
	}
	for _, v := range r.Volumes {
		if vs, ok := st.Volume(v.Number); !ok || !replication.Attached(vs) {
			return false
		}
	}
	return true
}

// dropped tells whether the storage of every volume is gone.
func dropped(tx *model.Tx, r *model.Resource) bool {
	st, ok := replication.Settled(tx.World, r)
	if !ok {
		return false
	}
	for _, v := range r.Volumes {
		if vs, ok := st.Volume(v.Number); !ok || !vs.Dropped {
			return false
		}
	}
	return true
}

// finishMigrations removes the source of a migration once its target has all data
// and nobody uses the source.
func finishMigrations(tx *model.Tx) error {
	for _, d := range replicated(tx) {
		for _, r := range replication.Replicas(tx.World, d.Name) {
			if r.Props[replication.KeyMigrateFrom] != "" && r.Deleting == nil {
				finishMigration(tx, d, r)
			}
		}
	}
	return nil
}

func retryMigration(tx *model.Tx, d *model.Definition, node string) {
	if r, ok := tx.Resources.Get(d.Name, node); ok {
		finishMigration(tx, d, r)
	}
}

func finishMigration(tx *model.Tx, d *model.Definition, r *model.Resource) {
	from := r.Props[replication.KeyMigrateFrom]
	source, ok := tx.Resources.Get(d.Name, from)
	switch {
	case !ok || source.Deleting != nil || !replication.HasDisk(source):
		// There is nothing to migrate from any more.
		replication.SetProp(tx, r, replication.KeyMigrateFrom, "")
	case !replication.HasDisk(r) || r.Toggle != model.ToggleNone || len(r.Volumes) > 0 && !replication.UpToDate(tx.World, r):
		// It is still being filled.
	case replication.InUse(tx.World, source) || !otherHolds(tx, source):
		// Its turn comes when it is let go.
	default:
		replication.Delete(tx, source)
		replication.SetProp(tx, r, replication.KeyMigrateFrom, "")
	}
}
