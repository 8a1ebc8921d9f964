package cluster

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// unlike is a cluster with an LVM thin pool on n1, a ZFS pool on n2, and both on n3,
// beside the pools in files.
func unlike(t *testing.T) *Cluster {
	t.Helper()
	c := replicated(t, 3)
	for _, n := range []string{"n1", "n3"} {
		m := c.Node(n).Machine
		m.AddDisk("/dev/vdb", "b", 64<<30)
		lvm := sim.NewLVM(m)
		if err := lvm.AddVG("vg", "/dev/vdb"); err != nil {
			t.Fatal(err)
		}
		if err := lvm.AddThinPool("vg", "thin"); err != nil {
			t.Fatal(err)
		}
		c.Must("POST", "/v1/nodes/"+n+"/storage-pools", v1.StoragePool{StoragePoolName: "lvm",
			ProviderKind: v1.ProviderKindLvmThin, Props: map[string]string{model.KeyPoolBacking: "vg/thin"}})
	}
	for _, n := range []string{"n2", "n3"} {
		m := c.Node(n).Machine
		m.AddDisk("/dev/vdc", "c", 64<<30)
		if err := sim.NewZFS(m).AddPool("tank", "/dev/vdc"); err != nil {
			t.Fatal(err)
		}
		c.Must("POST", "/v1/nodes/"+n+"/storage-pools", v1.StoragePool{StoragePoolName: "zfs",
			ProviderKind: v1.ProviderKindZfsThin, Props: map[string]string{model.KeyPoolBacking: "tank"}})
	}
	for _, n := range []string{"n1", "n2", "n3"} {
		c.Must("PUT", "/v1/nodes/"+n+"/reconnect", nil)
	}
	// The reports on the new tools and pools are of use from now on.
	time.Sleep(time.Minute) // simulated time
	return c
}

func defined(c *Cluster, name string, props map[string]string) {
	c.tb.Helper()
	c.Must("POST", "/v1/resource-definitions", v1.ResourceDefinitionCreate{ResourceDefinition: &v1.ResourceDefinition{Name: name, Props: props}})
	c.Must("POST", "/v1/resource-definitions/"+name+"/volume-definitions", v1.VolumeDefinitionCreate{VolumeDefinition: &v1.VolumeDefinition{SizeKiB: 65537}})
}

func onPool(node, pool string) v1.ResourceCreate {
	return v1.ResourceCreate{Resource: &v1.Resource{NodeName: node, Props: map[string]string{"StorPoolName": pool}}}
}

// refused expects an error with certain words, and that nothing is left of the call.
func refused(c *Cluster, method, path string, body any, words ...string) {
	c.tb.Helper()
	rev := c.World().Resources.Len()
	status, answer := c.Call(method, path, body)
	for _, w := range words {
		if status < http.StatusBadRequest || !strings.Contains(string(answer), w) {
			c.tb.Fatalf("%s %s: %d without %q: %s", method, path, status, w, answer)
		}
	}
	if now := c.World().Resources.Len(); now != rev {
		c.tb.Fatalf("%s %s was refused and left %d resources of %d", method, path, now, rev)
	}
}

// TestMixedStorage: replicas lie on storage of unlike kinds only where the user has
// allowed it and fixed the size of the device; every way to a disk follows the rule.
func TestMixedStorage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := unlike(t)
		defer c.Close()
		const allow, exact, rd = "AllowMixingStoragePoolDriver", "DrbdOptions/ExactSize", "/v1/resource-definitions/"
		both := []v1.ResourceCreate{onPool("n1", "lvm"), onPool("n2", "zfs")}
		defined(c, "data", nil)
		refused(c, "POST", rd+"data/resources", both, allow, "LVM_THIN", "ZFS_THIN")
		refused(c, "POST", rd+"data/resources", []v1.ResourceCreate{onPool("n1", "lvm"), onPool("n2", "pool")}, "FILE_THIN")
		c.Must("PUT", rd+"data", v1.ResourceDefinitionModify{OverrideProps: map[string]string{allow: "true"}})
		refused(c, "POST", rd+"data/resources", both, exact)
		c.Must("PUT", rd+"data", v1.ResourceDefinitionModify{OverrideProps: map[string]string{exact: "true"}})
		c.Must("POST", rd+"data/resources", both)
		c.Must("POST", rd+"data/resources/n3/make-available", v1.ResourceMakeAvailable{})
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up, "n3": "Diskless"})
		c.Must("PUT", rd+"data/resources/n3/toggle-disk/diskful/zfs", nil)
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up, "n3": up})
		for _, r := range Get[[]v1.ResourceWithVolumes](c, "/v1/view/resources?resources=data") {
			if got := *r.Volumes[0].UsableSizeKiB; got != 65540 && got != 65537 {
				t.Errorf("%s has %d KiB", r.NodeName, got)
			}
		}
		c.Must("PUT", rd+"data", v1.ResourceDefinitionModify{DeleteProps: []string{allow}})
		add := v1.VolumeDefinitionCreate{VolumeDefinition: &v1.VolumeDefinition{SizeKiB: 65537}}
		refused(c, "POST", rd+"data/volume-definitions", add, allow)

		// A device that is larger is not cut off, and its disks stay of one kind.
		defined(c, "plain", map[string]string{allow: "true"})
		c.Must("POST", rd+"plain/resources", []v1.ResourceCreate{onPool("n1", "lvm")})
		c.Must("POST", rd+"plain/resources/n2/make-available", v1.ResourceMakeAvailable{})
		awaitDisks(t, c, "plain", map[string]string{"n1": up, "n2": "Diskless"})
		refused(c, "PUT", rd+"plain/resources/n2/toggle-disk/diskful/zfs", nil, exact)
		refused(c, "PUT", rd+"plain", v1.ResourceDefinitionModify{OverrideProps: map[string]string{exact: "true"}}, exact, "65537")
		refused(c, "PUT", "/v1/resource-groups/DfltRscGrp", v1.ResourceGroupModify{OverrideProps: map[string]string{exact: "true"}}, exact, "plain")
	})
}

// TestMixedPlacing: the placer follows the same rule as what is placed by hand.
func TestMixedPlacing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := unlike(t)
		defer c.Close()
		count := v1.FlexInt(2)
		group := v1.ResourceGroup{Name: "mixed", SelectFilter: &v1.AutoSelectFilter{PlaceCount: &count, NodeNameList: []string{"n1", "n2"},
			StoragePoolList: []string{"lvm", "zfs"}}}
		c.Must("POST", "/v1/resource-groups", group)
		spawn := v1.ResourceGroupSpawn{ResourceDefinitionName: "web", VolumeSizes: []int64{65536}}
		refused(c, "POST", "/v1/resource-groups/mixed/spawn", spawn, "AllowMixingStoragePoolDriver", "DrbdOptions/ExactSize")
		c.Must("POST", "/v1/controller/properties", v1.ControllerPropsModify{OverrideProps: map[string]string{"AllowMixingStoragePoolDriver": "true"}})
		c.Must("PUT", "/v1/resource-groups/mixed", v1.ResourceGroupModify{OverrideProps: map[string]string{"DrbdOptions/ExactSize": "true"}})
		c.Must("POST", "/v1/resource-groups/mixed/spawn", spawn)
		time.Sleep(time.Minute) // simulated time
		got := disks(c, "web")
		if got["n1"] != up || got["n2"] != up {
			t.Errorf("disks are %v", got)
		}
	})
}

// TestMixedFurtherVolumes: the placer looks at the storage of all volumes, not only of
// the first, and says so.
func TestMixedFurtherVolumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := unlike(t)
		defer c.Close()
		c.Must("POST", "/v1/resource-definitions", v1.ResourceDefinitionCreate{ResourceDefinition: &v1.ResourceDefinition{Name: "db"}})
		for _, pool := range []string{"lvm", "zfs"} {
			c.Must("POST", "/v1/resource-definitions/db/volume-definitions", v1.VolumeDefinitionCreate{VolumeDefinition: &v1.VolumeDefinition{
				SizeKiB: 65536, Props: map[string]string{"StorPoolName": pool}}})
		}
		c.Must("POST", "/v1/resource-definitions/db/resources", []v1.ResourceCreate{{Resource: &v1.Resource{NodeName: "n3"}}})
		count := v1.FlexInt(2)
		filter := v1.AutoPlaceRequest{SelectFilter: &v1.AutoSelectFilter{PlaceCount: &count, StoragePoolList: []string{"lvm", "zfs"}}}
		const path = "/v1/resource-definitions/db/autoplace"
		_, body := c.Call("POST", path+"?dry_run=true", filter)
		var plan v1.Plan
		if err := json.Unmarshal(body, &plan); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		judged := 0
		for _, v := range plan.Placement {
			if v.Node == "n1" && v.StoragePool == "lvm" || v.Node == "n2" && v.StoragePool == "zfs" {
				judged++
				if v.Verdict != "rejected" || v.Code != "mixing_not_allowed" || !strings.Contains(v.Reason, "ZFS_THIN on node n3") {
					t.Errorf("%s/%s is %s: %s (%s)", v.Node, v.StoragePool, v.Verdict, v.Reason, v.Code)
				}
			}
		}
		if judged != 2 {
			t.Errorf("%d of 2 pools were judged: %s", judged, body)
		}
		refused(c, "POST", path, filter, "AllowMixingStoragePoolDriver")
	})
}
