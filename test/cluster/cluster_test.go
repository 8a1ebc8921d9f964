package cluster

import (
	"fmt"
	"log/slog"
	"os"
	"testing"
	"testing/synctest"

	"github.com/holdfast-storage/holdfast/api/v1"
)

func testLog(t *testing.T) *slog.Logger {
	if !testing.Verbose() {
		return nil
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

func three(t *testing.T) *Cluster {
	c := New(t, testLog(t))
	for i := range 3 {
		c.AddNode(fmt.Sprintf("n%d", i+1), 64<<20)
	}
	c.StartController()
	for i := range 3 {
		c.Register(fmt.Sprintf("n%d", i+1))
	}
	two := v1.FlexInt(2)
	c.Must("POST", "/v1/resource-groups", v1.ResourceGroup{Name: "grp",
		SelectFilter: &v1.AutoSelectFilter{PlaceCount: &two, LayerStack: []string{"storage"}}})
	return c
}

// TestMainJob is the whole job of the product in small: spawn, grow, remove.
func TestMainJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := three(t)
		defer c.Close()
		c.Must("POST", "/v1/resource-groups/grp/spawn", v1.ResourceGroupSpawn{ResourceDefinitionName: "data", VolumeSizes: []int64{1 << 20}})
		rows := Get[[]v1.ResourceWithVolumes](c, "/v1/view/resources")
		if len(rows) != 2 {
			t.Fatalf("spawned %d replicas, want 2: %+v", len(rows), rows)
		}
		for _, r := range rows {
			v := r.Volumes[0]
			if v.DevicePath == "" || *v.UsableSizeKiB != 1<<20 {
				t.Errorf("replica on %s: device %q of %d KiB", r.NodeName, v.DevicePath, *v.UsableSizeKiB)
			}
		}
		size := int64(2 << 20)
		c.Must("PUT", "/v1/resource-definitions/data/volume-definitions/0", v1.VolumeDefinitionModify{SizeKiB: &size})
		for _, r := range Get[[]v1.ResourceWithVolumes](c, "/v1/view/resources") {
			if got := *r.Volumes[0].UsableSizeKiB; got != size {
				t.Errorf("replica on %s has %d KiB after growing, want %d", r.NodeName, got, size)
			}
		}
		c.Must("DELETE", "/v1/resource-definitions/data", nil)
		if left := Get[[]v1.ResourceDefinition](c, "/v1/resource-definitions"); len(left) != 0 {
			t.Fatalf("the definition is still there: %+v", left)
		}
	})
}
