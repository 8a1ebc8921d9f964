package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// badInput is a call that must be refused with an answer that helps, and must leave
// nothing behind.
type badInput struct {
	name, method, path, body string
	status                   int
	code                     v1.Code
	words                    []string
}

func refuse(e *env, tests []badInput) {
	e.t.Helper()
	for _, test := range tests {
		before := e.World().Rev
		r := e.send(test.method, test.path, test.body)
		r.what = test.name + ": " + r.what[:min(len(r.what), 200)]
		r.wantFault(test.status, test.code, test.words...)
		if after := e.World().Rev; after != before {
			e.t.Errorf("%s changed the state although it was refused", r.what)
		}
	}
	e.ok("GET", "/health", "")
}

func TestBadJSONIsRefused(t *testing.T) {
	const rd, parse = "/v1/resource-definitions", v1.APICallParseError
	runPlain(t, func(e *env) {
		refuse(e, []badInput{
			{"no JSON", "POST", rd, `{`, 400, parse, []string{"not valid JSON"}},
			{"no body", "POST", rd, ``, 400, parse, []string{"no body"}},
			{"two documents", "POST", rd, `{}{}`, 400, parse, []string{"more behind"}},
			{"unknown field", "POST", rd, `{"resource_definition":{"nome":"x"}}`, 400, parse, []string{"nome"}},
			{"unknown top field", "POST", rd, `{"resource_dfn":{}}`, 400, parse, []string{"resource_dfn"}},
			{"number for a string", "POST", rd, `{"resource_definition":{"name":5}}`, 400, parse, []string{"resource_definition.name", "number"}},
			{"list for an object", "POST", rd, `[]`, 400, parse, []string{"body", "array"}},
			{"object for a list", "POST", "/v1/resource-definitions/data/resources", `{}`, 400, parse, []string{"body", "object"}},
			{"word for a place count", "POST", "/v1/resource-groups", `{"name":"rg","select_filter":{"place_count":"two"}}`, 400, parse, []string{"place_count"}},
			{"fraction of a place count", "POST", "/v1/resource-groups", `{"name":"rg","select_filter":{"place_count":1.5}}`, 400, parse, []string{"place_count"}},
			{"word for a size", "POST", "/v1/resource-definitions/data/volume-definitions", `{"volume_definition":{"size_kib":"10G"}}`, 400, parse, []string{"size_kib"}},
			{"fraction of a size", "POST", "/v1/resource-definitions/data/volume-definitions", `{"volume_definition":{"size_kib":1.5}}`, 400, parse, []string{"size_kib"}},
			{"number too large", "POST", "/v1/resource-definitions/data/volume-definitions", `{"volume_definition":{"size_kib":99999999999999999999}}`, 400, parse, []string{"size_kib"}},
			{"property not a string", "PUT", "/v1/nodes/n1", `{"override_props":{"Aux/x":5}}`, 400, parse, []string{"override_props"}},
			{"no object", "POST", rd, `{}`, 500, v1.FailInvalidRequest, []string{"resource_definition"}},
			{"null object", "POST", rd, `null`, 500, v1.FailInvalidRequest, []string{"resource_definition"}},
			{"no volume definition", "POST", "/v1/resource-definitions/data/volume-definitions", `{}`, 500, v1.FailInvalidRequest, []string{"volume_definition"}},
			{"no resource", "POST", "/v1/resource-definitions/data/resources", `[]`, 500, v1.FailInvalidRequest, []string{"empty"}},
			{"no node of a resource", "POST", "/v1/resource-definitions/data/resources", `[{}]`, 500, v1.FailInvalidNodeName, []string{"node_name"}},
			{"bad waiting time", "POST", rd + "?wait=soon", `{"resource_definition":{"name":"x1"}}`, 400, v1.FailInvalidRequest, []string{"wait", "soon"}},
			{"negative waiting time", "POST", rd + "?wait=-1s", `{"resource_definition":{"name":"x1"}}`, 400, v1.FailInvalidRequest, []string{"wait", "-1s"}},
			{"bad volume number", "GET", "/v1/resource-definitions/data/volume-definitions/first", ``, 500, v1.FailInvalidVolumeNumber, []string{"first"}},
			{"bad time", "GET", "/v1/error-reports?since=yesterday", ``, 400, v1.FailInvalidRequest, []string{"since", "yesterday"}},
		})
	})
}

// runPlain runs on two nodes with one resource "data" of 64 MiB.
func runPlain(t *testing.T, test func(e *env)) {
	run(t, 2, func(e *env) {
		e.spawn("data", 64*mib)
		synctest.Wait()
		test(e)
	})
}

func TestBadNamesAreRefused(t *testing.T) {
	objects := []struct {
		kind, method, path, body string
		code                     v1.Code
		max                      int
	}{
		{"node", "POST", "/v1/nodes", `{"name":%q,"type":"Auxiliary"}`, v1.FailInvalidNodeName, 255},
		{"interface", "POST", "/v1/nodes/n1/net-interfaces", `{"name":%q,"address":"10.0.0.1"}`, v1.FailInvalidNetName, 32},
		{"pool", "POST", "/v1/nodes/n1/storage-pools", `{"storage_pool_name":%q,"provider_kind":"DISKLESS"}`, v1.FailInvalidStoragePoolName, 48},
		{"pool definition", "POST", "/v1/storage-pool-definitions", `{"storage_pool_name":%q}`, v1.FailInvalidStoragePoolName, 48},
		{"resource group", "POST", "/v1/resource-groups", `{"name":%q}`, v1.FailInvalidResourceGroupName, 48},
		{"resource definition", "POST", "/v1/resource-definitions", `{"resource_definition":{"name":%q}}`, v1.FailInvalidResourceName, 48},
		{"spawned resource", "POST", "/v1/resource-groups/grp/spawn", `{"resource_definition_name":%q,"volume_sizes":[65536]}`, v1.FailInvalidResourceName, 48},
	}
	runPlain(t, func(e *env) {
		for _, o := range objects {
			var tests []badInput
			for i, n := range []string{"", "a", "-a", "a b", "a/b", "ä-ö", "$(reboot)", "a;rm", "..", "a\nb", strings.Repeat("a", o.max+1), strings.Repeat("a", 1<<16)} {
				if o.kind == "interface" && n == "" {
					continue // the first interface has a name of its own
				}
				tests = append(tests, badInput{fmt.Sprintf("%s %d", o.kind, i), o.method, o.path, fmt.Sprintf(o.body, n), 500, o.code, nil})
			}
			refuse(e, tests)
		}
		refuse(e, []badInput{
			{"reserved all", "POST", "/v1/resource-definitions", `{"resource_definition":{"name":"All"}}`, 500, v1.FailInvalidResourceName, []string{"all"}},
			{"key-value store", "PUT", "/v1/key-value-store/a%20b", `{"override_props":{"k":"v"}}`, 500, v1.FailInvalidKVSName, []string{"a b"}},
			{"shared space", "POST", "/v1/nodes/n1/storage-pools", `{"storage_pool_name":"other","provider_kind":"FILE","props":{"StorDriver/StorPoolName":"/pool2"},"shared_space":"a b"}`, 500, v1.FailInvalidFreeSpaceMgrName, []string{"a b"}},
			{"invalid UTF-8", "POST", "/v1/resource-definitions", "{\"resource_definition\":{\"name\":\"a\xff\"}}", 500, v1.FailInvalidResourceName, nil},
		})
		// The longest names are taken, all the way to the disk.
		long := strings.Repeat("r", 48)
		e.spawn(long, 4*mib)
		e.ok("DELETE", "/v1/resource-definitions/"+long, "")
	})
}

func TestBadNodesAreRefused(t *testing.T) {
	const nodes = "/v1/nodes"
	inet := func(fields string) string {
		return `{"name":"n9","type":"satellite","net_interfaces":[{"name":"default"` + fields + `}]}`
	}
	runPlain(t, func(e *env) {
		e.ok("POST", nodes, `{"name":"ctl","type":"Controller"}`)
		refuse(e, []badInput{
			{"unknown type", "POST", nodes, `{"name":"n9","type":"Satelite"}`, 500, v1.FailInvalidNodeType, []string{"type", "Satelite"}},
			{"unsupported type", "POST", nodes, `{"name":"n9","type":"Remote_Spdk"}`, 500, v1.FailInvalidNodeType, []string{"type", "Remote_Spdk"}},
			{"duplicate", "POST", nodes, nodeBody("N1"), 500, v1.FailExistsNode, []string{"n1"}},
			{"no interface", "POST", nodes, `{"name":"n9","type":"satellite"}`, 500, v1.FailNoSatelliteConnectionDefined, []string{"n9", "net_interfaces"}},
			{"no port", "POST", nodes, inet(`,"address":"10.0.0.1"`), 500, v1.FailNoSatelliteConnectionDefined, []string{"n9", "satellite_port"}},
			{"no address", "POST", nodes, inet(`,"satellite_port":3366`), 500, v1.FailInvalidNetAddr, []string{"address"}},
			{"bad address", "POST", nodes, inet(`,"address":"10.0.0","satellite_port":3366`), 500, v1.FailInvalidNetAddr, []string{"10.0.0"}},
			{"bad port", "POST", nodes, inet(`,"address":"10.0.0.1","satellite_port":70000`), 500, v1.FailInvalidNetPort, []string{"satellite_port", "70000"}},
			{"negative port", "POST", nodes, inet(`,"address":"10.0.0.1","satellite_port":-1`), 500, v1.FailInvalidNetPort, []string{"satellite_port", "-1"}},
			{"bad encryption", "POST", nodes, inet(`,"address":"10.0.0.1","satellite_port":3366,"satellite_encryption_type":"rot13"`), 500, v1.FailInvalidEncryptType, []string{"satellite_encryption_type", "rot13"}},
			{"duplicate interface", "POST", nodes + "/n1/net-interfaces", `{"name":"DEFAULT","address":"10.0.0.1"}`, 500, v1.FailExistsNetInterface, []string{"default"}},
			{"interface of a missing node", "POST", nodes + "/n9/net-interfaces", `{"name":"eth0","address":"10.0.0.1"}`, 404, v1.FailNotFoundNode, []string{"n9"}},
			{"active without a port", "POST", nodes + "/n1/net-interfaces", `{"name":"eth9","address":"10.0.0.1","is_active":true}`, 500, v1.FailInvalidNetPort, []string{"eth9", "is_active"}},
			{"missing node", "PUT", nodes + "/n9", `{}`, 404, v1.FailNotFoundNode, []string{"n9"}},
			{"unknown property", "PUT", nodes + "/n1", `{"override_props":{"Nosuch/key":"x"}}`, 500, v1.FailInvalidProp, []string{"Nosuch/key"}},
			{"bad property value", "PUT", nodes + "/n1", `{"override_props":{"AutoplaceTarget":"perhaps"}}`, 500, v1.FailInvalidProp, []string{"AutoplaceTarget"}},
			{"one bad property of two", "PUT", nodes + "/n1", `{"override_props":{"Aux/good":"1","Nosuch/key":"x"}}`, 500, v1.FailInvalidProp, []string{"Nosuch/key"}},
			{"property key too long", "PUT", nodes + "/n1", `{"override_props":{"Aux/` + strings.Repeat("k", 300) + `":"x"}}`, 500, v1.FailInvalidProp, nil},
			{"missing interface in PrefNic", "PUT", nodes + "/n1", `{"override_props":{"PrefNic":"eth7"}}`, 500, v1.FailInvalidProp, []string{"eth7"}},
			{"delete with resources", "DELETE", nodes + "/n1", ``, 500, v1.FailExistsVolume, []string{"n1", "data"}},
			{"lose an online node", "DELETE", nodes + "/n1/lost", ``, 500, v1.FailExistsNodeConnection, []string{"n1"}},
			{"lose a missing node", "DELETE", nodes + "/n9/lost", ``, 404, v1.FailNotFoundNode, []string{"n9"}},
			{"restore a healthy node", "PUT", nodes + "/n1/restore", ``, 500, v1.FailInvalidRequest, []string{"n1"}},
			{"evacuate to a missing node", "PUT", nodes + "/n1/evacuate", `{"target":["n9"]}`, 404, v1.FailNotFoundNode, []string{"n9"}},
			{"reconnect a missing node", "PUT", nodes + "/n9/reconnect", ``, 404, v1.FailNotFoundNode, []string{"n9"}},
			{"pool without a satellite", "POST", nodes + "/ctl/storage-pools", `{"storage_pool_name":"other","provider_kind":"FILE","props":{"StorDriver/StorPoolName":"/x"}}`, 500, v1.FailInvalidNodeType, []string{"ctl", "CONTROLLER"}},
			{"resource without a satellite", "POST", "/v1/resource-definitions/data/resources/ctl", `{}`, 500, v1.FailInvalidNodeType, []string{"ctl", "CONTROLLER"}},
		})
	})
}

func TestBadPoolsAreRefused(t *testing.T) {
	const path = "/v1/nodes/n1/storage-pools"
	pool := func(kind, backing string) string {
		return fmt.Sprintf(`{"storage_pool_name":"other","provider_kind":%q,"props":{"StorDriver/StorPoolName":%q}}`, kind, backing)
	}
	runPlain(t, func(e *env) {
		refuse(e, []badInput{
			{"missing node", "POST", "/v1/nodes/n9/storage-pools", pool("FILE", "/x"), 404, v1.FailNotFoundNode, []string{"n9"}},
			{"unknown kind", "POST", path, pool("LVMM", "/x"), 500, v1.FailInvalidStorageDriver, []string{"provider_kind", "LVMM"}},
			{"no kind", "POST", path, `{"storage_pool_name":"other"}`, 500, v1.FailInvalidStorageDriver, []string{"provider_kind"}},
			{"no backing", "POST", path, `{"storage_pool_name":"other","provider_kind":"LVM"}`, 500, v1.FailInvalidProp, []string{"StorDriver/StorPoolName"}},
			{"relative path", "POST", path, pool("FILE", "pool"), 500, v1.FailInvalidProp, []string{"'pool'"}},
			{"no thin pool", "POST", path, pool("LVM_THIN", "vg"), 500, v1.FailInvalidProp, []string{"'vg'"}},
			{"option as a name", "POST", path, pool("LVM", "--force"), 500, v1.FailInvalidProp, []string{"--force"}},
			{"duplicate", "POST", path, `{"storage_pool_name":"POOL","provider_kind":"DISKLESS"}`, 500, v1.FailExistsStoragePool, []string{"pool", "n1"}},
			{"same storage twice", "POST", path, pool("FILE_THIN", "/pool"), 500, v1.FailExistsStoragePool, []string{"/pool", "n1"}},
			{"unknown property", "POST", path, `{"storage_pool_name":"other","provider_kind":"FILE","props":{"StorDriver/StorPoolName":"/x","Nosuch":"y"}}`, 500, v1.FailInvalidProp, []string{"Nosuch"}},
			{"delete one in use", "DELETE", path + "/pool", ``, 500, v1.FailInUse, []string{"pool", "n1", "1 "}},
			{"delete the diskless one", "DELETE", path + "/DfltDisklessStorPool", ``, 500, v1.FailInUse, []string{"DfltDisklessStorPool"}},
			{"move one in use", "PUT", path + "/pool", `{"override_props":{"StorDriver/StorPoolName":"/elsewhere"}}`, 500, v1.FailInUse, []string{"pool", "/elsewhere"}},
			{"modify a missing one", "PUT", path + "/nosuch", `{}`, 404, v1.FailNotFoundStoragePool, []string{"nosuch", "n1"}},
			{"delete a definition in use", "DELETE", "/v1/storage-pool-definitions/pool", ``, 500, v1.FailInUse, []string{"pool"}},
			{"delete a default definition", "DELETE", "/v1/storage-pool-definitions/DfltStorPool", ``, 500, v1.FailInUse, []string{"DfltStorPool"}},
			{"duplicate definition", "POST", "/v1/storage-pool-definitions", `{"storage_pool_name":"Pool"}`, 500, v1.FailExistsStoragePoolDefinition, []string{"pool"}},
			{"devices of an unknown kind", "POST", "/v1/physical-storage/n1", `{"provider_kind":"FILE","device_paths":["/dev/sdb"]}`, 500, v1.FailInvalidProvider, []string{"provider_kind", "FILE"}},
			{"no devices", "POST", "/v1/physical-storage/n1", `{"provider_kind":"LVM","device_paths":[]}`, 500, v1.FailInvalidRequest, []string{"device_paths"}},
			{"relative device", "POST", "/v1/physical-storage/n1", `{"provider_kind":"LVM","device_paths":["sdb"]}`, 500, v1.FailInvalidRequest, []string{"device_paths", "sdb"}},
			{"RAID level", "POST", "/v1/physical-storage/n1", `{"provider_kind":"LVM","device_paths":["/dev/sdb"],"raid_level":"RAID5"}`, 500, v1.FailInvalidRequest, []string{"raid_level", "RAID5"}},
		})
	})
}

func TestBadDefinitionsAreRefused(t *testing.T) {
	const rd, vd = "/v1/resource-definitions", "/v1/resource-definitions/data/volume-definitions"
	size := func(kib int64) string { return fmt.Sprintf(`{"volume_definition":{"size_kib":%d}}`, kib) }
	runPlain(t, func(e *env) {
		refuse(e, []badInput{
			{"duplicate", "POST", rd, `{"resource_definition":{"name":"Data"}}`, 500, v1.FailExistsResourceDefinition, []string{"data"}},
			{"missing group", "POST", rd, `{"resource_definition":{"name":"new","resource_group_name":"nosuch"}}`, 404, v1.FailNotFoundResourceGroup, []string{"nosuch"}},
			{"layers without order", "POST", rd, `{"resource_definition":{"name":"new","layer_data":[{"type":"STORAGE"},{"type":"DRBD"}]}}`, 500, v1.FailInvalidLayerStack, []string{"STORAGE"}},
			{"layer twice", "POST", rd, `{"resource_definition":{"name":"new","layer_data":[{"type":"DRBD"},{"type":"DRBD"},{"type":"STORAGE"}]}}`, 500, v1.FailInvalidLayerStack, []string{"DRBD"}},
			{"unknown layer", "POST", rd, `{"resource_definition":{"name":"new","layer_data":[{"type":"RAID"}]}}`, 500, v1.FailInvalidLayerKind, []string{"RAID"}},
			{"peer slots", "POST", rd, `{"drbd_peer_slots":32,"resource_definition":{"name":"new"}}`, 500, v1.FailInvalidRequest, []string{"32"}},
			{"port", "POST", rd, `{"drbd_port":70000,"resource_definition":{"name":"new"}}`, 500, v1.FailInvalidTCPPort, []string{"70000"}},
			{"unknown property", "POST", rd, `{"resource_definition":{"name":"new","props":{"Nosuch":"x"}}}`, 500, v1.FailInvalidProp, []string{"Nosuch"}},
			{"modify a missing one", "PUT", rd + "/nosuch", `{}`, 404, v1.FailNotFoundResourceDefinition, []string{"nosuch"}},
			{"move to a missing group", "PUT", rd + "/data", `{"resource_group":"nosuch"}`, 404, v1.FailNotFoundResourceGroup, []string{"nosuch"}},
			{"layers of a placed one", "PUT", rd + "/data", `{"layer_stack":["LUKS","STORAGE"]}`, 500, v1.FailInvalidLayerStack, []string{"data"}},
			{"size 0", "POST", vd, size(0), 500, v1.FailInvalidVolumeSize, []string{"size_kib", "0"}},
			{"negative size", "POST", vd, size(-4), 500, v1.FailInvalidVolumeSize, []string{"size_kib", "-4"}},
			{"huge size", "POST", vd, size(1<<40 + 1), 500, v1.FailInvalidVolumeSize, []string{"size_kib", "1 PiB"}},
			{"largest number", "POST", vd, size(1<<63 - 1), 500, v1.FailInvalidVolumeSize, []string{"size_kib"}},
			{"larger than the pool", "POST", vd, size(1 << 40), 500, v1.FailNotEnoughFreeSpace, []string{"pool", "n1", "KiB"}},
			{"volume number", "POST", vd, `{"volume_definition":{"volume_number":65535,"size_kib":4096}}`, 500, v1.FailInvalidVolumeNumber, []string{"65535"}},
			{"negative volume number", "POST", vd, `{"volume_definition":{"volume_number":-1,"size_kib":4096}}`, 500, v1.FailInvalidVolumeNumber, []string{"-1"}},
			{"duplicate volume", "POST", vd, `{"volume_definition":{"volume_number":0,"size_kib":4096}}`, 500, v1.FailExistsVolumeDefinition, []string{"0", "data"}},
			{"minor number", "POST", vd, `{"drbd_minor_number":-5,"volume_definition":{"size_kib":4096}}`, 500, v1.FailInvalidMinorNumber, []string{"-5"}},
			{"volume of a missing one", "POST", rd + "/nosuch/volume-definitions", size(4096), 404, v1.FailNotFoundResourceDefinition, []string{"nosuch"}},
			{"modify a missing volume", "PUT", vd + "/5", `{"size_kib":4096}`, 404, v1.FailNotFoundVolumeDefinition, []string{"5", "data"}},
			{"shrink", "PUT", vd + "/0", `{"size_kib":4096}`, 500, v1.FailInvalidVolumeSize, []string{"65536", "4096"}},
			{"grow to 0", "PUT", vd + "/0", `{"size_kib":0}`, 500, v1.FailInvalidVolumeSize, []string{"size_kib"}},
			{"grow beyond the pool", "PUT", vd + "/0", `{"size_kib":1099511627776}`, 500, v1.FailNotEnoughFreeSpace, []string{"pool", "n1"}},
			{"unknown flag", "PUT", vd + "/0", `{"flags":["ENCRYPTED"]}`, 500, v1.FailInvalidRequest, []string{"flags", "ENCRYPTED"}},
			{"bad property", "PUT", vd + "/0", `{"override_props":{"DrbdCurrentGi":"xyz"}}`, 500, v1.FailInvalidProp, []string{"DrbdCurrentGi"}},
			{"size and bad property", "PUT", vd + "/0", `{"size_kib":131072,"override_props":{"Nosuch":"xyz"}}`, 500, v1.FailInvalidProp, []string{"Nosuch"}},
		})
	})
}

func TestBadGroupsAreRefused(t *testing.T) {
	const rg = "/v1/resource-groups"
	filter := func(f string) string { return `{"name":"new","select_filter":{` + f + `}}` }
	runPlain(t, func(e *env) {
		refuse(e, []badInput{
			{"duplicate", "POST", rg, `{"name":"GRP"}`, 500, v1.FailExistsResourceGroup, []string{"grp"}},
			{"negative place count", "POST", rg, filter(`"place_count":-2`), 500, v1.FailInvalidPlaceCount, []string{"place_count", "-2"}},
			{"unknown layer", "POST", rg, filter(`"layer_stack":["raid","storage"]`), 500, v1.FailInvalidLayerKind, []string{"raid"}},
			{"layers without order", "POST", rg, filter(`"layer_stack":["storage","luks"]`), 500, v1.FailInvalidLayerStack, []string{"STORAGE"}},
			{"unknown provider", "POST", rg, filter(`"provider_list":["tape"]`), 500, v1.FailInvalidProvider, []string{"provider_list", "tape"}},
			{"bad expression", "POST", rg, filter(`"not_place_with_rsc_regex":"("`), 500, v1.FailInvalidRequest, []string{"not_place_with_rsc_regex"}},
			{"bad rule", "POST", rg, filter(`"replicas_on_same":[""]`), 500, v1.FailInvalidRequest, []string{"replicas_on_same"}},
			{"bad number of replicas", "POST", rg, filter(`"x_replicas_on_different_map":{"Aux/rack":0}`), 500, v1.FailInvalidRequest, []string{"x_replicas_on_different_map", "Aux/rack"}},
			{"peer slots", "POST", rg, `{"name":"new","peer_slots":99}`, 500, v1.FailInvalidRequest, []string{"99"}},
			{"modify a missing one", "PUT", rg + "/nosuch", `{}`, 404, v1.FailNotFoundResourceGroup, []string{"nosuch"}},
			{"negative place count of a modification", "PUT", rg + "/grp", `{"select_filter":{"place_count":-7}}`, 500, v1.FailInvalidPlaceCount, []string{"-7"}},
			{"delete one in use", "DELETE", rg + "/grp", ``, 500, v1.FailExistsResourceDefinition, []string{"grp", "1 "}},
			{"duplicate volume group", "POST", rg + "/grp/volume-groups", `{"volume_number":99999}`, 500, v1.FailInvalidVolumeNumber, []string{"99999"}},
			{"flag of a volume group", "POST", rg + "/grp/volume-groups", `{"flags":["NICE"]}`, 500, v1.FailInvalidRequest, []string{"flags", "NICE"}},
			{"spawn of a missing one", "POST", rg + "/nosuch/spawn", `{"resource_definition_name":"new","volume_sizes":[4096]}`, 404, v1.FailNotFoundResourceGroup, []string{"nosuch"}},
			{"spawn of a duplicate", "POST", rg + "/grp/spawn", `{"resource_definition_name":"DATA","volume_sizes":[4096]}`, 500, v1.FailExistsResourceDefinition, []string{"data"}},
			{"spawn of size 0", "POST", rg + "/grp/spawn", `{"resource_definition_name":"new","volume_sizes":[0]}`, 500, v1.FailInvalidVolumeSize, []string{"0"}},
			{"spawn of a huge size", "POST", rg + "/grp/spawn", `{"resource_definition_name":"new","volume_sizes":[1099511627776]}`, 500, v1.FailNotEnoughNodes, []string{"new", "pool", "n1", "n2"}},
			{"spawn of too many replicas", "POST", rg + "/grp/spawn", `{"resource_definition_name":"new","volume_sizes":[4096],"select_filter":{"place_count":9}}`, 500, v1.FailNotEnoughNodes, []string{"9", "2"}},
			{"spawn in a missing pool", "POST", rg + "/grp/spawn", `{"resource_definition_name":"new","volume_sizes":[4096],"select_filter":{"storage_pool_list":["nosuch"]}}`, 500, v1.FailNotEnoughNodes, []string{"nosuch"}},
			{"spawn with a layer that no node has", "POST", rg + "/grp/spawn", `{"resource_definition_name":"new","volume_sizes":[4096],"select_filter":{"layer_stack":["drbd","storage"]}}`, 500, v1.FailNotEnoughNodes, []string{"DRBD", "n1"}},
			{"passphrases of a spawn", "POST", rg + "/grp/spawn", `{"resource_definition_name":"new","volume_sizes":[4096],"volume_passphrases":["a","b"]}`, 500, v1.FailInvalidRequest, []string{"volume_passphrases"}},
			{"query without a place count", "OPTIONS", "/v1/query-max-volume-size", `{}`, 500, v1.FailInvalidPlaceCount, []string{"place_count"}},
			{"sizes of a missing one", "POST", rg + "/nosuch/query-size-info", `{}`, 404, v1.FailNotFoundResourceGroup, []string{"nosuch"}},
		})
		e.ok("POST", rg+"/grp/volume-groups", `{}`)
		refuse(e, []badInput{
			{"duplicate volume group", "POST", rg + "/grp/volume-groups", `{"volume_number":0}`, 500, v1.FailExistsVolumeGroup, []string{"0", "grp"}},
			{"sizes of a spawn", "POST", rg + "/grp/spawn", `{"resource_definition_name":"new","volume_sizes":[4096,4096]}`, 500, v1.FailInvalidVolumeSizes, []string{"volume_sizes", "1", "2"}},
			{"no sizes of a spawn", "POST", rg + "/grp/spawn", `{"resource_definition_name":"new"}`, 500, v1.FailInvalidVolumeSizes, []string{"volume_sizes"}},
		})
	})
}

func TestBadResourcesAreRefused(t *testing.T) {
	const rsc = "/v1/resource-definitions/data/resources"
	run(t, 3, func(e *env) {
		e.spawn("data", 64*mib)
		var free string
		have := e.replicas("data")
		for i := range 3 {
			if _, taken := have[nodeName(i)]; !taken {
				free = nodeName(i)
			}
		}
		e.ok("PUT", "/v1/nodes/"+free, `{"override_props":{"Aux/x":"y"}}`)
		on := func(fields string) string { return `{"resource":{` + fields + `}}` }
		refuse(e, []badInput{
			{"missing node", "POST", rsc + "/n9", `{}`, 404, v1.FailNotFoundNode, []string{"n9"}},
			{"missing definition", "POST", "/v1/resource-definitions/nosuch/resources/n1", `{}`, 404, v1.FailNotFoundResourceDefinition, []string{"nosuch"}},
			{"no pool of that name", "POST", rsc + "/" + free, on(`"props":{"StorPoolName":"nosuch"}`), 404, v1.FailNotFoundStoragePool, []string{"nosuch", free}},
			{"no default pool", "POST", rsc + "/" + free, `{}`, 404, v1.FailNotFoundDefaultStoragePool, []string{"DfltStorPool", free}},
			{"diskless pool", "POST", rsc + "/" + free, on(`"props":{"StorPoolName":"DfltDisklessStorPool"}`), 500, v1.FailInvalidStoragePoolName, []string{"DfltDisklessStorPool"}},
			{"diskless without replication", "POST", rsc + "/" + free, on(`"flags":["DISKLESS"]`), 500, v1.FailInvalidLayerStack, []string{"layer stack"}},
			{"unknown flag", "POST", rsc + "/" + free, on(`"flags":["FAST"]`), 500, v1.FailInvalidRequest, []string{"flags", "FAST"}},
			{"layer that the node has not", "POST", rsc + "/" + free, `{"layer_list":["DRBD","STORAGE"],"resource":{"props":{"StorPoolName":"pool"}}}`, 500, v1.FailSatelliteDoesNotSupportLayer, []string{"DRBD", free}},
			{"layers without order", "POST", rsc + "/" + free, `{"layer_list":["STORAGE","LUKS"]}`, 500, v1.FailInvalidLayerStack, []string{"STORAGE"}},
			{"second of two bad", "POST", rsc, `[{"resource":{"node_name":"` + free + `","props":{"StorPoolName":"pool"}}},{"resource":{"node_name":"n9"}}]`, 404, v1.FailNotFoundNode, []string{"n9"}},
			{"unknown property", "PUT", rsc + "/n1", `{"override_props":{"Nosuch":"x"}}`, 500, v1.FailInvalidProp, []string{"Nosuch"}},
			{"modify a missing one", "PUT", rsc + "/n9", `{}`, 404, v1.FailNotFoundResource, []string{"n9"}},
			{"toggle the disk", "PUT", rsc + "/n1/toggle-disk/diskless", ``, 500, v1.FailInvalidLayerStack, []string{"data", "n1"}},
			{"activate a missing one", "POST", rsc + "/n9/activate", ``, 404, v1.FailNotFoundResource, []string{"n9"}},
			{"too many replicas", "POST", "/v1/resource-definitions/data/autoplace", `{"select_filter":{"place_count":7}}`, 500, v1.FailNotEnoughNodes, []string{"7", "data"}},
			{"negative place count", "POST", "/v1/resource-definitions/data/autoplace", `{"select_filter":{"place_count":-3}}`, 500, v1.FailInvalidPlaceCount, []string{"-3"}},
			{"other layers made available", "POST", rsc + "/n1/make-available", `{"layer_list":["LUKS","STORAGE"]}`, 500, v1.FailInvalidLayerStack, []string{"data", "n1"}},
			{"available on a missing node", "POST", rsc + "/n9/make-available", ``, 404, v1.FailNotFoundNode, []string{"n9"}},
			{"connection of one node", "PUT", "/v1/node-connections/n1/n1", `{}`, 500, v1.FailInvalidRequest, []string{"n1"}},
			{"connection of a missing node", "PUT", "/v1/node-connections/n1/n9", `{}`, 404, v1.FailNotFoundNode, []string{"n9"}},
			{"controller property", "POST", "/v1/controller/properties", `{"override_props":{"Nosuch":"x"}}`, 500, v1.FailInvalidProp, []string{"Nosuch"}},
			{"cluster identity", "DELETE", "/v1/controller/properties/Cluster/LocalID", ``, 500, v1.FailInvalidProp, []string{"Cluster/LocalID"}},
			{"empty key", "PUT", "/v1/key-value-store/store", `{"override_props":{"":"x"}}`, 500, v1.FailInvalidProp, []string{"override_props"}},
			{"log level", "PUT", "/v1/controller/config", `{"log":{"level":"LOUD"}}`, 500, v1.FailInvalidRequest, []string{"log.level"}},
		})
		e.ok("PUT", "/v1/nodes/"+free+"/evacuate", "")
		refuse(e, []badInput{
			{"evacuated node", "POST", rsc + "/" + free, on(`"props":{"StorPoolName":"pool"}`), 500, v1.FailEvacuating, []string{free}},
			{"autoplace with an evacuated node", "POST", "/v1/resource-definitions/data/autoplace", `{"select_filter":{"place_count":3}}`, 500, v1.FailNotEnoughNodes, []string{free, "evacuat"}},
			{"available on an evacuated node", "POST", rsc + "/" + free + "/make-available", ``, 500, v1.FailNotFoundStoragePool, []string{free, "evacuat"}},
		})
	})
}

// TestSizesThatAreNotAligned are given at least in full.
func TestSizesThatAreNotAligned(t *testing.T) {
	run(t, 2, func(e *env) {
		for i, size := range []int64{1, 3, 4097, 65537} {
			name := fmt.Sprintf("odd%d", i)
			e.spawn(name, size)
			for node, r := range e.replicas(name) {
				if v := r.Volumes[0]; v.UsableSizeKiB == nil || *v.UsableSizeKiB < size || len(v.Flags) > 0 {
					t.Errorf("%d KiB on %s: %+v", size, node, v)
				}
			}
			e.ok("PUT", "/v1/resource-definitions/"+name+"/volume-definitions/0", fmt.Sprintf(`{"size_kib":%d}`, size+5)).wantStatus(http.StatusOK)
			e.ok("DELETE", "/v1/resource-definitions/"+name, "")
		}
	})
}
