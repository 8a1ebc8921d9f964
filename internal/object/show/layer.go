package show

import (
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// layerObject renders the stack as the tree that clients walk. Further devices of a
// layer are children beside the data's.
func layerObject(w *model.World, d *model.Definition, r *model.Resource) *v1.ResourceLayer {
	if d == nil {
		return nil
	}
	st, _ := w.ResourceStatus.Get(r.Definition, r.Node)
	var top *v1.ResourceLayer
	for _, kind := range slices.Backward(r.Stack) {
		node := layerNode(w, d, r, st, kind)
		if top != nil {
			node.Children = append([]v1.ResourceLayer{*top}, partLayers(r, st, kind)...)
		}
		top = &node
	}
	return top
}

func layerNode(w *model.World, d *model.Definition, r *model.Resource, st *model.ResourceStatus, kind v1.LayerType) v1.ResourceLayer {
	node := v1.ResourceLayer{Type: kind}
	switch kind {
	case v1.LayerTypeStorage:
		node.Storage = &v1.StorageResource{StorageVolumes: storageVolumes(r, st, "")}
	case v1.LayerTypeDrbd:
		node.DRBD = drbdResource(w, d, r, st)
	case v1.LayerTypeLuks:
		node.LUKS = &v1.LUKSResource{LUKSVolumes: eachVolume(r, st, kind, luksVolume)}
	case v1.LayerTypeNvme:
		node.NVMe = &v1.NVMEResource{NVMeVolumes: eachVolume(r, st, kind, nvmeVolume)}
	case v1.LayerTypeWritecache:
		node.Writecache = &v1.WritecacheResource{WritecacheVolumes: eachVolume(r, st, kind, writecacheVolume)}
	case v1.LayerTypeCache:
		node.Cache = &v1.CacheResource{CacheVolumes: eachVolume(r, st, kind, cacheVolume)}
	case v1.LayerTypeBcache:
		node.Bcache = &v1.BCacheResource{BcacheVolumes: eachVolume(r, st, kind, bcacheVolume)}
	}
	return node
}

// partSuffixes are the further devices that a layer has.
func partSuffixes(kind v1.LayerType) []string {
	switch kind {
	case v1.LayerTypeDrbd:
		return []string{".meta"}
	case v1.LayerTypeWritecache:
		return []string{".cache"}
	case v1.LayerTypeCache:
		return []string{".dmcache_cache", ".dmcache_meta"}
	case v1.LayerTypeBcache:
		return []string{".bcache"}
	}
	return nil
}

func partLayers(r *model.Resource, st *model.ResourceStatus, kind v1.LayerType) []v1.ResourceLayer {
	var out []v1.ResourceLayer
	for _, suffix := range partSuffixes(kind) {
		if hasPart(r, suffix) {
			out = append(out, v1.ResourceLayer{Type: v1.LayerTypeStorage, ResourceNameSuffix: suffix,
				Storage: &v1.StorageResource{StorageVolumes: storageVolumes(r, st, suffix)}})
		}
	}
	return out
}

func hasPart(r *model.Resource, suffix string) bool {
	return slices.ContainsFunc(r.Volumes, func(v model.Volume) bool { return part(v, suffix) != nil })
}

func part(v model.Volume, suffix string) *model.VolumePart {
	for i := range v.Parts {
		if v.Parts[i].Suffix == suffix {
			return &v.Parts[i]
		}
	}
	return nil
}

// eachVolume renders all volumes of a replica at one layer.
func eachVolume[T any](r *model.Resource, st *model.ResourceStatus, kind v1.LayerType, render func(model.Volume, model.VolumeStatus, model.LayerStatus) T) []T {
	var out []T
	for _, v := range r.Volumes {
		vs, _ := st.Volume(v.Number)
		out = append(out, render(v, vs, layerStatus(vs, kind, "")))
	}
	return out
}

func layerStatus(vs model.VolumeStatus, kind v1.LayerType, suffix string) model.LayerStatus {
	for _, l := range vs.Layers {
		if l.Layer == kind && l.Suffix == suffix {
			return l
		}
	}
	return model.LayerStatus{Layer: kind}
}

// volumeLayers is the flat list of a volume's layers, top first.
func volumeLayers(d *model.Definition, r *model.Resource, v model.Volume, vs model.VolumeStatus) []v1.VolumeLayer {
	var out []v1.VolumeLayer
	for _, kind := range r.Stack {
		ls := layerStatus(vs, kind, "")
		layer := v1.VolumeLayer{Type: kind}
		switch kind {
		case v1.LayerTypeDrbd:
			data := drbdVolume(d, v, vs)
			layer.Data = &data
		case v1.LayerTypeLuks:
			data := luksVolume(v, vs, ls)
			layer.Data = &data
		case v1.LayerTypeNvme:
			data := nvmeVolume(v, vs, ls)
			layer.Data = &data
		case v1.LayerTypeWritecache:
			data := writecacheVolume(v, vs, ls)
			layer.Data = &data
		case v1.LayerTypeCache:
			data := cacheVolume(v, vs, ls)
			layer.Data = &data
		case v1.LayerTypeBcache:
			data := bcacheVolume(v, vs, ls)
			layer.Data = &data
		default:
			layer.Data = storageVolume(v, ls)
		}
		out = append(out, layer)
	}
	return out
}

func storageVolumes(r *model.Resource, st *model.ResourceStatus, suffix string) []v1.StorageVolume {
	var out []v1.StorageVolume
	for _, v := range r.Volumes {
		if suffix != "" && part(v, suffix) == nil {
			continue
		}
		vs, _ := st.Volume(v.Number)
		out = append(out, *storageVolume(v, layerStatus(vs, v1.LayerTypeStorage, suffix)))
	}
	return out
}

func storageVolume(v model.Volume, ls model.LayerStatus) *v1.StorageVolume {
	return &v1.StorageVolume{VolumeNumber: int32(v.Number), DevicePath: ls.DevicePath,
		AllocatedSizeKiB: ls.AllocatedKiB, UsableSizeKiB: ls.UsableKiB, DiskState: ls.DiskState}
}

func luksVolume(v model.Volume, _ model.VolumeStatus, ls model.LayerStatus) v1.LUKSVolume {
	return v1.LUKSVolume{VolumeNumber: int32(v.Number), DevicePath: ls.DevicePath, BackingDevice: ls.BackingPath,
		AllocatedSizeKiB: ls.AllocatedKiB, UsableSizeKiB: ls.UsableKiB, DiskState: ls.DiskState, Opened: ls.Opened}
}

func nvmeVolume(v model.Volume, _ model.VolumeStatus, ls model.LayerStatus) v1.NVMEVolume {
	return v1.NVMEVolume{VolumeNumber: int32(v.Number), DevicePath: ls.DevicePath, BackingDevice: ls.BackingPath,
		AllocatedSizeKiB: ls.AllocatedKiB, UsableSizeKiB: ls.UsableKiB, DiskState: ls.DiskState}
}

func writecacheVolume(v model.Volume, vs model.VolumeStatus, ls model.LayerStatus) v1.WritecacheVolume {
	return v1.WritecacheVolume{VolumeNumber: int32(v.Number), DevicePath: ls.DevicePath,
		DevicePathCache:  layerStatus(vs, v1.LayerTypeStorage, ".cache").DevicePath,
		AllocatedSizeKiB: ls.AllocatedKiB, UsableSizeKiB: ls.UsableKiB, DiskState: ls.DiskState}
}

func cacheVolume(v model.Volume, vs model.VolumeStatus, ls model.LayerStatus) v1.CacheVolume {
	return v1.CacheVolume{VolumeNumber: int32(v.Number), DevicePath: ls.DevicePath,
		DevicePathCache:  layerStatus(vs, v1.LayerTypeStorage, ".dmcache_cache").DevicePath,
		DeviceMetaCache:  layerStatus(vs, v1.LayerTypeStorage, ".dmcache_meta").DevicePath,
		AllocatedSizeKiB: ls.AllocatedKiB, UsableSizeKiB: ls.UsableKiB, DiskState: ls.DiskState}
}

func bcacheVolume(v model.Volume, vs model.VolumeStatus, ls model.LayerStatus) v1.BCacheVolume {
	return v1.BCacheVolume{VolumeNumber: int32(v.Number), DevicePath: ls.DevicePath,
		DevicePathCache:  layerStatus(vs, v1.LayerTypeStorage, ".bcache").DevicePath,
		AllocatedSizeKiB: ls.AllocatedKiB, UsableSizeKiB: ls.UsableKiB, DiskState: ls.DiskState}
}
