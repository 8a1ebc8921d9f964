package rules

import (
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/define"
	"github.com/holdfast-storage/holdfast/internal/object/drbdalloc"
	"github.com/holdfast-storage/holdfast/internal/object/replica"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/object/volumekey"
)

// TestWaitingDiskIsNotMade: a diskless replica that waits for its disk shows the device
// of its peers; that is not the disk, which may still be made afterwards.
func TestWaitingDiskIsNotMade(t *testing.T) {
	c := newCluster(t, 3, 2)
	c.add("n0", model.Diskful)
	c.add("n1", model.DRBDDiskless)
	c.settle()
	c.must(c.giveDisk("n1", ""))
	c.report("n1", "UpToDate")
	if r := c.replica("n1"); r.Toggle != model.ToggleAddRequested || r.Volumes[0].Created {
		t.Fatalf("while peers do not know of the disk, the replica is %+v", r)
	}
	c.report("n0", "UpToDate")
	r := c.replica("n1")
	if told := desired.Resource(c.w, r); r.Toggle != model.ToggleAdding || !told.Volumes[0].Create {
		t.Errorf("the disk may not be made: %+v, told %+v", r, told.Volumes)
	}
}

// TestSkippedDiskIsNotMade: while its disk is skipped a replica shows the device of its
// peers; the metadata that was never made may be made afterwards.
func TestSkippedDiskIsNotMade(t *testing.T) {
	c := newCluster(t, 2, 2)
	c.add("n0", model.Diskful)
	c.settle()
	c.add("n1", model.Diskful)
	c.do(func(tx *model.Tx) error {
		r, _ := tx.Resources.Get("d", "n1")
		replication.SetProp(tx, r, replication.KeySkipDisk, "True")
		return nil
	})
	told := desired.Resource(c.w, c.replica("n1"))
	ready := func(meta bool) {
		c.do(func(tx *model.Tx) error {
			tx.SetResourceStatus(&model.ResourceStatus{Definition: "d", Node: "n1", Fingerprint: told.Fingerprint, Progress: model.ProgressReady,
				DRBD: &link.DRBDReport{}, Volumes: []model.VolumeStatus{{UsableKiB: 1024, DiskState: "Diskless", DRBD: &link.DRBDVolumeReport{MetaReady: meta}}}})
			return nil
		})
	}
	ready(false)
	if !desired.Resource(c.w, c.replica("n1")).Volumes[0].Create {
		t.Error("without metadata it counts as made")
	}
	ready(true)
	if desired.Resource(c.w, c.replica("n1")).Volumes[0].Create {
		t.Error("with metadata it may still be made")
	}
}

// TestResizeGoesOnAfterReconnect: the last report may come before its node counts as
// online; the growth goes on all the same.
func TestResizeGoesOnAfterReconnect(t *testing.T) {
	large := desired.LowerKiB(model.VolumeDefinition{Number: 0}, &model.Resource{DRBD: &model.ReplicaDRBD{PeerSlots: 7}}, newKiB)
	w := replicatedPair(t)
	online := func(state model.ConnState) {
		w = after(t, w, func(tx *model.Tx) { tx.SetNodeStatus(&model.NodeStatus{Node: "b", State: state}) })
	}
	online(model.ConnOffline)
	for _, n := range []string{"a", "b"} {
		w = sizes(t, w, n, large, oldKiB, false, true)
	}
	if got := resizeOf(t, w); got == nil || got.Node != "" {
		t.Fatalf("resize is %+v while a node is offline", got)
	}
	online(model.ConnOnline)
	if got := resizeOf(t, w); got == nil || got.Node != "a" {
		t.Errorf("resize is %+v after all nodes are back", got)
	}
}

// TestDisklessForgetsNothing: a replica that has lost its disk has no slots that it
// could free, so it does not keep node ids from being given.
func TestDisklessForgetsNothing(t *testing.T) {
	w := replicatedPair(t)
	w = after(t, w, func(tx *model.Tx) { tx.DeleteResource("d", "b") })
	w = after(t, w, func(tx *model.Tx) {
		r, _ := tx.Resources.Get("d", "a")
		if !slices.Equal(r.DRBD.Forget, []int{1}) {
			t.Fatalf("a has to forget %v", r.DRBD.Forget)
		}
		next := *r
		next.Diskless = model.DRBDDiskless
		tx.PutResource(&next)
	})
	if r, _ := w.Resources.Get("d", "a"); len(r.DRBD.Forget) > 0 {
		t.Errorf("without a disk a has to forget %v", r.DRBD.Forget)
	}
}

// TestNodeIDOfOneThatGoes: a replica that is added with the very change that takes
// another one away gets another node id: peers have yet to forget the former one.
func TestNodeIDOfOneThatGoes(t *testing.T) {
	c := newCluster(t, 4, 2)
	c.add("n0", model.Diskful)
	c.add("n1", model.Diskful)
	c.settle()
	c.expect("n0=disk, n1=disk, n2=tiebreaker")
	gone := c.replica("n2").DRBD.NodeID
	c.do(func(tx *model.Tx) error { tx.DeleteResource("d", "n2"); tx.DeleteNode("n2"); return nil })
	c.expect("n0=disk, n1=disk, n3=tiebreaker")
	if id := c.replica("n3").DRBD.NodeID; id == gone {
		t.Errorf("the tiebreaker has node id %d, which the others have to forget", id)
	}
}

// TestVolumeBeginsAgain: when the last copy is deleted, the next replica begins as the
// first one did; it would wait for data for ever otherwise.
func TestVolumeBeginsAgain(t *testing.T) {
	c := newCluster(t, 2, 1)
	c.add("n0", model.Diskful)
	c.settle()
	initialized := func() bool {
		d, _ := c.w.Definitions.Get("d")
		return d.Volumes[0].Initialized
	}
	if !initialized() {
		t.Fatal("the volume has data and is not known to")
	}
	c.delete("n0")
	if !initialized() {
		t.Fatal("the copy is still there, and the volume counts as empty")
	}
	c.report("n0", "UpToDate")
	c.expect("")
	if d, _ := c.w.Definitions.Get("d"); initialized() || d.Volumes[0].Props[drbdalloc.KeyWinner] != "" {
		t.Fatalf("without any copy the volume is %+v", d.Volumes[0])
	}
	c.add("n1", model.Diskful)
	if start := desired.Resource(c.w, c.replica("n1")).DRBD.Volumes[0].Start; start == "full" {
		t.Errorf("the new replica begins %q, but nobody has data for it", start)
	}
}

// TestNoDiskFromACopyThatGoes: while the last copy is being deleted, no disk is made that
// would wait for its data for ever.
func TestNoDiskFromACopyThatGoes(t *testing.T) {
	anew := func(tx *model.Tx) error {
		_, err := replica.Add(tx, replica.New{Definition: "d", Node: "n1", Stack: stack(), Pool: "pool"})
		return err
	}
	toggled := func(tx *model.Tx) error {
		if _, err := replica.Add(tx, replica.New{Definition: "d", Node: "n1", Stack: stack(), Diskless: model.DRBDDiskless}); err != nil {
			return err
		}
		d, _ := tx.Definitions.Get("d")
		r, _ := tx.Resources.Get("d", "n1")
		_, err := replication.BeginAdd(tx, d, r, replication.Disk{Pool: "pool"})
		return err
	}
	for name, add := range map[string]func(*model.Tx) error{"anew": anew, "toggled": toggled} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, 3, 2)
			c.setProps(map[string]string{replication.KeyTiebreaker: "False"})
			c.add("n0", model.Diskful)
			c.add("n2", model.Diskful)
			c.settle()
			c.delete("n2")
			if err := add(c.begin()); err != nil {
				t.Errorf("one copy stays: %v", err)
			}
			c.delete("n0")
			f, ok := fault.As(add(c.begin()))
			if !ok || f.Code != v1.FailInUse || !strings.Contains(f.Cause, "is being deleted") || !strings.Contains(f.Correction, "resource create n0 d") {
				t.Errorf("nobody would have the data: %v", f)
			}
			c.report("n0", "UpToDate")
			c.report("n2", "UpToDate")
			if err := add(c.begin()); err != nil {
				t.Errorf("the volume may begin anew: %v", err)
			}
		})
	}
}

// TestAddedVolumeHasOneWinner: of a volume that is added while no disk is in use, one
// replica alone begins with valid data. It is known which, and that the volume has data then.
func TestAddedVolumeHasOneWinner(t *testing.T) {
	change := func(c *cluster, node string, with func(r *model.Resource)) {
		c.do(func(tx *model.Tx) error {
			r, _ := tx.Resources.Get("d", node)
			next := *r
			with(&next)
			tx.PutResource(&next)
			return nil
		})
	}
	active := func(inactive bool) func(*model.Resource) { return func(r *model.Resource) { r.Inactive = inactive } }
	for name, w := range map[string]struct {
		disks         []string
		before, after func(c *cluster, node string)
	}{
		"inactive": {[]string{"n0", "n1"}, func(c *cluster, n string) { change(c, n, active(true)) },
			func(c *cluster, n string) { change(c, n, active(false)) }},
		"about to go": {[]string{"n0"}, func(c *cluster, n string) { c.delete(n) }, func(c *cluster, n string) { c.add(n, model.Diskful) }},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, 3, 2)
			for _, n := range w.disks {
				c.add(n, model.Diskful)
			}
			c.settle()
			for _, n := range w.disks {
				w.before(c, n)
			}
			c.do(func(tx *model.Tx) error {
				_, err := define.Volume(tx, "d", define.NewVolume{SizeKiB: 1024})
				return err
			})
			for _, n := range w.disks {
				w.after(c, n)
			}
			var winners []string
			for _, n := range w.disks {
				if v, _ := c.replica(n).Volume(1); v.Start == string(drbd.StartWinner) {
					winners = append(winners, n)
				}
			}
			d, _ := c.w.Definitions.Get("d")
			if named := d.Volumes[1].Props[drbdalloc.KeyWinner]; !slices.Equal(winners, []string{named}) {
				t.Errorf("%v begin with valid data, and %q is known to", winners, named)
			}
			c.settle()
			if d, _ = c.w.Definitions.Get("d"); !d.Volumes[1].Initialized {
				t.Error("the volume has data and is not known to")
			}
		})
	}
}

// TestDataWithoutWinner: a volume has data once a copy of it is up to date, also where
// nobody wrote down which one began.
func TestDataWithoutWinner(t *testing.T) {
	c := newCluster(t, 1, 1)
	c.add("n0", model.Diskful)
	c.do(func(tx *model.Tx) error {
		d, _ := tx.Definitions.Get("d")
		next := *d
		next.Volumes = slices.Clone(d.Volumes)
		next.Volumes[0].Props = nil
		tx.PutDefinition(&next)
		return nil
	})
	c.settle()
	if d, _ := c.w.Definitions.Get("d"); !d.Volumes[0].Initialized {
		t.Error("the volume has data and is not known to")
	}
}

// TestDiskOfEncryptedReplicaGetsKey: a disk that is added to a diskless replica is
// encrypted like the others.
func TestDiskOfEncryptedReplicaGetsKey(t *testing.T) {
	r := &model.Resource{Stack: []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeLuks, v1.LayerTypeStorage}, Diskless: model.DRBDDiskless}
	for toggle, want := range map[model.Toggle]bool{model.ToggleNone: false, model.ToggleAddRequested: true, model.ToggleAdding: true, model.ToggleRemoving: false} {
		r.Toggle = toggle
		if got := volumekey.Has(r); got != want {
			t.Errorf("in phase %q it needs keys: %v, want %v", toggle, got, want)
		}
	}
}
