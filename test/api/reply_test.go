package api

import (
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// TestCodesOfReplies: clients' own tests compare whole codes of the first entry.
func TestCodesOfReplies(t *testing.T) {
	const (
		node, netif   = v1.MaskNode, v1.MaskNetInterface
		pool, pooldef = v1.MaskStoragePool, v1.MaskStoragePoolDefinition
		rg, vg        = v1.MaskResourceGroup, v1.MaskVolumeGroup
		rd, vd, rsc   = v1.MaskResourceDefinition, v1.MaskVolumeDefinition, v1.MaskResource
		crt, mod, del = v1.MaskCreate, v1.MaskModify, v1.MaskDelete
		port          = `,"satellite_port":3366,"satellite_encryption_type":"Plain"`
	)
	tests := []struct {
		method, path, body string
		status             int
		code               v1.Code
	}{
		{"POST", "/v1/nodes", `{"name":"aux1","type":"Auxiliary"}`, 201, node | crt | v1.Created},
		{"PUT", "/v1/nodes/aux1", `{"override_props":{"Aux/x":"1"}}`, 200, node | mod | v1.Modified},
		{"POST", "/v1/nodes/aux1/net-interfaces", `{"name":"eth1","address":"10.0.0.1"}`, 201, netif | crt | v1.Created},
		{"PUT", "/v1/nodes/aux1/net-interfaces/eth1", `{"address":"10.0.0.2"` + port + `}`, 200, netif | mod | v1.Modified},
		{"DELETE", "/v1/nodes/aux1/net-interfaces/eth1", ``, 200, netif | del | v1.Deleted},
		{"DELETE", "/v1/nodes/aux1/net-interfaces/eth1", ``, 200, netif | del | v1.WarnNotFound},
		{"DELETE", "/v1/nodes/aux1", ``, 200, node | del | v1.Deleted},
		{"DELETE", "/v1/nodes/aux1", ``, 200, node | del | v1.WarnNotFound},
		{"POST", "/v1/storage-pool-definitions", `{"storage_pool_name":"fast"}`, 201, pooldef | crt | v1.Created},
		{"PUT", "/v1/storage-pool-definitions/fast", `{"override_props":{"Aux/x":"1"}}`, 200, pooldef | mod | v1.Modified},
		{"DELETE", "/v1/storage-pool-definitions/fast", ``, 200, pooldef | del | v1.Deleted},
		{"DELETE", "/v1/storage-pool-definitions/fast", ``, 200, pooldef | del | v1.WarnNotFound},
		{"PUT", "/v1/nodes/n1/storage-pools/pool", `{"override_props":{"Aux/x":"1"}}`, 200, pool | mod | v1.Modified},
		{"POST", "/v1/resource-groups", `{"name":"rg1"}`, 201, rg | crt | v1.Created},
		{"PUT", "/v1/resource-groups/rg1", `{"description":"x"}`, 200, rg | mod | v1.Modified},
		{"POST", "/v1/resource-groups/rg1/volume-groups", `{}`, 201, vg | crt | v1.Created},
		{"PUT", "/v1/resource-groups/rg1/volume-groups/0", `{"override_props":{"Aux/x":"1"}}`, 200, vg | mod | v1.Modified},
		{"DELETE", "/v1/resource-groups/rg1/volume-groups/0", ``, 200, vg | del | v1.Deleted},
		{"DELETE", "/v1/resource-groups/rg1/volume-groups/0", ``, 200, vg | del | v1.WarnNotFound},
		{"DELETE", "/v1/resource-groups/rg1", ``, 200, rg | del | v1.Deleted},
		{"DELETE", "/v1/resource-groups/rg1", ``, 200, rg | del | v1.WarnNotFound},
		{"POST", "/v1/resource-definitions", `{"resource_definition":{"name":"data","resource_group_name":"grp"}}`, 201, rd | crt | v1.Created},
		{"POST", "/v1/resource-definitions/data/volume-definitions", `{"volume_definition":{"size_kib":65536}}`, 201, vd | crt | v1.Created},
		{"POST", "/v1/resource-definitions/data/resources", `[{"resource":{"node_name":"n1","props":{"StorPoolName":"pool"}}}]`, 201, rsc | crt | v1.Created},
		{"POST", "/v1/resource-definitions/data/resources", `[{"resource":{"node_name":"n1","props":{"StorPoolName":"pool"}}}]`, 201, rsc | crt | v1.InfoResourceAlreadyExists},
		{"PUT", "/v1/resource-definitions/data/volume-definitions/0", `{"size_kib":65536}`, 200, vd | mod | v1.WarnVolumeDefinitionResizeSameSize},
		{"POST", "/v1/resource-definitions/data/autoplace", `{"select_filter":{"place_count":1}}`, 201, rsc | crt | v1.WarnResourceAlreadyDeployed},
		{"POST", "/v1/resource-definitions/data/autoplace", `{}`, 201, rsc | crt | v1.Created},
		{"POST", "/v1/resource-definitions/data/resources/n1/make-available", `{"diskful":false}`, 200, rsc | mod},
		{"DELETE", "/v1/resource-definitions/data/resources/n1", ``, 200, rsc | del | v1.Deleted},
		{"DELETE", "/v1/resource-definitions/data/resources/n1", ``, 200, rsc | del | v1.WarnNotFound},
		{"DELETE", "/v1/resource-definitions/data/volume-definitions/7", ``, 200, vd | del | v1.WarnNotFound},
		{"DELETE", "/v1/resource-definitions/data/volume-definitions/0", ``, 200, vd | del | v1.Deleted},
		{"DELETE", "/v1/resource-definitions/data", ``, 200, rd | del | v1.Deleted},
		{"DELETE", "/v1/resource-definitions/data", ``, 200, rd | del | v1.WarnNotFound},
		{"DELETE", "/v1/resource-definitions/data/resources/n1", ``, 200, rsc | del | v1.WarnNotFound},
		{"POST", "/v1/resource-groups/grp/spawn", `{"resource_definition_name":"sp1","volume_sizes":[65536]}`, 201, rd | crt | v1.Created},
		{"POST", "/v1/controller/properties", `{"override_props":{"Aux/x":"1"}}`, 201, v1.MaskControllerConfig | mod | v1.Modified},
		{"DELETE", "/v1/controller/properties/Aux/x", ``, 200, v1.MaskControllerConfig | del | v1.Modified},
		{"PUT", "/v1/key-value-store/store", `{"override_props":{"k":"1"}}`, 200, v1.MaskControllerConfig | mod | v1.Modified},
		{"DELETE", "/v1/key-value-store/store", ``, 200, v1.MaskControllerConfig | del | v1.Deleted},
		{"DELETE", "/v1/key-value-store/store", ``, 200, v1.MaskControllerConfig | del | v1.WarnNotFound},
		{"DELETE", "/v1/nodes/n2/storage-pools/nosuch", ``, 200, pool | del | v1.WarnNotFound},
	}
	run(t, 2, func(e *env) {
		for _, test := range tests {
			e.send(test.method, test.path, test.body).wantFirst(test.status, test.code)
		}
	})
}

// TestSecondReplyOfPropertyChanges: linstor-client's tests read the second entry as
// the modification itself, and a volume definition's has exactly two.
func TestSecondReplyOfPropertyChanges(t *testing.T) {
	run(t, 1, func(e *env) {
		e.ok("POST", "/v1/resource-definitions", `{"resource_definition":{"name":"data"}}`)
		e.ok("POST", "/v1/resource-definitions/data/volume-definitions", `{"volume_definition":{"size_kib":65536}}`)
		for _, body := range []string{`{"override_props":{"Aux/x":"1"}}`, `{"override_props":{"Aux/x":"2"}}`, `{"delete_props":["Aux/x"]}`,
			`{"override_props":{"DrbdOptions/Net/max-buffers":"8000"}}`} {
			all := e.ok("PUT", "/v1/resource-definitions/data", body).rcs()
			if want := v1.MaskResourceDefinition | v1.MaskModify | v1.Modified; len(all) < 2 || all[1].RetCode != want {
				t.Errorf("resource definition, %s: %+v", body, all)
			}
		}
		for _, body := range []string{`{"override_props":{"Aux/x":"1"}}`, `{"delete_props":["Aux/x"]}`, `{"override_props":{"DrbdOptions/Disk/on-io-error":"detach"}}`} {
			all := e.ok("PUT", "/v1/resource-definitions/data/volume-definitions/0", body).rcs()
			if want := v1.MaskVolumeDefinition | v1.MaskModify | v1.Modified; len(all) != 2 || all[0].RetCode != want || all[1].RetCode != want {
				t.Errorf("volume definition, %s: %+v", body, all)
			}
		}
	})
}

// TestPropertiesOfFreshObjects: linstor-client's tests count them.
func TestPropertiesOfFreshObjects(t *testing.T) {
	run(t, 1, func(e *env) {
		e.ok("POST", "/v1/resource-definitions", `{"resource_definition":{"name":"data"}}`)
		e.ok("POST", "/v1/resource-definitions/data/volume-definitions", `{"volume_definition":{"size_kib":65536}}`)
		if p := into[v1.Node](e.ok("GET", "/v1/nodes/n1", "")).Props; len(p) != 1 || p["NodeUname"] != "n1" {
			t.Errorf("a fresh node has %v", p)
		}
		if p := into[v1.ResourceDefinition](e.ok("GET", "/v1/resource-definitions/data", "")).Props; len(p) != 0 {
			t.Errorf("a fresh resource definition has %v", p)
		}
		p := into[v1.VolumeDefinition](e.ok("GET", "/v1/resource-definitions/data/volume-definitions/0", "")).Props
		if gi := p["DrbdCurrentGi"]; len(p) != 1 || !regexp.MustCompile(`^[0-9A-F]{15}[02468ACE]$`).MatchString(gi) {
			t.Errorf("a fresh volume definition has %v", p)
		}
	})
}

// TestGeneratedName: the first reply names the definition that was made out of an
// external name.
func TestGeneratedName(t *testing.T) {
	run(t, 1, func(e *env) {
		e.ok("POST", "/v1/resource-definitions", `{"resource_definition":{"name":"data"}}`)
		tests := []struct{ body, external string }{
			{`{"resource_definition":{"name":"","external_name":"volume with spaces/äöü"}}`, "volume with spaces/äöü"},
			{`{"resource_definition":{"external_name":"volume with spaces?äöü"}}`, "volume with spaces?äöü"},
			{`{"resource_definition":{"external_name":"data"}}`, "data"},
		}
		seen := map[string]bool{"data": true}
		for _, test := range tests {
			ref := e.ok("POST", "/v1/resource-definitions", test.body).wantStatus(http.StatusCreated).first().ObjRefs["RscDfn"]
			if ref == "" || seen[ref] {
				t.Errorf("%s was called %q", test.body, ref)
			}
			seen[ref] = true
			if got := into[v1.ResourceDefinition](e.ok("GET", "/v1/resource-definitions/"+ref, "")); got.ExternalName != test.external {
				t.Errorf("%s has the external name %q", ref, got.ExternalName)
			}
		}
		e.send("POST", "/v1/resource-definitions", tests[0].body).wantFault(500, v1.FailExistsExternalName, tests[0].external)
		spawned := e.ok("POST", "/v1/resource-groups/grp/spawn", `{"resource_definition_external_name":"vm 100","volume_sizes":[4096],"definitions_only":true}`)
		if ref := spawned.first().ObjRefs["RscDfn"]; ref == "" {
			t.Errorf("spawning by an external name answered no name: %s", spawned.body)
		}
		if _, ok := spawned.entry(v1.InfoNoResourceSpawned); !ok {
			t.Errorf("spawning definitions only does not say so: %s", spawned.body)
		}
	})
}

// TestSpawnedResourceAsClientsReadIt reads what the plugins read.
func TestSpawnedResourceAsClientsReadIt(t *testing.T) {
	run(t, 2, func(e *env) {
		before := time.Now()
		r := e.ok("POST", "/v1/resource-groups/grp/spawn", `{"resource_definition_name":"data","volume_sizes":[65536]}`)
		for _, rc := range r.rcs() {
			if rc.RetCode.IsError() || rc.RetCode.IsWarning() || rc.CreatedAt == nil {
				t.Errorf("spawning answered %+v", rc)
			}
		}
		first := e.replicas("data")
		for node, r := range first {
			v := r.Volumes[0]
			if r.State == nil || r.State.InUse == nil || *r.State.InUse {
				t.Errorf("%s: state is %+v", node, r.State)
			}
			if at := time.UnixMilli(r.CreateTimestamp); at.Before(before.Add(-time.Second)) || at.After(time.Now().Add(time.Second)) {
				t.Errorf("%s was created at %s", node, at)
			}
			if r.LayerObject == nil || r.LayerObject.Type != v1.LayerTypeStorage || len(r.LayerObject.Storage.StorageVolumes) != 1 {
				t.Errorf("%s: layers are %+v", node, r.LayerObject)
			}
			if v.DevicePath == "" || v.ProviderKind != v1.ProviderKindFileThin || v.StoragePoolName != "pool" || v.State == nil ||
				v.State.DiskState != "Created" || v.UsableSizeKiB == nil || *v.UsableSizeKiB < 65536 || v.AllocatedSizeKiB == nil {
				t.Errorf("%s: volume is %+v", node, v)
			}
			if len(v.LayerDataList) != 1 || v.LayerDataList[0].Type != v1.LayerTypeStorage {
				t.Errorf("%s: layer data is %+v", node, v.LayerDataList)
			}
			uuid := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
			if !uuid.MatchString(r.UUID) || !uuid.MatchString(v.UUID) {
				t.Errorf("%s: uuids are %q and %q", node, r.UUID, v.UUID)
			}
		}
		e.StopController()
		e.StartController()
		if _, err := await(e, "/v1/nodes/n1", func(n v1.Node) bool { return n.ConnectionStatus == "ONLINE" }); err != nil {
			t.Fatal(err)
		}
		for node, r := range e.replicas("data") {
			if r.UUID != first[node].UUID || r.Volumes[0].UUID != first[node].Volumes[0].UUID || r.CreateTimestamp != first[node].CreateTimestamp {
				t.Errorf("%s: the identity has changed from %+v to %+v", node, first[node], r)
			}
		}
	})
}

// TestMakeAvailable: the device can be opened when the call returns, and repeating
// it changes nothing.
func TestMakeAvailable(t *testing.T) {
	run(t, 2, func(e *env) {
		e.ok("POST", "/v1/resource-definitions", `{"resource_definition":{"name":"data","resource_group_name":"grp"}}`)
		e.ok("POST", "/v1/resource-definitions/data/volume-definitions", `{"volume_definition":{"size_kib":65536}}`)
		const path = "/v1/resource-definitions/data/resources/n2"
		e.send("GET", path, "").wantStatus(http.StatusNotFound)
		e.ok("POST", path+"/make-available", `{"diskful":false}`).wantStatus(http.StatusOK)
		v := into[v1.Volume](e.ok("GET", path+"/volumes/0", ""))
		if v.DevicePath == "" || e.Node("n2").Machine.DeviceSize(v.DevicePath) < 65536*1024 {
			t.Errorf("the volume is not there: %+v", v)
		}
		rev := e.World().Rev
		again := e.ok("POST", path+"/make-available", `{"diskful":true}`)
		if e.World().Rev != rev || again.first().Message != "Resource already deployed as requested" {
			t.Errorf("repeating it answered %s", again.body)
		}
	})
}

// TestDeletedIsGone: after the answer nothing is left, in the lists nor on the nodes.
func TestDeletedIsGone(t *testing.T) {
	run(t, 2, func(e *env) {
		e.spawn("data", 64*mib)
		devices := map[string]string{}
		for node, r := range e.replicas("data") {
			devices[node] = r.Volumes[0].DevicePath
		}
		e.ok("DELETE", "/v1/resource-definitions/data", "")
		e.send("GET", "/v1/resource-definitions/data", "").wantStatus(http.StatusNotFound)
		if left := e.replicas("data"); len(left) != 0 {
			t.Errorf("replicas are left: %+v", left)
		}
		for node, device := range devices {
			if size := e.Node(node).Machine.DeviceSize(device); size >= 0 {
				t.Errorf("%s still has %s", node, device)
			}
		}
		e.ok("POST", "/v1/resource-definitions", `{"resource_definition":{"name":"data"}}`).wantStatus(http.StatusCreated)
	})
}

// TestKeyValueStore: one instance is a list of one and lives as long as it has keys.
func TestKeyValueStore(t *testing.T) {
	const path = "/v1/key-value-store/csi-backup-mapping"
	run(t, 1, func(e *env) {
		e.send("GET", path, "").wantStatus(http.StatusNotFound)
		e.ok("PUT", path, `{"override_props":{"a/b":"{\"x\":1}","c":"2"}}`)
		one := into[[]v1.KeyValueStore](e.ok("GET", path, ""))
		if len(one) != 1 || one[0].Name != "csi-backup-mapping" || one[0].Props["a/b"] != `{"x":1}` {
			t.Errorf("the store is %+v", one)
		}
		e.ok("PUT", path, `{"delete_props":["c","nosuch"]}`)
		e.ok("PUT", path, `{"delete_namespaces":["a"]}`)
		e.send("GET", path, "").wantStatus(http.StatusNotFound)
		if all := into[[]v1.KeyValueStore](e.ok("GET", "/v1/key-value-store", "")); len(all) != 0 {
			t.Errorf("an empty store is left: %+v", all)
		}
	})
}

// TestFilterOfAGroupComesBackAsSent: linstor-csi compares it field by field and
// would modify the group every time.
func TestFilterOfAGroupComesBackAsSent(t *testing.T) {
	const body = `{"name":"csi","select_filter":{"place_count":3,"storage_pool_list":["z-pool","a-pool"],"replicas_on_same":["Aux/b","Aux/a"],
		"replicas_on_different":["Aux/zone","Aux/host"],"x_replicas_on_different_map":{"Aux/rack":2},"layer_stack":["DRBD","STORAGE"],
		"not_place_with_rsc_regex":"^vm","diskless_on_remaining":false,"node_name_list":[],"provider_list":[]}}`
	run(t, 1, func(e *env) {
		e.ok("POST", "/v1/resource-groups", body)
		f := into[v1.ResourceGroup](e.ok("GET", "/v1/resource-groups/csi", "")).SelectFilter
		for _, l := range []struct{ got, want []string }{
			{f.StoragePoolList, []string{"z-pool", "a-pool"}}, {f.ReplicasOnSame, []string{"Aux/b", "Aux/a"}},
			{f.ReplicasOnDifferent, []string{"Aux/zone", "Aux/host"}}, {f.LayerStack, []string{"DRBD", "STORAGE"}},
			{f.NodeNameList, nil}, {f.ProviderList, nil},
		} {
			if !slices.Equal(l.got, l.want) {
				t.Errorf("sent %v, came back %v", l.want, l.got)
			}
		}
		if *f.PlaceCount != 3 || f.XReplicasOnDifferentMap["Aux/rack"] != 2 || *f.NotPlaceWithRscRegex != "^vm" ||
			f.DisklessOnRemaining == nil || *f.DisklessOnRemaining {
			t.Errorf("the filter came back as %+v", f)
		}
		e.ok("PUT", "/v1/resource-groups/csi", `{"select_filter":{"storage_pool_list":[],"replicas_on_same":[],"x_replicas_on_different_map":{},"not_place_with_rsc_regex":""}}`)
		f = into[v1.ResourceGroup](e.ok("GET", "/v1/resource-groups/csi", "")).SelectFilter
		if len(f.StoragePoolList)+len(f.ReplicasOnSame)+len(f.XReplicasOnDifferentMap) != 0 || f.NotPlaceWithRscRegex != nil || len(f.ReplicasOnDifferent) != 2 {
			t.Errorf("after clearing: %+v", f)
		}
		e.ok("PUT", "/v1/resource-groups/csi", `{"select_filter":{"layer_stack":["luks","storage"],"provider_list":["lvm_thin"]}}`)
		f = into[v1.ResourceGroup](e.ok("GET", "/v1/resource-groups/csi", "")).SelectFilter
		if !slices.Equal(f.LayerStack, []string{"LUKS", "STORAGE"}) || !slices.Equal(f.ProviderList, []string{"LVM_THIN"}) {
			t.Errorf("lower-case names came back as %v and %v", f.LayerStack, f.ProviderList)
		}
	})
}

// TestVolumeNumberIsAlwaysThere: golinstor follows the pointer without a look.
func TestVolumeNumberIsAlwaysThere(t *testing.T) {
	run(t, 2, func(e *env) {
		e.ok("POST", "/v1/resource-groups/grp/volume-groups", `{}`)
		e.spawn("data", 64*mib)
		for _, path := range []string{"/v1/resource-groups/grp/volume-groups", "/v1/resource-definitions/data/volume-definitions",
			"/v1/resource-definitions/data/resources/n1/volumes"} {
			for _, v := range into[[]map[string]any](e.ok("GET", path, "")) {
				if n, ok := v["volume_number"]; !ok || n != 0.0 {
					t.Errorf("%s: volume_number is %v", path, n)
				}
			}
		}
	})
}
