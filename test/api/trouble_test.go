package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	hostrun "github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
	"github.com/holdfast-storage/holdfast/test/cluster"
)

const sizeOfData = "/v1/resource-definitions/data/volume-definitions/0"

// everywhere makes a resource "data" of 64 MiB on all three nodes.
func everywhere(e *env) reply {
	e.t.Helper()
	return e.send("POST", "/v1/resource-groups/grp/spawn",
		`{"resource_definition_name":"data","volume_sizes":[65536],"select_filter":{"place_count":3}}`)
}

// stopSatellite stops a node's satellite and waits until that is noticed.
func (e *env) stopSatellite(node string) {
	e.t.Helper()
	e.Node(node).Stop()
	if _, err := await(e, "/v1/nodes/"+node, func(n v1.Node) bool { return n.ConnectionStatus == "OFFLINE" && n.ConnectionReason != "" }); err != nil {
		e.t.Fatal(err)
	}
}

func (e *env) startSatellite(node string) {
	e.t.Helper()
	e.Node(node).Start(slog.New(slog.DiscardHandler))
	if _, err := await(e, "/v1/nodes/"+node, func(n v1.Node) bool { return n.ConnectionStatus == "ONLINE" }); err != nil {
		e.t.Fatal(err)
	}
}

// about finds the entry of an answer that is about a node's replica.
func about(r reply, node string) v1.ApiCallRc {
	r.t.Helper()
	for _, rc := range r.rcs() {
		if rc.ObjRefs["Node"] == node && !strings.HasPrefix(rc.Message, "New ") {
			return rc
		}
	}
	r.t.Fatalf("%s says nothing about %s: %s", r.what, node, r.body)
	return v1.ApiCallRc{}
}

// wantOfflineWarning: the answer says which node is offline, why and what to do.
func wantOfflineWarning(r reply, node string) {
	r.t.Helper()
	rc := about(r, node)
	if !rc.RetCode.IsWarning() || rc.RetCode.Number() != v1.WarnNotConnected.Number() || !strings.Contains(rc.Message, node) ||
		rc.Cause == "" || rc.Correction == "" {
		r.t.Errorf("%s: the warning about %s is %+v", r.what, node, rc)
	}
	if v1.HasError(r.rcs()) {
		r.t.Errorf("%s: an offline satellite is no error: %s", r.what, r.body)
	}
}

// TestOfflineSatellite: changes are taken, the answer warns, and the node catches up.
func TestOfflineSatellite(t *testing.T) {
	run(t, 3, func(e *env) {
		everywhere(e).wantStatus(http.StatusCreated)
		e.stopSatellite("n2")
		wantOfflineWarning(e.ok("PUT", sizeOfData, `{"size_kib":131072}`), "n2")
		for node, r := range e.replicas("data") {
			if node != "n2" && *r.Volumes[0].UsableSizeKiB != 131072 {
				t.Errorf("%s waits for the offline node: %+v", node, r.Volumes[0])
			}
			if node == "n2" && (r.State != nil || r.Volumes[0].State != nil) {
				t.Errorf("a state of the offline node is shown: %+v", r)
			}
		}
		e.startSatellite("n2")
		if _, err := await(e, "/v1/resource-definitions/data/resources/n2/volumes/0", func(v v1.Volume) bool { return *v.UsableSizeKiB == 131072 }); err != nil {
			t.Error(err)
		}
		e.stopSatellite("n2")
		wantOfflineWarning(e.ok("DELETE", "/v1/resource-definitions/data", ""), "n2")
		rd := into[v1.ResourceDefinition](e.ok("GET", "/v1/resource-definitions/data", ""))
		if left := e.replicas("data"); len(left) != 1 || len(rd.Flags) != 1 || rd.Flags[0] != "DELETE" {
			t.Errorf("while n2 is offline %+v is left of %+v", left, rd)
		}
		e.send("POST", "/v1/resource-definitions", `{"resource_definition":{"name":"data"}}`).wantFault(500, v1.FailExistsResourceDefinition, "data", "deleted")
		e.startSatellite("n2")
		if _, err := await(e, "/v1/resource-definitions", func(all []v1.ResourceDefinition) bool { return len(all) == 0 }); err != nil {
			t.Error(err)
		}
	})
}

// TestCreatingOnAnOfflineSatellite happens when it comes back.
func TestCreatingOnAnOfflineSatellite(t *testing.T) {
	run(t, 2, func(e *env) {
		e.ok("POST", "/v1/resource-definitions", `{"resource_definition":{"name":"data","resource_group_name":"grp"}}`)
		e.ok("POST", "/v1/resource-definitions/data/volume-definitions", `{"volume_definition":{"size_kib":65536}}`)
		e.stopSatellite("n2")
		e.send("POST", "/v1/resource-definitions/data/autoplace", `{}`).wantFault(500, v1.FailNotEnoughNodes, "n2", "OFFLINE")
		e.Node("n2").Machine.MakeDir("/late")
		wantOfflineWarning(e.ok("POST", "/v1/nodes/n2/storage-pools",
			`{"storage_pool_name":"late","provider_kind":"FILE_THIN","props":{"StorDriver/StorPoolName":"/late"}}`), "n2")
		wantOfflineWarning(e.ok("POST", "/v1/resource-definitions/data/resources/n2", `{"resource":{"props":{"StorPoolName":"late"}}}`), "n2")
		e.send("GET", "/v1/physical-storage/n2", "").wantFault(503, v1.FailNotConnected, "n2")
		e.send("GET", "/v1/nodes/n2/config", "").wantFault(503, v1.FailNotConnected, "n2")
		e.startSatellite("n2")
		if _, err := await(e, "/v1/resource-definitions/data/resources/n2/volumes/0", func(v v1.Volume) bool { return v.DevicePath != "" }); err != nil {
			t.Error(err)
		}
	})
}

// failing lets a command fail.
func failing(command string) sim.Faults {
	return sim.FaultFunc(func(p sim.Point) sim.Fault {
		if p.Op == sim.OpRun && p.Cmd.Argv[0] == command && len(p.Cmd.Argv) > 1 && p.Cmd.Argv[1] == "--find" {
			return sim.Fault{Kind: sim.Fail, Exit: 5, Stderr: "simulated trouble with loops"}
		}
		return sim.Fault{}
	})
}

// TestOneNodeFails: the answer names it with cause and correction, the others are
// done, and it is tried again until it works.
func TestOneNodeFails(t *testing.T) {
	run(t, 3, func(e *env) {
		e.Node("n2").Machine.SetFaults(failing("losetup"))
		r := everywhere(e).wantStatus(http.StatusInternalServerError)
		rc := about(r, "n2")
		if !rc.RetCode.IsError() || !strings.Contains(rc.Message, "n2") || !strings.Contains(rc.Cause+rc.Details, "simulated trouble with loops") || rc.Correction == "" {
			t.Errorf("the failing node's entry is %+v", rc)
		}
		for _, node := range []string{"n1", "n3"} {
			if rc := about(r, node); rc.RetCode.IsError() {
				t.Errorf("%s: %+v", node, rc)
			}
			if v := e.replicas("data")[node].Volumes[0]; v.DevicePath == "" {
				t.Errorf("%s has not done its part: %+v", node, v)
			}
		}
		broken := e.replicas("data")["n2"].Volumes[0]
		if len(broken.Reports) == 0 || broken.Reports[0].Correction == "" {
			t.Errorf("the volume does not show its trouble: %+v", broken)
		}
		if s := into[v1.ResourceDefinitionSyncStatus](e.ok("GET", "/v1/resource-definitions/data/sync-status", "")); s.SyncedOnAll {
			t.Error("a failed replica counts as synced")
		}
		e.Node("n2").Machine.SetFaults(nil)
		v, err := await(e, "/v1/resource-definitions/data/resources/n2/volumes/0", func(v v1.Volume) bool { return v.DevicePath != "" })
		if err != nil || len(v.Reports) != 0 {
			t.Errorf("the node was not healed: %+v %v", v, err)
		}
		e.ok("DELETE", "/v1/resource-definitions/data", "")
	})
}

// TestFullFileSystem: what a command says about a full file system reaches the user.
func TestFullFileSystem(t *testing.T) {
	run(t, 3, func(e *env) {
		e.Node("n2").Machine.SetFaults(sim.FaultFunc(func(p sim.Point) sim.Fault {
			if p.Op == sim.OpWrite && strings.HasPrefix(p.Path, "/pool") {
				return sim.Fault{Kind: sim.Full}
			}
			return sim.Fault{}
		}))
		r := everywhere(e).wantStatus(http.StatusInternalServerError)
		rc := about(r, "n2")
		if !rc.RetCode.IsError() || !strings.Contains(rc.Message, "n2") || !strings.Contains(rc.Message+rc.Cause+rc.Details, "space") || rc.Correction == "" {
			t.Errorf("the full node's entry is %+v", rc)
		}
		e.Node("n2").Machine.SetFaults(nil)
		if _, err := await(e, "/v1/resource-definitions/data/resources/n2/volumes/0", func(v v1.Volume) bool { return v.DevicePath != "" }); err != nil {
			t.Error(err)
		}
	})
}

// TestFullPool: a thick pool gives what it has, and is then refused with numbers.
func TestFullPool(t *testing.T) {
	run(t, 2, func(e *env) {
		for _, n := range []string{"n1", "n2"} {
			e.Node(n).Machine.MakeDir("/thick")
			e.Node(n).Machine.MountFS("/thick", sim.FileSystem{Type: "xfs", CapacityBytes: gib * 1024})
			e.ok("POST", "/v1/nodes/"+n+"/storage-pools", `{"storage_pool_name":"thick","provider_kind":"FILE","props":{"StorDriver/StorPoolName":"/thick"}}`)
		}
		e.ok("POST", "/v1/resource-groups", `{"name":"fat","select_filter":{"place_count":2,"layer_stack":["STORAGE"],"storage_pool_list":["thick"]}}`)
		e.ok("POST", "/v1/resource-groups/fat/spawn", `{"resource_definition_name":"first","volume_sizes":[786432]}`)
		synctest.Wait()
		refuse(e, []badInput{
			{"spawn", "POST", "/v1/resource-groups/fat/spawn", `{"resource_definition_name":"second","volume_sizes":[524288]}`, 500, v1.FailNotEnoughNodes, []string{"second", "thick", "n1", "n2"}},
			{"grow", "PUT", "/v1/resource-definitions/first/volume-definitions/0", `{"size_kib":1572864}`, 500, v1.FailNotEnoughFreeSpace, []string{"thick", "n1", "KiB"}},
			{"another volume", "POST", "/v1/resource-definitions/first/volume-definitions", `{"volume_definition":{"size_kib":524288}}`, 500, v1.FailNotEnoughFreeSpace, []string{"thick", "n1"}},
		})
		if all := into[[]v1.ResourceDefinition](e.ok("GET", "/v1/resource-definitions", "")); len(all) != 1 {
			t.Errorf("a refused spawn left %+v", all)
		}
		e.ok("POST", "/v1/resource-groups/fat/spawn", `{"resource_definition_name":"second","volume_sizes":[65536]}`)
	})
}

// TestPoolWithoutItsDirectory is kept, shown with its trouble, and used for nothing.
func TestPoolWithoutItsDirectory(t *testing.T) {
	run(t, 2, func(e *env) {
		r := e.ok("POST", "/v1/nodes/n1/storage-pools", `{"storage_pool_name":"gone","provider_kind":"FILE_THIN","props":{"StorDriver/StorPoolName":"/gone"}}`)
		rc := r.rcs()[1]
		if !rc.RetCode.IsWarning() || !strings.Contains(rc.Message, "/gone") || rc.Cause == "" || rc.Correction == "" {
			t.Errorf("making it answered %+v", rc)
		}
		p := into[v1.StoragePool](e.ok("GET", "/v1/nodes/n1/storage-pools/gone", ""))
		if len(p.Reports) != 1 || !strings.Contains(p.Reports[0].Message, "/gone") || p.FreeCapacity != nil {
			t.Errorf("it is shown as %+v", p)
		}
		e.ok("POST", "/v1/resource-definitions", `{"resource_definition":{"name":"data","resource_group_name":"grp"}}`)
		e.ok("POST", "/v1/resource-definitions/data/volume-definitions", `{"volume_definition":{"size_kib":65536}}`)
		synctest.Wait()
		refuse(e, []badInput{
			{"by hand", "POST", "/v1/resource-definitions/data/resources/n1", `{"resource":{"props":{"StorPoolName":"gone"}}}`, 500, v1.FailStoragePoolConfigurationError, []string{"gone", "n1", "missing"}},
			{"placed", "POST", "/v1/resource-groups/grp/spawn", `{"resource_definition_name":"other","volume_sizes":[65536],"select_filter":{"place_count":1,"storage_pool_list":["gone"]}}`, 500, v1.FailNotEnoughNodes, []string{"gone", "n1"}},
		})
		e.ok("DELETE", "/v1/nodes/n1/storage-pools/gone", "")
	})
}

// TestDevicesInUse: a device that is open is not taken away from its user.
func TestDevicesInUse(t *testing.T) {
	run(t, 2, func(e *env) {
		e.spawn("data", 64*mib)
		m, device := e.Node("n1").Machine, e.replicas("data")["n1"].Volumes[0].DevicePath
		if err := m.Mount(device, "/mnt"); err != nil {
			t.Fatal(err)
		}
		// The satellite notices with the next change.
		e.ok("PUT", sizeOfData, `{"size_kib":131072}`)
		if in := e.replicas("data")["n1"].State; in == nil || !*in.InUse {
			t.Fatalf("the use is not noticed: %+v", in)
		}
		synctest.Wait()
		refuse(e, []badInput{
			{"replica", "DELETE", "/v1/resource-definitions/data/resources/n1", ``, 500, v1.FailInUse, []string{"data", "n1", "open"}},
			{"definition", "DELETE", "/v1/resource-definitions/data", ``, 500, v1.FailInUse, []string{"data", "n1", "open"}},
			{"volume", "DELETE", sizeOfData, ``, 500, v1.FailInUse, []string{"data", "n1", "open"}},
			{"deactivation", "POST", "/v1/resource-definitions/data/resources/n1/deactivate", ``, 500, v1.FailInUse, []string{"data", "n1", "open"}},
		})
		if err := m.Release(device); err != nil {
			t.Fatal(err)
		}
		// No report tells of the end of the use; who asks is believed after a look.
		e.ok("DELETE", "/v1/resource-definitions/data", "")
	})
}

// TestDeviceOpenedUnnoticed: the satellite refuses what the controller could not
// know, says so, and goes on by itself once the user has closed the device.
func TestDeviceOpenedUnnoticed(t *testing.T) {
	run(t, 2, func(e *env) {
		e.spawn("data", 64*mib)
		m, device := e.Node("n1").Machine, e.replicas("data")["n1"].Volumes[0].DevicePath
		if err := m.Hold(device); err != nil {
			t.Fatal(err)
		}
		r := e.send("DELETE", "/v1/resource-definitions/data", "")
		r.wantFault(500, v1.FailInUse, "data", "n1", "open")
		if m.DeviceSize(device) < 0 {
			t.Error("the device is gone although it was open")
		}
		if err := m.Release(device); err != nil {
			t.Fatal(err)
		}
		if _, err := await(e, "/v1/resource-definitions", func(all []v1.ResourceDefinition) bool { return len(all) == 0 }); err != nil {
			t.Error(err)
		}
	})
}

// hanging is a host whose commands do not return while it hangs.
type hanging struct {
	hostrun.Host
	hangs   *atomic.Bool
	release chan struct{}
}

func (h *hanging) Run(ctx context.Context, c hostrun.Cmd) (hostrun.Result, error) {
	if h.hangs.Load() {
		select {
		case <-h.release:
		case <-ctx.Done():
			return hostrun.Result{}, ctx.Err()
		}
	}
	return h.Host.Run(ctx, c)
}

// TestHangingSatellite: the answer comes in time and says what is still being made,
// and nobody else waits.
func TestHangingSatellite(t *testing.T) {
	var hangs atomic.Bool
	var release chan struct{}
	run(t, 3, func(e *env) {
		hangs.Store(true)
		began := time.Now()
		r := e.send("POST", "/v1/resource-groups/grp/spawn?wait=3s",
			`{"resource_definition_name":"data","volume_sizes":[65536],"select_filter":{"place_count":3}}`).wantStatus(http.StatusCreated)
		if took := time.Since(began); took < 3*time.Second || took > 4*time.Second {
			t.Errorf("the answer took %s", took)
		}
		rc := about(r, "n2")
		if !rc.RetCode.IsWarning() || !strings.Contains(rc.Message, "still being made") || !strings.Contains(rc.Message, "n2") || rc.Cause == "" || rc.Correction == "" {
			t.Errorf("the hanging node's entry is %+v", rc)
		}
		for _, node := range []string{"n1", "n3"} {
			if v := e.replicas("data")[node].Volumes[0]; v.DevicePath == "" {
				t.Errorf("%s waits for n2: %+v", node, v)
			}
		}
		began = time.Now()
		e.ok("POST", "/v1/resource-groups/grp/spawn", `{"resource_definition_name":"other","volume_sizes":[65536],"select_filter":{"node_name_list":["n1","n3"]}}`)
		if took := time.Since(began); took > time.Second {
			t.Errorf("a resource on other nodes took %s", took)
		}
		began = time.Now()
		for again := range 2 {
			r = e.ok("PUT", "/v1/resource-definitions/data/volume-definitions/0?wait=false", `{"size_kib":131072}`)
			if rc, ok := r.entry(v1.WarnVolumeDefinitionResizeSameSize); again > 0 && !ok {
				t.Errorf("growing again answered %+v: %s", rc, r.body)
			}
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("not waiting took %s", took)
		}
		hangs.Store(false)
		close(release)
		if _, err := await(e, "/v1/resource-definitions/data/resources/n2/volumes/0", func(v v1.Volume) bool { return v.DevicePath != "" && *v.UsableSizeKiB == 131072 }); err != nil {
			t.Error(err)
		}
	}, func(e *env) {
		release = make(chan struct{})
		e.Host = func(n *cluster.Node, h hostrun.Host) hostrun.Host {
			if n.Name != "n2" {
				return h
			}
			return &hanging{Host: h, hangs: &hangs, release: release}
		}
	})
}

// TestLostNode is forgotten with what was on it; the host itself is not touched.
func TestLostNode(t *testing.T) {
	run(t, 3, func(e *env) {
		everywhere(e).wantStatus(http.StatusCreated)
		device := e.replicas("data")["n2"].Volumes[0].DevicePath
		e.stopSatellite("n2")
		r := e.ok("DELETE", "/v1/nodes/n2/lost", "").wantFirst(200, v1.MaskNode|v1.MaskDelete|v1.Deleted)
		if r.first().Correction == "" {
			t.Errorf("nothing is said about what stays on the host: %s", r.body)
		}
		if left := e.replicas("data"); len(left) != 2 {
			t.Errorf("%d replicas are left", len(left))
		}
		if e.Node("n2").Machine.DeviceSize(device) < 0 {
			t.Error("the lost node's device is gone")
		}
		e.send("GET", "/v1/nodes/n2", "").wantStatus(http.StatusNotFound)
	})
}

// TestClientGoesAway: what was stored is done, whoever waits for it.
func TestClientGoesAway(t *testing.T) {
	var hangs atomic.Bool
	var release chan struct{}
	run(t, 2, func(e *env) {
		hangs.Store(true)
		ctx, cancel := context.WithCancel(context.Background())
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			body := strings.NewReader(`{"resource_definition_name":"data","volume_sizes":[65536]}`)
			r := httptest.NewRequestWithContext(ctx, "POST", "/v1/resource-groups/grp/spawn", body)
			e.Controller().API().ServeHTTP(httptest.NewRecorder(), r)
		}()
		synctest.Wait()
		cancel()
		<-answered
		hangs.Store(false)
		close(release)
		for _, node := range []string{"n1", "n2"} {
			if _, err := await(e, "/v1/resource-definitions/data/resources/"+node+"/volumes/0", func(v v1.Volume) bool { return v.DevicePath != "" }); err != nil {
				t.Error(err)
			}
		}
		if reports := into[[]v1.ErrorReport](e.ok("GET", "/v1/error-reports", "")); len(reports) != 0 {
			t.Errorf("an error report was written: %+v", reports)
		}
	}, func(e *env) {
		release = make(chan struct{})
		e.Host = func(_ *cluster.Node, h hostrun.Host) hostrun.Host {
			return &hanging{Host: h, hangs: &hangs, release: release}
		}
	})
}
