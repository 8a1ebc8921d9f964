package placing

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// What a pool is said to have promised is what the layers really take.
func TestPromisedIsWhatLayersTake(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		net := rapid.Int64Range(4, 1<<36).Draw(rt, "net")
		peers := rapid.IntRange(1, 31).Draw(rt, "peers")
		want, err := drbd.GrossKiB(net, drbd.MetaLayout{Peers: peers})
		if err != nil {
			rt.Fatal(err)
		}
		vd := model.VolumeDefinition{SizeKiB: net}
		r := &model.Resource{Stack: []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage}, DRBD: &model.ReplicaDRBD{PeerSlots: peers}}
		if got := model.StorageKiB(&vd, r, &model.Volume{}); got != want {
			rt.Fatalf("%d KiB for %d peers: %d, want %d", net, peers, got, want)
		}
	})
	for name, c := range map[string]struct {
		vd   model.VolumeDefinition
		r    model.Resource
		v    model.Volume
		want int64
	}{
		"plain":         {vd: model.VolumeDefinition{SizeKiB: 1024}, r: model.Resource{Stack: []v1.LayerType{v1.LayerTypeStorage}}, want: 1024},
		"gross":         {vd: model.VolumeDefinition{SizeKiB: 1024, Gross: true}, r: model.Resource{DRBD: &model.ReplicaDRBD{PeerSlots: 7}, Stack: []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage}}, want: 1024},
		"encrypted":     {vd: model.VolumeDefinition{SizeKiB: 1000}, r: model.Resource{Stack: []v1.LayerType{v1.LayerTypeLuks, v1.LayerTypeStorage}}, want: 1024 + 16<<10},
		"external meta": {vd: model.VolumeDefinition{SizeKiB: 1024}, r: model.Resource{DRBD: &model.ReplicaDRBD{PeerSlots: 7}, Stack: []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage}}, v: model.Volume{Parts: []model.VolumePart{{Suffix: ".meta"}}}, want: 1024},
	} {
		if got := model.StorageKiB(&c.vd, &c.r, &c.v); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
