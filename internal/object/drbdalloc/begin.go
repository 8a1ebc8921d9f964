package drbdalloc

import (
	"cmp"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// begin decides how a volume of a new diskful replica begins, and where its metadata
// lies. The winner's name is kept at the volume definition.
func begin(tx *model.Tx, d *model.Definition, r *model.Resource, v *model.Volume, with []string) (*model.Definition, error) {
	vd, ok := d.Volume(v.Number)
	if !ok {
		return d, nil
	}
	if err := checkSource(tx.World, d, vd, r); err != nil {
		return nil, err
	}
	if err := metaPart(tx.World, d, vd, r, v); err != nil {
		return nil, err
	}
	v.Start = Start(tx, d, vd, r, *v, with)
	return noteWinner(tx, d, r.Node, *v), nil
}

// noteWinner keeps the name of a node whose volume begins as the winner: without it another
// one would begin so, too.
func noteWinner(tx *model.Tx, d *model.Definition, node string, v model.Volume) *model.Definition {
	if vd, ok := d.Volume(v.Number); !ok || v.Start != string(drbd.StartWinner) || vd.Props[KeyWinner] == node {
		return d
	}
	next := withWinner(d, v.Number, node)
	tx.PutDefinition(next)
	return next
}

func withWinner(d *model.Definition, number int, node string) *model.Definition {
	next := *d
	next.Volumes = slices.Clone(d.Volumes)
	for i := range next.Volumes {
		if next.Volumes[i].Number == number {
			next.Volumes[i].Props = with(next.Volumes[i].Props, KeyWinner, node)
		}
	}
	return &next
}

// Start says how the metadata of a replica's new volume begins: as the winner, whose
// content is valid by definition; without a sync, as it is known to read the same as the
// winner's; or empty. with are nodes that get a replica in the same step.
//
// A sync is skipped only where the winner knows of the replica from its first moment on. One
// that comes in a later step may find it in use, though nobody has reported that yet, and
// DRBD keeps no bitmap for a node it never knew.
func Start(tx *model.Tx, d *model.Definition, vd model.VolumeDefinition, r *model.Resource, v model.Volume, with []string) string {
	if vd.Initialized {
		return string(drbd.StartFull)
	}
	winner := vd.Props[KeyWinner]
	if model.Key(winner) == model.Key(r.Node) {
		return string(drbd.StartWinner)
	}
	w := tx.World
	first, there := w.Resources.Get(d.Name, winner)
	coming := slices.ContainsFunc(with, func(n string) bool { return winner != "" && model.Key(n) == model.Key(winner) })
	switch {
	case !there && !coming, there && !hasDisk(first):
		return string(drbd.StartWinner)
	case !there || earlier(tx, d.Name, winner, v.Number) || forced(w, d):
		return string(drbd.StartFull)
	}
	fv, ok := first.Volume(v.Number)
	// A winner whose deletion was taken back begins with a generation of its own.
	if !ok || first.Deletions > 0 || !desired.ZeroedNew(w, first.Node, fv.Pool, first.Stack) || !desired.ZeroedNew(w, r.Node, v.Pool, r.Stack) {
		return string(drbd.StartFull)
	}
	return string(drbd.StartSkip)
}

// earlier tells whether a volume of a replica is from an earlier step.
func earlier(tx *model.Tx, definition, node string, number int) bool {
	r, ok := tx.Base().Resources.Get(definition, node)
	if !ok {
		return false
	}
	_, has := r.Volume(number)
	return has
}

// late tells whether a new replica's volume comes to others that may be in use already.
func late(tx *model.Tx, d *model.Definition, v model.Volume) bool {
	vd, _ := d.Volume(v.Number)
	return vd.Initialized || v.Start == string(drbd.StartFull) && earlier(tx, d.Name, vd.Props[KeyWinner], v.Number)
}

func hasDisk(r *model.Resource) bool {
	return r.Diskless == model.Diskful || r.Toggle == model.ToggleAdding
}

// Again says how a volume begins that may have to be made anew under its old identity,
// after a deletion was taken back: never with content that others have moved on from,
// and never as something that it was before.
func Again(vd model.VolumeDefinition, v model.Volume) string {
	if v.Start == "" || v.Start == string(drbd.StartWinner) && !vd.Initialized {
		return v.Start
	}
	return string(drbd.StartFull)
}

// checkSource refuses a new disk while all copies of its volume are being deleted: it would
// wait for their data for ever, and keep the volume from beginning anew once they are gone.
func checkSource(w *model.World, d *model.Definition, vd model.VolumeDefinition, r *model.Resource) error {
	if !vd.Initialized || r.FormerDisk {
		return nil
	}
	going := ""
	for o := range w.Resources.Under(d.Name) {
		_, has := o.Volume(vd.Number)
		if !has || o.DRBD == nil || o.Diskless != model.Diskful && o.Toggle == model.ToggleNone || model.Key(o.Node) == model.Key(r.Node) {
			continue
		}
		if o.Deleting == nil {
			return nil
		}
		going = cmp.Or(going, o.Node)
	}
	if going == "" {
		return nil
	}
	return fault.New(v1.FailInUse, "Resource '%s' gets no disk on node '%s' for now.", d.Name, r.Node).
		Because("the last copy of volume %d, on node '%s', is being deleted: nobody would have the data for a new one", vd.Number, going).
		Fix("To keep the data, take the deletion back: 'resource create %s %s'. Otherwise repeat the command when that replica is gone ('explain resource %s' says what it waits for); the volume then begins empty.", going, d.Name, d.Name).
		Ref("RscDfn", d.Name).Ref("Node", going)
}

// forced tells whether replicas sync in full whatever their storage is.
func forced(w *model.World, d *model.Definition) bool {
	if isTrue(d.Props[keyForcedOnce]) {
		return true
	}
	if v, ok := d.Props[keyForced]; ok {
		return isTrue(v)
	}
	if g, ok := w.Groups.Get(d.Group); ok {
		if v, ok := g.Props[keyForced]; ok {
			return isTrue(v)
		}
	}
	return isTrue(w.Props()[keyForced])
}

func isTrue(v string) bool { return strings.EqualFold(v, "true") || strings.EqualFold(v, "yes") }

// NewVolume prepares the volume definition that is being added: its minor number, and
// with replicas in place the one whose content is valid from the start.
func NewVolume(w *model.World, d *model.Definition, vd *model.VolumeDefinition, minor *int) error {
	var err error
	if vd.Minor, err = Minor(w, d, minor); err != nil {
		return err
	}
	winner := ""
	for r := range w.Resources.Under(d.Name) {
		// A replica may have DRBD although the definition's own stack has not.
		if r.DRBD != nil && vd.Minor < 0 {
			if vd.Minor, err = freeMinor(w); err != nil {
				return err
			}
		}
		if r.DRBD == nil || r.Deleting != nil || r.Inactive || !hasDisk(r) {
			continue
		}
		st, ok := w.ResourceStatus.Get(d.Name, r.Node)
		used := ok && st.InUse != nil && *st.InUse
		if winner == "" || used {
			winner = r.Node
		}
		if used {
			break
		}
	}
	if winner != "" && vd.Props[KeyWinner] == "" {
		vd.Props = with(vd.Props, KeyWinner, winner)
	}
	return nil
}

// Extend completes the part that a replica gets of a new volume, and answers the definition
// as it is now.
func Extend(tx *model.Tx, d *model.Definition, r *model.Resource, v *model.Volume) (*model.Definition, error) {
	w := tx.World
	vd, _ := d.Volume(v.Number)
	if r.DRBD == nil || !hasDisk(r) {
		return d, nil
	}
	if err := checkSource(w, d, vd, r); err != nil {
		return nil, err
	}
	if err := metaPart(w, d, vd, r, v); err != nil {
		return nil, err
	}
	v.Start = Start(tx, d, vd, r, *v, nodes(w, d))
	// The winner may come later in the order of nodes; it is as new as this one.
	if first, ok := w.Resources.Get(d.Name, vd.Props[KeyWinner]); ok && v.Start == string(drbd.StartFull) && !vd.Initialized && !forced(w, d) {
		if _, has := first.Volume(v.Number); !has && len(first.Volumes) > 0 && first.Deletions == 0 &&
			desired.ZeroedNew(w, first.Node, first.Volumes[0].Pool, first.Stack) && desired.ZeroedNew(w, r.Node, v.Pool, r.Stack) {
			v.Start = string(drbd.StartSkip)
		}
	}
	return noteWinner(tx, d, r.Node, *v), nil
}

func nodes(w *model.World, d *model.Definition) []string {
	var out []string
	for r := range w.Resources.Under(d.Name) {
		out = append(out, r.Node)
	}
	return out
}

// metaPart adds the device for metadata that does not lie with the data.
func metaPart(w *model.World, d *model.Definition, vd model.VolumeDefinition, r *model.Resource, v *model.Volume) error {
	pool := metaPool(w, d, vd, r)
	if pool == "" || pool == metaIsInternal {
		return nil
	}
	p, ok := w.Pools.Get(r.Node, pool)
	if ok && p.Diskless() {
		return fault.New(v1.FailInvalidStoragePoolName, "Storage pool '%s' on node '%s' cannot hold DRBD's metadata.", p.Name, r.Node).
			Because("property '%s' names it, and it is of kind %s", keyMetaPool, p.Kind).
			Fix("Set the property to a pool with storage, or to '%s'.", metaIsInternal).
			Ref("Node", r.Node).Ref("StorPoolDfn", p.Name).Ref("RscDfn", d.Name)
	}
	if !ok {
		return fault.New(v1.FailNotFoundStoragePool, "Storage pool '%s' for DRBD's metadata is not on node '%s'.", pool, r.Node).
			Because("property '%s' names it", keyMetaPool).
			Fix("Create the storage pool on the node, or set the property to '%s'.", metaIsInternal).
			Ref("Node", r.Node).Ref("StorPoolDfn", pool).Ref("RscDfn", d.Name)
	}
	v.Parts = append(slices.Clone(v.Parts), model.VolumePart{Suffix: desired.MetaSuffix, Pool: p.Name})
	return nil
}

func metaPool(w *model.World, d *model.Definition, vd model.VolumeDefinition, r *model.Resource) string {
	levels := []map[string]string{vd.Props}
	g, grouped := w.Groups.Get(d.Group)
	if grouped {
		if vg, ok := g.Volume(vd.Number); ok {
			levels = append(levels, vg.Props)
		}
	}
	levels = append(levels, r.Props, d.Props)
	if grouped {
		levels = append(levels, g.Props)
	}
	if n, ok := w.Nodes.Get(r.Node); ok {
		levels = append(levels, n.Props)
	}
	for _, l := range levels {
		if v, ok := l[keyMetaPool]; ok {
			return v
		}
	}
	return ""
}
