package rules

import (
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// advanceResizes leads replicated volumes to a new size: first every node grows the
// devices below DRBD, then one node lets DRBD use them. It goes on only with what the
// nodes have reported about the present instruction, and looks again when a node has
// come back: its report may have come first.
func advanceResizes(tx *model.Tx) error {
	for _, d := range replicated(tx) {
		resumeResizes(tx, d)
	}
	return nil
}

func resumeResizes(tx *model.Tx, d *model.Definition) {
	for _, vd := range d.Volumes {
		if vd.Resize != nil {
			advanceResize(tx, d, vd)
		}
	}
}

func advanceResize(tx *model.Tx, d *model.Definition, vd model.VolumeDefinition) {
	if vd.Deleting != nil || len(replication.VolumeDisks(tx.World, d.Name, vd.Number)) == 0 {
		vd.Resize = nil
		putVolume(tx, d.Name, vd)
		return
	}
	disks := replication.ActiveDisks(tx.World, d.Name, vd.Number)
	if len(disks) == 0 {
		return // it goes on when one of them is active again
	}
	target := desired.DeviceKiB(tx.World, d, vd)
	grown, done := true, true
	for _, r := range disks {
		st, ok := settledStatus(tx, r)
		vs, known := st.Volume(vd.Number)
		if !ok || !known || !online(tx.World, r.Node) {
			grown, done = false, false
			break
		}
		grown = grown && lowerKiB(r, vs) >= desired.LowerKiB(vd, r, target)
		done = done && layerKiB(vs, v1.LayerTypeDrbd) >= target
	}
	next := *vd.Resize
	switch {
	case done:
		vd.Resize = nil
		putVolume(tx, d.Name, vd)
		return
	case expected(tx, d) || keptApart(disks):
		next.Node = ""
	case next.Node != "" && stillGrows(tx, disks, next.Node, vd.Number):
		return
	case grown:
		next.Node = grower(tx, disks, vd.Number)
	default:
		next.Node = ""
	}
	if next.Node != vd.Resize.Node {
		vd.Resize = &next
		putVolume(tx, d.Name, vd)
	}
}

// expected tells whether a disk is announced to the peers and not there yet. DRBD cannot
// grow before it is, and it waits until all have settled: so growing comes after it.
func expected(tx *model.Tx, d *model.Definition) bool {
	for _, r := range replicas(tx, d.Name) {
		if r.Toggle == model.ToggleAddRequested && r.Deleting == nil {
			return true
		}
	}
	return false
}

// keptApart tells whether one of the disks is kept from another one until its node has been
// told of a copy. DRBD cannot grow before they are connected, and a node that waits for that
// does not count as told.
func keptApart(disks []*model.Resource) bool {
	return slices.ContainsFunc(disks, func(r *model.Resource) bool {
		return slices.ContainsFunc(disks, func(o *model.Resource) bool { return slices.Contains(r.DRBD.Untold, o.Node) })
	})
}

// stillGrows tells whether the node that was chosen is still one that can do it.
func stillGrows(tx *model.Tx, disks []*model.Resource, node string, number int) bool {
	for _, r := range disks {
		if model.Key(r.Node) == model.Key(node) {
			st, ok := tx.ResourceStatus.Get(r.Definition, r.Node)
			vs, known := st.Volume(number)
			return ok && known && online(tx.World, r.Node) && vs.DiskState == upToDate
		}
	}
	return false
}

// grower chooses the node that lets DRBD grow: the one that uses the volume, else the
// up-to-date one with the lowest node id. Empty for none.
func grower(tx *model.Tx, disks []*model.Resource, number int) string {
	var best *model.Resource
	used := false
	for _, r := range disks {
		st, _ := tx.ResourceStatus.Get(r.Definition, r.Node)
		if vs, ok := st.Volume(number); !ok || vs.DiskState != upToDate {
			continue
		}
		inUse := st.InUse != nil && *st.InUse
		if best == nil || inUse && !used || inUse == used && r.DRBD.NodeID < best.DRBD.NodeID {
			best, used = r, inUse
		}
	}
	if best == nil {
		return ""
	}
	return best.Node
}

// lowerKiB is the size of the device below DRBD.
func lowerKiB(r *model.Resource, vs model.VolumeStatus) int64 {
	for i, l := range r.Stack {
		if l == v1.LayerTypeDrbd && i+1 < len(r.Stack) {
			return layerKiB(vs, r.Stack[i+1])
		}
	}
	return 0
}

func layerKiB(vs model.VolumeStatus, layer v1.LayerType) int64 {
	for _, l := range vs.Layers {
		if l.Layer == layer && l.Suffix == "" {
			return l.UsableKiB
		}
	}
	return 0
}

func online(w *model.World, node string) bool {
	st, ok := w.NodeStatus.Get(node)
	return ok && st.State == model.ConnOnline
}
