package rules

import (
	"testing"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// tells has a node report the state of its disk and those of its connections.
func (c *cluster) tells(node, disk string, links ...link.DRBDLink) {
	c.report(node, disk)
	c.amend(node, func(st *model.ResourceStatus) {
		st.DRBD = &link.DRBDReport{Links: links}
		for i := range st.Volumes {
			st.Volumes[i].DiskState = disk
		}
	})
}

func connected(peer string) link.DRBDLink { return link.DRBDLink{Peer: peer, State: "Connected"} }
func away(peer string) link.DRBDLink      { return link.DRBDLink{Peer: peer, State: "Connecting"} }

// failedWithOneAway is a cluster in which n1's disk has failed while n2 is away.
func failedWithOneAway(t *testing.T) *cluster {
	t.Helper()
	c := threeDisks(t)
	c.online("n2", false)
	c.tells("n0", "UpToDate", connected("n1"), away("n2"))
	c.tells("n1", "Failed", connected("n0"), away("n2"))
	if !replication.IsTrue(c.replica("n1").Props[replication.KeySkipDisk]) {
		t.Fatal("the disk has not failed")
	}
	return c
}

// TestFailedKeepsFromTheUnproven: DRBD counts the vote of a node whose disk has failed. One
// that was away and reaches that node alone would go on with what is old; it has to meet a
// node with the data first.
func TestFailedKeepsFromTheUnproven(t *testing.T) {
	c := failedWithOneAway(t)
	if c.knows("n1", "n2") || !c.knows("n1", "n0") || !c.knows("n2", "n1") {
		t.Error("a node whose disk has failed connects to one that may have old data")
	}
	c.online("n2", true)
	c.tells("n2", "UpToDate", away("n0"), away("n1"))
	if c.knows("n1", "n2") {
		t.Error("being there is not to have the data")
	}
	c.tells("n2", "Inconsistent", connected("n0"), away("n1"))
	c.tells("n2", "UpToDate", connected("n0"), away("n1"))
	if !c.knows("n1", "n2") || len(c.replica("n1").DRBD.Unaware) != 0 {
		t.Error("a node that has got the data is left apart")
	}
	c.tells("n2", "UpToDate", connected("n0"), connected("n1"))
	c.tells("n1", "Diskless", connected("n0"), away("n2"))
	if !c.knows("n1", "n2") {
		t.Error("a connection that is lost for a moment parts nodes of which one has the data")
	}
}

// TestLostTogetherDoNotVouch: two nodes that were cut off together have each other's data,
// which says nothing about what the others wrote since.
func TestLostTogetherDoNotVouch(t *testing.T) {
	c := disksOn(t, "n0", "n1", "n2", "n3")
	c.tells("n2", "UpToDate", connected("n3"), away("n0"), away("n1"))
	c.tells("n3", "UpToDate", connected("n2"), away("n0"), away("n1"))
	c.tells("n0", "UpToDate", connected("n1"), away("n2"), away("n3"))
	c.tells("n1", "Failed", connected("n0"), away("n2"), away("n3"))
	if c.knows("n1", "n2") || c.knows("n1", "n3") || !c.knows("n1", "n0") {
		t.Errorf("unaware are %v", c.replica("n1").DRBD.Unaware)
	}
	c.tells("n2", "UpToDate", connected("n0"), connected("n3"), away("n1"))
	if !c.knows("n1", "n2") || c.knows("n1", "n3") {
		t.Errorf("after one has met the others unaware are %v", c.replica("n1").DRBD.Unaware)
	}
}

// TestSkippedAfterRestartKeepsFromTheUnproven: a node that was restarted without its disk is
// to be used over the network; it has forgotten what it has seen.
func TestSkippedAfterRestartKeepsFromTheUnproven(t *testing.T) {
	c := threeDisks(t)
	c.online("n2", false)
	c.tells("n0", "UpToDate", away("n1"), away("n2"))
	c.tells("n1", "")
	c.do(func(tx *model.Tx) error {
		r, _ := tx.Resources.Get("d", "n1")
		replication.SetProp(tx, r, replication.KeySkipDisk, "True")
		return nil
	})
	if c.knows("n1", "n2") {
		t.Error("it connects to a node that may have old data")
	}
}

// TestUnprovenUntilMended: where the disk is mended, nodes are not kept apart. That nobody
// is left to compare with does not make old data new.
func TestUnprovenUntilMended(t *testing.T) {
	c := failedWithOneAway(t)
	c.tells("n1", "Diskless", connected("n0"), away("n2"))
	c.delete("n0")
	if c.knows("n1", "n2") {
		t.Error("old data can be used as nobody is left who has more")
	}
	c.do(func(tx *model.Tx) error {
		replication.SetProp(tx, c.replica("n1"), replication.KeySkipDisk, "")
		return nil
	})
	if !c.knows("n1", "n2") {
		t.Errorf("the disk is mended: unaware are %v", c.replica("n1").DRBD.Unaware)
	}
}

// TestFailedAlone: of two copies one fails. The other one has all data if it was there, and
// is left only for as long as the network is; if it was not, it is old.
func TestFailedAlone(t *testing.T) {
	for _, there := range []bool{true, false} {
		c := disksOn(t, "n0", "n1")
		other := away("n0")
		if there {
			other = connected("n0")
		}
		c.tells("n1", "UpToDate", other)
		c.tells("n1", "Failed", other)
		c.tells("n1", "Diskless", away("n0"))
		c.tells("n0", "UpToDate", away("n1"))
		c.tells("n1", "Diskless", away("n0"))
		if c.knows("n1", "n0") != there {
			t.Errorf("the other one was there: %v, unaware are %v", there, c.replica("n1").DRBD.Unaware)
		}
	}
}

// TestClientKeepsFromTheUnproven: a node without a disk would have the vote of the one whose
// disk has failed, and read old data.
func TestClientKeepsFromTheUnproven(t *testing.T) {
	c := disksOn(t, "n0", "n1", "n2")
	c.do(func(tx *model.Tx) error { c.addNode(tx, "m"); return nil })
	c.add("m", model.DRBDDiskless)
	c.settle()
	c.online("n2", false)
	c.tells("m", "Diskless", connected("n0"), connected("n1"), away("n2"))
	c.tells("n0", "UpToDate", connected("n1"), away("n2"))
	c.tells("n1", "Failed", connected("n0"), away("n2"))
	if c.knows("m", "n2") || !c.knows("m", "n0") {
		t.Errorf("unaware are %v", c.replica("m").DRBD.Unaware)
	}
	c.online("n2", true)
	c.tells("n2", "UpToDate", connected("n0"), away("n1"))
	c.report("n2", "UpToDate")
	c.tells("n2", "UpToDate", connected("n0"), away("n1"))
	if !c.knows("n1", "n2") || !c.knows("m", "n2") {
		t.Errorf("unaware are %v and %v", c.replica("n1").DRBD.Unaware, c.replica("m").DRBD.Unaware)
	}
}

// TestOneVolumeFails: a node's vote counts for each volume.
func TestOneVolumeFails(t *testing.T) {
	c := threeDisks(t)
	c.amend("n1", func(st *model.ResourceStatus) {
		st.DRBD = &link.DRBDReport{Links: []link.DRBDLink{connected("n0"), away("n2")}}
		st.Volumes = []model.VolumeStatus{{Number: 0, DiskState: "Failed"}, {Number: 1, DiskState: "UpToDate"}}
	})
	if c.knows("n1", "n2") || !c.knows("n1", "n0") {
		t.Errorf("unaware are %v", c.replica("n1").DRBD.Unaware)
	}
}

// TestUnprovenWhileNothingIsKnown: a controller that has just started knows no disk, and
// joins nobody who was kept apart.
func TestUnprovenWhileNothingIsKnown(t *testing.T) {
	c := failedWithOneAway(t)
	c.do(func(tx *model.Tx) error { tx.DropResourceStatus("d", "n1"); return nil })
	if c.knows("n1", "n2") {
		t.Error("nodes are joined although nothing is known of a disk")
	}
}
