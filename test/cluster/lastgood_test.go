package cluster

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// TestGoodCopyDeletedWhileOlderOneIsAway: a node without a disk has seen data that is
// deleted while the only other copy, an older one, is away. DRBD there keeps away from that
// one, until it begins anew.
func TestGoodCopyDeletedWhileOlderOneIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := threeBut(t, "n2")
		defer c.Close()
		put(t, c, "n1", "old")
		time.Sleep(time.Minute) // simulated time
		n3 := c.Node("n3")
		n3.Stop()
		n3.Machine.PowerLoss(-1)
		put(t, c, "n1", "new")
		time.Sleep(time.Minute) // simulated time
		answer := c.Must("DELETE", "/v1/resource-definitions/data/resources/n1?wait=1s", nil)
		if !slices.ContainsFunc(answer, func(rc v1.ApiCallRc) bool {
			return strings.Contains(rc.Message, "known to be up to date") && strings.Contains(rc.Cause, "'n3'")
		}) {
			t.Errorf("the answer does not warn: %+v", answer)
		}
		time.Sleep(time.Minute) // simulated time
		n3.Start(c.log)
		time.Sleep(10 * time.Minute) // simulated time
		if found := diagnosis(c); !found.Healthy {
			t.Errorf("the doctor says %+v", found.Findings)
		}
		for _, n := range []string{"n2", "n3"} {
			if got := c.Node(n).Machine.Mark(drbdDevice, sim.MarkData); got != "old" {
				t.Errorf("%s reads %q", n, got)
			}
		}
		if r, _ := c.World().Resources.Get("data", "n2"); r.DRBD.Restart || r.DRBD.RejoinOrdered != nil {
			t.Errorf("the order stands: %+v", r.DRBD)
		}
	})
}
