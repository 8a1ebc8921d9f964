package rules

import (
	"slices"
	"testing"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

func (c *cluster) giveDisk(node, from string) error {
	return c.try(func(tx *model.Tx) error {
		d, _ := tx.Definitions.Get("d")
		r, _ := tx.Resources.Get("d", node)
		_, err := replication.BeginAdd(tx, d, r, replication.Disk{Pool: "pool", By: replication.ByUser, MigrateFrom: from})
		return err
	})
}

func (c *cluster) takeDisk(node string) error {
	return c.try(func(tx *model.Tx) error {
		r, _ := tx.Resources.Get("d", node)
		_, err := replication.BeginRemove(tx, r, model.DRBDDiskless)
		return err
	})
}

func (c *cluster) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// TestToggleToDiskful: peers know of the disk before it is made.
func TestToggleToDiskful(t *testing.T) {
	c := newCluster(t, 3, 2)
	c.add("n0", model.Diskful)
	c.add("n1", model.DRBDDiskless)
	c.settle()
	c.must(c.giveDisk("n1", ""))
	c.expect("n0=disk, n1=diskless DISK_ADD_REQUESTED")
	c.report("n1", "UpToDate")
	c.expect("n0=disk, n1=diskless DISK_ADD_REQUESTED")
	c.report("n0", "UpToDate")
	c.expect("n0=disk, n1=diskless DISK_ADDING")
	c.report("n1", "Diskless")
	c.expect("n0=disk, n1=diskless DISK_ADDING")
	c.report("n1", "Inconsistent")
	c.expect("n0=disk, n1=disk, n2=tiebreaker")
	if r := c.replica("n1"); r.Props[replication.KeyDiskfulBy] != replication.ByUser || r.Volumes[0].Pool != "pool" {
		t.Errorf("the replica is %+v", r)
	}
}

// TestToggleBeforeReports: a disk that is added to a volume that may be in use, though nobody
// has reported that yet, gets all data: DRBD has kept no bitmap for it.
func TestToggleBeforeReports(t *testing.T) {
	c := newCluster(t, 2, 2)
	c.add("n0", model.Diskful)
	c.add("n1", model.DRBDDiskless)
	c.must(c.giveDisk("n1", ""))
	if got := c.replica("n1").Volumes[0].Start; got != string(drbd.StartFull) {
		t.Errorf("it begins %q", got)
	}
}

// TestToggleAbort: each direction can be taken back in each phase.
func TestToggleAbort(t *testing.T) {
	c := newCluster(t, 2, 2)
	c.add("n0", model.Diskful)
	c.add("n1", model.DRBDDiskless)
	c.settle()
	c.must(c.giveDisk("n1", ""))
	c.must(c.takeDisk("n1"))
	// What an earlier change has left may still be there.
	c.expect("n0=disk, n1=diskless DISK_REMOVING")
	c.settle()
	c.expect("n0=disk, n1=diskless")
	c.must(c.giveDisk("n1", ""))
	c.report("n0", "UpToDate")
	c.must(c.takeDisk("n1"))
	c.expect("n0=disk, n1=diskless DISK_REMOVING")
	c.must(c.giveDisk("n1", ""))
	// The peer has not stopped to expect the disk.
	c.expect("n0=disk, n1=diskless DISK_ADDING")
	c.settle()
	c.expect("n0=disk, n1=disk")
	c.report("n0", "Inconsistent")
	c.must(c.takeDisk("n1"))
	c.expect("n0=disk, n1=disk DISK_REMOVE_REQUESTED")
	c.must(c.giveDisk("n1", ""))
	c.expect("n0=disk, n1=disk")
}

// TestToggleTakenBackAsksAnew: after the removal of a disk was ordered nobody knows how
// much of it is gone, so a report from before says nothing of the disk that is added then.
func TestToggleTakenBackAsksAnew(t *testing.T) {
	c := newCluster(t, 3, 2)
	c.setProps(map[string]string{replication.KeyTiebreaker: "False"})
	c.add("n0", model.Diskful)
	c.add("n1", model.Diskful)
	c.settle()
	c.must(c.takeDisk("n1"))
	c.expect("n0=disk, n1=diskless DISK_REMOVING")
	c.must(c.giveDisk("n1", ""))
	c.expect("n0=disk, n1=diskless DISK_ADDING")
	if told := desired.Resource(c.w, c.replica("n1")).Volumes[0]; !told.Create {
		t.Errorf("the disk may not be made again: %+v", told)
	}
	c.report("n1", "Inconsistent")
	c.expect("n0=disk, n1=disk")
	// The same on the way to the first disk.
	c.add("n2", model.DRBDDiskless)
	c.settle()
	c.must(c.giveDisk("n2", ""))
	c.report("n0", "UpToDate")
	c.report("n1", "UpToDate")
	c.expect("n0=disk, n1=disk, n2=diskless DISK_ADDING")
	c.report("n2", "Diskless")
	c.must(c.takeDisk("n2"))
	c.must(c.giveDisk("n2", ""))
	c.expect("n0=disk, n1=disk, n2=diskless DISK_ADDING")
	if told := desired.Resource(c.w, c.replica("n2")).Volumes[0]; !told.Create {
		t.Errorf("the disk may not be made again: %+v", told)
	}
}

// TestFormerDiskKeepsQuorum: a node that was away during a removal and its being taken
// back may return with the old disk. Another one can lose its disk meanwhile; without
// quorum the old data could be used.
func TestFormerDiskKeepsQuorum(t *testing.T) {
	c := threeDisks(t)
	majority := func() {
		t.Helper()
		if got := c.prop(replication.KeyQuorum); got != "majority" {
			t.Errorf("quorum is %q", got)
		}
	}
	c.must(c.takeDisk("n1"))
	c.must(c.giveDisk("n1", ""))
	c.expect("n0=disk, n1=diskless DISK_ADDING, n2=disk")
	c.must(c.takeDisk("n2"))
	c.expect("n0=disk, n1=diskless DISK_ADDING, n2=diskless DISK_REMOVING")
	c.report("n2", "Dropped")
	c.expect("n0=disk, n1=diskless DISK_ADDING, n2=diskless")
	majority()
	c.settle()
	c.expect("n0=disk, n1=disk, n2=diskless")
	majority()
	if c.replica("n1").FormerDisk {
		t.Error("n1 has its disk, and a former one")
	}
}

// TestToggleOfDiskThatIsNotMade: the others wait for the first disk, and its removal
// waits for one of them, so it is made before it goes.
func TestToggleOfDiskThatIsNotMade(t *testing.T) {
	c := newCluster(t, 2, 2)
	c.add("n0", model.Diskful)
	c.add("n1", model.Diskful)
	c.must(c.takeDisk("n0"))
	c.expect("n0=disk DISK_REMOVE_REQUESTED, n1=disk")
	if told := desired.Resource(c.w, c.replica("n0")).Volumes[0]; !told.Create || told.Drop {
		t.Errorf("the first disk may not be made: %+v", told)
	}
	c.settle()
	c.expect("n0=diskless, n1=disk")
}

func addSecondPool(tx *model.Tx, node string) {
	tx.PutPool(&model.Pool{Node: node, Name: "second", Kind: v1.ProviderKindLvmThin})
	tx.SetPoolStatus(&model.PoolStatus{Node: node, Pool: "second", Known: true, FreeKiB: 1 << 30, TotalKiB: 1 << 30})
}

// TestToggleStaysInItsPool: what a removal that was taken back has left is not forgotten
// in its pool for another one.
func TestToggleStaysInItsPool(t *testing.T) {
	c := newCluster(t, 3, 2)
	c.do(func(tx *model.Tx) error { addSecondPool(tx, "n1"); return nil })
	c.add("n0", model.Diskful)
	c.add("n1", model.Diskful)
	c.settle()
	c.must(c.takeDisk("n1"))
	err := c.try(func(tx *model.Tx) error {
		d, _ := tx.Definitions.Get("d")
		r, _ := tx.Resources.Get("d", "n1")
		waiting, err := replication.BeginAdd(tx, d, r, replication.Disk{Pool: "pool"})
		if err != nil {
			return err
		}
		_, err = replication.BeginAdd(tx, d, waiting, replication.Disk{Pool: "second"})
		return err
	})
	if f, ok := fault.As(err); !ok || f.Code != v1.FailInUse {
		t.Errorf("the disk moves to another pool while it waits: %v", err)
	}
}

// TestHeldDiskStaysInItsPool: a copy that meets the others without its disk first may have its
// storage already.
func TestHeldDiskStaysInItsPool(t *testing.T) {
	c := disksOn(t, "n0", "n1")
	c.do(func(tx *model.Tx) error {
		c.addNode(tx, "n2")
		addSecondPool(tx, "n2")
		return nil
	})
	c.add("n2", model.Diskful)
	c.quorum("n0", false)
	c.quorum("n1", false)
	if r := c.replica("n2"); r.Toggle != model.ToggleAddRequested {
		t.Fatalf("the copy does not meet the others: %v", c.kinds())
	}
	err := c.try(func(tx *model.Tx) error {
		d, _ := tx.Definitions.Get("d")
		r, _ := tx.Resources.Get("d", "n2")
		_, err := replication.BeginAdd(tx, d, r, replication.Disk{Pool: "second"})
		return err
	})
	if f, ok := fault.As(err); !ok || f.Code != v1.FailInUse {
		t.Errorf("the disk moves to another pool, and storage in the first one is forgotten: %v", err)
	}
}

// TestToggleKeepsData: the only disk stays, and two do not go at once.
func TestToggleKeepsData(t *testing.T) {
	c := newCluster(t, 3, 2)
	c.add("n0", model.Diskful)
	c.settle()
	if f, ok := fault.As(c.takeDisk("n0")); !ok || f.Code != v1.FailInsufficientReplicaCount {
		t.Fatalf("taking the only disk away: %v", f)
	}
	c.add("n1", model.Diskful)
	c.settle()
	c.must(c.takeDisk("n0"))
	// Quorum counts a disk until it is gone, and so there is a tie to break.
	c.expect("n0=diskless DISK_REMOVING, n1=disk, n2=tiebreaker")
	if got := c.prop(replication.KeyQuorum); got != "majority" {
		t.Errorf("quorum is %q", got)
	}
	if f, ok := fault.As(c.takeDisk("n1")); !ok || f.Code != v1.FailInsufficientReplicaCount {
		t.Fatalf("taking the second disk away: %v", f)
	}
	c.settle()
	c.expect("n0=diskless, n1=disk")
	if got := c.prop(replication.KeyQuorum); got != "off" {
		t.Errorf("quorum is %q", got)
	}
}

// TestMigrate: the source goes when the target has all data and the source is unused.
func TestMigrate(t *testing.T) {
	c := newCluster(t, 4, 2)
	c.setProps(map[string]string{replication.KeyTiebreaker: "False"})
	c.add("n0", model.Diskful)
	c.add("n1", model.Diskful)
	c.add("n3", model.DRBDDiskless)
	c.settle()
	c.must(c.giveDisk("n3", "n0"))
	c.report("n0", "UpToDate")
	c.report("n1", "UpToDate")
	c.report("n3", "Inconsistent")
	c.expect("n0=disk, n1=disk, n3=disk")
	c.use("n0", true)
	c.report("n3", "UpToDate")
	c.expect("n0=disk, n1=disk, n3=disk")
	c.use("n0", false)
	c.expect("n0=disk going, n1=disk, n3=disk")
	c.settle()
	c.expect("n1=disk, n3=disk")
	if c.replica("n3").Props[replication.KeyMigrateFrom] != "" {
		t.Error("the migration is still noted")
	}
}

// TestMigrateNothing: a resource whose last volume was deleted has nothing to wait for.
func TestMigrateNothing(t *testing.T) {
	c := newCluster(t, 3, 2)
	c.setProps(map[string]string{replication.KeyTiebreaker: "False"})
	c.add("n0", model.Diskful)
	c.add("n1", model.Diskful)
	c.add("n2", model.DRBDDiskless)
	c.settle()
	c.must(c.giveDisk("n2", "n0"))
	c.do(func(tx *model.Tx) error {
		d, _ := tx.Definitions.Get("d")
		next := *d
		next.Volumes = slices.Clone(d.Volumes)
		next.Volumes[0].Deleting = &tx.Now
		tx.PutDefinition(&next)
		return nil
	})
	for _, n := range []string{"n0", "n1", "n2"} {
		gone := &model.ResourceStatus{Definition: "d", Node: n, Fingerprint: desired.Resource(c.w, c.replica(n)).Fingerprint,
			Progress: model.ProgressReady, Volumes: []model.VolumeStatus{{Gone: true}}}
		c.do(func(tx *model.Tx) error { tx.SetResourceStatus(gone); return nil })
	}
	c.settle()
	c.expect("n1=disk, n2=disk")
}

// TestSkipDisk: a disk that fails is left alone until the user deletes the property,
// and the report from before does not set it again. Deleting it before the node has let go of
// the disk is too early: the node waits for the property.
func TestSkipDisk(t *testing.T) {
	c := newCluster(t, 3, 2)
	c.add("n0", model.Diskful)
	c.add("n1", model.Diskful)
	c.settle()
	c.report("n1", "Failed")
	if c.replica("n1").Props[replication.KeySkipDisk] != "True" {
		t.Fatal("a failed disk is not skipped")
	}
	mended := func() {
		c.do(func(tx *model.Tx) error {
			replication.SetProp(tx, c.replica("n1"), replication.KeySkipDisk, "")
			return nil
		})
	}
	mended()
	if c.replica("n1").Props[replication.KeySkipDisk] != "True" {
		t.Error("nobody tells the node to let go of the disk that has failed")
	}
	c.report("n1", "Diskless")
	mended()
	c.report("n0", "UpToDate")
	if c.replica("n1").Props[replication.KeySkipDisk] != "" {
		t.Error("the user's word was undone by an old report")
	}
}

// TestSkipDiskDeletedWhileAway: a node that cannot be reached may not have let go of its
// failed disk when the property is deleted.
func TestSkipDiskDeletedWhileAway(t *testing.T) {
	c := newCluster(t, 3, 2)
	c.addDisks("n0", "n1")
	c.settle()
	c.report("n1", "Failed")
	c.online("n1", false)
	c.do(func(tx *model.Tx) error {
		replication.SetProp(tx, c.replica("n1"), replication.KeySkipDisk, "")
		return nil
	})
	if c.replica("n1").Props[replication.KeySkipDisk] != "" {
		t.Error("the user's word was undone while nothing is known")
	}
	c.online("n1", true)
	if c.replica("n1").Props[replication.KeySkipDisk] != "True" {
		t.Error("nobody tells the node to let go of the disk that has failed")
	}
}

// TestSkipDiskThatIsToGo: a disk that fails while it waits for its removal is left alone,
// too, until the user has mended it: what is on it may be nowhere else.
func TestSkipDiskThatIsToGo(t *testing.T) {
	c := newCluster(t, 3, 2)
	c.add("n0", model.Diskful)
	c.add("n1", model.Diskful)
	c.settle()
	c.report("n0", "Outdated")
	c.must(c.takeDisk("n1"))
	if got := c.replica("n1").Toggle; got != model.ToggleRemoveRequested {
		t.Fatalf("the removal is %q although nobody else has the data", got)
	}
	c.report("n1", "Failed")
	if c.replica("n1").Props[replication.KeySkipDisk] != "True" {
		t.Error("a failed disk is not skipped")
	}
}

// TestInactiveReplicaGetsItsDiskLater: the storage that an inactive replica shows is not
// a disk that DRBD uses.
func TestInactiveReplicaGetsItsDiskLater(t *testing.T) {
	c := newCluster(t, 3, 2)
	inactive := func(node string, is bool) {
		c.do(func(tx *model.Tx) error {
			next := *c.replica(node)
			next.Inactive = is
			tx.PutResource(&next)
			return nil
		})
	}
	c.add("n0", model.Diskful)
	c.add("n1", model.DRBDDiskless)
	c.settle()
	c.must(c.giveDisk("n1", ""))
	c.report("n0", "UpToDate")
	c.expect("n0=disk, n1=diskless DISK_ADDING")
	inactive("n1", true)
	c.report("n1", "Created")
	if got := c.replica("n1").Toggle; got != model.ToggleAdding {
		t.Errorf("the disk counts as added while nothing uses it: %q", got)
	}
	inactive("n1", false)
	c.report("n1", "Inconsistent")
	if got := c.replica("n1"); got.Toggle != model.ToggleNone || got.Diskless != model.Diskful {
		t.Errorf("active again, it is %q %q", got.Toggle, got.Diskless)
	}
}

// TestKeptDiskDoesNotHoldUpANewOne: a disk that waits to go until others have the data
// must not keep those others from getting theirs.
func TestKeptDiskDoesNotHoldUpANewOne(t *testing.T) {
	c := newCluster(t, 3, 2)
	c.setProps(map[string]string{replication.KeyTiebreaker: "False"})
	c.add("n0", model.Diskful)
	c.add("n1", model.Diskful)
	c.add("n2", model.DRBDDiskless)
	c.settle()
	c.must(c.takeDisk("n0"))
	c.online("n1", false)
	c.must(c.giveDisk("n2", ""))
	waiting := func(kept bool) {
		c.do(func(tx *model.Tx) error {
			tx.SetResourceStatus(&model.ResourceStatus{Definition: "d", Node: "n0", Progress: model.ProgressWorking,
				Fingerprint: desired.Resource(tx.World, c.replica("n0")).Fingerprint, DRBD: &link.DRBDReport{Kept: kept}})
			return nil
		})
	}
	waiting(false)
	if got := c.replica("n2").Toggle; c.replica("n0").Toggle != model.ToggleRemoving || got != model.ToggleAddRequested {
		t.Fatalf("n0 is %q, n2 is %q", c.replica("n0").Toggle, got)
	}
	if waiting(true); c.replica("n2").Toggle != model.ToggleAdding {
		t.Errorf("the new disk waits for the one that waits for it: %q", c.replica("n2").Toggle)
	}
}

// TestCopyThatIsApart: what says that it is up to date may lack what was written while it
// had no connection; no copy goes on its word.
func TestCopyThatIsApart(t *testing.T) {
	c := newCluster(t, 3, 2)
	c.setProps(map[string]string{replication.KeyTiebreaker: "False"})
	c.add("n0", model.Diskful)
	c.add("n1", model.Diskful)
	c.settle()
	c.linked("n0", "n1", "Connecting")
	c.must(c.takeDisk("n0"))
	if got := c.replica("n0").Toggle; got != model.ToggleRemoveRequested {
		t.Fatalf("the removal is %q while the nodes are apart", got)
	}
	c.linked("n0", "n1", "Connected")
	if got := c.replica("n0").Toggle; got != model.ToggleRemoving {
		t.Errorf("the removal is %q although the other one has the data", got)
	}
}

// TestSkipDiskThatIsBeingAdded: a disk that fails before it counts as added is left alone,
// too; a user who has mended it says so.
func TestSkipDiskThatIsBeingAdded(t *testing.T) {
	c := newCluster(t, 3, 2)
	c.add("n0", model.Diskful)
	c.add("n1", model.DRBDDiskless)
	c.settle()
	c.must(c.giveDisk("n1", ""))
	c.report("n0", "UpToDate")
	c.expect("n0=disk, n1=diskless DISK_ADDING")
	c.report("n1", "Failed")
	if c.replica("n1").Props[replication.KeySkipDisk] != "True" {
		t.Error("a failed disk is not skipped")
	}
}

// TestInactiveRemovalHoldsNobodyUp: a disk that is being taken from a replica that was
// deactivated meanwhile goes when that is active again; others do not wait for it.
func TestInactiveRemovalHoldsNobodyUp(t *testing.T) {
	c := threeDisks(t)
	c.must(c.takeDisk("n0"))
	c.must(c.takeDisk("n1"))
	c.expect("n0=diskless DISK_REMOVING, n1=disk DISK_REMOVE_REQUESTED, n2=disk")
	c.setInactive("n0", true)
	c.report("n2", "UpToDate")
	if got := c.replica("n1").Toggle; got != model.ToggleRemoving {
		t.Errorf("the disk of n1 is %s: %s", got, c.kinds())
	}
}
