package rules

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/doctoring"
	"github.com/holdfast-storage/holdfast/internal/object/snapshotting"
)

// ward is a cluster of three replicas of which n1 has parted from n0 and n2.
type ward struct{ *cluster }

func newWard(t testing.TB) ward {
	c := threeDisks(t)
	return ward{c}
}

// choose lets the user keep the data of n0, which n2 has too.
func (w ward) choose(without bool) error {
	w.now = w.now.Add(time.Minute)
	return w.try(func(tx *model.Tx) error {
		d, _ := tx.Definitions.Get("d")
		_, err := doctoring.Order(tx, d, v1.Diagnosis{Choices: []v1.DoctorChoice{{Survivor: "n0", SameData: []string{"n2"}, Losers: []string{"n1"}}}},
			v1.DoctorOrder{Survivor: "n0", WithoutSnapshot: without})
		return err
	})
}

// told is what n1 is told of snapshots.
func (w ward) told() []link.Snapshot { return desired.Resource(w.w, w.replica("n1")).Snapshots }

// tell lets n1 report on its instruction: all of its snapshots as made, or none.
func (w ward) tell(made, inUse bool) {
	told := desired.Resource(w.w, w.replica("n1"))
	st := &model.ResourceStatus{Definition: "d", Node: "n1", Fingerprint: told.Fingerprint, Progress: model.ProgressReady, InUse: &inUse,
		DRBD: &link.DRBDReport{Links: []link.DRBDLink{{Peer: "n0", State: "StandAlone"}, {Peer: "n2", State: "StandAlone"}}}}
	for _, v := range told.Volumes {
		st.Volumes = append(st.Volumes, model.VolumeStatus{Number: v.Number, UsableKiB: v.SizeKiB, DiskState: "UpToDate", DRBD: &link.DRBDVolumeReport{MetaReady: true}})
	}
	for _, s := range told.Snapshots {
		st.Snapshots = append(st.Snapshots, link.SnapshotReport{Name: s.Name, UUID: s.UUID, Made: made && !s.Delete, Gone: made && s.Delete})
	}
	w.do(func(tx *model.Tx) error { tx.SetResourceStatus(st); return nil })
}

func (w ward) snapshots() []*model.SnapshotDefinition {
	return slices.Collect(w.w.Snapshots.Under("d"))
}

// TestSnapshotBeforeDiscard: the loser is told to keep its data first; only its word that
// it has done so lets it give the data up, towards all that have the survivor's.
func TestSnapshotBeforeDiscard(t *testing.T) {
	w := newWard(t)
	if err := w.choose(false); err != nil {
		t.Fatal(err)
	}
	told := w.told()
	if len(told) != 1 || !told[0].Create || len(told[0].Volumes) != 1 || told[0].Volumes[0].Source != w.replica("n1").Volumes[0].UUID {
		t.Fatalf("n1 is told %+v", told)
	}
	if r := w.replica("n1"); r.DRBD.Yield == nil || len(r.DRBD.Discard) > 0 || len(desired.Resource(w.w, r).DRBD.Discard) > 0 {
		t.Fatalf("n1 may discard at once: %+v", r.DRBD)
	}
	w.tell(false, false)
	if r := w.replica("n1"); len(r.DRBD.Discard) > 0 {
		t.Fatalf("n1 may discard without a snapshot: %+v", r.DRBD)
	}
	w.tell(true, false)
	r := w.replica("n1")
	if r.DRBD.Yield != nil || !slices.Equal(r.DRBD.Discard, []string{"n0", "n2"}) || r.DRBD.RejoinOrdered == nil {
		t.Errorf("n1 has %+v", r.DRBD)
	}
	for _, n := range []string{"n0", "n2"} {
		if k := w.replica(n); !slices.Equal(k.DRBD.Reconnect, []string{"n1"}) || len(k.DRBD.Discard) > 0 {
			t.Errorf("%s has %+v", n, k.DRBD)
		}
	}
	if s := w.snapshots(); len(s) != 1 || s[0].Nodes[0].Created == nil || w.told()[0].Create {
		t.Errorf("the snapshot is %+v, told as %+v", s, w.told())
	}
}

// TestNothingIsDiscardedAgainstTheOrder: what takes the meaning from an order takes the
// order back.
func TestNothingIsDiscardedAgainstTheOrder(t *testing.T) {
	for name, spoil := range map[string]func(ward){
		"in use since the snapshot": func(w ward) { w.tell(true, true) },
		"the snapshot is deleted": func(w ward) {
			w.do(func(tx *model.Tx) error { snapshotting.GiveUp(tx, w.snapshots()[0], "n1"); return nil })
		},
		"the loser is deleted": func(w ward) { w.delete("n1") },
		"the keepers are deleted": func(w ward) {
			w.delete("n0")
			w.delete("n2")
		},
		"they have met": func(w ward) {
			w.do(func(tx *model.Tx) error {
				st, _ := tx.ResourceStatus.Get("d", "n1")
				next := *st
				next.Fingerprint = desired.Resource(tx.World, w.replica("n1")).Fingerprint
				next.DRBD = &link.DRBDReport{Links: []link.DRBDLink{{Peer: "n0", State: "Connected"}}}
				tx.SetResourceStatus(&next)
				return nil
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWard(t)
			if err := w.choose(false); err != nil {
				t.Fatal(err)
			}
			spoil(w)
			if _, ok := w.w.Resources.Get("d", "n1"); ok {
				w.tell(true, false)
				if r := w.replica("n1"); len(r.DRBD.Discard) > 0 {
					t.Errorf("n1 may discard: %+v", r.DRBD)
				}
			}
		})
	}
}

// TestOldReportsMakeNoSnapshot: a report that does not speak of the very snapshot proves
// nothing.
func TestOldReportsMakeNoSnapshot(t *testing.T) {
	w := newWard(t)
	if err := w.choose(false); err != nil {
		t.Fatal(err)
	}
	w.tell(true, true) // in use: the order does not go on
	first := w.snapshots()[0]
	if err := w.choose(false); err != nil {
		t.Fatal(err)
	}
	// The status still tells of the first snapshot only.
	w.do(func(tx *model.Tx) error {
		st, _ := tx.ResourceStatus.Get("d", "n1")
		next, no := *st, false
		next.InUse = &no
		tx.SetResourceStatus(&next)
		return nil
	})
	if r := w.replica("n1"); r.DRBD.Yield == nil || r.DRBD.Yield.Snapshot == first.Name || len(r.DRBD.Discard) > 0 {
		t.Errorf("n1 has %+v", r.DRBD)
	}
}

// TestSnapshotEndsWithItsReports: deleted ones stay as tombstones until every node has
// said that its part is gone, over the end of the replica.
func TestSnapshotEndsWithItsReports(t *testing.T) {
	w := newWard(t)
	if err := w.choose(false); err != nil {
		t.Fatal(err)
	}
	w.tell(true, false)
	w.delete("n1")
	w.do(func(tx *model.Tx) error { tx.DeleteResource("d", "n1"); return nil })
	in, ok := desired.Instruction(w.w, "d", "n1")
	if !ok || in.Delete || len(in.Volumes) > 0 || len(in.Snapshots) != 1 || in.Snapshots[0].Create || len(desired.Leftovers(w.w, "n1")) != 1 {
		t.Fatalf("without its replica the node is told %+v, %v", in, ok)
	}
	w.do(func(tx *model.Tx) error { snapshotting.GiveUp(tx, w.snapshots()[0], "n1"); return nil })
	in, _ = desired.Instruction(w.w, "d", "n1")
	if len(w.snapshots()) != 1 || !in.Snapshots[0].Delete {
		t.Fatalf("the snapshot is gone before its node said so: %+v", in)
	}
	w.do(func(tx *model.Tx) error {
		tx.SetResourceStatus(&model.ResourceStatus{Definition: "d", Node: "n1", Fingerprint: in.Fingerprint, Progress: model.ProgressReady,
			Snapshots: []link.SnapshotReport{{Name: in.Snapshots[0].Name, UUID: in.Snapshots[0].UUID, Gone: true}}})
		return nil
	})
	if _, told := desired.Instruction(w.w, "d", "n1"); told || len(w.snapshots()) > 0 {
		t.Errorf("left: %+v", w.snapshots())
	}
	if _, ok := w.w.ResourceStatus.Get("d", "n1"); ok {
		t.Error("the status of nothing is kept")
	}
}

// TestDiscardIsAlwaysKept: whatever happens in whatever order, a node is told to discard
// only what a snapshot of the newest choice keeps, unless the user did without.
func TestDiscardIsAlwaysKept(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWard(t)
		without := false
		for range rapid.IntRange(1, 14).Draw(rt, "events") {
			if _, alive := w.w.Resources.Get("d", "n1"); !alive {
				return
			}
			had := len(w.replica("n1").DRBD.Discard) > 0
			made, used := false, false
			switch rapid.IntRange(0, 6).Draw(rt, "event") {
			case 0:
				without = rapid.IntRange(0, 5).Draw(rt, "without") == 0
				if err := w.choose(without); err != nil {
					rt.Fatal(err)
				}
			case 1, 2, 3:
				made, used = rapid.Bool().Draw(rt, "made"), rapid.Bool().Draw(rt, "used")
				w.tell(made, used)
			case 4:
				if list := w.snapshots(); len(list) > 0 {
					s := rapid.SampledFrom(list).Draw(rt, "snapshot")
					w.do(func(tx *model.Tx) error { snapshotting.GiveUp(tx, s, "n1"); return nil })
				}
			case 5:
				w.use("n1", rapid.Bool().Draw(rt, "in use"))
			case 6:
				w.now = w.now.Add(10 * time.Minute)
				w.do(func(tx *model.Tx) error { doctoring.Lapse(tx, "d", "n1"); return nil })
			}
			if r := w.replica("n1"); had || len(r.DRBD.Discard) == 0 || without {
				continue
			}
			list := w.snapshots()
			kept := slices.ContainsFunc(list, func(s *model.SnapshotDefinition) bool {
				n, _ := s.On("n1")
				return n.Created != nil && n.Created.Equal(w.now) && n.Deleting == nil
			})
			if !kept || !made || used {
				rt.Fatalf("n1 discards; made %v, used %v, snapshots %+v", made, used, list)
			}
		}
	})
}
