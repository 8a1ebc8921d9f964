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
