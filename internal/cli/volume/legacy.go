package volume

import (
	"strconv"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/cli"
)

type legacyResource struct {
	Name     string           `json:"name"`
	UUID     string           `json:"uuid"`
	NodeName string           `json:"node_name"`
	Flags    []string         `json:"rsc_flags"`
	Props    []cli.LegacyProp `json:"props"`
	Volumes  []legacyVolume   `json:"vlms"`
}

type legacyVolume struct {
	StorPoolName string `json:"stor_pool_name"`
	Number       int32  `json:"vlm_nr"`
	UUID         string `json:"vlm_uuid,omitempty"`
	DevicePath   string `json:"device_path,omitempty"`
	MinorNr      *int64 `json:"vlm_minor_nr,omitempty"`
	BackingDisk  string `json:"backing_disk,omitempty"`
	MetaDisk     string `json:"meta_disk"`
	Allocated    *int64 `json:"allocated,omitempty"`
}

type legacyState struct {
	ResourceName string              `json:"rsc_name"`
	NodeName     string              `json:"node_name"`
	InUse        *bool               `json:"in_use,omitempty"`
	Volumes      []legacyVolumeState `json:"vlm_states,omitempty"`
}

type legacyVolumeState struct {
	Number    int32  `json:"vlm_nr"`
	DiskState string `json:"disk_state,omitempty"`
}

// Legacy is a list of resources in the v0 shape.
func Legacy(list []v1.ResourceWithVolumes) any {
	resources, states := []legacyResource{}, []legacyState{}
	for _, r := range list {
		lr := legacyResource{Name: r.Name, UUID: r.UUID, NodeName: r.NodeName,
			// Scripts rely on the lists being there.
			Flags: append([]string{}, r.Flags...), Props: append([]cli.LegacyProp{}, cli.LegacyProps(r.Props)...), Volumes: []legacyVolume{}}
		ls := legacyState{ResourceName: r.Name, NodeName: r.NodeName}
		if r.State != nil {
			ls.InUse = r.State.InUse
		}
		for _, v := range r.Volumes {
			lr.Volumes = append(lr.Volumes, legacyOf(v))
			if v.State != nil {
				ls.Volumes = append(ls.Volumes, legacyVolumeState{v.VolumeNumber, v.State.DiskState})
			}
		}
		resources = append(resources, lr)
		if r.State != nil {
			states = append(states, ls)
		}
	}
	return struct {
		States    []legacyState    `json:"resource_states"`
		Resources []legacyResource `json:"resources"`
	}{states, resources}
}

func legacyOf(v v1.Volume) legacyVolume {
	l := legacyVolume{StorPoolName: v.StoragePoolName, Number: v.VolumeNumber, UUID: v.UUID, DevicePath: v.DevicePath, Allocated: v.AllocatedSizeKiB}
	if n, err := strconv.ParseInt(minor(v), 10, 64); err == nil {
		l.MinorNr = &n
	}
	for _, layer := range v.LayerDataList {
		if data, ok := layer.Data.(map[string]any); ok && layer.Type == v1.LayerTypeDrbd {
			l.BackingDisk, _ = data["backing_device"].(string)
			l.MetaDisk, _ = data["meta_disk"].(string)
		}
	}
	return l
}
