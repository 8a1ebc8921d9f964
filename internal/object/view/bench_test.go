package view

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
)

// BenchmarkResources renders and encodes 30 000 replicas.
func BenchmarkResources(b *testing.B) {
	tx := model.NewWorld().Begin(model.Env{Now: time.Unix(0, 0), NewUUID: uuid.NewString})
	for i := range 100 {
		n := fmt.Sprintf("n%03d", i)
		tx.PutNode(&model.Node{Name: n, Type: model.NodeSatellite})
		tx.SetNodeStatus(&model.NodeStatus{Node: n, State: model.ConnOnline})
		tx.PutPool(&model.Pool{Node: n, Name: "pool", Kind: v1.ProviderKindFileThin})
	}
	for d := range 10000 {
		name := fmt.Sprintf("rsc%05d", d)
		tx.PutDefinition(&model.Definition{Name: name, Group: "grp", Volumes: []model.VolumeDefinition{{SizeKiB: 1 << 20}}})
		for r := range 3 {
			n := fmt.Sprintf("n%03d", (d+r*33)%100)
			tx.PutResource(&model.Resource{Definition: name, Node: n, UUID: uuid.NewString(), Stack: []v1.LayerType{"STORAGE"},
				Volumes: []model.Volume{{UUID: uuid.NewString(), Pool: "pool"}}})
			tx.SetResourceStatus(&model.ResourceStatus{Definition: name, Node: n, Progress: model.ProgressReady,
				Volumes: []model.VolumeStatus{{DevicePath: "/dev/loop1", UsableKiB: 1 << 20, DiskState: "Created"}}})
		}
	}
	w := tx.Commit(1)
	req := &object.Request{Query: url.Values{}}
	b.ReportAllocs()
	for b.Loop() {
		rows, err := resources(w, req)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := json.Marshal(rows); err != nil {
			b.Fatal(err)
		}
	}
}
