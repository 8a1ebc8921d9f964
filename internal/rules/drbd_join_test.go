package rules

import (
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// joins checks whether a replica is told to take part.
func (c *cluster) joins(node string, want bool) {
	c.t.Helper()
	r := c.replica(node)
	told := desired.Resource(c.w, r)
	if is := !told.Inactive && len(told.DRBD.Nodes) > 1; is != want || desired.Joining(r) == want {
		c.t.Errorf("replica on %s takes part: %v, is wanted: %v (joining: %v)", node, is, want, desired.Joining(r))
	}
}

func (c *cluster) setInactive(node string, inactive bool) {
	c.t.Helper()
	c.do(func(tx *model.Tx) error {
		next := *c.replica(node)
		next.Inactive = inactive
		tx.PutResource(&next)
		return nil
	})
}

// TestNewReplicaWaitsForAll: what is written on a node that does not know of a new copy
// reaches the others, but not that one, and nobody would ever find out.
func TestNewReplicaWaitsForAll(t *testing.T) {
	c := disksOn(t, "n0", "n1")
	c.do(func(tx *model.Tx) error { c.addNode(tx, "n2"); return nil })
	c.linked("n0", "n1", "Connected")
	c.online("n1", false)
	c.add("n2", model.Diskful)
	c.joins("n2", false)
	c.linked("n0", "n1", "Connected")
	c.report("n2", "")
	c.joins("n2", false)
	c.online("n1", true)
	c.joins("n2", false)
	c.linked("n1", "n0", "Connected")
	c.joins("n2", true)
	if !c.knows("n0", "n1") || !c.knows("n1", "n2") {
		t.Error("nodes that have been told are kept apart")
	}
}

// TestNewReplicaWhileOneIsAway: a dead node holds nothing up, but it may not be dead; if
// its kernel comes back before its satellite, nobody meets it.
func TestNewReplicaWhileOneIsAway(t *testing.T) {
	c := threeDisks(t)
	c.do(func(tx *model.Tx) error { c.addNode(tx, "n3"); return nil })
	c.online("n1", false)
	c.add("n3", model.Diskful)
	if c.knows("n0", "n1") || c.knows("n2", "n1") {
		t.Error("the others meet a node that does not know of the new copy")
	}
	c.joins("n3", false)
	c.linked("n0", "n2", "Connected")
	c.joins("n3", false)
	c.linked("n2", "n0", "Connected")
	c.joins("n3", true)
	c.settle()
	c.online("n1", true)
	if c.knows("n0", "n1") {
		t.Error("the others meet a node before it has been told")
	}
	if !c.knows("n1", "n0") || !c.knows("n1", "n3") {
		t.Error("the node is not told of the others")
	}
	c.settle()
	for _, n := range []string{"n0", "n2", "n3"} {
		if !c.knows(n, "n1") {
			t.Errorf("%s does not meet a node that has been told", n)
		}
	}
}

// kept has a node report that all it waits for is that others have the data of a disk that
// it is to let go of.
func (c *cluster) kept(node string) {
	c.t.Helper()
	c.amend(node, func(st *model.ResourceStatus) {
		st.Progress, st.DRBD = model.ProgressWorking, &link.DRBDReport{Kept: true}
	})
}

// TestKeptDiskIsMet: a node that comes back and is to let go of its disk waits for a peer
// that has the data; those that wait for it to be told must not wait for the end of that.
func TestKeptDiskIsMet(t *testing.T) {
	c := threeDisks(t)
	c.do(func(tx *model.Tx) error { c.addNode(tx, "n3"); return nil })
	c.online("n1", false)
	c.add("n3", model.Diskful)
	c.must(c.takeDisk("n1"))
	c.settle()
	c.expect("n0=disk, n1=diskless DISK_REMOVING, n2=disk, n3=disk")
	c.joins("n3", true)
	c.online("n1", true)
	if c.knows("n0", "n1") {
		t.Error("the others meet a node before it has been told")
	}
	c.kept("n1")
	for _, n := range []string{"n0", "n2", "n3"} {
		c.report(n, "UpToDate")
		if !c.knows(n, "n1") {
			t.Errorf("%s does not meet a node that waits for it", n)
		}
	}
}

// TestActivatedAlone: where nobody else is there, a copy takes part alone, and meets the
// others one with the other.
func TestActivatedAlone(t *testing.T) {
	c := threeDisks(t)
	c.setInactive("n2", true)
	c.report("n2", "")
	c.settle()
	c.linked("n0", "n1", "Connected")
	c.linked("n1", "n0", "Connected")
	c.online("n0", false)
	c.online("n1", false)
	c.setInactive("n2", false)
	c.report("n2", "")
	if r := c.replica("n2"); desired.Joining(r) || c.knows("n2", "n0") || c.knows("n2", "n1") {
		t.Fatalf("not alone: %+v", r.DRBD)
	}
	c.report("n2", "UpToDate")
	c.online("n0", true)
	c.linked("n0", "n1", "Connected")
	c.report("n2", "UpToDate")
	if !c.knows("n0", "n1") || c.knows("n2", "n0") {
		t.Error("a copy that not all connected ones know of is met")
	}
	c.online("n1", true)
	c.linked("n1", "n0", "Connected")
	c.settle()
	if !c.knows("n2", "n0") || !c.knows("n2", "n1") {
		t.Error("the copy does not meet the others although they know of it")
	}
}

// TestAwayIsNotUnknown: after a start of the controller nothing is known of a node whose
// satellite has not been connected yet.
func TestAwayIsNotUnknown(t *testing.T) {
	c := disksOn(t, "n0", "n1")
	c.do(func(tx *model.Tx) error {
		c.addNode(tx, "n2")
		tx.SetNodeStatus(&model.NodeStatus{Node: "n1", State: model.ConnConnected})
		return nil
	})
	c.add("n2", model.Diskful)
	c.settle()
	c.joins("n2", false)
	if !c.knows("n0", "n1") {
		t.Error("a node that was not asked yet is given up")
	}
}

// TestFirstReplicasDoNotWait: those that come together know of each other before there is
// data. One that comes later may be late although nobody has reported any data yet.
func TestFirstReplicasDoNotWait(t *testing.T) {
	c := newCluster(t, 3, 3)
	c.setProps(map[string]string{replication.KeyTiebreaker: "False"})
	c.addDisks("n0", "n1")
	c.joins("n0", true)
	c.joins("n1", true)
	c.add("n2", model.Diskful)
	c.joins("n2", false)
	c.settle()
	c.joins("n2", true)
}

// TestClientDoesNotWait: a replica without a disk has nothing that could be old.
func TestClientDoesNotWait(t *testing.T) {
	c := disksOn(t, "n0", "n1")
	c.do(func(tx *model.Tx) error { c.addNode(tx, "n2"); return nil })
	c.add("n2", model.DRBDDiskless)
	c.joins("n2", true)
}

// TestActivatedWaitsForAll: the others have done without it for a while.
func TestActivatedWaitsForAll(t *testing.T) {
	c := threeDisks(t)
	c.setInactive("n2", true)
	c.report("n2", "")
	c.settle()
	c.linked("n0", "n1", "Connected")
	c.online("n1", false)
	c.setInactive("n2", false)
	c.linked("n0", "n1", "Connected")
	c.joins("n2", false)
	c.online("n1", true)
	c.linked("n1", "n0", "Connected")
	c.joins("n2", true)
}

// TestNewReplicaWaitsForThoseThatGo: one that is to go may be in use until it does, and
// is told of no new peers.
func TestNewReplicaWaitsForThoseThatGo(t *testing.T) {
	for name, down := range map[string]func(c *cluster){
		"deleted":     func(c *cluster) { c.delete("n2") },
		"deactivated": func(c *cluster) { c.setInactive("n2", true) },
	} {
		t.Run(name, func(t *testing.T) {
			c := threeDisks(t)
			c.do(func(tx *model.Tx) error { c.addNode(tx, "n3"); return nil })
			down(c)
			c.amend("n2", func(st *model.ResourceStatus) {
				st.Progress = model.ProgressFailed
				st.DRBD = &link.DRBDReport{Role: "Primary"}
			})
			c.add("n3", model.Diskful)
			c.report("n0", "UpToDate")
			c.report("n1", "UpToDate")
			c.joins("n3", false)
			c.report("n2", "")
			c.settle()
			c.joins("n3", true)
		})
	}
}

// newCopy is a cluster with connected disks on n0 and n1, and a new copy on n2 that could come.
func newCopy(t *testing.T) *cluster {
	c := disksOn(t, "n0", "n1")
	c.do(func(tx *model.Tx) error { c.addNode(tx, "n2"); return nil })
	c.add("n2", model.Diskful)
	c.report("n2", "")
	c.linked("n0", "n1", "Connected")
	return c
}

// TestNewReplicaWaitsWhereTellingFailed: a kernel that has not taken the new peer does not
// know of it, whatever its satellite was told.
func TestNewReplicaWaitsWhereTellingFailed(t *testing.T) {
	c := newCopy(t)
	tells := func(progress model.Progress, follows bool) {
		c.amend("n1", func(st *model.ResourceStatus) {
			st.Progress, st.DRBD = progress, &link.DRBDReport{Role: "Secondary", Follows: follows}
		})
	}
	tells(model.ProgressFailed, false)
	c.joins("n2", false)
	tells(model.ProgressWorking, false)
	c.joins("n2", false)
	// Whatever else it waits for, or has failed with: it knows.
	t.Run("works", func(t *testing.T) {
		w := c.w
		tells(model.ProgressWorking, true)
		c.joins("n2", true)
		c.w = w
	})
	tells(model.ProgressFailed, true)
	c.joins("n2", true)
}

// TestNewReplicaWaitsForNoneThatIsDown: one that cannot come up, as its storage belongs to
// somebody else, knows of the new peer when it does. Where others are connected with it, it
// is up.
func TestNewReplicaWaitsForNoneThatIsDown(t *testing.T) {
	c := newCopy(t)
	c.amend("n1", func(st *model.ResourceStatus) { st.Progress, st.DRBD = model.ProgressFailed, &link.DRBDReport{} })
	c.joins("n2", false)
	c.linked("n0", "n1", "Connecting")
	c.joins("n2", true)
}

// TestTiebreakerStaysUntilJoined: the third disk is no voter until it takes part.
func TestTiebreakerStaysUntilJoined(t *testing.T) {
	c := newCluster(t, 4, 2)
	c.add("n0", model.Diskful)
	c.add("n1", model.Diskful)
	c.settle()
	before := c.prop(replication.KeyQuorum)
	c.linked("n0", "n1", "Connected")
	c.online("n1", false)
	c.add("n3", model.Diskful)
	if got := c.kinds(); !strings.Contains(got, "tiebreaker") || c.prop(replication.KeyQuorum) != before {
		t.Errorf("%s, quorum %s", got, c.prop(replication.KeyQuorum))
	}
	c.online("n1", true)
	c.settle()
	if got := c.kinds(); strings.Contains(got, "tiebreaker") {
		t.Error(got)
	}
}

// counts tells whether a node is told to count the vote of a peer's disk.
func (c *cluster) counts(node, peer string) bool {
	c.t.Helper()
	nodes := desired.Resource(c.w, c.replica(node)).DRBD.Nodes
	return slices.ContainsFunc(nodes, func(n link.DRBDNode) bool { return n.Name == peer && !n.Diskless })
}

// quorum has a node report whether it has quorum for its copy.
func (c *cluster) quorum(node string, has bool) {
	c.t.Helper()
	c.amend(node, func(st *model.ResourceStatus) {
		st.Volumes = []model.VolumeStatus{{Number: 0, UsableKiB: 1024, DiskState: "UpToDate", DRBD: &link.DRBDVolumeReport{MetaReady: true, Quorum: &has}}}
	})
}

// TestEmptyDiskWaitsForQuorum: a node with old data that sees only the one that gets a disk
// must not have the majority by that.
func TestEmptyDiskWaitsForQuorum(t *testing.T) {
	c := newCluster(t, 3, 2)
	c.add("n0", model.Diskful)
	c.add("n1", model.Diskful)
	c.settle()
	quorum := c.quorum
	quorum("n0", false)
	quorum("n1", true)
	c.must(c.giveDisk("n2", ""))
	quorum("n0", false)
	quorum("n1", true)
	c.report("n2", "")
	if got := c.kinds(); !strings.Contains(got, "DISK_ADD_REQUESTED") {
		t.Errorf("its vote makes old data usable: %s", got)
	}
	if c.counts("n0", "n2") {
		t.Error("the others are told to count its vote")
	}
	quorum("n0", true)
	if !c.counts("n0", "n2") {
		t.Error("the others are not told of the disk")
	}
	quorum("n0", true)
	quorum("n1", true)
	if got := c.kinds(); !strings.Contains(got, "DISK_ADDING") {
		t.Errorf("the disk is not made: %s", got)
	}
}

// TestQuorumLostWhileOneJoins: those that have been told of a new disk count its vote, and
// may never get their quorum back without it. It comes without its disk then, so that its
// vote is there before it counts.
func TestQuorumLostWhileOneJoins(t *testing.T) {
	c := disksOn(t, "n0", "n1")
	c.do(func(tx *model.Tx) error { c.addNode(tx, "n2"); return nil })
	votes := func() bool { return c.counts("n0", "n2") }
	quorum := func(has bool) {
		for _, node := range []string{"n0", "n1"} {
			c.linked(node, "n2", "Connected")
			c.quorum(node, has)
		}
	}
	c.add("n2", model.Diskful)
	c.joins("n2", false)
	if !votes() {
		t.Error("the others are not told of it")
	}
	quorum(false)
	c.expect("n0=disk, n1=disk, n2=diskless DISK_ADD_REQUESTED")
	c.joins("n2", true)
	if votes() {
		t.Error("its vote counts before it is there")
	}
	c.report("n2", "Diskless")
	quorum(false)
	if votes() {
		t.Error("its vote makes old data usable")
	}
	quorum(true)
	if !votes() {
		t.Error("the others are not told of its disk")
	}
	quorum(true)
	c.expect("n0=disk, n1=disk, n2=diskless DISK_ADDING")
}

// TestNewReplicaJoinsNoDividedCopies: a node without a disk that meets both one with quorum and
// one that was left without could read the old data of the latter.
func TestNewReplicaJoinsNoDividedCopies(t *testing.T) {
	c := disksOn(t, "n0", "n1")
	c.do(func(tx *model.Tx) error { c.addNode(tx, "n2"); return nil })
	c.quorum("n0", true)
	c.quorum("n1", false)
	c.add("n2", model.Diskful)
	if c.joins("n2", false); c.counts("n0", "n2") || c.counts("n1", "n2") {
		t.Error("the others count the vote of a disk that is not there")
	}
	c.quorum("n0", false)
	if r := c.replica("n2"); r.Toggle != model.ToggleAddRequested || !r.DRBD.Held {
		t.Errorf("it does not give its vote to those without quorum: %v", c.kinds())
	}
	c.quorum("n0", true)
	c.quorum("n1", true)
	c.linked("n0", "n2", "Connected")
	c.settle()
	c.expect("n0=disk, n1=disk, n2=disk")
}

// diskWhileAway is a cluster whose replicas on n0 and n1 have disks, and where n2 gets one while
// n1 is away.
func diskWhileAway(t *testing.T) *cluster {
	c := newCluster(t, 3, 2)
	c.addDisks("n0", "n1")
	c.settle()
	c.online("n1", false)
	c.tells("n0", "UpToDate", connected("n2"), away("n1"))
	c.must(c.giveDisk("n2", ""))
	return c
}

// TestEmptyDiskIsHiddenFromThoseAway: a node that comes back with old data would count the
// vote of a disk that is not there yet, and could use that data.
func TestEmptyDiskIsHiddenFromThoseAway(t *testing.T) {
	c := diskWhileAway(t)
	if !c.counts("n0", "n2") {
		t.Error("a node that is there is not told of the disk")
	}
	c.quorum("n1", false)
	c.online("n1", true)
	if c.counts("n1", "n2") {
		t.Error("its vote makes old data usable")
	}
	c.tells("n0", "UpToDate", connected("n2"), connected("n1"))
	c.report("n2", "")
	if got := c.kinds(); !strings.Contains(got, "DISK_ADD_REQUESTED") {
		t.Errorf("the disk is made while a node does not expect it: %s", got)
	}
	c.quorum("n1", true)
	if !c.counts("n1", "n2") {
		t.Error("a node that has quorum is not told of the disk")
	}
	c.settle()
	c.expect("n0=disk, n1=disk, n2=disk")
}

// TestEmptyDiskComesWithoutThoseAway: nodes that stay away hold up no new copy. When they
// come back they meet it, but not before it has heard that it is to be one.
func TestEmptyDiskComesWithoutThoseAway(t *testing.T) {
	c := diskWhileAway(t)
	c.online("n2", false)
	c.tells("n0", "UpToDate", connected("n2"), away("n1"))
	c.quorum("n1", false)
	c.online("n1", true)
	if !c.counts("n1", "n2") || c.knows("n1", "n2") || !c.knows("n1", "n0") {
		t.Error("a node that comes back meets one that has not heard of its disk")
	}
	c.online("n2", true)
	c.settle()
	c.expect("n0=disk, n1=disk, n2=disk")
	if !c.knows("n1", "n2") {
		t.Error("they are left apart")
	}
}
