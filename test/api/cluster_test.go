package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/test/cluster"
)

const (
	kib = int64(1)
	mib = 1024 * kib
	gib = 1024 * mib
)

// env is a cluster whose every answer is checked.
type env struct {
	*cluster.Cluster
	t *testing.T
}

// run runs a test on a cluster of nodes n1, n2, … with a thin pool "pool" of 64 GiB
// each, and a resource group "grp" with two plain replicas.
func run(t *testing.T, nodes int, test func(e *env), prepare ...func(e *env)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := &env{Cluster: cluster.New(t, nil), t: t}
		for _, p := range prepare {
			p(e)
		}
		for i := range nodes {
			e.AddNode(nodeName(i), 64*gib)
		}
		e.StartController()
		defer e.Close()
		for i := range nodes {
			e.register(nodeName(i))
		}
		e.ok("POST", "/v1/resource-groups", `{"name":"grp","select_filter":{"place_count":2,"layer_stack":["STORAGE"]}}`)
		synctest.Wait()
		test(e)
	})
}

func nodeName(i int) string { return fmt.Sprintf("n%d", i+1) }

// register makes a host known, with its pool.
func (e *env) register(name string) {
	e.t.Helper()
	e.ok("POST", "/v1/nodes", nodeBody(name))
	e.ok("POST", "/v1/nodes/"+name+"/storage-pools",
		`{"storage_pool_name":"pool","provider_kind":"FILE_THIN","props":{"StorDriver/StorPoolName":"/pool"}}`)
}

func nodeBody(name string) string {
	return fmt.Sprintf(`{"name":%q,"type":"satellite","net_interfaces":[{"name":"default","address":"127.0.0.1",`+
		`"satellite_port":3366,"satellite_encryption_type":"plain"}]}`, name)
}

// reply is an answer.
type reply struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   []byte
}

// send makes a call with a body as it is; headers come in pairs.
func (e *env) send(method, path, body string, headers ...string) reply {
	e.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	e.Controller().API().ServeHTTP(w, r)
	check(e.t, httptest.NewRequest(method, path, nil), w)
	return reply{t: e.t, what: method + " " + path + " " + body, status: w.Code, header: w.Header(), body: w.Body.Bytes()}
}

// ok makes a call that has to succeed.
func (e *env) ok(method, path, body string) reply {
	e.t.Helper()
	r := e.send(method, path, body)
	if r.status >= http.StatusBadRequest {
		e.t.Fatalf("%s answered %d: %s", r.what, r.status, r.body)
	}
	return r
}

// rcs are the entries of an answer to a mutating call.
func (r reply) rcs() []v1.ApiCallRc {
	r.t.Helper()
	var out []v1.ApiCallRc
	if err := json.Unmarshal(r.body, &out); err != nil {
		r.t.Fatalf("%s answered %d with no list of entries: %s", r.what, r.status, r.body)
	}
	return out
}

// first is the first entry.
func (r reply) first() v1.ApiCallRc {
	r.t.Helper()
	all := r.rcs()
	if len(all) == 0 {
		r.t.Fatalf("%s answered no entry", r.what)
	}
	return all[0]
}

// into decodes an answer.
func into[T any](r reply) T {
	r.t.Helper()
	var out T
	if err := json.Unmarshal(r.body, &out); err != nil {
		r.t.Fatalf("%s answered %d: %v: %s", r.what, r.status, err, r.body)
	}
	return out
}

// wantStatus checks the status.
func (r reply) wantStatus(status int) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Errorf("%s answered %d, want %d: %s", r.what, r.status, status, r.body)
	}
	return r
}

// wantFirst checks status and whole code of the first entry.
func (r reply) wantFirst(status int, code v1.Code) reply {
	r.t.Helper()
	r.wantStatus(status)
	if got := r.first().RetCode; got != code {
		r.t.Errorf("%s: first code %#x, want %#x: %s", r.what, uint64(got), uint64(code), r.body)
	}
	return r
}

// wantFault checks that an answer is an error that a user can act on: status and
// code are right, it names what it is about, why it happened and what to do.
func (r reply) wantFault(status int, code v1.Code, words ...string) {
	r.t.Helper()
	r.wantStatus(status)
	var rc v1.ApiCallRc
	for _, e := range r.rcs() {
		if e.RetCode.IsError() {
			rc = e
			break
		}
	}
	if rc.RetCode.Number() != code.Number() {
		r.t.Errorf("%s: code %d, want %d: %s", r.what, rc.RetCode.Number(), code.Number(), r.body)
	}
	if rc.Message == "" || rc.Cause == "" || rc.Correction == "" {
		r.t.Errorf("%s: the error lacks message, cause or correction: %s", r.what, r.body)
	}
	text := strings.ToLower(rc.Message + " " + rc.Cause + " " + rc.Details)
	for _, w := range words {
		if !strings.Contains(text, strings.ToLower(w)) {
			r.t.Errorf("%s: the error does not name %q: %s", r.what, w, r.body)
		}
	}
}

// entry finds the first entry with a code's number.
func (r reply) entry(code v1.Code) (v1.ApiCallRc, bool) {
	r.t.Helper()
	for _, rc := range r.rcs() {
		if rc.RetCode.Number() == code.Number() && rc.RetCode&v1.MaskBitsType == code&v1.MaskBitsType {
			return rc, true
		}
	}
	return v1.ApiCallRc{}, false
}

// spawn makes a resource of one volume out of the group "grp".
func (e *env) spawn(name string, size int64) {
	e.t.Helper()
	e.ok("POST", "/v1/resource-groups/grp/spawn", fmt.Sprintf(`{"resource_definition_name":%q,"volume_sizes":[%d]}`, name, size)).
		wantStatus(http.StatusCreated)
}

// replicas lists the resources of a definition by node.
func (e *env) replicas(definition string) map[string]v1.ResourceWithVolumes {
	e.t.Helper()
	out := map[string]v1.ResourceWithVolumes{}
	for _, r := range into[[]v1.ResourceWithVolumes](e.ok("GET", "/v1/view/resources?resources="+definition, "")) {
		out[r.NodeName] = r
	}
	return out
}
