package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// undocumented are the calls that real servers have and the document has not.
const undocumented = `
GET /
GET /health
GET /metrics
GET /metrics/scrape-target
GET /v1/nodes/n1
GET /v1/nodes/n1/net-interfaces/default
PUT /v1/nodes/n1/evict
GET /v1/nodes/n1/storage-pools/pool
GET /v1/resource-definitions/data
GET /v1/resource-definitions/data/resources/n1
GET /v1/resource-definitions/data/resources/n1/volumes/0
GET /v1/resource-definitions/data/volume-definitions/0
GET /v1/resource-groups/grp
GET /v1/resource-groups/grp/volume-groups/0
GET /v1/space-report
POST /v1/internal/backups/requestPrevSnap
POST /v1/internal/backups/requestShip
POST /v1/internal/backups/requestReceive
POST /v1/internal/backups/requestReceiveDone
POST /v1/internal/backups/requestPrepareAbort
`

// TestUndocumentedOperationsAreServed calls what clients use beyond the document.
func TestUndocumentedOperationsAreServed(t *testing.T) {
	run(t, 2, func(e *env) {
		e.spawn("data", 64*mib)
		e.ok("POST", "/v1/resource-groups/grp/volume-groups", `{}`)
		for line := range strings.SplitSeq(strings.TrimSpace(undocumented), "\n") {
			method, path, _ := strings.Cut(line, " ")
			r := e.send(method, path, "{}")
			switch {
			case r.status == http.StatusOK, r.status == http.StatusNotImplemented:
			case strings.HasSuffix(path, "/evict") && r.first().Correction != "":
				// Only a node that is away can be evicted.
			case path == "/v1/space-report" && r.status == http.StatusServiceUnavailable:
			default:
				t.Errorf("%s answered %d: %s", r.what, r.status, r.body)
			}
		}
	})
}

// operations lists method, path with its parameters filled in, and operation.
func operations(yield func(method, path string, op *openapi3.Operation)) {
	fill := strings.NewReplacer("{node}", "n1", "{nodename}", "n1", "{resource}", "data", "{resource_group}", "grp", "{storagepool}", "pool",
		"{volume_number}", "0", "{netinterface}", "default", "{node_a}", "n1", "{node_b}", "n2", "{fromnode}", "n2")
	for _, template := range slices.Sorted(func(y func(string) bool) {
		for p := range document.Paths.Map() {
			if !y(p) {
				return
			}
		}
	}) {
		path := fill.Replace(template)
		for i := strings.Index(path, "{"); i >= 0; i = strings.Index(path, "{") {
			path = path[:i] + "whatever" + path[i+strings.Index(path[i:], "}")+1:]
		}
		for method, op := range document.Paths.Value(template).Operations() {
			yield(method, path, op)
		}
	}
}

// TestEveryDocumentedOperationIsKnown: a client never meets a missing path or a
// wrong method, but at most a clear word that something is not available.
func TestEveryDocumentedOperationIsKnown(t *testing.T) {
	needDocument(t)
	run(t, 2, func(e *env) {
		e.spawn("data", 64*mib)
		operations(func(method, path string, _ *openapi3.Operation) {
			if strings.HasPrefix(path, "/v1/events/") {
				return // A stream without an end; its package tests it.
			}
			r := e.send(method, path+"?dry_run=true", "")
			if r.status < http.StatusBadRequest {
				return
			}
			rc := r.first()
			if r.status == http.StatusMethodNotAllowed || strings.HasPrefix(rc.Message, "Path '") {
				t.Errorf("%s %s is not served: %d %s", method, path, r.status, rc.Message)
			}
			if r.status == http.StatusNotImplemented && (rc.RetCode != v1.UnknownAPICall || rc.Correction == "") {
				t.Errorf("%s %s is not implemented and does not say so: %s", method, path, r.body)
			}
		})
	})
}

// TestEveryDocumentedRequestFieldIsTaken: decoding is strict, so a field that is
// missing here would break a client that sends it.
func TestEveryDocumentedRequestFieldIsTaken(t *testing.T) {
	needDocument(t)
	run(t, 2, func(e *env) {
		e.spawn("data", 64*mib)
		operations(func(method, path string, op *openapi3.Operation) {
			if op.RequestBody == nil {
				return
			}
			media := op.RequestBody.Value.Content.Get("application/json")
			if media == nil {
				return
			}
			body, err := json.Marshal(sample(media.Schema.Value, "", 0))
			if err != nil {
				t.Fatal(err)
			}
			if r := e.send(method, path+"?dry_run=true", string(body)); r.status == http.StatusBadRequest {
				t.Errorf("%s %s does not take a documented body: %s\n%s", method, path, r.body, body)
			}
		})
	})
}

// plausible are values with which a documented body gets beyond the first checks.
var plausible = map[string]any{
	"name": "fresh", "node_name": "n1", "resource_definition_name": "fresh", "storage_pool_name": "fresh", "type": "SATELLITE",
	"size_kib": 65536, "volume_sizes": 65536, "layer_stack": "STORAGE", "layer_list": "STORAGE", "provider_kind": "DISKLESS",
	"provider_list": "FILE_THIN", "resource_group_name": "grp", "resource_group": "grp", "address": "10.0.0.1", "satellite_port": 3366,
	"satellite_encryption_type": "PLAIN", "node_name_list": "n3", "storage_pool_list": "pool", "not_place_with_rsc_regex": "^x",
	"props": map[string]any{"Aux/k": "v"}, "override_props": map[string]any{"Aux/k": "v"}, "delete_props": "Aux/k",
	"device_paths": "/dev/vdb", "raid_level": "JBOD", "shared_space": "", "free_space_mgr_name": "", "vdo_enable": false, "sed": false,
	"passphrase": "", "resource_definition_external_name": "", "node_type": "SATELLITE", "replicas_on_same": "Aux/site",
	"diskless_type": "", "storage_pool": "pool", "description": "some words",
	"resource_definition_props": map[string]any{"Aux/k": "v"}, "target": "n2", "do_not_target": "n2",
	// What is nil here is left out, for it excludes the rest.
	"flags": nil, "volume_passphrases": nil, "x_replicas_on_different_map": nil, "diskless_on_remaining": nil, "additional_place_count": nil,
}

// sample makes a value that has every field of a schema.
func sample(s *openapi3.Schema, name string, depth int) any {
	if depth > 6 {
		return nil
	}
	if v, ok := plausible[name]; ok && (v == nil || !s.Type.Is("array")) && (name != "type" || len(s.Enum) == 0) {
		return v
	}
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	switch {
	case s.Type.Is("array"):
		if v := sample(s.Items.Value, name, depth+1); v != nil {
			return []any{v}
		}
		return []any{}
	case s.Type.Is("string"):
		return "2026-01-02T03:04:05Z"
	case s.Type.Is("integer"):
		return 1
	case s.Type.Is("number"):
		return 1.5
	case s.Type.Is("boolean"):
		return true
	}
	out := map[string]any{}
	if s.AdditionalProperties.Schema != nil {
		out["k"] = sample(s.AdditionalProperties.Schema.Value, "", depth+1)
	}
	props := properties(s)
	if len(s.AnyOf) > 0 {
		props = properties(s.AnyOf[0].Value)
	}
	for name, p := range props {
		if v := sample(p, name, depth+1); v != nil {
			out[name] = v
		}
	}
	return out
}

// TestNoValueBreaksTheController puts odd values into every field of every
// documented body, one at a time: the answer is a plan, a success or a clear error,
// and never an error report.
func TestNoValueBreaksTheController(t *testing.T) {
	needDocument(t)
	odd := []any{nil, "", "x", "\x00", "-1", strings.Repeat("x", 5000), 0, -1, 1 << 31, 1 << 53, 1.5, true, []any{}, []any{nil}, []any{""}, map[string]any{},
		map[string]any{"": ""}, map[string]any{"x": nil}}
	run(t, 3, func(e *env) {
		e.ok("POST", "/v1/resource-groups/grp/spawn", `{"resource_definition_name":"data","volume_sizes":[65536],"select_filter":{"node_name_list":["n1","n2"]}}`)
		for i := range 3 {
			e.ok("PUT", "/v1/nodes/"+nodeName(i), `{"override_props":{"Aux/site":"here"}}`)
		}
		rev := e.World().Rev
		operations(func(method, path string, op *openapi3.Operation) {
			if op.RequestBody == nil || op.RequestBody.Value.Content.Get("application/json") == nil {
				return
			}
			if r := e.send(method, path+"?dry_run=true", ""); r.status == http.StatusNotImplemented {
				return
			}
			body := sample(op.RequestBody.Value.Content.Get("application/json").Schema.Value, "", 0)
			vary(body, odd, func() {
				data, err := json.Marshal(body)
				if err != nil {
					t.Fatal(err)
				}
				e.send(method, path+"?dry_run=true", string(data))
			})
		})
		if e.World().Rev != rev {
			t.Error("the dry runs have changed the state")
		}
		e.ok("GET", "/health", "")
	})
}

// vary calls f with each value in place of each part of a body, and with each part
// left out; the body is as before in the end.
func vary(v any, odd []any, f func()) {
	f()
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			old := v[key]
			for _, o := range odd {
				v[key] = o
				f()
			}
			delete(v, key)
			f()
			v[key] = old
			vary(old, odd, f)
		}
	case []any:
		for i, old := range v {
			for _, o := range odd {
				v[i] = o
				f()
			}
			v[i] = old
			vary(old, odd, f)
		}
	}
}
