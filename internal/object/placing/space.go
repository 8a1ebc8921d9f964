package placing

import (
	"maps"
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replica"
	"github.com/holdfast-storage/holdfast/internal/object/show"
	"github.com/holdfast-storage/holdfast/internal/place"
)

// need checks that a pool has room for more.
func need(w *model.World, p *model.Pool, kib int64) error {
	pp := Pool(w, p)
	if pp.Diskless || !pp.CapacityKnown || kib <= 0 {
		return nil
	}
	usable := place.UsableKiB(pp)
	if usable >= kib {
		return nil
	}
	return fault.New(v1.FailNotEnoughFreeSpace, "Storage pool '%s' on node '%s' has not enough space.", p.Name, p.Node).
		Because("%d KiB are needed, %d KiB may still be taken: %d KiB of %d KiB are free, %d KiB are promised to volumes",
			kib, usable, pp.FreeKiB, pp.TotalKiB, pp.ReservedKiB).
		Fix("Choose a smaller size or another pool, add storage%s.", ratioHint(pp)).
		Ref("Node", p.Node).Ref("StorPoolDfn", p.Name)
}

func ratioHint(p *place.Pool) string {
	if !p.Thin {
		return ""
	}
	return ", or raise " + place.KeyRatio + " if you accept the risk of a full pool"
}

// usable refuses a pool whose storage is known to be in no state to take a volume.
func usable(w *model.World, p *model.Pool) error {
	st, ok := w.PoolStatus.Get(p.Node, p.Name)
	if !ok || st.Problem == nil || !show.Online(w, p.Node) {
		return nil
	}
	return fault.New(v1.FailStoragePoolConfigurationError, "Storage pool '%s' on node '%s' cannot be used.", p.Name, p.Node).
		Because("%s", st.Problem.Message).Detail("%s", st.Problem.Cause).
		Fix("%s The satellite looks again by itself.", st.Problem.Correction).Ref("Node", p.Node).Ref("StorPoolDfn", p.Name)
}

// CheckSpace checks that the pools of a replica made by hand have room.
func CheckSpace(w *model.World, d *model.Definition, nr replica.New) error {
	if nr.Diskless != model.Diskful {
		return nil
	}
	if _, there := w.Resources.Get(d.Name, nr.Node); there {
		return nil
	}
	sums := map[string]int64{}
	for _, vd := range d.Volumes {
		if vd.Deleting != nil {
			continue
		}
		kib, err := StorageKiB(w, d, vd, nr.Stack)
		if err != nil {
			return err
		}
		if p, err := replica.PoolFor(w, d, vd, nr); err == nil {
			sums[p.Name] += kib
		}
	}
	for name, kib := range sums {
		p, _ := w.Pools.Get(nr.Node, name)
		if err := usable(w, p); err != nil {
			return err
		}
		if err := need(w, p, kib); err != nil {
			return err
		}
	}
	return nil
}

// CheckDisk checks that the pools have room for the disk of a replica that has none.
func CheckDisk(w *model.World, d *model.Definition, r *model.Resource, pool string) error {
	sums := map[string]int64{}
	for _, v := range r.Volumes {
		vd, ok := d.Volume(v.Number)
		if !ok {
			continue
		}
		p, err := replica.PoolFor(w, d, vd, replica.New{Node: r.Node, Pool: pool, Props: r.Props})
		if err != nil {
			return err
		}
		if model.Key(p.Name) != model.Key(v.Pool) {
			kib, err := StorageKiB(w, d, vd, r.Stack)
			if err != nil {
				return err
			}
			sums[p.Name] += kib
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		p, _ := w.Pools.Get(r.Node, name)
		if err := usable(w, p); err != nil {
			return err
		}
		if err := need(w, p, sums[name]); err != nil {
			return err
		}
	}
	return nil
}

// CheckNewVolume checks that the pools of a placed definition have room for one
// more volume.
func CheckNewVolume(w *model.World, definition string, kib int64) error {
	for r := range w.Resources.Under(definition) {
		if len(r.Volumes) == 0 || r.Diskless != model.Diskful {
			continue
		}
		gross := kib
		if d, ok := w.Definitions.Get(definition); ok {
			var err error
			if gross, err = StorageKiB(w, d, model.VolumeDefinition{SizeKiB: kib}, r.Stack); err != nil {
				return err
			}
		}
		if p, ok := w.Pools.Get(r.Node, r.Volumes[0].Pool); ok {
			if err := need(w, p, gross); err != nil {
				return err
			}
		}
	}
	return nil
}

// CheckGrow checks that every replica's pool has room for a volume to grow.
func CheckGrow(w *model.World, d *model.Definition, number int, moreKiB int64) error {
	for r := range w.Resources.Under(d.Name) {
		v, ok := r.Volume(number)
		if !ok || r.Deleting != nil {
			continue
		}
		vd, _ := d.Volume(number)
		before, err := StorageKiB(w, d, vd, r.Stack)
		if err != nil {
			return err
		}
		vd.SizeKiB += moreKiB
		after, err := StorageKiB(w, d, vd, r.Stack)
		if err != nil {
			return err
		}
		if p, ok := w.Pools.Get(r.Node, v.Pool); ok {
			if err := need(w, p, after-before); err != nil {
				return err
			}
		}
	}
	return nil
}
