package cluster

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// TestVolumeAddedInUse: a resource in use on a node without a disk gets one more volume,
// which is good on all copies and can be used there at once.
func TestVolumeAddedInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := threeBut(t, "n3")
		defer c.Close()
		n3 := c.Node("n3")
		if err := n3.Machine.Hold(drbdDevice); err != nil {
			t.Fatal(err)
		}
		add := func(wait string) {
			c.Must("POST", "/v1/resource-definitions/data/volume-definitions"+wait, v1.VolumeDefinitionCreate{
				VolumeDefinition: &v1.VolumeDefinition{SizeKiB: 4096}})
		}
		add("")
		if got := n3.DRBD.Look("data", 1).Disk; got != "Diskless" {
			t.Errorf("when the call has ended, the new volume's disk on n3 is %q", got)
		}
		// The user's node is the first to know.
		for _, n := range []string{"n1", "n2"} {
			c.Node(n).Stop()
		}
		add("?wait=1s")
		for _, n := range []string{"n1", "n2"} {
			c.Node(n).Start(c.log)
		}
		time.Sleep(time.Minute) // simulated time
		for node, want := range map[string]string{"n1": up, "n2": up, "n3": "Diskless"} {
			if got := c.Node(node).DRBD.Look("data", 2).Disk; got != want {
				t.Errorf("the new volume's disk on %s is %q, want %q", node, got, want)
			}
		}
		if err := n3.Machine.SetMark("/dev/drbd1002", "word", "written"); err != nil {
			t.Errorf("the new volume cannot be written to where the resource is in use: %v", err)
		}
	})
}

// TestVolumeAddedWherePoolIsFull: the node that uses a resource has no room for the disk of
// one more volume. The others' copies are good all the same once it has.
func TestVolumeAddedWherePoolIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 2)
		defer c.Close()
		spawn(c, "two", "data")
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up})
		n2 := c.Node("n2")
		if err := n2.Machine.Hold(drbdDevice); err != nil {
			t.Fatal(err)
		}
		n2.Machine.Fill("/pool", 0)
		status, body := c.Call("POST", "/v1/resource-definitions/data/volume-definitions?wait=10s", v1.VolumeDefinitionCreate{
			VolumeDefinition: &v1.VolumeDefinition{SizeKiB: 4096}})
		if status < 400 || !strings.Contains(string(body), "n2") {
			t.Errorf("the full pool is not reported: %d %s", status, body)
		}
		time.Sleep(time.Minute) // simulated time
		if got := n2.DRBD.Look("data", 1); got.Path != "" {
			t.Errorf("a volume without data is shown to users: %+v", got)
		}
		n2.Machine.Fill("/pool", 32<<30)
		time.Sleep(20 * time.Minute) // simulated time
		for _, node := range []string{"n1", "n2"} {
			if got := c.Node(node).DRBD.Look("data", 1).Disk; got != up {
				t.Errorf("the new volume's disk on %s is %q", node, got)
			}
		}
	})
}

// TestVolumeAddedWhereDiskHasFailed: the node that uses a resource has lost its disk. One
// more volume is good on the other copy, and on this node once it has its disk again.
func TestVolumeAddedWhereDiskHasFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := threeBut(t, "n3")
		defer c.Close()
		n1, n2 := c.Node("n1"), c.Node("n2")
		if err := n1.Machine.Hold(drbdDevice); err != nil {
			t.Fatal(err)
		}
		n1.DRBD.FailDisk("data", 0)
		time.Sleep(time.Minute) // simulated time
		// The user's node is the first to know.
		n2.Stop()
		c.Must("POST", "/v1/resource-definitions/data/volume-definitions?wait=1s", v1.VolumeDefinitionCreate{
			VolumeDefinition: &v1.VolumeDefinition{SizeKiB: 4096}})
		n2.Start(c.log)
		time.Sleep(time.Minute) // simulated time
		if got := n2.DRBD.Look("data", 1).Disk; got != up {
			t.Errorf("the new volume's disk on n2 is %q", got)
		}
		c.Must("PUT", "/v1/resource-definitions/data/resources/n1", v1.ResourceModify{DeleteProps: []string{"DrbdOptions/SkipDisk"}})
		time.Sleep(time.Minute) // simulated time
		for _, n := range []*Node{n1, n2} {
			if got := n.DRBD.Look("data", 1).Disk; got != up {
				t.Errorf("with all disks, that of the new volume on %s is %q", n.Name, got)
			}
		}
	})
}
