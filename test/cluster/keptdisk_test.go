package cluster

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// encryptedPair makes resource web, replicated and encrypted, on two nodes.
func encryptedPair(t *testing.T) *Cluster {
	t.Helper()
	c := replicated(t, 2)
	c.Must("POST", "/v1/encryption/passphrase", v1.PassPhraseCreate{NewPassphrase: "hush"})
	count := v1.FlexInt(2)
	c.Must("POST", "/v1/resource-groups", v1.ResourceGroup{Name: "safe", SelectFilter: &v1.AutoSelectFilter{PlaceCount: &count,
		LayerStack: []string{"drbd", "luks", "storage"}}})
	spawn(c, "safe", "web")
	awaitDisks(t, c, "web", map[string]string{"n1": up, "n2": up})
	return c
}

// TestDiskIsKeptOverARestart: a disk whose removal has begun stays in use, with all that
// is below it, until a peer is seen to have the data; also when the host restarts.
func TestDiskIsKeptOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := encryptedPair(t)
		defer c.Close()

		c.Network.Cut("n1", "n2")
		c.Must("PUT", "/v1/resource-definitions/web/resources/n2/toggle-disk/diskless?wait=1s", nil)
		time.Sleep(time.Minute) // simulated time
		n2 := c.Node("n2")
		if r, _ := c.World().Resources.Get("web", "n2"); r.Toggle != model.ToggleRemoving {
			t.Fatalf("the removal has not begun: %q", r.Toggle)
		}
		n2.Stop()
		n2.Machine.PowerLoss(-1)
		n2.Start(c.log)
		time.Sleep(2 * time.Minute) // simulated time
		if got := n2.LUKS.Mappings(); len(got) != 1 {
			t.Errorf("the containers are %v", got)
		}
		if got := n2.DRBD.Look("web", 0).Disk; got != up {
			t.Errorf("the disk is %q: nobody knows whether the other node has the data", got)
		}
		c.Network.HealAll()
		awaitDisks(t, c, "web", map[string]string{"n1": up, "n2": "Diskless"})
		awaitSize(t, n2.Machine, luksOfWeb, false)
		if r, _ := c.World().Resources.Get("web", "n2"); r.Toggle != model.ToggleNone {
			t.Errorf("the removal is not through: %q", r.Toggle)
		}
	})
}

// TestRemnantIsNotKept: what a removal has left of a disk holds no data and is no reason to
// wait for anybody, or to report a loss.
func TestRemnantIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 2)
		defer c.Close()
		spawn(c, "two", "web")
		awaitDisks(t, c, "web", map[string]string{"n1": up, "n2": up})
		c.Network.Cut("n1", "n2")
		c.Must("PUT", "/v1/resource-definitions/web/resources/n2/toggle-disk/diskless?wait=1s", nil)
		n2 := c.Node("n2")
		n2.Stop()
		n2.Machine.PowerLoss(-1)
		// A deletion came this far before it was taken back.
		n2.Machine.Unlink("/var/lib/linstor.d/web.res")
		n2.Machine.Unlink("/pool/web_00000.img")
		n2.Start(c.log)
		time.Sleep(time.Minute) // simulated time
		if st, _ := c.World().ResourceStatus.Get("web", "n2"); st == nil || st.Problem != nil {
			t.Errorf("the replica reports %+v", st)
		}
		c.Network.HealAll()
		awaitDisks(t, c, "web", map[string]string{"n1": up, "n2": "Diskless"})
		if r, _ := c.World().Resources.Get("web", "n2"); r.Toggle != model.ToggleNone {
			t.Errorf("the removal is not through: %q", r.Toggle)
		}
		if _, there := n2.Machine.File("/pool/.web_00000.img.holdfast"); there {
			t.Error("the name of the image is still taken")
		}
	})
}

// TestFormerDiskGoesWithTheReplica: a replica that waits for its new disk while the layers
// of the former one are still up is deleted with all of them.
func TestFormerDiskGoesWithTheReplica(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := encryptedPair(t)
		defer c.Close()
		n1, n2 := c.Node("n1"), c.Node("n2")
		if err := n2.Machine.Hold(luksOfWeb); err != nil {
			t.Fatal(err)
		}
		const replica = "/v1/resource-definitions/web/resources/n2"
		c.Must("PUT", replica+"/toggle-disk/diskless?wait=1s", nil)
		awaitDisks(t, c, "web", map[string]string{"n1": up, "n2": "Diskless"})
		n1.Stop()
		time.Sleep(10 * time.Second) // simulated time
		c.Must("PUT", replica+"/toggle-disk/diskful?wait=1s", nil)
		if r, _ := c.World().Resources.Get("web", "n2"); r.Toggle != model.ToggleAddRequested {
			t.Fatalf("the replica does not wait for its disk: %q", r.Toggle)
		}
		if err := n2.Machine.Release(luksOfWeb); err != nil {
			t.Fatal(err)
		}
		c.Must("DELETE", replica+"?wait=1s", nil)
		n1.Start(c.log)
		time.Sleep(2 * time.Minute) // simulated time
		if r, there := c.World().Resources.Get("web", "n2"); there {
			t.Errorf("the replica is still there: %+v", r)
		}
		if got := n2.LUKS.Mappings(); len(got) != 0 {
			t.Errorf("the containers %v are still open", got)
		}
	})
}

// threeGood is a cluster with a volume that has three good copies.
func threeGood(t *testing.T, nodes int) (c *Cluster, disks map[string]string) {
	t.Helper()
	c = replicated(t, nodes)
	spawn(c, "three", "data")
	disks = map[string]string{"n1": up, "n2": up, "n3": up}
	awaitDisks(t, c, "data", disks)
	return c, disks
}

// TestUnfinishedDiskIsNotKept: storage that could not be finished holds no data. The removal
// of the disk does not wait for it, and the disk can be had again.
func TestUnfinishedDiskIsNotKept(t *testing.T) {
	const definition = "/v1/resource-definitions/data"
	for node, begin := range map[string]func(c *Cluster){
		"n4": func(c *Cluster) { c.Call("POST", definition+"/resources/n4?wait=1s", onPool("n4", "pool")) },
		"n3": func(c *Cluster) {
			c.Call("POST", definition+"/volume-definitions?wait=1s", v1.VolumeDefinitionCreate{VolumeDefinition: &v1.VolumeDefinition{SizeKiB: 4096}})
		},
	} {
		t.Run(node, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, want := threeGood(t, 4)
				defer c.Close()
				m := c.Node(node).Machine
				m.SetFaults(failing("truncate"))
				begin(c)
				time.Sleep(time.Minute) // simulated time
				c.Call("PUT", definition+"/resources/"+node+"/toggle-disk/diskless?wait=1s", nil)
				time.Sleep(time.Minute) // simulated time
				if r, _ := c.World().Resources.Get("data", node); r.Toggle != model.ToggleNone {
					t.Errorf("the removal is not through: %q", r.Toggle)
				}
				m.SetFaults(nil)
				c.Call("PUT", definition+"/resources/"+node+"/toggle-disk/diskful/pool", nil)
				want[node] = up
				awaitDisks(t, c, "data", want)
			})
		})
	}
}

// TestDiskTakenBackUnseen: the removal of a disk whose storage was not finished, and cannot be
// looked at, is taken back. The new volume gets its metadata then.
func TestDiskTakenBackUnseen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, want := threeGood(t, 3)
		defer c.Close()
		n3 := c.Node("n3")
		n3.Machine.SetFaults(failing("truncate"))
		const definition = "/v1/resource-definitions/data"
		c.Call("POST", definition+"/volume-definitions?wait=1s", v1.VolumeDefinitionCreate{VolumeDefinition: &v1.VolumeDefinition{SizeKiB: 4096}})
		n3.Machine.SetFaults(failing("truncate", "find"))
		for _, to := range []string{"diskless", "diskful/pool"} {
			c.Call("PUT", definition+"/resources/n3/toggle-disk/"+to+"?wait=1s", nil)
			time.Sleep(time.Minute) // simulated time
		}
		if r, _ := c.World().Resources.Get("data", "n3"); r.Toggle != model.ToggleAdding {
			t.Fatalf("the disk is not being taken back: %q", r.Toggle)
		}
		n3.Machine.SetFaults(nil)
		time.Sleep(10 * time.Minute) // simulated time
		awaitDisks(t, c, "data", want)
		if got := n3.DRBD.Look("data", 1).Disk; got != up {
			st, _ := c.World().ResourceStatus.Get("data", "n3")
			t.Errorf("the disk of the new volume is %q: %+v", got, st.Problem)
		}
	})
}

// failing lets commands fail on a machine.
func failing(commands ...string) sim.Faults {
	return sim.FaultFunc(func(p sim.Point) sim.Fault {
		if p.After || p.Op != sim.OpRun || !slices.Contains(commands, p.Cmd.Argv[0]) {
			return sim.Fault{}
		}
		return sim.Fault{Kind: sim.Fail, Exit: 1}
	})
}
