// Package replica adds replicas to resource definitions; creating by hand, making
// available and autoplacing go through it.
package replica

import (
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/model/name"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/drbdalloc"
	"github.com/holdfast-storage/holdfast/internal/object/layerneeds"
	"github.com/holdfast-storage/holdfast/internal/object/mixing"
	"github.com/holdfast-storage/holdfast/internal/object/show"
	"github.com/holdfast-storage/holdfast/internal/object/volumekey"
)

// New is what a replica is made from.
type New struct {
	Definition string
	Node       string
	// Pool is the storage pool; empty means the one that the properties name.
	Pool     string
	Diskless model.Disklessness
	Stack    []v1.LayerType
	Props    map[string]string
	Inactive bool
	// DRBD is what is wanted of the DRBD layer.
	DRBD drbdalloc.Request
}

// Add places a replica and answers what was done. A replica that is already there
// is no error; one that is being deleted is taken back.
func Add(tx *model.Tx, in New) ([]v1.ApiCallRc, error) {
	d, ok := tx.Definitions.Get(in.Definition)
	if !ok {
		return nil, object.NotFound(v1.FailNotFoundResourceDefinition, show.DefinitionName(in.Definition), "RscDfn", in.Definition)
	}
	n, ok := tx.Nodes.Get(in.Node)
	if !ok {
		return nil, object.NotFound(v1.FailNotFoundNode, show.NodeName(in.Node), "Node", in.Node)
	}
	if err := checkNode(n, d); err != nil {
		return nil, err
	}
	if old, ok := tx.Resources.Get(d.Name, n.Name); ok {
		return existing(tx, d, n, old)
	}
	if err := CheckLayers(tx.World, n.Name, layerneeds.Local(in.Stack, in.Diskless)); err != nil {
		return nil, err
	}
	r := &model.Resource{Definition: d.Name, Node: n.Name, UUID: tx.NewUUID(), Props: in.Props, Stack: in.Stack,
		Diskless: in.Diskless, Inactive: in.Inactive}
	for _, vd := range d.Volumes {
		if vd.Deleting != nil {
			continue
		}
		pool, err := choosePool(tx.World, d, vd, n, in)
		if err != nil {
			return nil, err
		}
		r.Volumes = append(r.Volumes, model.Volume{Number: vd.Number, UUID: tx.NewUUID(), Pool: pool.Name})
	}
	if err := mixing.CheckAll(tx.World, d, r); err != nil {
		return nil, err
	}
	d, err := drbdalloc.Replica(tx, d, r, in.DRBD)
	if err != nil {
		return nil, err
	}
	if err := layerneeds.Replica(tx.World, d, r); err != nil {
		return nil, err
	}
	if err := volumekey.Give(tx, d, r); err != nil {
		return nil, err
	}
	if d.Stack == nil {
		next := *d
		next.Stack = in.Stack
		tx.PutDefinition(&next)
	}
	tx.PutResource(r)
	out := []v1.ApiCallRc{object.Created(show.ResourceName(d.Name, n.Name), r.UUID, "RscDfn", d.Name, "Node", n.Name)}
	out = append(out, layerneeds.Warnings(r)...)
	if len(d.Volumes) == 0 {
		out = append(out, v1.ApiCallRc{RetCode: v1.WarnNotFound, Message: "Resource definition '" + d.Name + "' has no volume definitions yet.",
			Correction: "Create one with 'volume-definition create'."})
	}
	return out, nil
}

func checkNode(n *model.Node, d *model.Definition) error {
	switch {
	case d.Deleting != nil:
		return fault.New(v1.FailInUse, "Resource definition '%s' is being deleted.", d.Name).
			Because("its deletion has begun and is not taken back").Fix("Use another one.").Ref("RscDfn", d.Name)
	case !n.Type.HasSatellite():
		return fault.New(v1.FailInvalidNodeType, "Node '%s' has no satellite and can hold no resource.", n.Name).
			Because("its type is %s", n.Type).Fix("Choose a satellite or combined node.").Ref("Node", n.Name)
	case n.Evacuating:
		return fault.New(v1.FailEvacuating, "Node '%s' is being evacuated and takes no new resource.", n.Name).
			Because("it was marked with 'node evacuate'").
			Fix("Choose another node, or 'node restore %s'.", n.Name).Ref("Node", n.Name)
	case n.Evicted || n.Deleting != nil:
		return fault.New(v1.FailInUse, "Node '%s' takes no new resource.", n.Name).
			Because("it is evicted or being deleted").Fix("Choose another node, or 'node restore %s'.", n.Name).Ref("Node", n.Name)
	}
	return nil
}

func existing(tx *model.Tx, d *model.Definition, n *model.Node, old *model.Resource) ([]v1.ApiCallRc, error) {
	inline := show.ResourceName(old.Definition, old.Node)
	refs := map[string]string{"RscDfn": old.Definition, "Node": old.Node, "UUID": old.UUID}
	if old.Deleting == nil {
		return []v1.ApiCallRc{{RetCode: v1.InfoResourceAlreadyExists, Message: "The " + inline + " already exists.", ObjRefs: refs}}, nil
	}
	next, err := takenBack(tx, d, n, old)
	if err != nil {
		return nil, err
	}
	tx.PutResource(next)
	return []v1.ApiCallRc{{RetCode: v1.Created, Message: "The deletion of " + inline + " was taken back.", ObjRefs: refs}}, nil
}

// TakeBack is a replica as it is when its deletion is taken back; storing it is up to the
// caller.
func TakeBack(tx *model.Tx, d *model.Definition, old *model.Resource) (*model.Resource, error) {
	n, ok := tx.Nodes.Get(old.Node)
	if !ok {
		return nil, object.NotFound(v1.FailNotFoundNode, show.NodeName(old.Node), "Node", old.Node)
	}
	return takenBack(tx, d, n, old)
}

func takenBack(tx *model.Tx, d *model.Definition, n *model.Node, old *model.Resource) (*model.Resource, error) {
	next := *old
	next.Deleting = nil
	// The satellite may have destroyed volumes already; they may be made again.
	next.Volumes = slices.Clone(old.Volumes)
	in := New{Diskless: old.Diskless, Props: old.Props}
	for i, v := range next.Volumes {
		next.Volumes[i].Created = false
		if vd, ok := d.Volume(v.Number); ok {
			next.Volumes[i].Start = drbdalloc.Again(vd, v)
		}
		in.Pool = v.Pool
	}
	// It has no part of volumes that were defined while it was going.
	for _, vd := range d.Volumes {
		if _, has := old.Volume(vd.Number); has || vd.Deleting != nil {
			continue
		}
		pool, err := choosePool(tx.World, d, vd, n, in)
		if err != nil {
			return nil, err
		}
		v := model.Volume{Number: vd.Number, UUID: tx.NewUUID(), Pool: pool.Name}
		if d, err = drbdalloc.Extend(tx, d, old, &v); err != nil {
			return nil, err
		}
		if err := layerneeds.Extend(tx.World, d, vd, old, &v); err != nil {
			return nil, err
		}
		next.Volumes = append(next.Volumes, v)
	}
	slices.SortFunc(next.Volumes, func(a, b model.Volume) int { return a.Number - b.Number })
	return &next, mixing.CheckAll(tx.World, d, &next)
}

// CheckLayers checks that a node's satellite can drive a stack, as far as it is known.
func CheckLayers(w *model.World, node string, stack []v1.LayerType) error {
	st, ok := w.NodeStatus.Get(node)
	if !ok || st.Host == nil {
		return nil
	}
	for _, l := range stack {
		if model.HasLayer(st.Host.Layers, l) {
			continue
		}
		why := strings.Join(st.Host.UnsupportedLayers[string(l)], "; ")
		if why == "" {
			why = "the satellite does not know the layer"
		}
		return fault.New(v1.FailSatelliteDoesNotSupportLayer, "Node '%s' does not support layer %s.", node, l).
			Because("%s", why).Fix("Install what is missing and reconnect the node, or choose another layer list, such as --layer-list storage.").
			Ref("Node", node)
	}
	return nil
}

func choosePool(w *model.World, d *model.Definition, vd model.VolumeDefinition, n *model.Node, in New) (*model.Pool, error) {
	name := in.Pool
	if in.Diskless != model.Diskful {
		if name == "" {
			name = model.DefaultDisklessPool
		}
	} else if name == "" {
		name = poolProperty(w, d, vd, n, in)
	}
	p, ok := w.Pools.Get(n.Name, name)
	if !ok {
		f := object.NotFound(v1.FailNotFoundStoragePool, show.PoolName(n.Name, name), "Node", n.Name, "StorPoolDfn", name)
		if name == model.DefaultPool {
			f.Code = v1.FailNotFoundDefaultStoragePool
			f.Because("no storage pool was named, and node '%s' has no pool '%s'", n.Name, model.DefaultPool).
				Fix("Name a pool with --storage-pool; 'storage-pool list -n %s' shows them.", n.Name)
		}
		return nil, f
	}
	if p.Diskless() != (in.Diskless != model.Diskful) {
		return nil, fault.New(v1.FailInvalidStoragePoolName, "Storage pool '%s' on node '%s' does not fit.", p.Name, n.Name).
			Because("it is of kind %s", p.Kind).Fix("Choose a pool with storage for a diskful replica, a DISKLESS one for a diskless replica.")
	}
	return p, nil
}

// poolProperty finds the pool's name: the closest object that names one wins.
func poolProperty(w *model.World, d *model.Definition, vd model.VolumeDefinition, n *model.Node, in New) string {
	const key = "StorPoolName"
	levels := []map[string]string{in.Props, vd.Props, d.Props}
	if g, ok := w.Groups.Get(d.Group); ok {
		if vg, ok := g.Volume(vd.Number); ok {
			levels = append(levels, vg.Props)
		}
		levels = append(levels, g.Props)
	}
	for _, l := range append(levels, n.Props) {
		if l[key] != "" {
			return l[key]
		}
	}
	return model.DefaultPool
}

// Stack is the layer stack in effect: request, definition, group, default.
func Stack(w *model.World, d *model.Definition, requested []v1.LayerType) []v1.LayerType {
	switch {
	case len(requested) > 0:
		return requested
	case len(d.Stack) > 0:
		return d.Stack
	}
	if g, ok := w.Groups.Get(d.Group); ok && len(g.Filter.LayerStack) > 0 {
		var out []v1.LayerType
		for _, l := range g.Filter.LayerStack {
			out = append(out, v1.LayerType(strings.ToUpper(l)))
		}
		return out
	}
	return name.ChooseStack(nil, nil, nil, slices.ContainsFunc(d.Volumes, func(v model.VolumeDefinition) bool { return v.Encrypted }))
}

// PoolFor finds the pool that a volume of a new replica would be in.
func PoolFor(w *model.World, d *model.Definition, vd model.VolumeDefinition, in New) (*model.Pool, error) {
	n, ok := w.Nodes.Get(in.Node)
	if !ok {
		return nil, object.NotFound(v1.FailNotFoundNode, show.NodeName(in.Node), "Node", in.Node)
	}
	return choosePool(w, d, vd, n, in)
}
