package rules

import (
	"fmt"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
)

const (
	oldKiB = int64(1 << 20)
	newKiB = int64(2 << 20)
)

// replicatedPair is a volume on two nodes that grows; both nodes are online.
func replicatedPair(t *testing.T) *model.World {
	return after(t, model.NewWorld(), func(tx *model.Tx) {
		tx.PutDefinition(&model.Definition{Name: "d", UUID: "d", Stack: []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage},
			Props: map[string]string{"DrbdOptions/auto-add-quorum-tiebreaker": "false"},
			Volumes: []model.VolumeDefinition{{Number: 0, UUID: "vd", SizeKiB: newKiB, Minor: 1000, Initialized: true,
				Resize: &model.Resize{FromKiB: oldKiB}}}})
		for i, n := range []string{"a", "b"} {
			tx.PutNode(&model.Node{Name: n, UUID: n, Type: model.NodeSatellite})
			tx.SetNodeStatus(&model.NodeStatus{Node: n, State: model.ConnOnline})
			tx.PutPool(&model.Pool{Node: n, Name: "p", Kind: v1.ProviderKindLvmThin})
			tx.PutResource(&model.Resource{Definition: "d", Node: n, UUID: "r" + n, Stack: []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage},
				DRBD: &model.ReplicaDRBD{NodeID: i, Ports: []int{7000}, PeerSlots: 7}, Volumes: []model.Volume{{Number: 0, UUID: "v" + n, Pool: "p", Created: true}}})
		}
	})
}

// sizes reports a node's devices about its present instruction, or about an older one.
func sizes(t *testing.T, w *model.World, node string, lower, device int64, inUse, fresh bool) *model.World {
	return after(t, w, func(tx *model.Tx) {
		r, _ := tx.Resources.Get("d", node)
		fingerprint := "older"
		if fresh {
			fingerprint = desired.Resource(tx.World, r).Fingerprint
		}
		tx.SetResourceStatus(&model.ResourceStatus{Definition: "d", Node: node, Fingerprint: fingerprint, Progress: model.ProgressReady, InUse: &inUse,
			Volumes: []model.VolumeStatus{{Number: 0, UsableKiB: device, DiskState: upToDate, Layers: []model.LayerStatus{
				{Layer: v1.LayerTypeDrbd, UsableKiB: device}, {Layer: v1.LayerTypeStorage, UsableKiB: lower}}}}})
	})
}

func resizeOf(t *testing.T, w *model.World) *model.Resize {
	t.Helper()
	d, ok := w.Definitions.Get("d")
	if !ok {
		t.Fatal("the definition is gone")
	}
	return d.Volumes[0].Resize
}

func orderTo(w *model.World, node string) int64 {
	r, _ := w.Resources.Get("d", node)
	return desired.Resource(w, r).DRBD.Volumes[0].GrowKiB
}

// TestResizeGate: DRBD grows only after every node reported a large enough device below
// it, on one node, whatever the order of the reports.
func TestResizeGate(t *testing.T) {
	large := desired.LowerKiB(model.VolumeDefinition{Number: 0}, &model.Resource{DRBD: &model.ReplicaDRBD{PeerSlots: 7}}, newKiB)
	for _, order := range [][]string{{"a", "b"}, {"b", "a"}} {
		for _, user := range []string{"", "a", "b"} {
			t.Run(fmt.Sprint(order, "used on ", user), func(t *testing.T) {
				w := replicatedPair(t)
				for _, n := range []string{"a", "b"} {
					w = sizes(t, w, n, large, oldKiB, n == user, false)
				}
				w = sizes(t, w, order[0], large, oldKiB, order[0] == user, true)
				w = sizes(t, w, order[1], large-4, oldKiB, order[1] == user, true)
				if got := resizeOf(t, w); got == nil || got.Node != "" {
					t.Fatalf("resize is %+v before the last device has grown", got)
				}
				w = sizes(t, w, order[1], large, oldKiB, order[1] == user, true)
				want := user
				if want == "" {
					want = "a"
				}
				if got := resizeOf(t, w); got == nil || got.Node != want {
					t.Fatalf("resize is %+v, want node %s", got, want)
				}
				for _, n := range []string{"a", "b"} {
					if got := orderTo(w, n); (got == newKiB) != (n == want) {
						t.Errorf("node %s is told to grow to %d KiB", n, got)
					}
				}
				w = sizes(t, w, order[0], large, newKiB, order[0] == user, true)
				if resizeOf(t, w) == nil {
					t.Fatal("done before both nodes have the new size")
				}
				w = sizes(t, w, order[1], large, newKiB, order[1] == user, true)
				if got := resizeOf(t, w); got != nil || orderTo(w, want) != 0 {
					t.Errorf("resize is %+v after both nodes have the new size", got)
				}
			})
		}
	}
}

// TestResizeAfterAnAnnouncedDisk: DRBD is not told to grow while a disk is announced, and
// the order is taken back, for the disk waits until its peers have nothing left to do.
func TestResizeAfterAnAnnouncedDisk(t *testing.T) {
	large := desired.LowerKiB(model.VolumeDefinition{Number: 0}, &model.Resource{DRBD: &model.ReplicaDRBD{PeerSlots: 7}}, newKiB)
	w := replicatedPair(t)
	for range 2 {
		for _, n := range []string{"a", "b"} {
			w = sizes(t, w, n, large, oldKiB, false, true)
		}
	}
	if orderTo(w, "a") != newKiB {
		t.Fatal("nobody is told to grow")
	}
	announce := func(toggle model.Toggle) {
		w = after(t, w, func(tx *model.Tx) {
			tx.PutNode(&model.Node{Name: "c", UUID: "c", Type: model.NodeSatellite})
			tx.SetNodeStatus(&model.NodeStatus{Node: "c", State: model.ConnOnline})
			tx.PutPool(&model.Pool{Node: "c", Name: "p", Kind: v1.ProviderKindLvmThin})
			tx.PutResource(&model.Resource{Definition: "d", Node: "c", UUID: "rc", Diskless: model.DRBDDiskless, Toggle: toggle,
				Stack: []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage},
				DRBD:  &model.ReplicaDRBD{NodeID: 2, Ports: []int{7000}, PeerSlots: 7}, Volumes: []model.Volume{{Number: 0, UUID: "vc", Pool: "p"}}})
		})
	}
	announce(model.ToggleAddRequested)
	if got := resizeOf(t, w); got == nil || got.Node != "" || orderTo(w, "a") != 0 {
		t.Errorf("while a disk is announced the resize is %+v", got)
	}
	announce(model.ToggleNone)
	for _, n := range []string{"a", "b"} {
		w = sizes(t, w, n, large, oldKiB, false, true)
	}
	if got := resizeOf(t, w); got == nil || got.Node != "a" {
		t.Errorf("afterwards the resize is %+v", got)
	}
}

// TestForget: a peer that is going is a peer until it has gone; then its slot is given
// up, until the others have done so.
func TestForget(t *testing.T) {
	w := replicatedPair(t)
	w = after(t, w, func(tx *model.Tx) {
		r, _ := tx.Resources.Get("d", "b")
		next := *r
		now := tx.Now
		next.Deleting = &now
		tx.PutResource(&next)
	})
	told := func() ([]int, int) {
		r, _ := w.Resources.Get("d", "a")
		d := desired.Resource(w, r).DRBD
		return d.Forget, len(d.Nodes)
	}
	if ids, nodes := told(); len(ids) != 0 || nodes != 2 {
		t.Errorf("while b is going, a is told to forget %v and to know %d nodes", ids, nodes)
	}
	w = after(t, w, func(tx *model.Tx) { tx.DeleteResource("d", "b") })
	if ids, nodes := told(); fmt.Sprint(ids) != "[1]" || nodes != 1 {
		t.Errorf("after b is gone, a is told to forget %v and to know %d nodes", ids, nodes)
	}
	w = sizes(t, w, "a", 0, oldKiB, false, false)
	if ids, _ := told(); len(ids) != 1 {
		t.Error("a report about an older instruction ended the order to forget")
	}
	w = sizes(t, w, "a", 0, oldKiB, false, true)
	if ids, _ := told(); len(ids) != 0 {
		t.Errorf("a is still told to forget %v", ids)
	}
}

// TestResizeAfterAllMeet: a node that has been away is not told to grow before the others
// meet it, which they do once it has nothing left to wait for.
func TestResizeAfterAllMeet(t *testing.T) {
	large := desired.LowerKiB(model.VolumeDefinition{Number: 0}, &model.Resource{DRBD: &model.ReplicaDRBD{PeerSlots: 7}}, newKiB)
	w := replicatedPair(t)
	w = after(t, w, func(tx *model.Tx) {
		r, _ := tx.Resources.Get("d", "b")
		next, own := *r, *r.DRBD
		own.Untold, next.DRBD = []string{"a"}, &own
		tx.PutResource(&next)
		tx.SetNodeStatus(&model.NodeStatus{Node: "a", State: model.ConnOffline})
	})
	w = sizes(t, w, "b", large, oldKiB, false, true)
	w = after(t, w, func(tx *model.Tx) { tx.SetNodeStatus(&model.NodeStatus{Node: "a", State: model.ConnOnline}) })
	w = sizes(t, w, "a", large, oldKiB, true, true)
	if got := resizeOf(t, w); got == nil || got.Node != "" {
		t.Fatalf("resize is %+v before all meet", got)
	}
	if r, _ := w.Resources.Get("d", "b"); len(r.DRBD.Untold) > 0 {
		t.Fatalf("b still keeps from %v", r.DRBD.Untold)
	}
	w = sizes(t, w, "b", large, oldKiB, false, true)
	if got := resizeOf(t, w); got == nil || got.Node != "a" {
		t.Errorf("resize is %+v, want node a", got)
	}
}
