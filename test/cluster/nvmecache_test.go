package cluster

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// cachedStacks are stacks with a cache above NVMe, each with what it needs.
func cachedStacks() map[string]map[string]string {
	return map[string]map[string]string{
		"WRITECACHE,NVME,STORAGE":            {"Writecache/PoolName": "pool", "Writecache/Size": "20%"},
		"CACHE,NVME,STORAGE":                 {"Cache/CachePool": "pool", "Cache/OpMode": "writeback"},
		"WRITECACHE,CACHE,NVME,STORAGE":      {"Writecache/PoolName": "pool", "Writecache/Size": "20%", "Cache/CachePool": "pool", "Cache/OpMode": "writeback"},
		"WRITECACHE,NVME,CACHE,LUKS,STORAGE": {"Writecache/PoolName": "pool", "Writecache/Size": "20%", "Cache/CachePool": "pool", "Cache/OpMode": "writeback"},
	}
}

// remote is a cluster in which n1 offers the volume "vol", and others use it.
type remote struct {
	*Cluster
	t *testing.T
}

// onRemote runs a test for each stack; n1 is the target, n2 an initiator.
func onRemote(t *testing.T, test func(t *testing.T, c remote)) {
	t.Helper()
	for stack, props := range cachedStacks() {
		t.Run(stack, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := remote{newRemote(t), t}
				defer c.Close()
				var layers []v1.ResourceDefinitionLayer
				for l := range strings.SplitSeq(stack, ",") {
					layers = append(layers, v1.ResourceDefinitionLayer{Type: v1.LayerType(l)})
				}
				c.Must("POST", "/v1/resource-definitions", v1.ResourceDefinitionCreate{ResourceDefinition: &v1.ResourceDefinition{Name: "vol", LayerData: layers, Props: props}})
				c.Must("POST", "/v1/resource-definitions/vol/volume-definitions", v1.VolumeDefinitionCreate{VolumeDefinition: &v1.VolumeDefinition{SizeKiB: 65536}})
				c.Must("POST", "/v1/resource-definitions/vol/resources", []v1.ResourceCreate{{Resource: &v1.Resource{NodeName: "n1", Props: map[string]string{"StorPoolName": "pool"}}}})
				c.settled()
				c.use("n2")
				test(t, c)
			})
		})
	}
}

// newRemote has three hosts with NVMe, LUKS and the caches of the device mapper.
func newRemote(t *testing.T) *Cluster {
	t.Helper()
	c := New(t, testLog(t))
	c.Network = sim.NewNetwork()
	fabric := sim.NewFabric(c.Network)
	c.StartController()
	for i := 1; i <= 3; i++ {
		n := c.AddNode(fmt.Sprint("n", i), 64<<20)
		n.Stop()
		sim.NewCaches(n.Machine)
		sim.NewNVMe(n.Machine, fabric)
		n.Start(slog.New(slog.DiscardHandler))
		c.Register(n.Name)
	}
	time.Sleep(time.Minute) // simulated time
	c.Must("POST", "/v1/encryption/passphrase", v1.PassPhraseCreate{NewPassphrase: "hush"})
	c.Must("POST", "/v1/controller/properties", v1.ControllerPropsModify{OverrideProps: map[string]string{"NVMe/TRType": "tcp"}})
	return c
}

func (c remote) settled() {
	time.Sleep(20 * time.Minute) // simulated time, more than the longest pause between tries
	synctest.Wait()
}

// initiatorOn is what asks for an initiator on a node.
func initiatorOn(node string) []v1.ResourceCreate {
	return []v1.ResourceCreate{{Resource: &v1.Resource{NodeName: node, Flags: []string{"NVME_INITIATOR"}}}}
}

// use makes an initiator.
func (c remote) use(node string) {
	c.t.Helper()
	c.Must("POST", "/v1/resource-definitions/vol/resources", initiatorOn(node))
	c.settled()
	if st := c.status(node); st.Progress != model.ProgressReady || !strings.Contains(c.device(node), "cache_vol_00000") {
		c.t.Fatalf("the initiator on %s: %+v, %v", node, st, st.Problem)
	}
}

func (c remote) status(node string) *model.ResourceStatus {
	c.t.Helper()
	st, ok := c.World().ResourceStatus.Get("vol", node)
	if !ok {
		c.t.Fatalf("nothing was reported of the volume on %s", node)
	}
	return st
}

func (c remote) device(node string) string {
	c.t.Helper()
	st := c.status(node)
	if len(st.Volumes) != 1 {
		c.t.Fatalf("volumes on %s: %+v, %v", node, st.Volumes, st.Problem)
	}
	return st.Volumes[0].DevicePath
}

func (c remote) write(node, value string) {
	c.t.Helper()
	if err := c.Node(node).Machine.SetMark(c.device(node), sim.MarkData, value); err != nil {
		c.t.Fatal(err)
	}
	if got := c.onTarget(); got == value {
		c.t.Fatal("what was written is on the target at once; this test would show nothing")
	}
}

func (c remote) onTarget() string { return c.Node("n1").Machine.Mark(c.device("n1"), sim.MarkData) }

func (c remote) holds(node, want string) {
	c.t.Helper()
	if got := c.Node(node).Machine.Mark(c.device(node), sim.MarkData); got != want {
		c.t.Errorf("the device on %s has %q, want %q", node, got, want)
	}
}

// left checks that an initiator has gone with all traces, and the target has the data.
func (c remote) left(node, want string) {
	c.t.Helper()
	if _, there := c.World().Resources.Get("vol", node); there {
		c.t.Fatalf("the initiator on %s has not gone: %+v, %v", node, c.status(node), c.status(node).Problem)
	}
	if got := c.onTarget(); got != want {
		c.t.Errorf("the target has %q, want %q", got, want)
	}
	m := c.Node(node).Machine
	for _, pattern := range []string{"/pool/*vol*", "/dev/mapper/*vol*", "/dev/nvme*n*"} {
		if found, err := m.Glob(c.t.Context(), pattern); err != nil || len(found) > 0 {
			c.t.Errorf("left on %s: %v, %v", node, found, err)
		}
	}
}

// reboot cuts the power of a host and starts it again.
func (c remote) reboot(node string) {
	n := c.Node(node)
	n.Stop()
	n.Machine.PowerLoss(0)
	n.Machine.Restart()
	n.Start(slog.New(slog.DiscardHandler))
	c.settled()
}

func (c remote) remove(node string) {
	c.Call("DELETE", "/v1/resource-definitions/vol/resources/"+node, nil)
	c.settled()
}

// TestRemoteCache: a cache on the initiator's node is in front of a volume of another
// node. It goes with all that it held written to the target, where the next initiator
// finds it; nothing of the cache is on the target's node.
func TestRemoteCache(t *testing.T) {
	onRemote(t, func(t *testing.T, c remote) {
		if got := c.device("n1"); strings.Contains(got, "linstor_writecache") {
			t.Errorf("the target's device is %s", got)
		}
		if st := c.status("n2"); len(st.Volumes[0].Layers) < 3 || st.Volumes[0].UsableKiB < 65536 {
			t.Errorf("reported by the initiator: %+v", st.Volumes[0])
		}
		c.write("n2", "precious")
		for _, call := range []struct{ method, path, want string }{
			{"DELETE", "/v1/nodes/n2/storage-pools/pool", "in use"},
			{"DELETE", "/v1/resource-definitions/vol/resources/n1", "n2"},
		} {
			if status, body := c.Call(call.method, call.path, nil); status < 400 || !strings.Contains(string(body), call.want) {
				t.Errorf("%s %s: %d %s", call.method, call.path, status, body)
			}
		}
		if status, body := c.Call("POST", "/v1/resource-definitions/vol/resources", initiatorOn("n3")); status < 400 || !strings.Contains(string(body), "n2") {
			t.Errorf("a second initiator: %d %s", status, body)
		}
		c.remove("n2")
		c.left("n2", "precious")
		c.use("n3")
		c.holds("n3", "precious")
		c.Must("DELETE", "/v1/resource-definitions/vol", nil)
		c.settled()
		if _, there := c.World().Definitions.Get("vol"); there {
			t.Error("the definition has not gone")
		}
	})
}

// TestRemoteCacheAfterReboot: an initiator's host connects first and then starts the
// cache as it was, with what is in it alone; a rebooted target changes nothing.
func TestRemoteCacheAfterReboot(t *testing.T) {
	onRemote(t, func(t *testing.T, c remote) {
		c.write("n2", "precious")
		c.Node("n2").Machine.ForgetCommands()
		c.reboot("n2")
		c.holds("n2", "precious")
		for _, r := range c.Node("n2").Machine.Commands() {
			if strings.Contains(r.String(), "if=/dev/zero") {
				t.Errorf("after the reboot: %s", r)
			}
		}
		c.Must("PATCH", "/v1/encryption/passphrase", "hush")
		c.reboot("n1")
		c.holds("n2", "precious")
		c.remove("n2")
		c.left("n2", "precious")
	})
}

// TestRemoteCacheDeletedWhileDown: an initiator that is deleted while its host has no
// power still has data in its cache, and brings it to the target before it goes.
func TestRemoteCacheDeletedWhileDown(t *testing.T) {
	onRemote(t, func(t *testing.T, c remote) {
		c.write("n2", "precious")
		n := c.Node("n2")
		n.Stop()
		n.Machine.PowerLoss(0)
		c.settled()
		c.remove("n2")
		if _, there := c.World().Resources.Get("vol", "n2"); !there {
			t.Fatal("the initiator is taken for gone without its satellite")
		}
		n.Machine.Restart()
		n.Start(slog.New(slog.DiscardHandler))
		c.settled()
		c.left("n2", "precious")
	})
}

// TestRemoteCacheCrashes: wherever the power fails while an initiator goes, the target
// has all data in the end.
func TestRemoteCacheCrashes(t *testing.T) {
	for n := range 12 {
		onRemote(t, func(t *testing.T, c remote) {
			c.write("n2", "precious")
			m := c.Node("n2").Machine
			m.SetFaults(sim.AfterChange(n, sim.Fault{Kind: sim.Power, Lost: -1}))
			c.remove("n2")
			m.SetFaults(nil)
			c.reboot("n2")
			c.left("n2", "precious")
		})
	}
}

// TestRemoteCacheGrows: the target grows, and the cached device with it.
func TestRemoteCacheGrows(t *testing.T) {
	onRemote(t, func(t *testing.T, c remote) {
		c.write("n2", "precious")
		size := int64(131072)
		c.Must("PUT", "/v1/resource-definitions/vol/volume-definitions/0", v1.VolumeDefinitionModify{SizeKiB: &size})
		c.settled()
		if got := c.status("n2"); got.Progress != model.ProgressReady || got.Volumes[0].UsableKiB < size {
			t.Errorf("after growing: %+v, %v", got.Volumes, got.Problem)
		}
		c.holds("n2", "precious")
		c.remove("n2")
		c.left("n2", "precious")
	})
}

// TestRemoteCacheTakenBack: a deletion that is taken back costs no data, and a replica
// that is deactivated and activated has it as well.
func TestRemoteCacheTakenBack(t *testing.T) {
	onRemote(t, func(t *testing.T, c remote) {
		c.write("n2", "precious")
		n := c.Node("n2")
		n.Stop()
		c.remove("n2")
		c.Must("POST", "/v1/resource-definitions/vol/resources", initiatorOn("n2"))
		n.Start(slog.New(slog.DiscardHandler))
		c.settled()
		c.holds("n2", "precious")
		c.Must("POST", "/v1/resource-definitions/vol/resources/n2/deactivate", nil)
		c.settled()
		if got := c.onTarget(); got != "precious" {
			t.Errorf("after the deactivation the target has %q", got)
		}
		c.Must("POST", "/v1/resource-definitions/vol/resources/n2/activate", nil)
		c.settled()
		c.holds("n2", "precious")
		c.Must("POST", "/v1/resource-definitions/vol/resources/n2/deactivate", nil)
		c.settled()
		c.remove("n2")
		c.left("n2", "precious")
	})
}

// TestRemoteCacheTakenBackLate: wherever the power fails while an initiator goes, its
// deletion can be taken back, and the data is there.
func TestRemoteCacheTakenBackLate(t *testing.T) {
	for n := range 8 {
		onRemote(t, func(t *testing.T, c remote) {
			c.write("n2", "precious")
			m := c.Node("n2").Machine
			m.SetFaults(sim.AfterChange(n, sim.Fault{Kind: sim.Power, Lost: -1}))
			c.remove("n2")
			m.SetFaults(nil)
			c.Must("POST", "/v1/resource-definitions/vol/resources", initiatorOn("n2"))
			c.reboot("n2")
			c.holds("n2", "precious")
			c.remove("n2")
			c.left("n2", "precious")
		})
	}
}

// TestRemoteCacheVolumes: a volume that is added gets a cache of its own, and goes with it.
func TestRemoteCacheVolumes(t *testing.T) {
	onRemote(t, func(t *testing.T, c remote) {
		c.write("n2", "precious")
		c.Must("POST", "/v1/resource-definitions/vol/volume-definitions", v1.VolumeDefinitionCreate{VolumeDefinition: &v1.VolumeDefinition{SizeKiB: 65536}})
		c.settled()
		if st := c.status("n2"); st.Progress != model.ProgressReady || len(st.Volumes) != 2 || !strings.Contains(st.Volumes[1].DevicePath, "cache_vol_00001") {
			t.Fatalf("with a second volume: %+v, %v", st, st.Problem)
		}
		if err := c.Node("n2").Machine.SetMark(c.status("n2").Volumes[1].DevicePath, sim.MarkData, "of no use"); err != nil {
			t.Fatal(err)
		}
		c.Must("DELETE", "/v1/resource-definitions/vol/volume-definitions/1", nil)
		c.settled()
		if d, _ := c.World().Definitions.Get("vol"); len(d.Volumes) != 1 {
			t.Fatalf("the volume has not gone: %+v, %v", c.status("n2"), c.status("n2").Problem)
		}
		c.holds("n2", "precious")
		c.remove("n2")
		c.left("n2", "precious")
	})
}
