package cluster

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/internal/sim"
)

// TestPutOffDeletionOfAnInactiveReplica: one that is deactivated and deleted before its node
// has heard of either is up as long as nobody else has its data, and gives it to those that
// come back.
func TestPutOffDeletionOfAnInactiveReplica(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := threeBut(t, "n3")
		defer c.Close()
		put(t, c, "n1", "old")
		c.Network.Isolate("n2")
		c.Node("n2").Cut(true)
		time.Sleep(time.Minute) // simulated time
		put(t, c, "n1", "newest")
		c.Node("n1").Cut(true)
		c.Call("POST", "/v1/resource-definitions/data/resources/n1/deactivate?wait=5s", nil)
		c.Call("DELETE", "/v1/resource-definitions/data/resources/n1?wait=5s", nil)
		time.Sleep(time.Minute) // simulated time
		c.Node("n1").Cut(false)
		time.Sleep(time.Minute) // simulated time
		if got := c.Node("n1").DRBD.Look("data", 0).Data; got != "newest" {
			t.Fatalf("the only good copy has %q", got)
		}
		c.Network.HealAll()
		c.Node("n2").Cut(false)
		time.Sleep(5 * time.Minute) // simulated time
		if _, left := c.World().Resources.Get("data", "n1"); left {
			t.Errorf("the replica is still there: %v", disks(c, "data"))
		}
		if got := c.Node("n2").Machine.Mark(drbdDevice, sim.MarkData); got != "newest" {
			t.Errorf("what is left has %q", got)
		}
	})
}

// TestPutOffDeletionEndsWithTheDefinition: nobody waits for the data of a resource that is
// deleted altogether.
func TestPutOffDeletionEndsWithTheDefinition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := threeBut(t, "n3")
		defer c.Close()
		put(t, c, "n1", "old")
		c.Network.Isolate("n2")
		put(t, c, "n1", "newest")
		c.Call("DELETE", "/v1/resource-definitions/data/resources/n1?wait=5s", nil)
		time.Sleep(time.Minute) // simulated time
		if r, ok := c.World().Resources.Get("data", "n1"); !ok || !r.DRBD.Waits {
			t.Fatal("the deletion of the only good copy does not wait")
		}
		c.Call("DELETE", "/v1/resource-definitions/data?wait=5s", nil)
		time.Sleep(time.Minute) // simulated time
		if _, left := c.World().Definitions.Get("data"); left {
			t.Errorf("the definition is still there: %v", disks(c, "data"))
		}
	})
}

// TestPutOffDeletionOutlivesARestart: the deletion of the only good copy waits for another
// one. It still does when its node has restarted, whose kernel then knows nothing, and
// whether it was ordered before or while the node was down.
func TestPutOffDeletionOutlivesARestart(t *testing.T) {
	for name, early := range map[string]bool{"ordered before": true, "ordered while it is down": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := threeBut(t, "n3")
				defer c.Close()
				put(t, c, "n1", "old")
				c.Network.Isolate("n2")
				c.Node("n2").Cut(true)
				time.Sleep(time.Minute) // simulated time
				put(t, c, "n1", "newest")
				order := func() { c.Call("DELETE", "/v1/resource-definitions/data/resources/n1?wait=5s", nil) }
				if early {
					order()
					time.Sleep(time.Minute) // simulated time
				}
				c.Node("n1").Stop()
				c.Node("n1").Machine.PowerLoss(0)
				time.Sleep(time.Minute) // simulated time
				if !early {
					order()
				}
				c.Node("n1").Start(c.log)
				time.Sleep(time.Minute) // simulated time
				if got := c.Node("n1").DRBD.Look("data", 0).Data; got != "newest" {
					t.Fatalf("the only good copy has %q", got)
				}
				c.Network.HealAll()
				c.Node("n2").Cut(false)
				time.Sleep(5 * time.Minute) // simulated time
				if _, left := c.World().Resources.Get("data", "n1"); left {
					t.Errorf("the replica is still there: %v", disks(c, "data"))
				}
				if got := c.Node("n2").Machine.Mark(drbdDevice, sim.MarkData); got != "newest" {
					t.Errorf("what is left has %q", got)
				}
			})
		})
	}
}
