package rules

import (
	"slices"
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// overNVMe has a target on node n and an initiator on node i.
func overNVMe(t *testing.T) *model.World {
	t.Helper()
	return after(t, oneReplica(t), func(tx *model.Tx) {
		tx.PutNode(&model.Node{Name: "i", UUID: "i", Type: model.NodeSatellite})
		stack := []v1.LayerType{v1.LayerTypeNvme, v1.LayerTypeStorage}
		target := *replicaOf(t, tx.World)
		target.Stack = stack
		tx.PutResource(&target)
		tx.PutResource(&model.Resource{Definition: "d", Node: "i", UUID: "ri", Stack: stack, Diskless: model.NVMeInitiator,
			Volumes: []model.Volume{{Number: 0, UUID: "vi"}}})
	})
}

// TestTargetGoesLast: while the whole definition is being deleted, the target stays
// as it is until its initiator has reported itself gone.
func TestTargetGoesLast(t *testing.T) {
	now := time.Unix(1000, 0)
	w := after(t, overNVMe(t), func(tx *model.Tx) {
		for r := range tx.Resources.Under("d") {
			next := *r
			next.Deleting = &now
			tx.PutResource(&next)
		}
	})
	target, initiator := replicaOf(t, w), mustReplica(t, w, "i")
	told := desired.Resource(w, target)
	if told.Delete || told.Volumes[0].Delete || told.Volumes[0].Create {
		t.Errorf("with its initiator there the target is told %+v", told)
	}
	if got := desired.Initiators(w, target); len(got) != 1 || got[0] != "i" {
		t.Errorf("initiators %q", got)
	}
	at := desired.Resource(w, initiator)
	if !at.Delete {
		t.Error("the initiator is not told to go")
	}
	w = after(t, w, func(tx *model.Tx) {
		tx.SetResourceStatus(&model.ResourceStatus{Definition: "d", Node: "i", Fingerprint: at.Fingerprint, Progress: model.ProgressGone})
	})
	if _, ok := w.Resources.Get("d", "i"); ok {
		t.Fatal("the initiator is still there")
	}
	if last := desired.Resource(w, replicaOf(t, w)); !last.Delete || !last.Volumes[0].Delete || last.Fingerprint == told.Fingerprint {
		t.Errorf("without an initiator the target is told %+v", last)
	}
}

// TestDataStaysOnTheTarget: what is in an initiator's cache has to be written back as long
// as the target and the volume stay.
func TestDataStaysOnTheTarget(t *testing.T) {
	now := time.Unix(1000, 0)
	for name, c := range map[string]struct {
		parts, initiator, target, volume, want bool
	}{
		"the initiator goes":             {parts: true, initiator: true, want: true},
		"no cache":                       {initiator: true},
		"nothing goes":                   {parts: true},
		"the target goes as well":        {parts: true, initiator: true, target: true},
		"the volume goes":                {parts: true, volume: true},
		"the volume and then initiators": {parts: true, initiator: true, volume: true},
	} {
		w := after(t, overNVMe(t), func(tx *model.Tx) {
			next := *mustReplica(t, tx.World, "i")
			if c.parts {
				next.Volumes = []model.Volume{{Number: 0, UUID: "vi", Parts: []model.VolumePart{{Suffix: ".cache", Pool: "fast"}}}}
			}
			if c.initiator {
				next.Deleting = &now
			}
			tx.PutResource(&next)
			if c.target {
				target := *replicaOf(t, tx.World)
				target.Deleting = &now
				tx.PutResource(&target)
			}
			if c.volume {
				d, _ := tx.Definitions.Get("d")
				def := *d
				def.Volumes = slices.Clone(d.Volumes)
				def.Volumes[0].Deleting = &now
				tx.PutDefinition(&def)
			}
		})
		told := desired.Resource(w, mustReplica(t, w, "i")).Volumes[0]
		if told.Elsewhere != c.want || told.Delete != (c.initiator || c.volume) {
			t.Errorf("%s: told %+v", name, told)
		}
		if desired.Resource(w, replicaOf(t, w)).Volumes[0].Elsewhere {
			t.Errorf("%s: the target's data is its own", name)
		}
	}
}

func mustReplica(t *testing.T, w *model.World, node string) *model.Resource {
	t.Helper()
	r, ok := w.Resources.Get("d", node)
	if !ok {
		t.Fatalf("no replica on %s", node)
	}
	return r
}
