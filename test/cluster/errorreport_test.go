package cluster

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
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

// TestErrorReportsOfPools: looking at storage that fails unexpectedly makes one report for
// each kind of failure, however many pools and looks it concerns; a pool that is simply
// not there is no matter for a report.
func TestErrorReportsOfPools(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(t, testLog(t))
		c.Rescan = time.Minute
		fill(c, 1)
		defer c.Close()
		m := c.Node("n1").Machine
		m.AddDisk("/dev/vdb", "b", 64<<30)
		if err := sim.NewZFS(m).AddPool("tank", "/dev/vdb"); err != nil {
			t.Fatal(err)
		}
		c.Must("PUT", "/v1/nodes/n1/reconnect", nil)
		time.Sleep(time.Minute) // simulated time
		for name, kind := range map[string]v1.ProviderKind{"thick": v1.ProviderKindZfs, "thin": v1.ProviderKindZfsThin} {
			c.Must("POST", "/v1/nodes/n1/storage-pools", v1.StoragePool{StoragePoolName: name, ProviderKind: kind, Props: map[string]string{model.KeyPoolBacking: "tank"}})
		}
		says := func(out string) {
			m.Register("zpool", func(*sim.Machine, run.Cmd) run.Result { return run.Result{Stdout: []byte(out)} })
			time.Sleep(30 * time.Minute)
		}
		reports := func() []v1.ErrorReport { return Get[[]v1.ErrorReport](c, "/v1/error-reports?node=n1") }
		says("") // a pool that is not shown is gone
		if list := reports(); len(list) != 0 {
			t.Fatalf("a missing pool makes %+v", list)
		}
		says("bad\n")
		if list := reports(); len(list) != 1 {
			t.Fatalf("%d reports of the first failure", len(list))
		}
		for _, p := range []string{"thick", "thin"} {
			st, _ := c.World().PoolStatus.Get("n1", p)
			if st == nil || st.Problem == nil || len(st.Problem.ErrorReportIDs) != 1 {
				t.Fatalf("the trouble of pool %s names no report: %+v", p, st)
			}
			shown := Get[[]v1.ErrorReport](c, "/v1/error-reports/"+st.Problem.ErrorReportIDs[0])
			if len(shown) != 1 || shown[0].NodeName != "n1" || !strings.Contains(shown[0].Text, "bad") || !strings.Contains(shown[0].Text, "storage pool") {
				t.Errorf("%+v", shown)
			}
		}
		says("worse\n")
		if list := reports(); len(list) != 2 {
			t.Errorf("%d reports of two failures", len(list))
		}
	})
}
