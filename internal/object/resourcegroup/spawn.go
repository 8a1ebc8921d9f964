package resourcegroup

import (
	"strconv"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/define"
	"github.com/holdfast-storage/holdfast/internal/object/placing"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// spawn makes a definition with volumes out of a group and places it.
func spawn(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.ResourceGroupSpawn)
	g, err := Find(tx.World, r.Param("resource_group"))
	if err != nil {
		return nil, err
	}
	if err := checkSpawn(g, in); err != nil {
		return nil, err
	}
	filter, err := placing.Overlay(g.Filter, in.SelectFilter)
	if err != nil {
		return nil, err
	}
	if err := placing.CheckFilter(&filter); err != nil {
		return nil, err
	}
	d, err := spawnDefinition(tx, g, in, filter)
	if err != nil {
		return nil, err
	}
	out := []v1.ApiCallRc{object.Created(show.DefinitionName(d.Name), d.UUID, "RscDfn", d.Name, "RscGrp", g.Name)}
	for i, size := range in.VolumeSizes {
		vd, err := spawnVolume(tx, d, g, in, i, size)
		if err != nil {
			return nil, err
		}
		out = append(out, object.Created(show.VolumeDefinitionName(d.Name, vd.Number), vd.UUID, "RscDfn", d.Name, "VlmNr", strconv.Itoa(vd.Number)))
	}
	if in.DefinitionsOnly || filter.PlaceCount == nil && filter.AdditionalPlaceCount == nil {
		return append(out, object.Info(v1.InfoNoResourceSpawned, "Resource definition '"+d.Name+"' was made without resources.")), nil
	}
	placed, err := placing.Autoplace(tx, r, d.Name, in.SelectFilter, nil)
	if err != nil {
		// A placement that fails leaves nothing behind: the whole change is dropped.
		return nil, err
	}
	return append(out, placed...), nil
}

func checkSpawn(g *model.Group, in *v1.ResourceGroupSpawn) error {
	if len(g.Volumes) > 0 && len(in.VolumeSizes) != len(g.Volumes) && !in.Partial {
		return fault.New(v1.FailInvalidVolumeSizes, "Resource group '%s' has %d volume groups, but %d sizes were given.", g.Name, len(g.Volumes), len(in.VolumeSizes)).
			Because("field 'volume_sizes' must have one size for each volume group").
			Fix("Give %d sizes, or ask for a partial spawn.", len(g.Volumes)).Ref("RscGrp", g.Name)
	}
	if n := len(in.VolumePassphrases); n > 0 && n != len(in.VolumeSizes) {
		return fault.New(v1.FailInvalidRequest, "%d passphrases were given for %d volumes.", n, len(in.VolumeSizes)).
			Because("field 'volume_passphrases' must have one entry for each volume").Fix("Give one passphrase for each volume.")
	}
	return nil
}

func spawnDefinition(tx *model.Tx, g *model.Group, in *v1.ResourceGroupSpawn, filter v1.AutoSelectFilter) (*model.Definition, error) {
	peers := 0
	if in.PeerSlots != nil {
		peers = int(*in.PeerSlots)
	}
	var stack []v1.LayerType
	for _, l := range filter.LayerStack {
		var t v1.LayerType
		if err := t.UnmarshalText([]byte(l)); err != nil {
			return nil, err
		}
		stack = append(stack, t)
	}
	d, _, err := define.Definition(tx, define.New{Name: in.ResourceDefinitionName, External: in.ResourceDefinitionExternalName,
		Group: g.Name, Props: in.ResourceDefinitionProps, Stack: stack, PeerSlots: peers})
	return d, err
}

func spawnVolume(tx *model.Tx, d *model.Definition, g *model.Group, in *v1.ResourceGroupSpawn, i int, size int64) (*model.VolumeDefinition, error) {
	nv := define.NewVolume{SizeKiB: size}
	if i < len(g.Volumes) {
		nv.Number, nv.Gross = &g.Volumes[i].Number, g.Volumes[i].Gross
	}
	if i < len(in.VolumePassphrases) {
		nv.Passphrase = in.VolumePassphrases[i]
	}
	return define.Volume(tx, d.Name, nv)
}
