package replication

import (
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/drbdalloc"
	"github.com/holdfast-storage/holdfast/internal/object/layerneeds"
	"github.com/holdfast-storage/holdfast/internal/object/mixing"
	"github.com/holdfast-storage/holdfast/internal/object/replica"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// Disk is the disk that a replica shall get.
type Disk struct {
	// Pool is empty for the one that the properties name.
	Pool string
	// Stack is nil for the one that the replica has.
	Stack []v1.LayerType
	// By says who asked for it, as property DiskfulBy names it.
	By string
	// MigrateFrom is the node whose replica goes once this one is complete.
	MigrateFrom string
}

// BeginAdd orders a disk for a replica without one. Peers learn of it first; rules
// take it from there. Calling it again for a disk that is being added changes nothing
// but what can still be changed.
func BeginAdd(tx *model.Tx, d *model.Definition, r *model.Resource, disk Disk) (*model.Resource, error) {
	if r.Toggle == model.ToggleRemoveRequested {
		return abortRemove(tx, r, disk), nil
	}
	if r.Toggle == model.ToggleAdding {
		return again(tx, r, disk)
	}
	stack := r.Stack
	if disk.Stack != nil {
		stack = disk.Stack
	}
	if err := checkStack(tx.World, d, r, stack); err != nil {
		return nil, err
	}
	if err := CheckPeerSlots(tx.World, d, r.Node); err != nil {
		return nil, err
	}
	next := withVolumes(r)
	next.Stack, next.Toggle, next.ToggleTo = stack, model.ToggleAddRequested, model.Diskful
	next.Diskless = model.DRBDDiskless
	next.FormerDisk = r.FormerDisk || r.Toggle == model.ToggleRemoving
	next.Props = WithProp(next.Props, KeyDiskfulBy, disk.By)
	next.Props = WithProp(next.Props, KeyMigrateFrom, disk.MigrateFrom)
	if disk.Pool != "" {
		next.Props[KeyPool] = disk.Pool
	}
	if next.DRBD != nil && next.DRBD.Client {
		voter := *next.DRBD
		voter.Client = false
		next.DRBD = &voter
	}
	for i, v := range next.Volumes {
		vd, ok := d.Volume(v.Number)
		if !ok || vd.Deleting != nil {
			continue
		}
		p, err := replica.PoolFor(tx.World, d, vd, replica.New{Node: r.Node, Pool: disk.Pool, Props: next.Props})
		if err != nil {
			return nil, err
		}
		if model.Key(v.Pool) != model.Key(p.Name) {
			if err := leftIn(r, v.Pool, p.Name); err != nil {
				return nil, err
			}
		}
		next.Volumes[i].Pool, next.Volumes[i].Created = p.Name, false
		if err := mixing.Check(tx.World, d, next, v.Number); err != nil {
			return nil, err
		}
		if d, err = prepare(tx, d, vd, next, &next.Volumes[i]); err != nil {
			return nil, err
		}
	}
	tx.PutResource(next)
	return next, nil
}

// prepare decides how DRBD's metadata on the new disk begins, and where it lies.
func prepare(tx *model.Tx, d *model.Definition, vd model.VolumeDefinition, r *model.Resource, v *model.Volume) (*model.Definition, error) {
	// Allocation asks for a replica that has its disk.
	with := *r
	with.Toggle = model.ToggleAdding
	d, err := drbdalloc.Extend(tx, d, &with, v)
	if err != nil {
		return nil, err
	}
	return d, layerneeds.Extend(tx.World, d, vd, &with, v)
}

// leftIn refuses another pool where storage may be in the former one: nothing would remove it
// any more. That is also so before the peers have heard of the disk: it may be that of a copy
// which was to take part with its disk at first.
func leftIn(r *model.Resource, pool, asked string) error {
	switch r.Toggle {
	case model.ToggleRemoving:
		return stillRemoving(r, pool)
	case model.ToggleAddRequested:
		return beingMade(r, pool, asked)
	}
	return nil
}

func stillRemoving(r *model.Resource, pool string) error {
	return fault.New(v1.FailInUse, "The disk of resource '%s' on node '%s' is still being removed.", r.Definition, r.Node).
		Because("its storage in pool '%s' is not gone yet, and a disk in another pool is asked for", pool).
		Fix("Name pool '%s', or repeat the command when the removal is done.", pool).
		Ref("RscDfn", r.Definition).Ref("Node", r.Node)
}

// abortRemove takes back a removal that has touched nothing yet.
func abortRemove(tx *model.Tx, r *model.Resource, disk Disk) *model.Resource {
	next := *r
	next.Toggle, next.ToggleTo = model.ToggleNone, model.Diskful
	if disk.By != "" && next.Props[KeyDiskfulBy] == "" {
		next.Props = WithProp(next.Props, KeyDiskfulBy, disk.By)
	}
	tx.PutResource(&next)
	return &next
}

// again repeats the order for a disk whose storage may exist already.
func again(tx *model.Tx, r *model.Resource, disk Disk) (*model.Resource, error) {
	for _, v := range r.Volumes {
		if disk.Pool != "" && model.Key(disk.Pool) != model.Key(v.Pool) {
			return nil, beingMade(r, v.Pool, disk.Pool)
		}
	}
	return SetProp(tx, r, KeyMigrateFrom, disk.MigrateFrom), nil
}

func beingMade(r *model.Resource, pool, asked string) error {
	return fault.New(v1.FailInUse, "The disk of resource '%s' on node '%s' is being made in pool '%s'.", r.Definition, r.Node, pool).
		Because("its storage may exist there already, and pool '%s' is asked for", asked).
		Fix("Take the disk back first ('resource toggle-disk --diskless'), or name pool '%s'.", pool).
		Ref("RscDfn", r.Definition).Ref("Node", r.Node)
}

func checkStack(w *model.World, d *model.Definition, r *model.Resource, stack []v1.LayerType) error {
	if len(stack) == 0 || stack[0] != v1.LayerTypeDrbd {
		return fault.New(v1.FailInvalidLayerStack, "Resource '%s' on node '%s' cannot get that layer list.", d.Name, r.Node).
			Because("field 'layer_list': DRBD must be the first layer, as on the other nodes").
			Fix("Start the list with DRBD, or leave it out.").Ref("RscDfn", d.Name).Ref("Node", r.Node)
	}
	return replica.CheckLayers(w, r.Node, stack)
}

// BeginRemove orders that a replica loses its disk and stays without one. Whether the
// last good copy would go is watched by the rule that carries it out; here it is only
// refused where no other disk is there at all.
func BeginRemove(tx *model.Tx, r *model.Resource, to model.Disklessness) (*model.Resource, error) {
	next := withVolumes(r)
	switch r.Toggle {
	case model.ToggleRemoveRequested, model.ToggleRemoving:
		next.ToggleTo = to
	case model.ToggleAddRequested, model.ToggleAdding:
		// Even before anything was made there may be what an earlier removal, taken back
		// half-way, has left.
		next.Toggle, next.ToggleTo = model.ToggleRemoving, to
		next.Removals++
		next.Props = WithProp(next.Props, KeyMigrateFrom, "")
	default:
		if len(otherDisks(tx.World, r)) == 0 {
			return nil, fault.New(v1.FailInsufficientReplicaCount, "The disk of resource '%s' on node '%s' is not taken away.", r.Definition, r.Node).
				Because("no other online node has a disk of the resource: the data would be lost").
				Fix("Create another diskful replica first, or bring the other nodes back.").
				Ref("RscDfn", r.Definition).Ref("Node", r.Node)
		}
		next.Toggle, next.ToggleTo = model.ToggleRemoveRequested, to
	}
	tx.PutResource(next)
	return next, nil
}

// otherDisks lists the nodes that have a disk of the resource and are online.
func otherDisks(w *model.World, r *model.Resource) []string {
	var out []string
	for _, o := range Replicas(w, r.Definition) {
		if model.Key(o.Node) != model.Key(r.Node) && HasDisk(o) && show.Online(w, o.Node) {
			out = append(out, o.Node)
		}
	}
	return out
}

// Dropped makes a diskless replica of one whose storage is gone.
func Dropped(tx *model.Tx, r *model.Resource) {
	next := withVolumes(r)
	toDiskless(next, r.ToggleTo)
	tx.PutResource(next)
}

func toDiskless(r *model.Resource, to model.Disklessness) {
	if to == model.Diskful {
		to = model.DRBDDiskless
	}
	r.Toggle, r.ToggleTo, r.Diskless, r.FormerDisk = model.ToggleNone, model.Diskful, to, false
	for _, key := range []string{KeyPool, KeyDiskfulBy, KeyMigrateFrom, KeySkipDisk} {
		r.Props = WithProp(r.Props, key, "")
	}
	for i := range r.Volumes {
		r.Volumes[i].Pool, r.Volumes[i].Created = model.DefaultDisklessPool, false
		r.Volumes[i].Start, r.Volumes[i].Parts = "", nil
	}
}

// CheckPeerSlots refuses a further disk for which the metadata of the other replicas
// has no slot.
func CheckPeerSlots(w *model.World, d *model.Definition, node string) error {
	disks := 1
	var tight []string
	rs := Replicas(w, d.Name)
	for _, r := range rs {
		if model.Key(r.Node) != model.Key(node) && r.Deleting == nil && (HasDisk(r) || Adding(r)) {
			disks++
		}
	}
	for _, r := range rs {
		if model.Key(r.Node) != model.Key(node) && HasDisk(r) && r.DRBD != nil && r.DRBD.PeerSlots > 0 && r.DRBD.PeerSlots < disks-1 {
			tight = append(tight, r.Node)
		}
	}
	if len(tight) == 0 {
		return nil
	}
	slices.Sort(tight)
	return fault.New(v1.FailInsufficientPeerSlots, "Resource '%s' cannot get %d disks.", d.Name, disks).
		Because("DRBD's metadata on node '%s' was made with too few peer slots", tight[0]).
		Fix("Replace that replica after raising the peer slots of the resource definition, or remove another replica first.").
		Ref("RscDfn", d.Name).Ref("Node", tight[0])
}

// OtherRemoving tells whether another replica of the resource is letting go of its
// disk at the moment. One that is inactive goes on with that when it is active again.
func OtherRemoving(w *model.World, r *model.Resource) bool {
	for _, o := range Replicas(w, r.Definition) {
		if o.Toggle == model.ToggleRemoving && o.Deleting == nil && !o.Inactive && model.Key(o.Node) != model.Key(r.Node) {
			return show.Online(w, o.Node)
		}
	}
	return false
}
