package rules

import (
	"slices"
	"testing"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// amend has a node report once more, about its present instruction and with a change.
func (c *cluster) amend(node string, change func(st *model.ResourceStatus)) {
	c.t.Helper()
	c.do(func(tx *model.Tx) error {
		old, _ := tx.ResourceStatus.Get("d", node)
		st := *old
		st.Fingerprint = desired.Resource(tx.World, c.replica(node)).Fingerprint
		st.Volumes = slices.Clone(st.Volumes)
		change(&st)
		tx.SetResourceStatus(&st)
		return nil
	})
}

// linked has a node report about the connection to a peer.
func (c *cluster) linked(node, peer, state string) {
	c.t.Helper()
	c.amend(node, func(st *model.ResourceStatus) {
		st.DRBD = &link.DRBDReport{Links: []link.DRBDLink{{Peer: peer, State: state}}}
	})
}

// linkedDropped has a node report that its disk is gone, and no connection to a peer.
func (c *cluster) linkedDropped(node, peer string) {
	c.t.Helper()
	c.amend(node, func(st *model.ResourceStatus) {
		st.DRBD = &link.DRBDReport{Links: []link.DRBDLink{{Peer: peer, State: "Connecting"}}}
		for i := range st.Volumes {
			st.Volumes[i].DiskState, st.Volumes[i].Dropped = "Diskless", true
		}
	})
}

// knows tells whether a node's DRBD shall connect to another node.
func (c *cluster) knows(node, peer string) bool {
	r := c.replica(node)
	for _, n := range desired.Resource(c.w, r).DRBD.Nodes {
		if n.Name == peer {
			o, ok := c.w.Resources.Get("d", peer)
			return ok && !desired.KeepsFrom(r, o)
		}
	}
	return false
}

// TestDeletedIsPeerUntilGone: a replica that is to be deleted may be in use again
// before its node has heard of it, and then its writes must reach the others.
func TestDeletedIsPeerUntilGone(t *testing.T) {
	c := threeDisks(t)
	c.delete("n2")
	c.linked("n0", "n2", "Connected")
	if !c.knows("n0", "n2") || !c.knows("n1", "n2") {
		t.Error("the others do without a replica that is still there")
	}
	if c.knows("n2", "n0") {
		t.Error("a replica that is to be taken down is told of peers")
	}
	// Its satellite goes away, but not its kernel.
	c.online("n2", false)
	if !c.knows("n0", "n2") {
		t.Error("the others do without a replica that their kernels reach")
	}
	c.linked("n0", "n2", "Connecting")
	if c.knows("n0", "n2") || c.knows("n1", "n2") {
		t.Error("the others wait for a replica that nobody reaches")
	}
	// Once parted it is no peer any more, even when it is back.
	c.online("n2", true)
	if c.knows("n0", "n2") {
		t.Error("a deleted replica that was given up is a peer again")
	}
}

// TestInactiveIsPeerUntilDown: deactivating is like deleting, and can be taken back.
func TestInactiveIsPeerUntilDown(t *testing.T) {
	c := threeDisks(t)
	c.setInactive("n2", true)
	if !c.knows("n0", "n2") {
		t.Error("the others do without a replica that has not let go")
	}
	c.do(func(tx *model.Tx) error {
		tx.SetResourceStatus(&model.ResourceStatus{Definition: "d", Node: "n2", Progress: model.ProgressReady,
			Fingerprint: desired.Resource(tx.World, c.replica("n2")).Fingerprint})
		return nil
	})
	if c.knows("n0", "n2") {
		t.Error("a replica that is down is a peer")
	}
	c.setInactive("n2", false)
	if !c.knows("n0", "n2") {
		t.Error("a replica that is active again is no peer")
	}
}

// TestDeletionWaitsForOneThatIsMet: a copy that a node has not even heard of lacks what was
// written there while it was cut off, whatever that copy says of itself.
func TestDeletionWaitsForOneThatIsMet(t *testing.T) {
	c := threeDisks(t)
	c.delete("n0")
	c.amend("n0", func(st *model.ResourceStatus) {
		st.Progress = model.ProgressWorking
		st.DRBD = &link.DRBDReport{Kept: true, Links: []link.DRBDLink{away("n1")}}
	})
	if !replication.Waits(c.replica("n0")) {
		t.Error("it is deleted although nobody is known to have its data")
	}
	c.amend("n0", func(st *model.ResourceStatus) { st.DRBD.Links = []link.DRBDLink{away("n1"), connected("n2")} })
	if replication.Waits(c.replica("n0")) {
		t.Error("it still waits")
	}
}

// TestInactiveReplicaThatIsKeptStaysUp: one that is deactivated and deleted before its node has
// heard of either, and alone has the data, can only give it to others while it is up.
func TestInactiveReplicaThatIsKeptStaysUp(t *testing.T) {
	c := threeDisks(t)
	c.setInactive("n0", true)
	c.delete("n0")
	c.amend("n0", func(st *model.ResourceStatus) {
		st.Progress = model.ProgressWorking
		st.DRBD = &link.DRBDReport{Kept: true, Links: []link.DRBDLink{away("n1"), away("n2")}}
	})
	if r := c.replica("n0"); !replication.Waits(r) || r.Inactive {
		t.Errorf("waits %v, inactive %v", replication.Waits(r), r.Inactive)
	}
}
