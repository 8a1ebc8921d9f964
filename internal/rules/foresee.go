package rules

import (
	"slices"

	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// Foresee opens the gates at which definitions wait for what their nodes report, as if
// all had reported well: one phase of every change of disks, sizes and numbers of
// volumes. Nil means that nothing waits. It is for plans that are shown to a user, and is
// never stored.
func Foresee(w *model.World, definitions []string) *model.World {
	tx := w.Begin(model.Env{})
	moved := false
	for _, name := range definitions {
		d, ok := tx.Definitions.Get(name)
		if !ok || d.Deleting != nil {
			continue
		}
		for _, r := range replication.Replicas(tx.World, d.Name) {
			if r.Toggle != model.ToggleNone && r.Deleting == nil {
				foreseeToggle(tx, r)
				moved = true
			}
			moved = foreseeJoin(tx, r) || moved
		}
		for _, vd := range d.Volumes {
			moved = foreseeResize(tx, d, vd) || foreseeData(tx, d, vd) || moved
		}
	}
	if !moved {
		return nil
	}
	return tx.World
}

// foreseeData lets a new volume have its first data, where a replica waits for that.
func foreseeData(tx *model.Tx, d *model.Definition, vd model.VolumeDefinition) bool {
	waits := func(r *model.Resource) bool { return desired.Withheld(tx.World, r) }
	if vd.Initialized || vd.Deleting != nil || !slices.ContainsFunc(replication.Replicas(tx.World, d.Name), waits) {
		return false
	}
	vd.Initialized = true
	putVolume(tx, d.Name, vd)
	return true
}

// foreseeJoin lets a replica take part that waits for others to know of it.
func foreseeJoin(tx *model.Tx, r *model.Resource) bool {
	now, ok := tx.Resources.Get(r.Definition, r.Node)
	if !ok || !desired.Joining(now) {
		return false
	}
	next, own := *now, *now.DRBD
	own.Parted, next.DRBD = false, &own
	tx.PutResource(&next)
	return true
}

func foreseeToggle(tx *model.Tx, r *model.Resource) {
	next := *r
	switch r.Toggle {
	case model.ToggleAddRequested:
		next.Toggle = model.ToggleAdding
	case model.ToggleAdding:
		next.Toggle, next.Diskless, next.FormerDisk = model.ToggleNone, model.Diskful, false
	case model.ToggleRemoveRequested:
		next.Toggle, next.Diskless = model.ToggleRemoving, r.ToggleTo
		if next.Diskless == model.Diskful {
			next.Diskless = model.DRBDDiskless
		}
	case model.ToggleRemoving:
		replication.Dropped(tx, r)
		return
	}
	tx.PutResource(&next)
}

// foreseeResize chooses who lets DRBD grow, once all devices below it have grown.
func foreseeResize(tx *model.Tx, d *model.Definition, vd model.VolumeDefinition) bool {
	if vd.Resize == nil || vd.Resize.Node != "" || vd.Deleting != nil {
		return false
	}
	disks := replication.ActiveDisks(tx.World, d.Name, vd.Number)
	node := grower(tx, disks, vd.Number)
	if node == "" || desired.DeviceKiB(tx.World, d, vd) == 0 {
		return false
	}
	next := *vd.Resize
	next.Node = node
	vd.Resize = &next
	putVolume(tx, d.Name, vd)
	return true
}
