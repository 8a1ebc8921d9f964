package cluster

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// TestNodeWithoutDRBD: a node without the module says so, gets no replicas by itself
// and none by hand; one whose DRBD has a known fault is used, with a warning.
func TestNodeWithoutDRBD(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(t, testLog(t))
		c.AddNode("bare", 64<<20)
		c.Network = sim.NewNetwork()
		c.AddNode("n1", 64<<20)
		c.AddNode("n2", 64<<20)
		c.StartController()
		defer c.Close()
		for _, n := range []string{"bare", "n1", "n2"} {
			c.Register(n)
		}
		for _, n := range Get[[]v1.Node](c, "/v1/nodes") {
			why, lacks := n.UnsupportedLayers["DRBD"]
			if lacks != (n.Name == "bare") || lacks && (len(why) == 0 || !strings.Contains(strings.Join(why, " "), "drbd")) {
				t.Errorf("%s lacks DRBD because of %q", n.Name, why)
			}
			if warned := strings.Contains(strings.Join(n.Warnings, " "), "come to differ"); warned != (n.Name != "bare") {
				t.Errorf("%s has the warnings %q", n.Name, n.Warnings)
			}
		}
		words := ""
		for _, e := range Get[[]v1.Explanation](c, "/v1/explain/nodes/n1") {
			words += e.Why
		}
		if !strings.Contains(words, "9.2.18") || !strings.Contains(words, "come to differ") {
			t.Errorf("node n1 is explained with %q", words)
		}
		three, two := v1.FlexInt(3), v1.FlexInt(2)
		c.Must("POST", "/v1/resource-groups", v1.ResourceGroup{Name: "three", SelectFilter: &v1.AutoSelectFilter{PlaceCount: &three}})
		c.Must("POST", "/v1/resource-groups", v1.ResourceGroup{Name: "two", SelectFilter: &v1.AutoSelectFilter{PlaceCount: &two}})
		status, body := c.Call("POST", "/v1/resource-groups/three/spawn", v1.ResourceGroupSpawn{ResourceDefinitionName: "many", VolumeSizes: []int64{1 << 20}})
		if status < http.StatusBadRequest || !strings.Contains(string(body), "bare") {
			t.Errorf("three replicas: %d %s", status, body)
		}
		spawn(c, "two", "data")
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up})
		status, body = c.Call("POST", "/v1/resource-definitions/data/resources/bare", v1.ResourceCreate{Resource: &v1.Resource{Props: map[string]string{"StorPoolName": "pool"}}})
		if status < http.StatusBadRequest || !strings.Contains(string(body), "drbd") {
			t.Errorf("a replica by hand: %d %s", status, body)
		}
	})
}

// TestVolumesInTheirOwnPools: the volumes of one resource lie in different pools, and
// go on together.
func TestVolumesInTheirOwnPools(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 2)
		defer c.Close()
		for _, n := range []string{"n1", "n2"} {
			c.Node(n).Machine.MakeDir("/fast")
			c.Node(n).Machine.MountFS("/fast", sim.FileSystem{Type: "xfs", CapacityBytes: 64 << 30, Reflink: true})
			c.Must("POST", "/v1/nodes/"+n+"/storage-pools", v1.StoragePool{StoragePoolName: "fast",
				ProviderKind: v1.ProviderKindFileThin, Props: map[string]string{model.KeyPoolBacking: "/fast"}})
		}
		c.Must("POST", "/v1/resource-definitions", v1.ResourceDefinitionCreate{ResourceDefinition: &v1.ResourceDefinition{Name: "db"}})
		for _, pool := range []string{"pool", "fast"} {
			c.Must("POST", "/v1/resource-definitions/db/volume-definitions", v1.VolumeDefinitionCreate{VolumeDefinition: &v1.VolumeDefinition{
				SizeKiB: 65536, Props: map[string]string{"StorPoolName": pool}}})
		}
		c.Must("POST", "/v1/resource-definitions/db/resources", []v1.ResourceCreate{{Resource: &v1.Resource{NodeName: "n1"}}, {Resource: &v1.Resource{NodeName: "n2"}}})
		awaitDisks(t, c, "db", map[string]string{"n1": up, "n2": up})
		size := int64(131072)
		c.Must("PUT", "/v1/resource-definitions/db/volume-definitions/1", v1.VolumeDefinitionModify{SizeKiB: &size})
		for _, r := range Get[[]v1.ResourceWithVolumes](c, "/v1/view/resources?resources=db") {
			if len(r.Volumes) != 2 {
				t.Fatalf("%s has %d volumes", r.NodeName, len(r.Volumes))
			}
			for i, want := range []struct {
				pool string
				kib  int64
			}{{"pool", 65536}, {"fast", 131072}} {
				v := r.Volumes[i]
				if v.StoragePoolName != want.pool || v.State == nil || v.State.DiskState != up || *v.UsableSizeKiB < want.kib {
					t.Errorf("volume %d on %s: pool %s, %+v, %d KiB", i, r.NodeName, v.StoragePoolName, v.State, *v.UsableSizeKiB)
				}
			}
		}
	})
}
