package resource

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/define"
	"github.com/holdfast-storage/holdfast/internal/object/placing"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

func toggleRoutes() []object.Route {
	const td = path + "/resources/{node}/toggle-disk"
	const mask = v1.MaskResource | v1.MaskModify
	route := func(p string, body func() any, write func(*model.Tx, *object.Request) ([]v1.ApiCallRc, error)) object.Route {
		return object.Route{Method: "PUT", Path: p, Mask: mask, Body: body, Optional: true, Write: write}
	}
	body := object.New[v1.ToggleDiskDiskful]
	return []object.Route{
		route(td, object.New[v1.ToggleDiskRequest], toggleDisk),
		route(td+"/diskless", body, toDiskless),
		route(td+"/diskless/{pool}", body, toDiskless),
		route(td+"/diskful", body, toDiskful),
		route(td+"/diskful/{pool}", body, toDiskful),
		route(path+"/resources/{node}/migrate-disk/{from}", body, toDiskful),
		route(path+"/resources/{node}/migrate-disk/{from}/{pool}", body, toDiskful),
	}
}

// toggleDisk is the call that names what it wants in its body.
func toggleDisk(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in, _ := r.Body.(*v1.ToggleDiskRequest)
	if in == nil {
		in = &v1.ToggleDiskRequest{}
	}
	d, res, err := toggled(tx.World, r)
	if err != nil {
		return nil, err
	}
	switch op := strings.ToUpper(in.Operation); op {
	case "INTO_DRBD_DISKFUL":
		return addDisk(tx, d, res, replication.Disk{Pool: in.StoragePool, MigrateFrom: in.MigrateFrom, By: replication.ByUser}, in.LayerList)
	case "INTO_DRBD_DISKLESS", "INTO_DRBD_CLIENT":
		if in.MigrateFrom != "" {
			return nil, fault.New(v1.FailInvalidRequest, "A disk cannot be migrated to a diskless resource.").
				Because("field 'migrate_from' goes with operation INTO_DRBD_DISKFUL only").Fix("Leave it out.")
		}
		return removeDisk(tx, d, res, in.StoragePool, op == "INTO_DRBD_CLIENT")
	default:
		return nil, fault.New(v1.FailInvalidRequest, "'%s' is no way to toggle a disk.", in.Operation).
			Because("field 'operation' is missing or has an unknown value").
			Fix("Use INTO_DRBD_DISKFUL, INTO_DRBD_DISKLESS or INTO_DRBD_CLIENT.")
	}
}

func toDiskful(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	d, res, err := toggled(tx.World, r)
	if err != nil {
		return nil, err
	}
	in, _ := r.Body.(*v1.ToggleDiskDiskful)
	if in == nil {
		in = &v1.ToggleDiskDiskful{}
	}
	return addDisk(tx, d, res, replication.Disk{Pool: r.Param("pool"), MigrateFrom: r.Param("from"), By: replication.ByUser}, in.LayerList)
}

func toDiskless(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	d, res, err := toggled(tx.World, r)
	if err != nil {
		return nil, err
	}
	return removeDisk(tx, d, res, r.Param("pool"), false)
}

// toggled finds the replica and refuses what needs replication: without it, taking a
// disk away would take the data away.
func toggled(w *model.World, r *object.Request) (*model.Definition, *model.Resource, error) {
	d, res, err := find(w, r)
	if err != nil {
		return nil, nil, err
	}
	refuse := func(code v1.Code, cause, fix string) (*model.Definition, *model.Resource, error) {
		return nil, nil, fault.New(code, "The disk of resource '%s' on node '%s' cannot be toggled.", d.Name, res.Node).
			Because("%s", cause).Fix("%s", fix).Ref("RscDfn", d.Name).Ref("Node", res.Node)
	}
	switch {
	case !model.HasLayer(res.Stack, v1.LayerTypeDrbd):
		return refuse(v1.FailInvalidLayerStack, "its layer stack has no DRBD: without replication the data would be lost",
			"Create another resource and copy the data.")
	case d.Deleting != nil || res.Deleting != nil:
		return refuse(v1.FailInUse, "it is being deleted", "Create it again when it is gone, or take the deletion back with 'resource make-available'.")
	case res.Inactive:
		return refuse(v1.FailInvalidResourceState, "it is inactive, so DRBD is not running", "Use 'resource activate' first.")
	}
	return d, res, nil
}

// addDisk gives a replica a disk, or takes back that it loses its one.
func addDisk(tx *model.Tx, d *model.Definition, res *model.Resource, disk replication.Disk, layers []v1.LayerType) ([]v1.ApiCallRc, error) {
	stack, warnings, err := define.Stack(layers)
	if err != nil {
		return nil, err
	}
	disk.Stack = stack
	if disk.MigrateFrom != "" {
		from, err := migrationSource(tx.World, d, res, disk.MigrateFrom)
		if err != nil {
			return nil, err
		}
		disk.MigrateFrom = from
	}
	if replication.HasDisk(res) || res.Toggle == model.ToggleRemoveRequested {
		// Its storage is there and stays where it is.
		if err := sameDisk(tx.World, d, res, disk.Pool); err != nil {
			return nil, err
		}
	}
	if replication.HasDisk(res) {
		return []v1.ApiCallRc{noop(res, "The "+show.ResourceName(d.Name, res.Node)+" has a disk already.")}, nil
	}
	out, err := placing.GiveDisk(tx, d, res, disk)
	if err != nil {
		return nil, err
	}
	if disk.MigrateFrom != "" {
		out[0].Details = "The replica on node '" + disk.MigrateFrom + "' is deleted once this one is up to date and that one is unused."
	}
	return append(out, warnings...), nil
}

// sameDisk refuses a storage pool that is not the one of the disk that a replica has.
func sameDisk(w *model.World, d *model.Definition, res *model.Resource, pool string) error {
	if pool == "" {
		return nil
	}
	p, ok := w.Pools.Get(res.Node, pool)
	if !ok {
		return object.NotFound(v1.FailNotFoundStoragePool, show.PoolName(res.Node, pool), "Node", res.Node, "StorPoolDfn", pool).
			Fix("Leave the storage pool out, for the replica has a disk, or name the one of its disk; 'storage-pool list -n %s' shows those of the node.", res.Node)
	}
	for _, v := range res.Volumes {
		vd, defined := d.Volume(v.Number)
		if !defined || vd.Deleting != nil || model.Key(v.Pool) == model.Key(p.Name) {
			continue
		}
		return fault.New(v1.FailInvalidStoragePoolName, "Resource '%s' on node '%s' has its disk in another storage pool than '%s'.", d.Name, res.Node, p.Name).
			Because("volume %d is in storage pool '%s', and the call names '%s'; a disk is not moved between the pools of a node", v.Number, v.Pool, p.Name).
			Fix("Name pool '%s', or none. To move the data, take the disk away first ('resource toggle-disk %s %s --diskless') while another replica is up to date, then repeat the command.", v.Pool, res.Node, d.Name).
			Ref("RscDfn", d.Name).Ref("Node", res.Node).Ref("StorPoolDfn", p.Name)
	}
	return nil
}

func noop(res *model.Resource, message string) v1.ApiCallRc {
	return v1.ApiCallRc{RetCode: v1.InfoNoop, Message: message, ObjRefs: map[string]string{"RscDfn": res.Definition, "Node": res.Node}}
}

// migrationSource checks that the data can be moved away from a node.
func migrationSource(w *model.World, d *model.Definition, target *model.Resource, from string) (string, error) {
	src, ok := w.Resources.Get(d.Name, from)
	refuse := func(code v1.Code, cause, fix string, args ...any) (string, error) {
		return "", fault.New(code, "The disk of resource '%s' cannot be migrated from node '%s'.", d.Name, from).
			Because(cause, args...).Fix("%s", fix).Ref("RscDfn", d.Name).Ref("Node", target.Node)
	}
	switch {
	case !ok:
		return "", object.NotFound(v1.FailNotFoundResource, show.ResourceName(d.Name, from), "RscDfn", d.Name, "Node", from)
	case model.Key(src.Node) == model.Key(target.Node):
		return refuse(v1.FailInvalidRequest, "it is the target itself", "Name the node that has the disk now.")
	case !replication.HasDisk(src):
		return refuse(v1.FailInvalidResourceState, "its replica has no disk, or is being removed", "See 'resource list -r "+d.Name+"' for the nodes with a disk.")
	case replication.InUse(w, src):
		return refuse(v1.FailInUse, "its device is open", "Unmount it or stop what uses it, or start it on another node.")
	}
	if other := replication.MigratesTo(replication.Replicas(w, d.Name), src.Node); other != nil && other.Node != target.Node {
		return refuse(v1.FailInUse, "it is being migrated to node '%s' already", "Wait for that, or take that disk back first.", other.Node)
	}
	return src.Node, nil
}

// removeDisk makes a replica diskless, or takes back that it gets a disk.
func removeDisk(tx *model.Tx, d *model.Definition, res *model.Resource, pool string, client bool) ([]v1.ApiCallRc, error) {
	if pool != "" {
		p, ok := tx.Pools.Get(res.Node, pool)
		if !ok {
			return nil, object.NotFound(v1.FailNotFoundStoragePool, show.PoolName(res.Node, pool), "Node", res.Node, "StorPoolDfn", pool)
		}
		if !p.Diskless() {
			return nil, fault.New(v1.FailInvalidStoragePoolName, "Storage pool '%s' on node '%s' does not fit.", p.Name, res.Node).
				Because("it is of kind %s", p.Kind).Fix("Name a DISKLESS pool, or none.").Ref("Node", res.Node)
		}
	}
	if res.Diskless != model.Diskful && res.Toggle == model.ToggleNone {
		return becomeVoter(tx, d, res, client)
	}
	next, err := replication.BeginRemove(tx, res, model.DRBDDiskless)
	if err != nil {
		return nil, err
	}
	setClient(tx, next, client)
	done := v1.ApiCallRc{RetCode: v1.Modified, Message: "The " + show.ResourceName(d.Name, res.Node) + " becomes diskless.",
		ObjRefs: map[string]string{"RscDfn": d.Name, "Node": res.Node, "UUID": res.UUID}}
	if replication.OtherUpToDate(tx.World, d.Name, res.Node) == nil && replication.Removing(next) {
		done.Details = "Its disk is kept until another replica is up to date."
	}
	return []v1.ApiCallRc{done}, nil
}

// becomeVoter is for a replica that is diskless already: only its vote may change.
func becomeVoter(tx *model.Tx, d *model.Definition, res *model.Resource, client bool) ([]v1.ApiCallRc, error) {
	isClient := res.DRBD != nil && res.DRBD.Client
	if res.Diskless != model.Tiebreaker && isClient == client {
		return []v1.ApiCallRc{noop(res, "The "+show.ResourceName(d.Name, res.Node)+" is diskless already.")}, nil
	}
	next := *res
	if next.Diskless == model.Tiebreaker {
		next.Diskless = model.DRBDDiskless
	}
	tx.PutResource(&next)
	setClient(tx, &next, client)
	return []v1.ApiCallRc{object.Modified(show.ResourceName(d.Name, res.Node), res.UUID, "RscDfn", d.Name, "Node", res.Node)}, nil
}

func setClient(tx *model.Tx, res *model.Resource, client bool) {
	if res.DRBD == nil || res.DRBD.Client == client {
		return
	}
	next, layer := *res, *res.DRBD
	layer.Client = client
	next.DRBD = &layer
	tx.PutResource(&next)
}
