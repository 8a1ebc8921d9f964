package cluster

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

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
// whether it was ordered before or while the node was down. Meanwhile nobody deactivates it.
func TestPutOffDeletionOutlivesARestart(t *testing.T) {
	const before, whileDown, deactivated = "ordered before", "ordered while it is down", "deactivated while it is down"
	for _, name := range []string{before, whileDown, deactivated} {
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
				if name != whileDown {
					order()
					time.Sleep(time.Minute) // simulated time
				}
				c.Node("n1").Stop()
				c.Node("n1").Machine.PowerLoss(0)
				time.Sleep(time.Minute) // simulated time
				switch name {
				case whileDown:
					order()
				case deactivated:
					if status, body := c.Call("POST", "/v1/resource-definitions/data/resources/n1/deactivate?wait=5s", nil); status < 400 || !strings.Contains(string(body), "waits") {
						t.Errorf("a replica whose deletion waits is deactivated: %d %s", status, body)
					}
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

// TestCopyThatWroteAloneOutlivesItsDeletion: without quorum a node that is cut off goes on. Its
// copy does not go before the others have what was written there, also if nobody hears of it
// any more when that is ordered, and its kernel forgets it.
func TestCopyThatWroteAloneOutlivesItsDeletion(t *testing.T) {
	for name, order := range map[string]struct{ method, path string }{
		"deletion":   {"DELETE", "/v1/resource-definitions/data/resources/n1?wait=5s"},
		"evacuation": {"PUT", "/v1/nodes/n1/evacuate?wait=5s"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := threeBut(t, "n3")
				defer c.Close()
				c.Must("PUT", "/v1/resource-definitions/data", v1.ResourceDefinitionModify{OverrideProps: map[string]string{"DrbdOptions/Resource/quorum": "off"}})
				time.Sleep(time.Minute) // simulated time
				put(t, c, "n1", "old")
				c.Network.Isolate("n1")
				put(t, c, "n1", "newest")
				time.Sleep(time.Minute) // simulated time
				c.Node("n1").Stop()
				c.Node("n1").Machine.PowerLoss(0)
				time.Sleep(time.Minute) // simulated time
				if _, body := c.Call(order.method, order.path, nil); order.method == "DELETE" && !strings.Contains(string(body), "only good copy") {
					t.Errorf("the answer does not say that the deletion waits: %s", body)
				}
				time.Sleep(5 * time.Minute) // simulated time
				if _, body := c.Call("GET", "/v1/explain/resources/data", nil); !strings.Contains(string(body), "node lost") {
					t.Errorf("nobody says what is waited for: %s", body)
				}
				c.Node("n1").Start(c.log)
				time.Sleep(time.Minute) // simulated time
				if got := c.Node("n1").DRBD.Look("data", 0).Data; got != "newest" {
					t.Fatalf("the copy with the newest data has %q", got)
				}
				c.Network.HealAll()
				time.Sleep(10 * time.Minute) // simulated time
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
