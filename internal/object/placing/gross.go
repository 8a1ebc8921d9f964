package placing

import (
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/drbdalloc"
)

// luksHeaderKiB is what encryption takes at the head of a device.
const luksHeaderKiB = 16 << 10

// StorageKiB is the size of the storage that a volume definition needs below the
// layers of a stack. The fault says that the layers cannot have that size.
func StorageKiB(w *model.World, d *model.Definition, vd model.VolumeDefinition, stack []v1.LayerType) (int64, error) {
	if vd.Gross {
		return vd.SizeKiB, nil
	}
	kib := vd.SizeKiB
	if model.HasLayer(stack, v1.LayerTypeDrbd) {
		gross, err := drbd.GrossKiB(kib, drbd.MetaLayout{Peers: drbdalloc.PeerSlots(w, d, nil)})
		if err != nil {
			return 0, err
		}
		kib = gross
	}
	if model.HasLayer(stack, v1.LayerTypeLuks) {
		kib += luksHeaderKiB
	}
	return kib, nil
}

// UsableKiB is the size of a volume whose storage has kib, below the layers of a stack;
// 0 where nothing is left.
func UsableKiB(w *model.World, d *model.Definition, kib int64, stack []v1.LayerType) int64 {
	if model.HasLayer(stack, v1.LayerTypeLuks) {
		kib = max(0, kib-luksHeaderKiB)
	}
	if !model.HasLayer(stack, v1.LayerTypeDrbd) {
		return kib
	}
	net, err := drbd.NetKiB(kib, drbd.MetaLayout{Peers: drbdalloc.PeerSlots(w, d, nil)})
	if err != nil {
		return 0
	}
	return net
}

// volumeSizes are the sizes of the storage of a definition's volumes.
func volumeSizes(w *model.World, d *model.Definition, stack []v1.LayerType) ([]int64, error) {
	var out []int64
	for _, vd := range d.Volumes {
		if vd.Deleting != nil {
			continue
		}
		kib, err := StorageKiB(w, d, vd, stack)
		if err != nil {
			return nil, err
		}
		out = append(out, kib)
	}
	return slices.Clip(out), nil
}
