package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/snapshotting"
)

// keep takes a snapshot of a resource on nodes, as the doctor does.
func (e *env) keep(definition, name string, nodes ...string) {
	e.t.Helper()
	_, err := e.Controller().Engine().Do(e.t.Context(), "test", func(tx *model.Tx) error {
		d, _ := tx.Definitions.Get(definition)
		var rs []*model.Resource
		for _, n := range nodes {
			r, ok := tx.Resources.Get(definition, n)
			if !ok {
				e.t.Fatalf("no replica on %s", n)
			}
			rs = append(rs, r)
		}
		snapshotting.Ask(tx, d, name, rs)
		return nil
	})
	if err != nil {
		e.t.Fatal(err)
	}
	synctest.Wait()
}

// TestSnapshotsOnTheWire: how clients list, read and delete snapshots.
func TestSnapshotsOnTheWire(t *testing.T) {
	run(t, 3, func(e *env) {
		for _, rd := range []string{"data", "web"} {
			e.ok("POST", "/v1/resource-groups/grp/spawn", `{"resource_definition_name":"`+rd+`","volume_sizes":[65536,32768],"select_filter":{"node_name_list":["n1","n2"]}}`)
		}
		e.keep("data", "first", "n1", "n2")
		e.keep("data", "second", "n2")
		e.keep("web", "first", "n1")
		count := func(path string, want ...string) {
			t.Helper()
			var got []string
			for _, s := range into[[]v1.Snapshot](e.ok("GET", path, "")) {
				got = append(got, s.ResourceName+"/"+s.Name)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s has %v, want %v", path, got, want)
			}
		}
		count("/v1/view/snapshots", "data/first", "data/second", "web/first")
		count("/v1/view/snapshots?resources=DATA&offset=0&limit=0", "data/first", "data/second")
		count("/v1/view/snapshots?nodes=n1", "data/first", "web/first")
		count("/v1/view/snapshots?limit=1&offset=1", "data/second")
		count("/v1/resource-definitions/web/snapshots", "web/first")
		s := into[v1.Snapshot](e.ok("GET", "/v1/resource-definitions/Data/snapshots/FIRST", ""))
		if !slices.Equal(s.Nodes, []string{"n1", "n2"}) || !slices.Contains(s.Flags, "SUCCESSFUL") || len(s.VolumeDefinitions) != 2 || s.VolumeDefinitions[1].SizeKiB != 32768 ||
			len(s.Snapshots) != 2 || s.Snapshots[0].CreateTimestamp == 0 || len(s.Snapshots[0].SnapshotVolumes) != 2 || s.SnapshotDefinitionProps["SequenceNumber"] != "1" {
			t.Errorf("the snapshot is %+v", s)
		}
		for _, path := range []string{"/v1/resource-definitions/data/snapshots/none", "/v1/resource-definitions/none/snapshots/first", "/v1/resource-definitions/none/snapshots"} {
			e.send("GET", path, "").wantStatus(http.StatusNotFound)
		}
		r := e.send("DELETE", "/v1/resource-definitions/data", "")
		if code := r.first().RetCode; r.status != http.StatusInternalServerError || code.Number() != v1.FailExistsSnapshotDefinition.Number() {
			t.Errorf("deleting the definition answers %d, %+v", r.status, r.first())
		}
		e.ok("DELETE", "/v1/resource-definitions/data/snapshots/first?nodes=n1", "")
		synctest.Wait()
		if s := into[v1.Snapshot](e.ok("GET", "/v1/resource-definitions/data/snapshots/first", "")); !slices.Equal(s.Nodes, []string{"n2"}) {
			t.Errorf("left is %+v", s)
		}
		rcs := e.ok("DELETE", "/v1/resource-definitions/data/snapshots/first", "").rcs()
		if rcs[0].ObjRefs["Snapshot"] != "first" || rcs[0].ObjRefs["RscDfn"] != "data" || !strings.Contains(rcs[0].Message, "snapshot 'first' of resource 'data'") && !strings.Contains(rcs[0].Message, "Snapshot 'first' of resource 'data'") {
			t.Errorf("the deletion answers %+v", rcs)
		}
		for _, again := range []string{"/v1/resource-definitions/data/snapshots/first", "/v1/resource-definitions/none/snapshots/first", "/v1/resource-definitions/data/snapshots/second?nodes=n1"} {
			if rcs := e.ok("DELETE", again, "").rcs(); rcs[0].RetCode.Number() != v1.WarnNotFound.Number() {
				t.Errorf("%s answers %+v", again, rcs)
			}
		}
		synctest.Wait()
		count("/v1/view/snapshots", "data/second", "web/first")
		for _, later := range []string{"POST /v1/resource-definitions/data/snapshots", "PUT /v1/resource-definitions/data/snapshots/second", "POST /v1/resource-definitions/data/snapshot-rollback/second"} {
			method, path, _ := strings.Cut(later, " ")
			e.send(method, path, `{}`).wantStatus(http.StatusNotImplemented)
		}
	})
}
