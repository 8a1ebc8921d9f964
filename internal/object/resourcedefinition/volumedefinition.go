package resourcedefinition

import (
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
	"github.com/holdfast-storage/holdfast/internal/object/define"
	"github.com/holdfast-storage/holdfast/internal/object/placing"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

func volumeRoutes() []object.Route {
	const mask, vd = v1.MaskVolumeDefinition, path + "/{resource}/volume-definitions"
	return []object.Route{
		{Method: "GET", Path: vd, Read: listVolumes},
		{Method: "GET", Path: vd + "/{volume_number}", Read: getVolume},
		{Method: "POST", Path: vd, Success: 201, Mask: mask | v1.MaskCreate, Body: object.New[v1.VolumeDefinitionCreate], Write: createVolume},
		{Method: "PUT", Path: vd + "/{volume_number}", Mask: mask | v1.MaskModify, Body: object.New[v1.VolumeDefinitionModify], Write: modifyVolume},
		{Method: "PUT", Path: vd + "/{volume_number}/encryption-passphrase", Mask: mask | v1.MaskModify,
			Body: object.New[v1.VolumeDefinitionModifyPassphrase], Write: modifyPassphrase},
		{Method: "DELETE", Path: vd + "/{volume_number}", Mask: mask | v1.MaskDelete, Write: removeVolume},
		{Method: "GET", Path: vd + "/properties/info", Read: object.Infos(prop.VolumeDefinition)},
	}
}

func listVolumes(w *model.World, r *object.Request) (any, error) {
	d, err := Find(w, r.Param("resource"))
	if err != nil {
		return nil, err
	}
	out := []v1.VolumeDefinition{}
	for _, v := range d.Volumes {
		out = append(out, show.VolumeDefinition(d, v))
	}
	return object.Page(r, out), nil
}

func findVolume(w *model.World, r *object.Request) (*model.Definition, model.VolumeDefinition, error) {
	d, err := Find(w, r.Param("resource"))
	if err != nil {
		return nil, model.VolumeDefinition{}, err
	}
	nr, err := strconv.Atoi(r.Param("volume_number"))
	if err != nil {
		return nil, model.VolumeDefinition{}, fault.New(v1.FailInvalidVolumeNumber, "'%s' is no volume number.", r.Param("volume_number")).
			Because("a volume number is a whole number").Fix("Use a number from 0 to 65534.")
	}
	if f := name.CheckVolumeNumber(nr); f != nil {
		return nil, model.VolumeDefinition{}, f
	}
	if v, ok := d.Volume(nr); ok {
		return d, v, nil
	}
	return nil, model.VolumeDefinition{}, object.NotFound(v1.FailNotFoundVolumeDefinition, show.VolumeDefinitionName(d.Name, nr), "RscDfn", d.Name, "VlmNr", strconv.Itoa(nr))
}

func getVolume(w *model.World, r *object.Request) (any, error) {
	d, v, err := findVolume(w, r)
	if err != nil {
		return nil, err
	}
	return show.VolumeDefinition(d, v), nil
}

func createVolume(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.VolumeDefinitionCreate)
	if in.VolumeDefinition == nil {
		return nil, fault.New(v1.FailInvalidRequest, "The volume definition is missing.").
			Because("field 'volume_definition' is required").Fix(`Send {"volume_definition":{"size_kib":…}}.`)
	}
	vd := in.VolumeDefinition
	nv := define.NewVolume{SizeKiB: vd.SizeKiB, Props: vd.Props, Gross: define.HasFlag(vd.Flags, "GROSS_SIZE"),
		Encrypted: define.HasFlag(vd.Flags, "ENCRYPTED"), Passphrase: in.Passphrase}
	if vd.VolumeNumber != nil {
		n := int(*vd.VolumeNumber)
		nv.Number = &n
	}
	if in.DRBDMinorNumber != nil {
		n := int(*in.DRBDMinorNumber)
		if f := name.CheckMinor(n); f != nil {
			return nil, f
		}
		nv.Minor = &n
	}
	if err := define.CheckSize(vd.SizeKiB); err != nil {
		return nil, err
	}
	if err := placing.CheckNewVolume(tx.World, r.Param("resource"), vd.SizeKiB); err != nil {
		return nil, err
	}
	v, err := define.Volume(tx, r.Param("resource"), nv)
	if err != nil {
		return nil, err
	}
	d, _ := tx.Definitions.Get(r.Param("resource"))
	return []v1.ApiCallRc{object.Created(show.VolumeDefinitionName(d.Name, v.Number), v.UUID, "RscDfn", d.Name, "VlmNr", strconv.Itoa(v.Number))}, nil
}

func modifyVolume(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.VolumeDefinitionModify)
	d, v, err := findVolume(tx.World, r)
	if err != nil {
		return nil, err
	}
	props, msgs, err := change.Props(prop.VolumeDefinition, v.Props, in.OverrideProps, in.DeleteProps, in.DeleteNamespaces)
	if err != nil {
		return nil, err
	}
	v.Props = props
	gross := v.Gross
	if err := volumeFlags(&v, in.Flags); err != nil {
		return nil, err
	}
	if v.Gross != gross {
		if err := changeGross(tx.World, d, &v); err != nil {
			return nil, err
		}
	}
	if in.SizeKiB != nil && *in.SizeKiB != 0 || in.SizeKiB != nil && len(in.OverrideProps) == 0 {
		rcs, err := resize(tx.World, d, &v, *in.SizeKiB)
		if err != nil {
			return nil, err
		}
		msgs = append(msgs, rcs...)
	}
	next := *d
	next.Volumes = slices.Clone(d.Volumes)
	for i := range next.Volumes {
		if next.Volumes[i].Number == v.Number {
			next.Volumes[i] = v
		}
	}
	tx.PutDefinition(&next)
	return append(msgs, object.Modified(show.VolumeDefinitionName(d.Name, v.Number), v.UUID, "RscDfn", d.Name, "VlmNr", strconv.Itoa(v.Number))), nil
}

func volumeFlags(v *model.VolumeDefinition, flags []string) error {
	for _, f := range flags {
		switch strings.ToUpper(f) {
		case "GROSS_SIZE":
			v.Gross = true
		case "-GROSS_SIZE":
			v.Gross = false
		default:
			return fault.New(v1.FailInvalidRequest, "Flag '%s' of a volume definition cannot be changed.", f).
				Because("field 'flags' has another value than GROSS_SIZE or -GROSS_SIZE").Fix("Leave it out.")
		}
	}
	return nil
}

// resize changes the wanted size. Growing is checked against every replica's pool;
// a volume is never made smaller.
func resize(w *model.World, d *model.Definition, v *model.VolumeDefinition, kib int64) ([]v1.ApiCallRc, error) {
	if err := define.CheckSize(kib); err != nil {
		return nil, err
	}
	if v.Deleting != nil || d.Deleting != nil {
		return nil, fault.New(v1.FailInUse, "The %s is being deleted.", show.VolumeDefinitionName(d.Name, v.Number)).
			Because("its size cannot change any more").Fix("Create a new one with the size you need.").Ref("RscDfn", d.Name)
	}
	switch {
	case kib == v.SizeKiB:
		return []v1.ApiCallRc{{RetCode: v1.WarnVolumeDefinitionResizeSameSize,
			Message: "The " + show.VolumeDefinitionName(d.Name, v.Number) + " already has that size."}}, nil
	case kib < v.SizeKiB:
		return nil, fault.New(v1.FailInvalidVolumeSize, "The %s cannot be made smaller.", show.VolumeDefinitionName(d.Name, v.Number)).
			Because("it has %d KiB, wanted are %d KiB; the end of a volume may hold data", v.SizeKiB, kib).
			Fix("Create a smaller volume and copy the data.")
	}
	if err := placing.CheckGrow(w, d, v.Number, kib-v.SizeKiB); err != nil {
		return nil, err
	}
	if err := checkReplicated(w, d, *v); err != nil {
		return nil, err
	}
	begin(w, d, v)
	v.SizeKiB = kib
	return nil, nil
}

func removeVolume(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	d, v, err := findVolume(tx.World, r)
	if f, ok := fault.As(err); ok && f.Code == v1.FailNotFoundVolumeDefinition {
		return []v1.ApiCallRc{object.Missing("volume definition", "RscDfn", r.Param("resource"), "VlmNr", r.Param("volume_number"))}, nil
	}
	if err != nil {
		return nil, err
	}
	for res := range tx.Resources.Under(d.Name) {
		if st, ok := tx.ResourceStatus.Get(d.Name, res.Node); ok && st.InUse != nil && *st.InUse && show.Online(tx.World, res.Node) {
			return nil, fault.New(v1.FailInUse, "Resource '%s' on node '%s' is in use.", d.Name, res.Node).
				Because("its device is open").Fix("Unmount it or stop what uses it.").Ref("RscDfn", d.Name).Ref("Node", res.Node)
		}
	}
	now := tx.Now
	next := *d
	next.Volumes = slices.Clone(d.Volumes)
	for i := range next.Volumes {
		if next.Volumes[i].Number == v.Number && next.Volumes[i].Deleting == nil {
			next.Volumes[i].Deleting = &now
		}
	}
	tx.PutDefinition(&next)
	return []v1.ApiCallRc{object.Deleted(show.VolumeDefinitionName(d.Name, v.Number), v.UUID, "RscDfn", d.Name, "VlmNr", strconv.Itoa(v.Number))}, nil
}
