package api

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// TestListsOnTheWire: how clients write the queries of lists, and what they rely on.
func TestListsOnTheWire(t *testing.T) {
	tests := []struct {
		path string
		want int
	}{
		{"/v1/nodes", 3},
		{"/v1/nodes/", 3},
		{"/v1/nodes?offset=0&limit=0", 3},
		{"/v1/nodes?offset=2", 3},
		{"/v1/nodes?offset=1&limit=1", 1},
		{"/v1/nodes?offset=9&limit=1", 0},
		{"/v1/nodes?nodes=n1&nodes=n3", 2},
		{"/v1/nodes?nodes=N1", 1},
		{"/v1/nodes?nodes=nosuch", 0},
		{"/v1/nodes?props=NodeUname", 3},
		{"/v1/nodes?props=NodeUname=n2", 1},
		{"/v1/nodes?props=NodeUname&props=Aux/x", 0},
		{"/v1/nodes/n1/storage-pools?cached=true", 2},
		{"/v1/nodes/n1/storage-pools/?cached=True&offset=0&limit=0", 2},
		{"/v1/view/storage-pools?nodes=n1&nodes=n2&storage_pools=pool", 2},
		{"/v1/view/storage-pools?storage_pools=nosuch", 0},
		{"/v1/view/resources", 2},
		{"/v1/view/resources/?offset=0&limit=0", 2},
		{"/v1/view/resources?resources=DATA", 2},
		{"/v1/view/resources?resources=nosuch", 0},
		{"/v1/view/resources?nodes=nosuch", 0},
		{"/v1/view/resources?storage_pools=nosuch", 0},
		{"/v1/view/resources?limit=1", 1},
		{"/v1/view/snapshots?resources=nosuch", 0},
		{"/v1/resource-definitions", 1},
		{"/v1/resource-definitions?resource_definitions=nosuch", 0},
		{"/v1/resource-definitions?resource_definitions=data&with_volume_definitions=True", 1},
		{"/v1/resource-groups?resource_groups=grp", 1},
		{"/v1/resource-groups?resource_groups=nosuch", 0},
		{"/v1/resource-definitions/data/resources", 2},
		{"/v1/resource-definitions/data/volume-definitions?limit=0&offset=0", 1},
		{"/v1/resource-groups/grp/volume-groups", 0},
		{"/v1/key-value-store", 0},
		{"/v1/physical-storage/?offset=0&limit=0", 0},
		{"/v1/error-reports/?withContent=False&offset=0&limit=0", 0},
		{"/v1/files?content=true", 0},
		{"/v1/remotes/s3", 0},
		{"/v1/remotes/linstor", 0},
	}
	run(t, 3, func(e *env) {
		e.spawn("data", 64*mib)
		for _, test := range tests {
			r := e.ok("GET", test.path, "")
			if got := into[[]any](r); len(got) != test.want {
				t.Errorf("%s has %d entries, want %d: %s", r.what, len(got), test.want, r.body)
			}
			if test.want == 0 && strings.TrimSpace(string(r.body)) != "[]" {
				t.Errorf("%s: an empty list must be [], not %s", r.what, r.body)
			}
		}
	})
}

// TestVolumeDefinitionsOnlyWhenAskedFor reads booleans as Python and Perl write them.
func TestVolumeDefinitionsOnlyWhenAskedFor(t *testing.T) {
	run(t, 2, func(e *env) {
		e.spawn("data", 64*mib)
		for value, want := range map[string]int{"true": 1, "True": 1, "1": 1, "false": 0, "False": 0, "": 0} {
			rds := into[[]v1.ResourceDefinition](e.ok("GET", "/v1/resource-definitions?with_volume_definitions="+value, ""))
			if got := len(rds[0].VolumeDefinitions); got != want {
				t.Errorf("with_volume_definitions=%q gave %d volume definitions, want %d", value, got, want)
			}
		}
	})
}

// TestSingleObjectsAreMissing: a GET of what is not there is 404 with an entry.
func TestSingleObjectsAreMissing(t *testing.T) {
	tests := []struct {
		path string
		code v1.Code
	}{
		{"/v1/nodes/nosuch", v1.FailNotFoundNode},
		{"/v1/nodes/nosuch/net-interfaces", v1.FailNotFoundNode},
		{"/v1/nodes/n1/net-interfaces/nosuch", v1.FailNotFoundNetInterface},
		{"/v1/nodes/nosuch/storage-pools", v1.FailNotFoundNode},
		{"/v1/nodes/n1/storage-pools/nosuch", v1.FailNotFoundStoragePool},
		{"/v1/storage-pool-definitions/nosuch", v1.FailNotFoundStoragePoolDefinition},
		{"/v1/resource-groups/nosuch", v1.FailNotFoundResourceGroup},
		{"/v1/resource-groups/grp/volume-groups/7", v1.FailNotFoundVolumeGroup},
		{"/v1/resource-definitions/nosuch", v1.FailNotFoundResourceDefinition},
		{"/v1/resource-definitions/nosuch/resources", v1.FailNotFoundResourceDefinition},
		{"/v1/resource-definitions/nosuch/volume-definitions", v1.FailNotFoundResourceDefinition},
		{"/v1/resource-definitions/data/volume-definitions/9", v1.FailNotFoundVolumeDefinition},
		{"/v1/resource-definitions/data/resources/nosuch", v1.FailNotFoundResource},
		{"/v1/resource-definitions/data/resources/n1/volumes/9", v1.FailNotFoundVolume},
		{"/v1/resource-definitions/nosuch/sync-status", v1.FailNotFoundResourceDefinition},
		{"/v1/key-value-store/nosuch", v1.FailNotFoundKVS},
		{"/v1/physical-storage/nosuch", v1.FailNotFoundNode},
		{"/v1/explain/resources/nosuch", v1.FailNotFoundResourceDefinition},
	}
	run(t, 2, func(e *env) {
		e.spawn("data", 64*mib)
		for _, test := range tests {
			r := e.send("GET", test.path, "").wantStatus(http.StatusNotFound)
			if got := r.first().RetCode.Number(); got != test.code.Number() {
				t.Errorf("%s: code %d, want %d", r.what, got, test.code.Number())
			}
		}
		e.send("GET", "/v1/resource-definitions/data/resources-connections/n1/n2", "").wantStatus(http.StatusNotFound)
		e.send("GET", "/v2/nodes", "").wantStatus(http.StatusNotFound)
		e.send("DELETE", "/v1/nodes", "").wantStatus(http.StatusMethodNotAllowed)
	})
}

// TestNamesDependOnNoCase: the first spelling is kept and every other finds it.
func TestNamesDependOnNoCase(t *testing.T) {
	run(t, 2, func(e *env) {
		e.spawn("DaTa", 64*mib)
		if rd := into[v1.ResourceDefinition](e.ok("GET", "/v1/resource-definitions/dATA", "")); rd.Name != "DaTa" {
			t.Errorf("the definition is called %q", rd.Name)
		}
		e.ok("GET", "/v1/resource-definitions/data/resources/N1/volumes/0", "")
		e.ok("POST", "/v1/resource-definitions/DATA/volume-definitions", `{"volume_definition":{"size_kib":8192}}`).wantStatus(http.StatusCreated)
		for node, r := range e.replicas("data") {
			if r.Name != "DaTa" || len(r.Volumes) != 2 || r.Volumes[1].DevicePath == "" {
				t.Errorf("the replica on %s is %+v", node, r)
			}
		}
		e.ok("DELETE", "/v1/resource-definitions/data/resources/N2", "")
		if left := e.replicas("data"); len(left) != 1 {
			t.Errorf("%d replicas are left", len(left))
		}
		e.send("POST", "/v1/resource-definitions", `{"resource_definition":{"name":"DATA"}}`).wantFault(500, v1.FailExistsResourceDefinition, "DaTa")
	})
}

// TestGzipOnlyWhenAskedForAndWorthIt follows what clients decode.
func TestGzipOnlyWhenAskedForAndWorthIt(t *testing.T) {
	run(t, 3, func(e *env) {
		big := e.send("GET", "/v1/nodes", "", "Accept-Encoding", "gzip, deflate")
		if big.header.Get("Content-Encoding") != "gzip" {
			t.Fatalf("an answer of several nodes is not compressed: %v", big.header)
		}
		zr, err := gzip.NewReader(bytes.NewReader(big.body))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := io.ReadAll(zr)
		if err != nil || !json.Valid(plain) || len(plain) < 1000 {
			t.Errorf("the compressed answer holds %q: %v", plain, err)
		}
		for _, r := range []reply{e.send("GET", "/v1/nodes", ""), e.send("GET", "/v1/controller/version", "", "Accept-Encoding", "gzip"),
			e.send("GET", "/v1/nodes/nosuch", "", "Accept-Encoding", "gzip"), e.send("GET", "/health", "", "Accept-Encoding", "gzip")} {
			if r.header.Get("Content-Encoding") != "" {
				t.Errorf("%s is compressed", r.what)
			}
		}
		e.send("GET", "/v1/nodes/nosuch", "", "Accept-Encoding", "gzip").wantStatus(http.StatusNotFound)
	})
}

// TestHeadersOfEveryAnswer: browsers need CORS, nobody gets an ETag or a redirect.
func TestHeadersOfEveryAnswer(t *testing.T) {
	run(t, 1, func(e *env) {
		for _, path := range []string{"/health", "/v1/controller/version", "/v1/nodes", "/v1/nodes/nosuch", "/v1/nosuch", "/v1/sos-report"} {
			r := e.send("GET", path, "", "If-None-Match", `"x"`)
			for h, want := range map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"} {
				if got := r.header.Get(h); got != want {
					t.Errorf("%s has %s %q", path, h, got)
				}
			}
			for _, m := range []string{"GET", "POST", "PUT", "DELETE", "OPTIONS"} {
				if !strings.Contains(r.header.Get("Access-Control-Allow-Methods"), m) {
					t.Errorf("%s does not allow %s", path, m)
				}
			}
			if r.header.Get("ETag") != "" || r.status/100 == 3 {
				t.Errorf("%s answered %d with ETag %q", path, r.status, r.header.Get("ETag"))
			}
			if strings.HasPrefix(path, "/v1") && r.header.Get("Content-Type") != "application/json" {
				t.Errorf("%s is %q", path, r.header.Get("Content-Type"))
			}
		}
		if r := e.send("OPTIONS", "/v1/nodes", ""); r.status >= 400 || r.header.Get("Access-Control-Allow-Headers") == "" {
			t.Errorf("the question before a cross-origin call answered %d %v", r.status, r.header)
		}
		e.send("GET", "/health", "").wantStatus(http.StatusOK)
		if v := into[v1.ControllerVersion](e.ok("GET", "/v1/controller/version/", "")); v.RestAPIVersion != "1.28.0" {
			t.Errorf("the API's version is %q", v.RestAPIVersion)
		}
	})
}

// TestBodiesAsClientsSendThem: no Content-Type, numbers as strings, lower-case
// enums, null and zero values for what is not given, empty bodies.
func TestBodiesAsClientsSendThem(t *testing.T) {
	tests := []struct {
		name, method, path, body string
		status                   int
	}{
		{"place count as a string", "POST", "/v1/resource-groups", `{"name":"rg1","select_filter":{"place_count":"2","layer_stack":["storage"]}}`, 201},
		{"all nodes", "POST", "/v1/resource-groups", `{"name":"rg2","select_filter":{"place_count":"-1"}}`, 201},
		{"zero values", "POST", "/v1/resource-groups", `{"name":"rg3","description":"","props":{},"select_filter":{}}`, 201},
		{"nulls", "POST", "/v1/resource-groups", `{"name":"rg4","select_filter":{"diskless_on_remaining":null,"storage_pool_list":null,"place_count":null}}`, 201},
		{"modify by nothing", "PUT", "/v1/resource-groups/rg1", `{}`, 200},
		{"modify without a body", "PUT", "/v1/resource-groups/rg1", ``, 200},
		{"modify by null", "PUT", "/v1/resource-groups/rg1", `null`, 200},
		{"clear the place count", "PUT", "/v1/resource-groups/rg1", `{"select_filter":{"place_count":"0"}}`, 200},
		{"spawn by strings", "POST", "/v1/resource-groups/rg1/spawn", `{"resource_definition_name":"r1","volume_sizes":[65536],"select_filter":{"place_count":"1"},"peer_slots":"7"}`, 201},
		{"lower-case layers", "POST", "/v1/resource-definitions", `{"drbd_peer_slots":null,"resource_definition":{"name":"r2","layer_data":[{"type":"storage"}]}}`, 201},
		{"zero layer object", "POST", "/v1/resource-definitions/r2/resources/n1", `{"resource":{"name":"r2","node_name":"n1","props":{"StorPoolName":"pool"},"layer_object":{"type":"","drbd":{},"storage":{}},"flags":[]}}`, 201},
		{"a list of resources", "POST", "/v1/resource-definitions/r2/resources", `[{"resource":{"node_name":"n2","props":{"StorPoolName":"pool"}},"layer_list":["storage"]}]`, 201},
		{"empty flags", "POST", "/v1/resource-definitions/r2/volume-definitions", `{"volume_definition":{"volume_number":0,"size_kib":65536,"flags":[],"props":{}}}`, 201},
		{"modify flags by none", "PUT", "/v1/resource-definitions/r2/volume-definitions/0", `{"flags":[]}`, 200},
		{"volume group of nothing", "POST", "/v1/resource-groups/rg1/volume-groups", `{}`, 201},
		{"autoplace of nothing", "POST", "/v1/resource-definitions/r1/autoplace", `{}`, 201},
		{"autoplace without a body", "POST", "/v1/resource-definitions/r1/autoplace", ``, 201},
		{"adjust without a body", "POST", "/v1/resource-groups/rg1/adjust", ``, 200},
		{"adjust all without a body", "POST", "/v1/resource-groups/adjustall", ``, 200},
		{"make available without a body", "POST", "/v1/resource-definitions/r1/resources/n1/make-available", ``, 200},
		{"query sizes without a body", "POST", "/v1/resource-groups/rg1/query-size-info", ``, 200},
		{"query sizes of all nodes", "POST", "/v1/resource-groups/rg2/query-size-info", `{"select_filter":{"layer_stack":["storage"]}}`, 200},
		{"query all sizes", "POST", "/v1/queries/resource-groups/query-all-size-info", `{"ignore_cache_older_than_sec":60}`, 200},
		{"OPTIONS with a body", "OPTIONS", "/v1/query-max-volume-size", `{"place_count":"2","layer_stack":["storage"]}`, 200},
		{"device pool name null", "POST", "/v1/physical-storage/n1?dry_run=true", `{"provider_kind":"lvm","device_paths":["/dev/vdb"],"pool_name":null}`, 0},
		{"evacuate without a body", "PUT", "/v1/nodes/n2/evacuate", ``, 200},
		{"restore by an empty object", "PUT", "/v1/nodes/n2/restore", `{}`, 200},
		{"delete with a boolean", "DELETE", "/v1/resource-definitions/r1/resources/n2?keep_tiebreaker=True", ``, 200},
		{"key with slashes", "DELETE", "/v1/controller/properties/Aux/a/b", ``, 200},
		{"key with encoded slashes", "DELETE", "/v1/controller/properties/Aux%2Fa%2Fb", ``, 200},
		{"white space as a body", "POST", "/v1/resource-groups/rg1/adjust", " \n\t ", 200},
	}
	run(t, 2, func(e *env) {
		for _, test := range tests {
			r := e.send(test.method, test.path, test.body)
			if r.status == http.StatusBadRequest || test.status != 0 && r.status != test.status {
				t.Errorf("%s: %s answered %d, want %d: %s", test.name, r.what, r.status, test.status, r.body)
			}
		}
	})
}

// TestManyVolumes: the largest lists are answered whole.
func TestManyVolumes(t *testing.T) {
	run(t, 1, func(e *env) {
		e.ok("POST", "/v1/resource-definitions", `{"resource_definition":{"name":"many"}}`)
		for i := range 5 {
			e.ok("POST", "/v1/resource-definitions/many/volume-definitions", fmt.Sprintf(`{"volume_definition":{"size_kib":%d}}`, 4096*(i+1)))
		}
		vds := into[[]v1.VolumeDefinition](e.ok("GET", "/v1/resource-definitions/many/volume-definitions", ""))
		for i, vd := range vds {
			if vd.VolumeNumber == nil || int(*vd.VolumeNumber) != i || vd.SizeKiB != int64(4096*(i+1)) {
				t.Errorf("volume definition %d is %+v", i, vd)
			}
		}
	})
}
