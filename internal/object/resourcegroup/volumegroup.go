package resourcegroup

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/model/name"
	"github.com/holdfast-storage/holdfast/internal/model/prop"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/change"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

func volumeGroupRoutes() []object.Route {
	const mask, vg = v1.MaskVolumeGroup, path + "/{resource_group}/volume-groups"
	return []object.Route{
		{Method: "GET", Path: vg, Read: listVolumeGroups},
		{Method: "GET", Path: vg + "/{volume_number}", Read: getVolumeGroup},
		{Method: "POST", Path: vg, Success: 201, Mask: mask | v1.MaskCreate, Body: object.New[v1.VolumeGroup], Write: createVolumeGroup},
		{Method: "PUT", Path: vg + "/{volume_number}", Mask: mask | v1.MaskModify, Body: object.New[v1.VolumeGroupModify], Write: modifyVolumeGroup},
		{Method: "DELETE", Path: vg + "/{volume_number}", Mask: mask | v1.MaskDelete, Write: removeVolumeGroup},
		{Method: "GET", Path: vg + "/properties/info", Read: object.Infos(prop.VolumeGroup)},
	}
}

// number reads a volume number of the path.
func number(r *object.Request) (int, error) {
	n, err := strconv.Atoi(r.Param("volume_number"))
	if err != nil {
		return 0, fault.New(v1.FailInvalidVolumeNumber, "'%s' is no volume number.", r.Param("volume_number")).
			Because("a volume number is a whole number").Fix("Use a number from 0 to 65534.")
	}
	if f := name.CheckVolumeNumber(n); f != nil {
		return 0, f
	}
	return n, nil
}

func listVolumeGroups(w *model.World, r *object.Request) (any, error) {
	g, err := Find(w, r.Param("resource_group"))
	if err != nil {
		return nil, err
	}
	out := []v1.VolumeGroup{}
	for _, v := range g.Volumes {
		out = append(out, show.VolumeGroup(v))
	}
	return object.Page(r, out), nil
}

func findVolumeGroup(w *model.World, r *object.Request) (*model.Group, model.VolumeGroup, error) {
	g, err := Find(w, r.Param("resource_group"))
	if err != nil {
		return nil, model.VolumeGroup{}, err
	}
	nr, err := number(r)
	if err != nil {
		return nil, model.VolumeGroup{}, err
	}
	if v, ok := g.Volume(nr); ok {
		return g, v, nil
	}
	return nil, model.VolumeGroup{}, object.NotFound(v1.FailNotFoundVolumeGroup, show.VolumeGroupName(g.Name, nr), "RscGrp", g.Name)
}

func getVolumeGroup(w *model.World, r *object.Request) (any, error) {
	_, v, err := findVolumeGroup(w, r)
	if err != nil {
		return nil, err
	}
	return show.VolumeGroup(v), nil
}

// lowestFree is the lowest number that is not used.
func lowestFree(used func(int) bool) int {
	n := 0
	for used(n) {
		n++
	}
	return n
}

func gross(old bool, flags []string) (bool, error) {
	for _, f := range flags {
		switch strings.ToUpper(f) {
		case "GROSS_SIZE":
			old = true
		case "-GROSS_SIZE":
			old = false
		default:
			return old, fault.New(v1.FailInvalidRequest, "'%s' is no flag of a volume group.", f).
				Because("field 'flags' has an unknown value").Fix("Use GROSS_SIZE or -GROSS_SIZE.")
		}
	}
	return old, nil
}

func createVolumeGroup(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.VolumeGroup)
	g, err := Find(tx.World, r.Param("resource_group"))
	if err != nil {
		return nil, err
	}
	nr := lowestFree(func(n int) bool { _, used := g.Volume(n); return used })
	if in.VolumeNumber != nil {
		nr = int(*in.VolumeNumber)
	}
	if f := name.CheckVolumeNumber(nr); f != nil {
		return nil, f
	}
	if _, ok := g.Volume(nr); ok {
		return nil, object.Exists(v1.FailExistsVolumeGroup, show.VolumeGroupName(g.Name, nr))
	}
	v := model.VolumeGroup{Number: nr, UUID: tx.NewUUID()}
	if v.Props, _, err = change.Props(prop.VolumeGroup, nil, in.Props, nil, nil); err != nil {
		return nil, err
	}
	if v.Gross, err = gross(false, in.Flags); err != nil {
		return nil, err
	}
	next := *g
	next.Volumes = append(slices.Clone(g.Volumes), v)
	slices.SortFunc(next.Volumes, func(a, b model.VolumeGroup) int { return cmp.Compare(a.Number, b.Number) })
	tx.PutGroup(&next)
	return []v1.ApiCallRc{object.Created(show.VolumeGroupName(g.Name, nr), v.UUID, "RscGrp", g.Name, "VlmNr", strconv.Itoa(nr))}, nil
}

func modifyVolumeGroup(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.VolumeGroupModify)
	g, v, err := findVolumeGroup(tx.World, r)
	if err != nil {
		return nil, err
	}
	props, msgs, err := change.Props(prop.VolumeGroup, v.Props, in.OverrideProps, in.DeleteProps, in.DeleteNamespaces)
	if err != nil {
		return nil, err
	}
	v.Props = props
	if v.Gross, err = gross(v.Gross, in.Flags); err != nil {
		return nil, err
	}
	next := *g
	next.Volumes = slices.Clone(g.Volumes)
	for i := range next.Volumes {
		if next.Volumes[i].Number == v.Number {
			next.Volumes[i] = v
		}
	}
	tx.PutGroup(&next)
	return append([]v1.ApiCallRc{object.Modified(show.VolumeGroupName(g.Name, v.Number), v.UUID, "RscGrp", g.Name)}, msgs...), nil
}

func removeVolumeGroup(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	n := r.Param("resource_group")
	g, err := Find(tx.World, n)
	if err != nil {
		return nil, err
	}
	nr, err := number(r)
	if err != nil {
		return nil, err
	}
	v, ok := g.Volume(nr)
	if !ok {
		return []v1.ApiCallRc{object.Missing(show.VolumeGroupName(g.Name, nr), "RscGrp", g.Name)}, nil
	}
	next := *g
	next.Volumes = slices.DeleteFunc(slices.Clone(g.Volumes), func(o model.VolumeGroup) bool { return o.Number == nr })
	tx.PutGroup(&next)
	return []v1.ApiCallRc{object.Deleted(show.VolumeGroupName(g.Name, nr), v.UUID, "RscGrp", g.Name)}, nil
}
