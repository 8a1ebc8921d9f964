package drbd

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/layer"
)

// putOff leaves a replica that is to be deleted as it is, and says why.
func putOff(v view, why string) layer.Output {
	rep := v.report(Outcome{})
	rep.Kept = true
	return layer.Output{Waiting: []string{why}, Released: map[int]bool{}, InUse: inUse(*v.o), DRBD: rep}
}

// onlyGood says what the deletion of a replica waits for whose disk is up to date while
// none of those that stay is known to be; nothing if it need not wait. It was decided
// when others had the data, and what was written since may be here alone. Where a
// connection is StandAlone the data has diverged or never will be compared: then the user
// has made the choice.
func (o Observed) onlyGood(r *link.Resource) string {
	if o.State == nil || r.DRBD == nil {
		return ""
	}
	for _, number := range slices.Sorted(maps.Keys(r.DRBD.Staying)) {
		if o.State.Devices[number].Disk == DiskUpToDate && o.expects(r.DRBD.Staying[number], number) {
			return fmt.Sprintf("The deletion waits until another replica has the data of volume %d: none that stays is connected and up to date. "+
				"Bring back the node of one of them, or activate it; deleting those replicas too gives the data up.", number)
		}
	}
	return ""
}

// expects tells whether some of the peers may get the data of a volume yet, and none of
// them has it.
func (o Observed) expects(peers []int, volume int) bool {
	good, may := o.State.goodPeers(volume), false
	for _, id := range peers {
		if slices.Contains(good, id) {
			return false
		}
		l, there := o.State.Connections[id]
		may = may || there && l.Connection != StandAlone || !there && o.lost(id)
	}
	return may
}

// lost tells of a peer without a connection whether DRBD was to have one: taking a resource
// down ends some connections before the node at the end of another refuses that.
func (o Observed) lost(id int) bool {
	return Ours(o.Good) && bytes.Contains(o.Good, fmt.Appendf(nil, "\n        node-id %d;\n", id))
}
