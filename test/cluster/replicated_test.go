package cluster

import (
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// replicated is a cluster of hosts with DRBD, and a group of three replicas.
func replicated(t *testing.T, nodes int) *Cluster {
	t.Helper()
	c := New(t, testLog(t))
	fill(c, nodes)
	return c
}

// fill starts a new cluster with that many nodes n1, n2, ….
func fill(c *Cluster, nodes int) {
	c.tb.Helper()
	c.Network = sim.NewNetwork()
	for i := range nodes {
		c.AddNode(fmt.Sprintf("n%d", i+1), 64<<20)
	}
	c.StartController()
	for i := range nodes {
		c.Register(fmt.Sprintf("n%d", i+1))
	}
	for name, count := range map[string]v1.FlexInt{"three": 3, "two": 2} {
		c.Must("POST", "/v1/resource-groups", v1.ResourceGroup{Name: name, SelectFilter: &v1.AutoSelectFilter{PlaceCount: &count}})
	}
}

// threeBut makes resource data on three nodes, one of which has no disk.
func threeBut(t *testing.T, node string) *Cluster {
	t.Helper()
	c := replicated(t, 3)
	spawn(c, "three", "data")
	want := map[string]string{"n1": up, "n2": up, "n3": up}
	awaitDisks(t, c, "data", want)
	c.Must("PUT", "/v1/resource-definitions/data/resources/"+node+"/toggle-disk/diskless", nil)
	want[node] = "Diskless"
	awaitDisks(t, c, "data", want)
	return c
}

// groupOfOne adds a group of one replicated copy, on one of some nodes or anywhere.
func groupOfOne(c *Cluster, nodes ...string) {
	c.tb.Helper()
	one := v1.FlexInt(1)
	c.Must("POST", "/v1/resource-groups", v1.ResourceGroup{Name: "one", SelectFilter: &v1.AutoSelectFilter{PlaceCount: &one,
		NodeNameList: nodes, LayerStack: []string{"drbd", "storage"}}})
}

// disks are the disk states of a resource's replicas by node, as the API shows them.
func disks(c *Cluster, resource string) map[string]string {
	c.tb.Helper()
	out := map[string]string{}
	for _, r := range Get[[]v1.ResourceWithVolumes](c, "/v1/view/resources?resources="+resource) {
		state := ""
		if len(r.Volumes) > 0 && r.Volumes[0].State != nil {
			state = r.Volumes[0].State.DiskState
		}
		out[r.NodeName] = state
	}
	return out
}

// awaitDisks waits for the disk states of a resource.
func awaitDisks(t *testing.T, c *Cluster, resource string, want map[string]string) {
	t.Helper()
	var got map[string]string
	for range 600 {
		got = disks(c, resource)
		if fmt.Sprint(got) == fmt.Sprint(want) {
			return
		}
		time.Sleep(100 * time.Millisecond) // simulated time
	}
	t.Fatalf("disks of %s are %v, want %v", resource, got, want)
}

func spawn(c *Cluster, group, resource string) []v1.ApiCallRc {
	c.tb.Helper()
	return c.Must("POST", "/v1/resource-groups/"+group+"/spawn", v1.ResourceGroupSpawn{ResourceDefinitionName: resource, VolumeSizes: []int64{1 << 20}})
}

const up = "UpToDate"

// TestReplicated is the main job with replication: three replicas without a first
// sync, growth in step, and deletion.
func TestReplicated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 3)
		defer c.Close()
		spawn(c, "three", "data")
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up, "n3": up})
		size := int64(2 << 20)
		c.Must("PUT", "/v1/resource-definitions/data/volume-definitions/0", v1.VolumeDefinitionModify{SizeKiB: &size})
		for _, r := range Get[[]v1.ResourceWithVolumes](c, "/v1/view/resources") {
			if got := *r.Volumes[0].UsableSizeKiB; got < size {
				t.Errorf("replica on %s has %d KiB after growing, want %d", r.NodeName, got, size)
			}
		}
		c.Must("DELETE", "/v1/resource-definitions/data", nil)
		if left := Get[[]v1.ResourceDefinition](c, "/v1/resource-definitions"); len(left) != 0 {
			t.Fatalf("the definition is still there: %+v", left)
		}
	})
}

// TestTiebreaker: two replicas get a diskless third vote, which goes when a third
// disk comes.
func TestTiebreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 3)
		defer c.Close()
		spawn(c, "two", "data")
		time.Sleep(time.Minute)
		got := disks(c, "data")
		count := map[string]int{}
		for _, d := range got {
			count[d]++
		}
		if count[up] != 2 || count["Diskless"]+count["TieBreaker"] != 1 {
			t.Fatalf("two replicas and a tiebreaker expected: %v", got)
		}
	})
}

// TestDiskThatIsThere: asking for it again is no change, but the storage pool that is
// named has to be its own, also while it is about to go.
func TestDiskThatIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 3)
		defer c.Close()
		c.Node("n3").Machine.MakeDir("/pool/second")
		c.Must("POST", "/v1/nodes/n3/storage-pools", v1.StoragePool{StoragePoolName: "second", ProviderKind: v1.ProviderKindFileThin,
			Props: map[string]string{model.KeyPoolBacking: "/pool/second"}})
		filter := v1.AutoSelectFilter{StoragePoolList: []string{"pool"}}
		c.Must("PUT", "/v1/resource-groups/three", v1.ResourceGroupModify{SelectFilter: &filter})
		spawn(c, "three", "data")
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up, "n3": up})
		const toggle = "/v1/resource-definitions/data/resources/n3/toggle-disk"
		check := func(when string) {
			t.Helper()
			for _, bad := range []struct {
				pool  string
				code  v1.Code
				words []string
			}{
				{"nosuch", v1.FailNotFoundStoragePool, []string{"nosuch", "n3", "storage-pool list"}},
				{"second", v1.FailInvalidStoragePoolName, []string{"second", "'pool'", "volume 0", "--diskless"}},
				{"DfltDisklessStorPool", v1.FailInvalidStoragePoolName, []string{"DfltDisklessStorPool", "'pool'"}},
			} {
				refused(c, "PUT", toggle+"/diskful/"+bad.pool, nil, bad.words...)
				refused(c, "PUT", toggle, v1.ToggleDiskRequest{Operation: "INTO_DRBD_DISKFUL", StoragePool: bad.pool}, bad.words...)
				_, answer := c.Call("PUT", toggle+"/diskful/"+bad.pool, nil)
				var rcs []v1.ApiCallRc
				if err := json.Unmarshal(answer, &rcs); err != nil || len(rcs) == 0 || rcs[0].RetCode.Number() != bad.code.Number() || rcs[0].Cause == "" || rcs[0].Correction == "" {
					t.Errorf("%s, pool %s: %s, %v", when, bad.pool, answer, err)
				}
			}
		}
		check("the disk is there")
		rev := c.World().Rev
		for _, same := range []string{"", "/pool", "/POOL"} {
			if rcs := c.Must("PUT", toggle+"/diskful"+same, nil); rcs[0].RetCode.Number() != v1.InfoNoop.Number() {
				t.Errorf("again, pool %q: %+v", same, rcs)
			}
		}
		if c.World().Rev != rev {
			t.Error("asking for the same again has changed something")
		}
		// Its peers are away, so that the removal waits, and can be taken back.
		c.Network.Cut("n3", "n1")
		c.Network.Cut("n3", "n2")
		time.Sleep(time.Minute) // simulated time
		c.Call("PUT", toggle+"/diskless?wait=1s", nil)
		if r, _ := c.World().Resources.Get("data", "n3"); r.Toggle != model.ToggleRemoveRequested {
			t.Fatalf("the removal does not wait: %v", r.Toggle)
		}
		check("it is about to go")
		c.Call("PUT", toggle+"/diskful/pool?wait=1s", nil)
		if r, _ := c.World().Resources.Get("data", "n3"); r.Toggle != model.ToggleNone || r.Diskless != model.Diskful {
			t.Errorf("the removal was not taken back: %+v", r)
		}
	})
}

// TestToggle: a replica loses its disk and gets it back.
func TestToggle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := threeBut(t, "n3")
		defer c.Close()
		c.Must("PUT", "/v1/resource-definitions/data/resources/n3/toggle-disk/diskful/pool", nil)
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up, "n3": up})
	})
}
