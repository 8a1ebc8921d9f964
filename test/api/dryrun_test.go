package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/object/all"
)

// plan asks what a call would do, and checks that asking changes nothing.
func (e *env) plan(method, path, body string) v1.Plan {
	e.t.Helper()
	rev, ran := e.World().Rev, e.changes()
	join := "?"
	if strings.Contains(path, "?") {
		join = "&"
	}
	r := e.send(method, path+join+"dry_run=true", body).wantStatus(http.StatusOK)
	var out v1.Plan
	dec := json.NewDecoder(bytes.NewReader(r.body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&out); err != nil {
		e.t.Errorf("%s answered no plan: %v: %s", r.what, err, r.body)
	}
	synctest.Wait()
	if got := e.World().Rev; got != rev {
		e.t.Errorf("%s: planning has changed the state from revision %d to %d", r.what, rev, got)
	}
	if got := e.changes(); got != ran {
		e.t.Errorf("%s: planning has run %d commands that change a machine", r.what, got-ran)
	}
	return out
}

// changes counts the commands that have changed a machine.
func (e *env) changes() int {
	n := 0
	for i := range 3 {
		if node := e.Node(nodeName(i)); node != nil {
			n += len(node.Machine.Changes())
		}
	}
	return n
}

// mutating has a dry run of every call that changes something.
const mutating = `
POST /v1/nodes {"name":"n9","type":"Auxiliary"}
PUT /v1/nodes/n1 {"override_props":{"Aux/x":"1"}}
DELETE /v1/nodes/n3
DELETE /v1/nodes/spare/lost
PUT /v1/nodes/spare/restore
PUT /v1/nodes/n1/evacuate
PUT /v1/nodes/n1/reconnect
POST /v1/nodes/n1/net-interfaces {"name":"eth1","address":"10.0.0.1"}
PUT /v1/nodes/n1/net-interfaces/default {"address":"10.0.0.2"}
DELETE /v1/nodes/n1/net-interfaces/default
POST /v1/nodes/n1/storage-pools {"storage_pool_name":"other","provider_kind":"FILE","props":{"StorDriver/StorPoolName":"/other"}}
PUT /v1/nodes/n1/storage-pools/pool {"override_props":{"Aux/x":"1"}}
DELETE /v1/nodes/n3/storage-pools/pool
POST /v1/storage-pool-definitions {"storage_pool_name":"other"}
PUT /v1/storage-pool-definitions/pool {"override_props":{"Aux/x":"1"}}
DELETE /v1/storage-pool-definitions/unused
POST /v1/resource-groups {"name":"new"}
PUT /v1/resource-groups/grp {"select_filter":{"place_count":3}}
DELETE /v1/resource-groups/empty
POST /v1/resource-groups/grp/spawn {"resource_definition_name":"new","volume_sizes":[65536]}
POST /v1/resource-groups/grp/adjust
POST /v1/resource-groups/adjustall
POST /v1/resource-groups/empty/volume-groups {}
PUT /v1/resource-groups/grp/volume-groups/0 {"override_props":{"Aux/x":"1"}}
DELETE /v1/resource-groups/grp/volume-groups/0
POST /v1/resource-definitions {"resource_definition":{"name":"new"}}
PUT /v1/resource-definitions/data {"override_props":{"Aux/x":"1"}}
DELETE /v1/resource-definitions/data
POST /v1/resource-definitions/data/volume-definitions {"volume_definition":{"size_kib":65536}}
PUT /v1/resource-definitions/data/volume-definitions/0 {"size_kib":131072}
DELETE /v1/resource-definitions/data/volume-definitions/0
POST /v1/resource-definitions/data/resources [{"resource":{"node_name":"n3","props":{"StorPoolName":"pool"}}}]
POST /v1/resource-definitions/data/resources/n3 {"resource":{"props":{"StorPoolName":"pool"}}}
PUT /v1/resource-definitions/data/resources/n1 {"override_props":{"Aux/x":"1"}}
DELETE /v1/resource-definitions/data/resources/n1
POST /v1/resource-definitions/data/resources/n3/make-available
POST /v1/resource-definitions/data/resources/n1/activate
POST /v1/resource-definitions/data/resources/n1/deactivate
POST /v1/resource-definitions/data/autoplace {"select_filter":{"place_count":3}}
PUT /v1/resource-definitions/data/resources/n1/volumes/0 {"override_props":{"Aux/x":"1"}}
DELETE /v1/resource-definitions/kept/snapshots/s1
PUT /v1/node-connections/n1/n2 {"override_props":{"Aux/x":"1"}}
PUT /v1/resource-definitions/data/resource-connections/n1/n2 {"override_props":{"Aux/x":"1"}}
POST /v1/controller/properties {"override_props":{"Aux/x":"1"}}
DELETE /v1/controller/properties/Aux/here
PUT /v1/key-value-store/store {"override_props":{"k":"2"}}
DELETE /v1/key-value-store/store
PUT /v1/controller/config {"log":{"level":"DEBUG"}}
PATCH /v1/error-reports {}
DELETE /v1/error-reports/whatever
POST /v1/encryption/passphrase {"new_passphrase":"correct horse"}
POST /v1/physical-storage/n1 {"provider_kind":"LVM","device_paths":["/dev/vdb"]}
`

// refusedAnyway are calls that never change anything in a cluster without DRBD and
// encryption whose nodes are all online.
const refusedAnyway = "/drbd-proxy /toggle-disk /migrate-disk /evict /encryption-passphrase"

// TestDryRunOfEveryMutatingCall answers a plan and changes nothing.
func TestDryRunOfEveryMutatingCall(t *testing.T) {
	run(t, 3, func(e *env) {
		e.ok("POST", "/v1/resource-groups/grp/spawn", `{"resource_definition_name":"data","volume_sizes":[65536],"select_filter":{"node_name_list":["n1","n2"]}}`)
		for _, prepare := range []string{"/v1/resource-groups/grp/volume-groups {}", `/v1/resource-groups {"name":"empty"}`,
			`/v1/storage-pool-definitions {"storage_pool_name":"unused"}`, `/v1/nodes {"name":"spare","type":"Auxiliary"}`,
			`/v1/controller/properties {"override_props":{"Aux/here":"1"}}`} {
			path, body, _ := strings.Cut(prepare, " ")
			e.ok("POST", path, body)
		}
		e.ok("POST", "/v1/resource-groups/grp/spawn", `{"resource_definition_name":"kept","volume_sizes":[65536],"select_filter":{"node_name_list":["n1","n2"]}}`)
		e.keep("kept", "s1", "n1")
		e.ok("PUT", "/v1/nodes/spare/evacuate", "")
		e.ok("PUT", "/v1/key-value-store/store", `{"override_props":{"k":"1"}}`)
		synctest.Wait()
		var asked [][2]string
		for line := range strings.SplitSeq(strings.TrimSpace(mutating), "\n") {
			words := append(strings.SplitN(line, " ", 3), "")
			asked = append(asked, [2]string{words[0], words[1]})
			if strings.HasPrefix(words[1], "/v1/physical-storage") {
				// There is no LVM here: an answer about that is as good as a plan.
				e.send(words[0], words[1]+"?dry_run=true", words[2])
				continue
			}
			p := e.plan(words[0], words[1], words[2])
			if len(p.Messages) == 0 || v1.HasError(p.Messages) {
				t.Errorf("%s: the plan says %+v", line, p.Messages)
			}
		}
		for _, rt := range all.Routes() {
			if rt.Write == nil || slices.ContainsFunc(strings.Fields(refusedAnyway), func(p string) bool { return strings.Contains(rt.Path, p) }) {
				continue
			}
			if rt.Method != http.MethodPost && rt.Path == "/encryption/passphrase" {
				continue // Without a passphrase there is none to enter or change.
			}
			if !slices.ContainsFunc(asked, func(a [2]string) bool { return a[0] == rt.Method && fits("/v1"+rt.Path, a[1]) }) {
				t.Errorf("no dry run of %s %s was tried", rt.Method, rt.Path)
			}
		}
	})
}

func fits(template, path string) bool {
	if prefix, ok := strings.CutSuffix(template, "{key...}"); ok {
		return strings.HasPrefix(path, prefix)
	}
	_, ok := matchPath(template, path)
	return ok
}

// TestDryRunIsMeant: only a clear no makes a call real.
func TestDryRunIsMeant(t *testing.T) {
	run(t, 1, func(e *env) {
		for _, q := range []string{"?dry_run=true", "?dry_run=True", "?dry_run=1", "?dry_run=yes", "?dry_run", "?dry_run=", "?dry_run=ture"} {
			rev := e.World().Rev
			if into[v1.Plan](e.ok("POST", "/v1/resource-definitions"+q, `{"resource_definition":{"name":"data"}}`)); e.World().Rev != rev {
				t.Fatalf("%s was done for real", q)
			}
		}
		e.send("POST", "/v1/resource-definitions?dry_run=true", `{"resource_definition":{"name":"-"}}`).wantFault(500, v1.FailInvalidResourceName)
		e.send("POST", "/v1/resource-definitions?dry_run=false", `{"resource_definition":{"name":"data"}}`).wantStatus(http.StatusCreated)
	})
}

// planned are the commands of a plan by node.
func planned(p v1.Plan) map[string][]string {
	out := map[string][]string{}
	for _, n := range p.Nodes {
		for _, s := range n.Steps {
			if !strings.HasPrefix(s.Command, "write ") && !strings.HasPrefix(s.Command, "remove ") {
				out[n.Node] = append(out[n.Node], s.Command)
			}
		}
	}
	return out
}

// TestPlansComeTrue compares the planned commands with those that the real call runs.
func TestPlansComeTrue(t *testing.T) {
	calls := []struct{ name, method, path, body string }{
		{"spawn", "POST", "/v1/resource-groups/grp/spawn", `{"resource_definition_name":"data","volume_sizes":[65536]}`},
		{"spawn of two volumes", "POST", "/v1/resource-groups/grp/spawn", `{"resource_definition_name":"pair","volume_sizes":[65536,4096]}`},
		{"grow", "PUT", sizeOfData, `{"size_kib":131072}`},
		{"another volume", "POST", "/v1/resource-definitions/data/volume-definitions", `{"volume_definition":{"size_kib":8192}}`},
		{"another replica", "POST", "/v1/resource-definitions/data/autoplace", `{"select_filter":{"place_count":3}}`},
		{"delete a replica", "DELETE", "/v1/resource-definitions/data/resources/n2", ``},
		{"delete a volume", "DELETE", "/v1/resource-definitions/data/volume-definitions/1", ``},
		{"delete", "DELETE", "/v1/resource-definitions/data", ``},
	}
	run(t, 3, func(e *env) {
		for _, call := range calls {
			p := e.plan(call.method, call.path, call.body)
			want := planned(p)
			if len(want) == 0 || len(p.Changes) == 0 {
				t.Errorf("%s: the plan has no steps or no changes: %+v", call.name, p)
			}
			for i := range 3 {
				e.Node(nodeName(i)).Machine.ForgetCommands()
			}
			e.ok(call.method, call.path, call.body)
			synctest.Wait()
			for i := range 3 {
				compareCommands(e, call.name, nodeName(i), want[nodeName(i)])
			}
		}
	})
}

// compareCommands: everything planned was run, and nothing else changed the machine.
// Which loop device is free shows only when the command runs.
func compareCommands(e *env, call, node string, want []string) {
	e.t.Helper()
	var ran, changed []string
	for _, r := range e.Node(node).Machine.Commands() {
		ran = append(ran, r.String())
		if r.Changing {
			changed = append(changed, r.String())
		}
	}
	for _, c := range want {
		if !slices.Contains(ran, c) {
			e.t.Errorf("%s: on %s %q was planned and not run; run were %q", call, node, c, changed)
		}
	}
	for _, c := range changed {
		if !slices.Contains(want, c) {
			e.t.Errorf("%s: on %s %q was run and not planned; planned were %q", call, node, c, want)
		}
	}
}

// TestPlanSaysWhatItMeans: redundancy, destruction and unreachable nodes.
func TestPlanSaysWhatItMeans(t *testing.T) {
	run(t, 3, func(e *env) {
		p := e.plan("POST", "/v1/resource-groups/grp/spawn", `{"resource_definition_name":"data","volume_sizes":[65536]}`)
		if len(p.Redundancy) != 1 || p.Redundancy[0].Before != "0 diskful" || p.Redundancy[0].After != "2 diskful" || p.Redundancy[0].Warning != "" {
			t.Errorf("spawning: %+v", p.Redundancy)
		}
		e.ok("POST", "/v1/resource-groups/grp/spawn", `{"resource_definition_name":"data","volume_sizes":[65536],"select_filter":{"node_name_list":["n1","n2"]}}`)
		p = e.plan("DELETE", "/v1/resource-definitions/data/resources/n1", "")
		if len(p.Redundancy) != 1 || p.Redundancy[0].After != "1 diskful" || !strings.Contains(p.Redundancy[0].Warning, "one copy") {
			t.Errorf("deleting a replica: %+v", p.Redundancy)
		}
		destructive := 0
		for _, s := range p.Nodes[0].Steps {
			if s.Destructive {
				destructive++
			}
		}
		if len(p.Nodes) != 1 || p.Nodes[0].Node != "n1" || !p.Nodes[0].Reachable || destructive == 0 {
			t.Errorf("deleting a replica: %+v", p.Nodes)
		}
		p = e.plan("DELETE", "/v1/resource-definitions/data", "")
		if len(p.Redundancy) != 1 || !strings.Contains(p.Redundancy[0].Warning, "last copy") {
			t.Errorf("deleting the definition: %+v", p.Redundancy)
		}
		if !slices.ContainsFunc(p.Changes, func(c v1.PlanChange) bool {
			return c.Object == "resource-definition" && c.Name == "data" && c.Action == v1.PlanActionDestroy
		}) {
			t.Errorf("deleting the definition changes %+v", p.Changes)
		}
		if p = e.plan("PUT", sizeOfData, `{"size_kib":131072}`); len(p.Redundancy) != 0 || !strings.Contains(p.Changes[0].Details, "131072") {
			t.Errorf("growing: %+v", p)
		}
		e.stopSatellite("n2")
		p = e.plan("PUT", sizeOfData, `{"size_kib":131072}`)
		if len(p.Nodes) != 2 || !p.Nodes[0].Reachable || p.Nodes[1].Reachable || !strings.Contains(p.Nodes[1].Why, "OFFLINE") {
			t.Errorf("with n2 offline: %+v", p.Nodes)
		}
	})
}

// TestPlacementIsExplained: each pool gets a verdict with its reason, also where
// nothing can be placed; the real error has the reasons in its details.
func TestPlacementIsExplained(t *testing.T) {
	run(t, 3, func(e *env) {
		e.ok("PUT", "/v1/nodes/n2", `{"override_props":{"AutoplaceTarget":"false"}}`)
		p := e.plan("POST", "/v1/resource-groups/grp/spawn", `{"resource_definition_name":"data","volume_sizes":[65536]}`)
		chosen := 0
		seen := map[string]bool{}
		for _, v := range p.Placement {
			seen[v.Node+"/"+v.StoragePool] = true
			if v.Reason == "" || v.Code == "" {
				t.Errorf("a verdict without a reason: %+v", v)
			}
			if v.Verdict == "chosen" {
				chosen++
			}
			if v.Node == "n2" && v.StoragePool == "pool" && (v.Verdict != "rejected" || v.Code != "autoplace_target") {
				t.Errorf("n2 was judged %+v", v)
			}
		}
		if pools := into[[]v1.StoragePool](e.ok("GET", "/v1/view/storage-pools", "")); len(seen) != len(pools) || chosen != 2 {
			t.Errorf("%d of %d pools were judged, %d chosen: %+v", len(seen), len(pools), chosen, p.Placement)
		}
		const three = `{"resource_definition_name":"data","volume_sizes":[65536],"select_filter":{"place_count":3}}`
		p = e.plan("POST", "/v1/resource-groups/grp/spawn", three)
		if len(p.Placement) == 0 || !v1.HasError(p.Messages) || len(p.Changes)+len(p.Nodes) != 0 {
			t.Errorf("a placement that fails: %+v", p)
		}
		rc := e.send("POST", "/v1/resource-groups/grp/spawn", three).first()
		for _, v := range p.Placement {
			if v.Node == "n2" && v.StoragePool == "pool" && !strings.Contains(rc.Details, v.Reason) {
				t.Errorf("the details have no %q: %s", v.Reason, rc.Details)
			}
		}
	})
}
