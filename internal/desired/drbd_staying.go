package desired

import (
	"slices"

	"github.com/holdfast-storage/holdfast/internal/model"
)

// staying has by volume the node ids of the replicas with a disk that stay when one is
// deleted. It may have got data since that was decided that they have not. One that the
// others do without already can give them nothing any more.
func staying(w *model.World, d *model.Definition, r *model.Resource) map[int][]int {
	if !Leaves(r) || d.Deleting != nil || r.DRBD.Parted {
		return nil
	}
	var peers []int
	for o := range w.Resources.Under(r.Definition) {
		if o.Deleting == nil && o.DRBD != nil && (o.Diskless == model.Diskful || o.Toggle == model.ToggleAdding) {
			peers = append(peers, o.DRBD.NodeID)
		}
	}
	if len(peers) == 0 {
		return nil
	}
	slices.Sort(peers)
	out := map[int][]int{}
	for _, v := range r.Volumes {
		if vd, ok := d.Volume(v.Number); ok && vd.Deleting == nil {
			out[v.Number] = peers
		}
	}
	return out
}
