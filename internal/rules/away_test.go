package rules

import (
	"testing"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// TestToggleWaitsForKernels: a node whose satellite is away counts as long as its
// kernel is connected; without that it does not hold up what may replace it.
func TestToggleWaitsForKernels(t *testing.T) {
	c := newCluster(t, 3, 2)
	c.add("n0", model.Diskful)
	c.add("n1", model.DRBDDiskless)
	c.add("n2", model.Diskful)
	c.settle()
	linked := func(state string) {
		c.do(func(tx *model.Tx) error {
			old, _ := tx.ResourceStatus.Get("d", "n0")
			st := *old
			st.Fingerprint = desired.Resource(tx.World, c.replica("n0")).Fingerprint
			st.DRBD = &link.DRBDReport{Links: []link.DRBDLink{{Peer: "n2", State: state}}}
			tx.SetResourceStatus(&st)
			return nil
		})
	}
	c.do(func(tx *model.Tx) error {
		tx.SetNodeStatus(&model.NodeStatus{Node: "n2", State: model.ConnOffline})
		return nil
	})
	c.must(c.giveDisk("n1", ""))
	linked("Connected")
	c.report("n1", "UpToDate")
	c.expect("n0=disk, n1=diskless DISK_ADD_REQUESTED, n2=disk")
	linked("Connecting")
	c.expect("n0=disk, n1=diskless DISK_ADDING, n2=disk")
}
