package api

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/link"
	"github.com/holdfast-storage/holdfast/test/cluster"
)

// documentedMetrics are the names that dashboards ask for.
const documentedMetrics = `
linstor_info linstor_node_state linstor_node_reconnect_attempt_count linstor_resource_definition_count
linstor_resource_definition_resource_count linstor_volume_definition_size_bytes linstor_resource_state linstor_volume_state
linstor_volume_allocated_size_bytes linstor_storage_pool_capacity_free_bytes linstor_storage_pool_capacity_total_bytes
linstor_storage_pool_error_count linstor_error_reports_count linstor_scrape_requests_count linstor_scrape_duration_seconds
linstor_restapi_request_duration_seconds_bucket linstor_apicall_duration_seconds_bucket`

func TestDocumentedMetricsAreServed(t *testing.T) {
	run(t, 2, func(e *env) {
		e.spawn("data", 64*mib)
		r := e.send("GET", "/metrics", "")
		for name := range strings.FieldsSeq(documentedMetrics) {
			if !strings.Contains(string(r.body), "\n"+name+"{") && !strings.Contains(string(r.body), "\n"+name+" ") {
				t.Errorf("there is no metric %s", name)
			}
		}
	})
}

func TestLogLevelsCanBeChanged(t *testing.T) {
	run(t, 2, func(e *env) {
		e.ok("PUT", "/v1/nodes/n1/config", `{"log":{"level":"ERROR"}}`)
		level := func(node string) string {
			body := string(e.send("GET", "/v1/nodes/"+node+"/config", "").body)
			_, rest, _ := strings.Cut(body, `"level":"`)
			got, _, _ := strings.Cut(rest, `"`)
			return got
		}
		if l1, l2 := level("n1"), level("n2"); l1 != "ERROR" || l2 != "INFO" {
			t.Errorf("after the change of n1 the levels are %s and %s", l1, l2)
		}
		e.ok("PUT", "/v1/controller/config", `{"log":{"level_linstor_global":"DEBUG"}}`)
		if l1, l2 := level("n1"), level("n2"); l1 != "DEBUG" || l2 != "DEBUG" {
			t.Errorf("after the change of all the levels are %s and %s", l1, l2)
		}
		for path, body := range map[string]string{
			"/v1/nodes/n1/config":   `{"log":{"level":"LOUD"}}`,
			"/v1/controller/config": `{"log":{"level":"INFO","level_linstor":"DEBUG"}}`,
		} {
			if r := e.send("PUT", path, body); r.status < http.StatusBadRequest || r.first().Correction == "" {
				t.Errorf("PUT %s %s answered %d: %s", path, body, r.status, r.body)
			}
		}
	})
}

// mute takes connections and never answers.
type mute struct{ link.Peer }

func (mute) Hello(ctx context.Context, _ wire.Hello) (wire.Welcome, error) {
	<-ctx.Done()
	return wire.Welcome{}, ctx.Err()
}

// TestAMuteHostIsNotWaitedForLong is about a host whose port is open but whose
// satellite hangs: the client must not think that the controller does.
func TestAMuteHostIsNotWaitedForLong(t *testing.T) {
	run(t, 1, func(e *env) {
		e.AddNode("n2", gib)
		e.Wire = func(n *cluster.Node, p link.Peer) link.Peer {
			if n.Name == "n2" {
				return mute{p}
			}
			return p
		}
		began := time.Now()
		r := e.send("POST", "/v1/nodes", nodeBody("n2"))
		if took := time.Since(began); r.status != http.StatusCreated || took > 10*time.Second {
			t.Errorf("answered %d after %s", r.status, took)
		}
		if !strings.Contains(string(r.body), "still connecting") {
			t.Errorf("the answer does not say how far it is: %s", r.body)
		}
	})
}
