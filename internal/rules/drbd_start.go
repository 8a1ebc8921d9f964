package rules

import (
	"maps"
	"slices"

	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/define"
	"github.com/holdfast-storage/holdfast/internal/object/drbdalloc"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

const upToDate = "UpToDate"

// recordData notes which volumes have had data, and finds another replica to begin
// with where the one that was to do so is gone.
func recordData(tx *model.Tx) error {
	for _, name := range tx.Touched().Definitions {
		d, ok := tx.Definitions.Get(name)
		if !ok || d.Deleting != nil {
			continue
		}
		for _, vd := range d.Volumes {
			switch {
			case vd.Initialized || vd.Deleting != nil:
			case hasData(tx, name, vd.Number):
				vd.Initialized = true
				putVolume(tx, name, vd)
			case vd.Props[drbdalloc.KeyWinner] != "":
				electWinner(tx, name, vd)
			}
		}
	}
	return nil
}

// forgetData lets a volume begin anew that no replica has any more: the next one would
// wait for ever for somebody to give it the data.
func forgetData(tx *model.Tx) error {
	for _, name := range tx.Touched().Definitions {
		d, ok := tx.Definitions.Get(name)
		if !ok || d.Deleting != nil {
			continue
		}
		for _, vd := range d.Volumes {
			if vd.Initialized && vd.Deleting == nil && dataGone(tx, name, vd.Number) {
				vd.Initialized, vd.Resize = false, nil
				vd.Props = replication.WithProp(vd.Props, drbdalloc.KeyWinner, "")
				// What an absent node may still hold is nothing that this one descends from.
				vd.Props = replication.WithProp(vd.Props, define.KeyCurrentGI, define.CurrentGI(tx))
				putVolume(tx, name, vd)
			}
		}
	}
	return nil
}

// dataGone tells that no replica is left that has, or ever had, the volume's data.
func dataGone(tx *model.Tx, definition string, number int) bool {
	for r := range tx.Resources.Under(definition) {
		if _, has := r.Volume(number); has && hasMetadata(r) {
			return false
		}
	}
	return true
}

// hasData tells whether a replica is known to hold the volume's data.
func hasData(tx *model.Tx, definition string, number int) bool {
	for _, r := range replicas(tx, definition) {
		// A cheap look first: the instruction is only worked out for what matters.
		st, ok := tx.ResourceStatus.Get(definition, r.Node)
		if !ok || !hasMetadata(r) || r.DRBD == nil {
			continue
		}
		if vs, ok := st.Volume(number); !ok || vs.DiskState != upToDate {
			continue
		}
		// A report about an earlier replica of that name says nothing of this one.
		if _, ok := settledStatus(tx, r); ok {
			return true
		}
	}
	return false
}

// electWinner lets another replica begin with valid data, if none has begun and the one
// that was to do so is gone. Without data anywhere nothing is lost by that.
func electWinner(tx *model.Tx, definition string, vd model.VolumeDefinition) {
	if w, ok := tx.Resources.Get(definition, vd.Props[drbdalloc.KeyWinner]); ok && hasMetadata(w) {
		return
	}
	var best *model.Resource
	for _, r := range replicas(tx, definition) {
		v, has := r.Volume(vd.Number)
		switch {
		case !has || r.DRBD == nil || r.Deleting != nil || r.Inactive || !hasMetadata(r) || r.Toggle != model.ToggleNone:
		case v.Created || v.Start != string(drbd.StartFull):
			// What begins without a sync is as good as a winner; what exists is as it is.
			if v.Start == string(drbd.StartSkip) {
				return
			}
		case best == nil || r.DRBD.NodeID < best.DRBD.NodeID:
			best = r
		}
	}
	if best == nil {
		return
	}
	next := *best
	next.Volumes = slices.Clone(best.Volumes)
	for i := range next.Volumes {
		if next.Volumes[i].Number == vd.Number {
			next.Volumes[i].Start = string(drbd.StartWinner)
		}
	}
	tx.PutResource(&next)
	vd.Props = maps.Clone(vd.Props)
	vd.Props[drbdalloc.KeyWinner] = best.Node
	putVolume(tx, definition, vd)
}

// putVolume stores a changed volume definition.
func putVolume(tx *model.Tx, definition string, vd model.VolumeDefinition) {
	d, ok := tx.Definitions.Get(definition)
	if !ok {
		return
	}
	next := *d
	next.Volumes = slices.Clone(d.Volumes)
	for i := range next.Volumes {
		if next.Volumes[i].Number == vd.Number {
			next.Volumes[i] = vd
		}
	}
	tx.PutDefinition(&next)
}
