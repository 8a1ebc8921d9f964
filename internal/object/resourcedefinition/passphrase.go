package resourcedefinition

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/show"
	"github.com/holdfast-storage/holdfast/internal/object/volumekey"
)

// modifyPassphrase changes the passphrase of a volume on all nodes. The former one is
// kept until the node has changed it.
func modifyPassphrase(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.VolumeDefinitionModifyPassphrase)
	d, v, err := findVolume(tx.World, r)
	if err != nil {
		return nil, err
	}
	sealed, err := volumekey.Seal(tx, "new_passphrase", in.NewPassphrase)
	if err != nil {
		return nil, err
	}
	encrypted := model.HasLayer(d.Stack, v1.LayerTypeLuks) || len(d.Stack) == 0 && v.Encrypted
	var busy []string
	for res := range tx.Resources.Under(d.Name) {
		encrypted = encrypted || volumekey.Has(res)
		if vol, ok := res.Volume(v.Number); ok && vol.FormerKey != "" && res.Deleting == nil {
			busy = append(busy, res.Node)
		}
	}
	inline := show.VolumeDefinitionName(d.Name, v.Number)
	switch {
	case !encrypted:
		return nil, fault.New(v1.FailInvalidLayerStack, "The %s is not encrypted.", inline).
			Because("its layer list has no LUKS").Fix("Create it with a layer list such as drbd,luks,storage.").Ref("RscDfn", d.Name)
	case len(busy) > 0:
		return nil, fault.New(v1.FailInUse, "The passphrase of the %s is still being changed.", inline).
			Because("node %s has not changed to the last one yet", strings.Join(busy, ", ")).
			Fix("Wait until it has, see 'resource list -r %s'; then repeat the command.", d.Name).Ref("RscDfn", d.Name)
	}
	if err := rekey(tx, d, v, in.NewPassphrase); err != nil {
		return nil, err
	}
	next := *d
	next.Volumes = slices.Clone(d.Volumes)
	for i := range next.Volumes {
		if next.Volumes[i].Number == v.Number {
			next.Volumes[i].Props = maps.Clone(v.Props)
			if next.Volumes[i].Props == nil {
				next.Volumes[i].Props = map[string]string{}
			}
			next.Volumes[i].Props[volumekey.PropPassphrase] = sealed
		}
	}
	tx.PutDefinition(&next)
	return []v1.ApiCallRc{object.Modified(inline, v.UUID, "RscDfn", d.Name, "VlmNr", strconv.Itoa(v.Number))}, nil
}

// rekey gives the new passphrase to all replicas that have a key.
func rekey(tx *model.Tx, d *model.Definition, v model.VolumeDefinition, passphrase string) error {
	for _, res := range slices.Collect(tx.Resources.Under(d.Name)) {
		vol, ok := res.Volume(v.Number)
		if !ok || vol.Key == "" {
			continue
		}
		next := *res
		next.Volumes = slices.Clone(res.Volumes)
		for i := range next.Volumes {
			if next.Volumes[i].Number != v.Number {
				continue
			}
			key, err := volumekey.Seal(tx, "new_passphrase", passphrase)
			if err != nil {
				return err
			}
			next.Volumes[i].FormerKey, next.Volumes[i].Key = vol.Key, key
		}
		tx.PutResource(&next)
	}
	return nil
}
