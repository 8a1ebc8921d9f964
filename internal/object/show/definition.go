package show

import (
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// Definition renders a resource definition, with its volumes where asked.
func Definition(w *model.World, d *model.Definition, volumes bool) v1.ResourceDefinition {
	out := v1.ResourceDefinition{Name: d.Name, ExternalName: d.ExternalName, Props: d.Props, UUID: d.UUID,
		ResourceGroupName: groupName(w, d), LayerData: definitionLayers(w, d)}
	if d.Deleting != nil {
		out.Flags = []string{"DELETE"}
	}
	if volumes {
		for _, v := range d.Volumes {
			out.VolumeDefinitions = append(out.VolumeDefinitions, VolumeDefinition(d, v))
		}
	}
	return out
}

func groupName(w *model.World, d *model.Definition) string {
	if g, ok := w.Groups.Get(d.Group); ok {
		return g.Name
	}
	return d.Group
}

func definitionLayers(w *model.World, d *model.Definition) []v1.ResourceDefinitionLayer {
	var out []v1.ResourceDefinitionLayer
	for _, l := range d.Stack {
		layer := v1.ResourceDefinitionLayer{Type: l}
		if l == v1.LayerTypeDrbd {
			layer.Data = drbdDefinition(w, d)
		}
		out = append(out, layer)
	}
	return out
}

// VolumeDefinition renders a volume definition.
func VolumeDefinition(d *model.Definition, v model.VolumeDefinition) v1.VolumeDefinition {
	nr := int32(v.Number)
	out := v1.VolumeDefinition{VolumeNumber: &nr, SizeKiB: v.SizeKiB, Props: withoutSecret(v.Props), UUID: v.UUID}
	if v.Deleting != nil {
		out.Flags = append(out.Flags, "DELETE")
	}
	if v.Encrypted {
		out.Flags = append(out.Flags, "ENCRYPTED")
	}
	if v.Resize != nil {
		out.Flags = append(out.Flags, "RESIZE")
	}
	if v.Gross {
		out.Flags = append(out.Flags, "GROSS_SIZE")
	}
	if v.Resize != nil && v.SizeKiB < v.Resize.FromKiB {
		out.Flags = append(out.Flags, "RESIZE_SHRINK")
	}
	if v.Initialized {
		out.Flags = append(out.Flags, "DRBD_INITIALIZED")
	}
	for _, l := range d.Stack {
		layer := v1.VolumeDefinitionLayer{Type: l}
		if l == v1.LayerTypeDrbd {
			layer.Data = &v1.DrbdVolumeDefinition{VolumeNumber: nr, MinorNumber: int32(v.Minor)}
		}
		out.LayerData = append(out.LayerData, layer)
	}
	return out
}
