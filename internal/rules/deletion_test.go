package rules

import (
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// after runs a change and the rules on a world.
func after(t *testing.T, w *model.World, change func(tx *model.Tx)) *model.World {
	t.Helper()
	tx := w.Begin(model.Env{Now: time.Unix(1000, 0), NewUUID: func() string { return "uuid" }})
	change(tx)
	for _, rule := range All() {
		if err := rule(tx); err != nil {
			t.Fatal(err)
		}
	}
	return tx.Commit(w.Rev + 1)
}

func oneReplica(t *testing.T) *model.World {
	return after(t, model.NewWorld(), func(tx *model.Tx) {
		tx.PutNode(&model.Node{Name: "n", UUID: "n", Type: model.NodeSatellite})
		tx.PutPool(&model.Pool{Node: "n", Name: "p", Kind: v1.ProviderKindFileThin})
		tx.PutDefinition(&model.Definition{Name: "d", UUID: "d", Volumes: []model.VolumeDefinition{{Number: 0, SizeKiB: 4}}})
		tx.PutResource(&model.Resource{Definition: "d", Node: "n", UUID: "r", Stack: []v1.LayerType{v1.LayerTypeStorage},
			Volumes: []model.Volume{{Number: 0, UUID: "v", Pool: "p"}}})
	})
}

func replicaOf(t *testing.T, w *model.World) *model.Resource {
	t.Helper()
	r, ok := w.Resources.Get("d", "n")
	if !ok {
		t.Fatal("the replica is gone")
	}
	return r
}

func reported(t *testing.T, w *model.World, fingerprint string, p model.Progress) *model.World {
	return after(t, w, func(tx *model.Tx) {
		tx.SetResourceStatus(&model.ResourceStatus{Definition: "d", Node: "n", Fingerprint: fingerprint, Progress: p,
			Volumes: []model.VolumeStatus{{Number: 0, UsableKiB: 4, DevicePath: "/dev/loop0"}}})
	})
}

func deleting(t *testing.T, w *model.World, at *time.Time) *model.World {
	return after(t, w, func(tx *model.Tx) {
		next := *replicaOf(t, tx.World)
		next.Deleting = at
		tx.PutResource(&next)
	})
}

// TestDeletionTakenBack: reports from before the deletion, or about an earlier
// deletion, count for nothing afterwards.
func TestDeletionTakenBack(t *testing.T) {
	now := time.Unix(1000, 0)
	w := oneReplica(t)
	before := desired.Resource(w, replicaOf(t, w)).Fingerprint
	w = reported(t, w, before, model.ProgressReady)
	if !replicaOf(t, w).Volumes[0].Created {
		t.Fatal("a volume that was reported is not known to exist")
	}
	w = deleting(t, w, &now)
	first := desired.Resource(w, replicaOf(t, w)).Fingerprint
	w = deleting(t, w, nil)
	if r := replicaOf(t, w); r.Volumes[0].Created || desired.Resource(w, r).Fingerprint == before {
		t.Error("the report from before the deletion still counts")
	}
	w = deleting(t, w, &now)
	if desired.Resource(w, replicaOf(t, w)).Fingerprint == first {
		t.Error("the second deletion cannot be told from the first")
	}
	w = reported(t, w, first, model.ProgressGone)
	replicaOf(t, w)
	w = reported(t, w, desired.Resource(w, replicaOf(t, w)).Fingerprint, model.ProgressGone)
	if _, ok := w.Resources.Get("d", "n"); ok {
		t.Error("a replica that was reported gone is still there")
	}
}

// TestOldReportCreatesNothing: a report about an earlier replica of the same name
// does not say that this one's volumes exist.
func TestOldReportCreatesNothing(t *testing.T) {
	w := reported(t, oneReplica(t), "another instruction", model.ProgressReady)
	if r := replicaOf(t, w); r.Created != nil || r.Volumes[0].Created {
		t.Errorf("an old report was taken for a new one: %+v", r)
	}
}
