package show

import (
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// Definition renders a resource definition, with its volumes where asked.
func Definition(w *model.World, d *model.Definition, volumes bool) v1.ResourceDefinition {
	out := v1.ResourceDefinition{Name: d.Name, ExternalName: d.ExternalName, Props: d.Props, UUID: d.UUID,
		ResourceGroupName: groupName(w, d), LayerData: definitionLayers(d)}
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

func definitionLayers(d *model.Definition) []v1.ResourceDefinitionLayer {
	var out []v1.ResourceDefinitionLayer
	for _, l := range d.Stack {
		layer := v1.ResourceDefinitionLayer{Type: l}
		if l == v1.LayerTypeDrbd {
			layer.Data = drbdDefinition(d)
		}
		out = append(out, layer)
	}
	return out
}

func drbdDefinition(d *model.Definition) *v1.DrbdResourceDefinitionLayer {
	port := int32(-1)
	if d.DRBD.Port > 0 {
		port = int32(d.DRBD.Port)
	}
	return &v1.DrbdResourceDefinitionLayer{PeerSlots: int32(d.DRBD.PeerSlots), AlStripes: 1, AlStripeSizeKiB: 32,
		Port: port, TransportType: d.DRBD.Transport, Secret: d.DRBD.Secret}
}

// VolumeDefinition renders a volume definition.
func VolumeDefinition(d *model.Definition, v model.VolumeDefinition) v1.VolumeDefinition {
	nr := int32(v.Number)
	out := v1.VolumeDefinition{VolumeNumber: &nr, SizeKiB: v.SizeKiB, Props: v.Props, UUID: v.UUID}
	if v.Deleting != nil {
		out.Flags = append(out.Flags, "DELETE")
	}
	if v.Encrypted {
		out.Flags = append(out.Flags, "ENCRYPTED")
	}
	if v.Gross {
		out.Flags = append(out.Flags, "GROSS_SIZE")
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
