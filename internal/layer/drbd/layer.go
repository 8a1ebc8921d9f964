package drbd

import (
	"fmt"
	"slices"
	"sync"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// metaSuffix is that of the part that takes external metadata.
const metaSuffix = ".meta"

// Layer is the DRBD layer of a node. Its observations come from DRBD's tools, its
// plans from Plan of this package.
type Layer struct {
	mu     sync.Mutex
	host   host
	failed failures
	// scans counts the scans that have begun.
	scans  int
	stalls stalls
	// restarts has the last order to begin anew that was carried out, by resource.
	restarts map[string]int64
	rejoins  rejoins
}

var (
	_ layer.Layer     = (*Layer)(nil)
	_ layer.Watcher   = (*Layer)(nil)
	_ layer.Explainer = (*Layer)(nil)
	_ layer.Recoverer = (*Layer)(nil)
)

// New makes the layer; it finds out about the node when it is first asked.
func New() *Layer { return &Layer{} }

// Kind is DRBD.
func (l *Layer) Kind() v1.LayerType { return v1.LayerTypeDrbd }

// Explain turns a complaint of DRBD's tools into a fault; see the function Explain.
func (l *Layer) Explain(c run.Cmd, r run.Result) error { return Explain(c, r) }

// volumeOf finds a volume in the instruction for DRBD.
func volumeOf(r *link.Resource, number int) (link.DRBDVolume, error) {
	if r.DRBD != nil {
		if i := slices.IndexFunc(r.DRBD.Volumes, func(v link.DRBDVolume) bool { return v.Number == number }); i >= 0 {
			return r.DRBD.Volumes[i], nil
		}
	}
	return link.DRBDVolume{}, untold(r).Because("no numbers of DRBD are stored for its volume %d", number)
}

func layoutOf(v link.DRBDVolume) MetaLayout {
	return MetaLayout{Peers: v.Peers, ALStripes: v.ALStripes, ALStripeSizeKiB: v.ALStripeKiB, BitmapBlockKiB: v.BitmapBlockKiB}
}

// LowerKiB is the size of the lower device for a volume of sizeKiB.
func (l *Layer) LowerKiB(r *link.Resource, v *link.Volume, sizeKiB int64) (int64, error) {
	dv, err := volumeOf(r, v.Number)
	if err != nil {
		return 0, err
	}
	layout := layoutOf(dv)
	if !dv.ExternalMeta {
		return GrossKiB(sizeKiB, layout)
	}
	if err := layout.checkNet(sizeKiB); err != nil {
		return 0, err
	}
	return alignUp(sizeKiB, alignKiB), nil
}

// UpperKiB is the usable size on a lower device of lowerKiB.
func (l *Layer) UpperKiB(r *link.Resource, v *link.Volume, lowerKiB int64) (int64, error) {
	dv, err := volumeOf(r, v.Number)
	if err != nil {
		return 0, err
	}
	layout := layoutOf(dv)
	if !dv.ExternalMeta {
		return NetKiB(lowerKiB, layout)
	}
	net := lowerKiB &^ (alignKiB - 1)
	return net, layout.checkNet(net)
}

// Parts has the device for external metadata, where the volume is to have one.
func (l *Layer) Parts(r *link.Resource, v *link.Volume, sizeKiB int64) ([]link.Part, error) {
	dv, err := volumeOf(r, v.Number)
	if err != nil || !dv.ExternalMeta {
		return nil, err
	}
	part := link.Part{Suffix: metaSuffix}
	if i := slices.IndexFunc(v.Parts, func(p link.Part) bool { return p.Suffix == metaSuffix }); i >= 0 {
		part = v.Parts[i]
	}
	if part.SizeKiB == 0 {
		part.SizeKiB, err = ExternalKiB(sizeKiB, layoutOf(dv))
	}
	return []link.Part{part}, err
}

// devicePath is where the kernel offers a volume.
func devicePath(minor int) string { return fmt.Sprintf("/dev/drbd%d", minor) }
