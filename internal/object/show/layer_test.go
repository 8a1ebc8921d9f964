package show_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestReplicatedResource: what clients see of a replica that resyncs, with its metadata
// on a device of its own.
func TestReplicatedResource(t *testing.T) {
	stack := []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeLuks, v1.LayerTypeStorage}
	yes, no := true, false
	tx := model.NewWorld().Begin(model.Env{Now: time.Unix(1, 0)})
	tx.PutNode(&model.Node{Name: "a", UUID: "a", Type: model.NodeSatellite})
	tx.SetNodeStatus(&model.NodeStatus{Node: "a", State: model.ConnOnline})
	tx.PutPool(&model.Pool{Node: "a", Name: "p", Kind: v1.ProviderKindLvmThin})
	tx.PutDefinition(&model.Definition{Name: "web", UUID: "d", Stack: stack, DRBD: model.DRBDDefinition{Secret: "c2VjcmV0"},
		Volumes: []model.VolumeDefinition{{Number: 0, UUID: "vd", SizeKiB: 2048, Minor: 1000, Initialized: true, Resize: &model.Resize{FromKiB: 1024, Node: "a"}}}})
	r := &model.Resource{Definition: "web", Node: "a", UUID: "r", Stack: stack, DRBD: &model.ReplicaDRBD{NodeID: 1, Ports: []int{7000}, PeerSlots: 7},
		Volumes: []model.Volume{{Number: 0, UUID: "v", Pool: "p", Created: true, Parts: []model.VolumePart{{Suffix: ".meta", Pool: "fast"}}}}}
	tx.PutResource(r)
	tx.SetResourceStatus(&model.ResourceStatus{Definition: "web", Node: "a", Progress: model.ProgressReady, InUse: &yes,
		DRBD: &link.DRBDReport{Role: "Primary", MayPromote: &no, PromotionScore: 10101, Links: []link.DRBDLink{
			{Peer: "b", NodeID: 0, State: "Connected", Volumes: []link.DRBDPeerVolume{{Replication: "SyncSource", Disk: "Inconsistent", DonePercent: 42.5, OutOfSyncKiB: 512}}},
			{Peer: "c", NodeID: 2, State: "StandAlone", Volumes: []link.DRBDPeerVolume{{Replication: "Off", Disk: "DUnknown", DonePercent: -1}}}}},
		Volumes: []model.VolumeStatus{{Number: 0, DevicePath: "/dev/drbd1000", AllocatedKiB: 2048, UsableKiB: 1024, DiskState: "UpToDate", Layers: []model.LayerStatus{
			{Layer: v1.LayerTypeDrbd, DevicePath: "/dev/drbd1000", BackingPath: "/dev/mapper/x", AllocatedKiB: 2048, UsableKiB: 1024, DiskState: "UpToDate"},
			{Layer: v1.LayerTypeLuks, DevicePath: "/dev/mapper/x", BackingPath: "/dev/vg/web_00000", AllocatedKiB: 4096, UsableKiB: 2048, Opened: true},
			{Layer: v1.LayerTypeStorage, DevicePath: "/dev/vg/web_00000", AllocatedKiB: 4096, UsableKiB: 4096, DiskState: "Created"},
			{Layer: v1.LayerTypeStorage, Suffix: ".meta", DevicePath: "/dev/fast/web.meta_00000", AllocatedKiB: 1024, UsableKiB: 1024}}}}})
	w := tx.Commit(1)
	got, err := json.MarshalIndent(show.ResourceWithVolumes(w, r), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", "replicated.json")
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestJoiningReplica: what clients see of a copy that takes no part yet is not its storage.
func TestJoiningReplica(t *testing.T) {
	stack := []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage}
	tx := model.NewWorld().Begin(model.Env{Now: time.Unix(1, 0)})
	tx.PutNode(&model.Node{Name: "a", UUID: "a", Type: model.NodeSatellite})
	tx.SetNodeStatus(&model.NodeStatus{Node: "a", State: model.ConnOnline})
	tx.PutDefinition(&model.Definition{Name: "web", UUID: "d", Stack: stack, Volumes: []model.VolumeDefinition{{Number: 0, UUID: "vd", SizeKiB: 2048, Minor: 1000, Initialized: true}}})
	r := &model.Resource{Definition: "web", Node: "a", UUID: "r", Stack: stack, DRBD: &model.ReplicaDRBD{NodeID: 1, Ports: []int{7000}, PeerSlots: 7, Parted: true},
		Volumes: []model.Volume{{Number: 0, UUID: "v", Pool: "p"}}}
	tx.PutResource(r)
	tx.SetResourceStatus(&model.ResourceStatus{Definition: "web", Node: "a", Progress: model.ProgressReady,
		Volumes: []model.VolumeStatus{{Number: 0, DevicePath: "/dev/vg/web_00000", UsableKiB: 4096, DiskState: "Created"}}})
	got := show.ResourceWithVolumes(tx.Commit(1), r).Volumes[0]
	if got.DevicePath != "" || got.State == nil || got.State.DiskState != "Attaching" {
		t.Errorf("path %q, state %+v", got.DevicePath, got.State)
	}
}
