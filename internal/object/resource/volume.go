package resource

import (
	"slices"
	"strconv"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/model/prop"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/change"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

func volumeRoutes() []object.Route {
	const vol = path + "/resources/{node}/volumes"
	return []object.Route{
		{Method: "GET", Path: vol, Read: listVolumes},
		{Method: "GET", Path: vol + "/{volume_number}", Read: getVolume},
		{Method: "PUT", Path: vol + "/{volume_number}", Mask: v1.MaskVolume | v1.MaskModify, Body: object.New[v1.VolumeModify], Write: modifyVolume},
		{Method: "GET", Path: vol + "/properties/info", Read: object.Infos(prop.Volume)},
	}
}

func listVolumes(w *model.World, r *object.Request) (any, error) {
	_, res, err := find(w, r)
	if err != nil {
		return nil, err
	}
	out := show.ResourceWithVolumes(w, res).Volumes
	if out == nil {
		out = []v1.Volume{}
	}
	return object.Page(r, out), nil
}

func findVolume(w *model.World, r *object.Request) (*model.Definition, *model.Resource, model.Volume, error) {
	d, res, err := find(w, r)
	if err != nil {
		return nil, nil, model.Volume{}, err
	}
	nr, err := strconv.Atoi(r.Param("volume_number"))
	if err != nil {
		return nil, nil, model.Volume{}, fault.New(v1.FailInvalidVolumeNumber, "'%s' is no volume number.", r.Param("volume_number")).
			Because("a volume number is a whole number").Fix("Use a number from 0 to 65534.")
	}
	if v, ok := res.Volume(nr); ok {
		return d, res, v, nil
	}
	return nil, nil, model.Volume{}, object.NotFound(v1.FailNotFoundVolume, "volume "+strconv.Itoa(nr)+" of "+show.ResourceName(d.Name, res.Node), "RscDfn", d.Name, "Node", res.Node)
}

func getVolume(w *model.World, r *object.Request) (any, error) {
	d, res, v, err := findVolume(w, r)
	if err != nil {
		return nil, err
	}
	return show.Volume(w, d, res, v), nil
}

func modifyVolume(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.VolumeModify)
	d, res, v, err := findVolume(tx.World, r)
	if err != nil {
		return nil, err
	}
	props, msgs, err := change.Props(prop.Volume, v.Props, in.OverrideProps, in.DeleteProps, in.DeleteNamespaces)
	if err != nil {
		return nil, err
	}
	next := *res
	next.Volumes = slices.Clone(res.Volumes)
	for i := range next.Volumes {
		if next.Volumes[i].Number == v.Number {
			next.Volumes[i].Props = props
		}
	}
	tx.PutResource(&next)
	return append(msgs, object.Modified("volume "+strconv.Itoa(v.Number)+" of "+show.ResourceName(d.Name, res.Node), v.UUID, "RscDfn", d.Name, "Node", res.Node)), nil
}

func toggleRoutes() []object.Route {
	const td = path + "/resources/{node}/toggle-disk"
	const mask = v1.MaskResource | v1.MaskModify
	route := func(p string, body func() any) object.Route {
		return object.Route{Method: "PUT", Path: p, Mask: mask, Body: body, Optional: true, Write: toggle}
	}
	return []object.Route{
		route(td, object.New[v1.ToggleDiskRequest]),
		route(td+"/diskless", object.New[v1.ToggleDiskDiskful]),
		route(td+"/diskless/{pool}", object.New[v1.ToggleDiskDiskful]),
		route(td+"/diskful", object.New[v1.ToggleDiskDiskful]),
		route(td+"/diskful/{pool}", object.New[v1.ToggleDiskDiskful]),
		route(path+"/resources/{node}/migrate-disk/{from}", object.New[v1.ToggleDiskDiskful]),
		route(path+"/resources/{node}/migrate-disk/{from}/{pool}", object.New[v1.ToggleDiskDiskful]),
	}
}

// toggle refuses what needs replication: without it, taking a disk away would take
// the data away.
func toggle(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	d, res, err := find(tx.World, r)
	if err != nil {
		return nil, err
	}
	if !model.HasLayer(res.Stack, v1.LayerTypeDrbd) {
		return nil, fault.New(v1.FailInvalidLayerStack, "The disk of resource '%s' on node '%s' cannot be toggled.", d.Name, res.Node).
			Because("its layer stack has no DRBD: without replication the data would be lost").
			Fix("Create another resource and copy the data.").Ref("RscDfn", d.Name).Ref("Node", res.Node)
	}
	return nil, fault.New(v1.UnknownAPICall, "Toggling the disk of a replicated resource is not implemented yet.").
		Because("this version does not drive DRBD").Fix("Create a diskful resource on another node, and delete this one.").WithStatus(501)
}
