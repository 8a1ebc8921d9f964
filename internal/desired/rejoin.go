package desired

import (
	"slices"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// rejoin names the peers to which connections are to be made again by their node ids.
func rejoin(w *model.World, r *model.Resource, out *link.DRBD) {
	ids := func(names []string) []int {
		var list []int
		for _, n := range names {
			if o, ok := w.Resources.Get(r.Definition, n); ok && isMember(o) {
				list = append(list, o.DRBD.NodeID)
			}
		}
		slices.Sort(list)
		return list
	}
	if r.DRBD.Restart && r.DRBD.RejoinOrdered != nil {
		out.Restart = r.DRBD.RejoinOrdered.UnixNano()
	}
	out.Trust = r.DRBD.Trust
	out.Reconnect, out.Discard, out.Retract = ids(r.DRBD.Reconnect), ids(r.DRBD.Discard), ids(r.DRBD.Retract)
}
