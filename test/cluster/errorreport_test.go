package cluster

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// TestErrorReportsOfSatellites: what fails unexpectedly on a node is listed and shown by
// the controller, with the node, and the replica's trouble names it.
func TestErrorReportsOfSatellites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 2)
		defer c.Close()
		c.Node("n2").Machine.Register("losetup", func(_ *sim.Machine, cmd run.Cmd) run.Result {
			if !slices.Contains(cmd.Argv, "--find") {
				return run.Result{Stdout: []byte(`{"loopdevices":[]}`)}
			}
			return run.Result{ExitCode: 1, Stderr: []byte("losetup: the kernel has had enough")}
		})
		c.Call("POST", "/v1/resource-groups/two/spawn", v1.ResourceGroupSpawn{ResourceDefinitionName: "data", VolumeSizes: []int64{65536}})
		time.Sleep(10 * time.Minute) // simulated time
		list := Get[[]v1.ErrorReport](c, "/v1/error-reports?node=n2")
		if len(list) == 0 || len(list) > 10 {
			t.Fatalf("%d reports of n2", len(list))
		}
		for _, r := range list {
			if r.NodeName != "n2" || r.Module != "Satellite" || r.Text != "" || r.ExceptionMessage == "" || r.ErrorTime == 0 {
				t.Errorf("%+v", r)
			}
		}
		if other := Get[[]v1.ErrorReport](c, "/v1/error-reports?node=n1"); len(other) != 0 {
			t.Errorf("n1 has %d reports", len(other))
		}
		st, _ := c.World().ResourceStatus.Get("data", "n2")
		if st == nil || st.Problem == nil || len(st.Problem.ErrorReportIDs) != 1 {
			t.Fatalf("the replica's trouble names no report: %+v", st)
		}
		shown := Get[[]v1.ErrorReport](c, "/v1/error-reports/"+st.Problem.ErrorReportIDs[0])
		if len(shown) != 1 || shown[0].NodeName != "n2" || !strings.Contains(shown[0].Text, "the kernel has had enough") || !strings.Contains(shown[0].Text, "data") {
			t.Errorf("%+v", shown)
		}
	})
}
