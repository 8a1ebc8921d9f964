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

// newestOnOne is a volume with copies on n1 and n3 and a user on n2; what was written last
// is on n1 alone, as n3 has lost its power.
func newestOnOne(t *testing.T) *Cluster {
	t.Helper()
	c := threeBut(t, "n2")
	put(t, c, "n1", "old")
	time.Sleep(time.Minute) // simulated time
	c.Node("n3").Stop()
	c.Node("n3").Machine.PowerLoss(-1)
	put(t, c, "n1", "new")
	time.Sleep(time.Minute) // simulated time
	return c
}

// reads compares what users of nodes read with what they should.
func reads(t *testing.T, c *Cluster, want string, nodes ...string) {
	t.Helper()
	for _, n := range nodes {
		if got := c.Node(n).Machine.Mark(drbdDevice, sim.MarkData); got != want {
			t.Errorf("%s reads %q, want %q", n, got, want)
		}
	}
}

// says looks for an entry of an answer.
func says(t *testing.T, answer []v1.ApiCallRc, message, cause string) {
	t.Helper()
	if !slices.ContainsFunc(answer, func(rc v1.ApiCallRc) bool {
		return strings.Contains(rc.Message, message) && strings.Contains(rc.Cause, cause)
	}) {
		t.Errorf("the answer does not say %q because of %q: %+v", message, cause, answer)
	}
}

// TestGoodCopyIsDeletedLater: the deletion of the only copy with the newest data waits for a
// node that is away, says so at once, and goes on when that one has the data.
func TestGoodCopyIsDeletedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newestOnOne(t)
		defer c.Close()
		began := time.Now()
		answer := c.Must("DELETE", "/v1/resource-definitions/data/resources/n1?wait=5m", nil)
		says(t, answer, "The deletion waits: no other copy of volume 0", "'n3'")
		says(t, answer, "is still being made", "none that stays is connected")
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("the answer took %s", took)
		}
		time.Sleep(time.Minute) // simulated time
		reads(t, c, "new", "n2")
		if d, _ := c.World().Definitions.Get("data"); d.Props["DrbdOptions/Resource/quorum"] != "majority" {
			t.Errorf("the copy does not count any more: %v", d.Props)
		}
		c.Node("n3").Start(c.log)
		time.Sleep(10 * time.Minute) // simulated time
		reads(t, c, "new", "n2", "n3")
		if r, stays := c.World().Resources.Get("data", "n1"); stays {
			t.Errorf("the copy stays: %+v", r)
		}
	})
}

// TestGoodCopyOutOfUse: who deactivates the only copy with the newest data is warned.
func TestGoodCopyOutOfUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newestOnOne(t)
		defer c.Close()
		says(t, c.Must("POST", "/v1/resource-definitions/data/resources/n1/deactivate?wait=1s", nil), "is put out of use", "'n3'")
	})
}

// TestAllCopiesDeletedOneByOne: nothing is waited for where the copies that are away are
// deleted too.
func TestAllCopiesDeletedOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newestOnOne(t)
		defer c.Close()
		for _, n := range []string{"n1", "n2", "n3"} {
			c.Must("DELETE", "/v1/resource-definitions/data/resources/"+n+"?wait=1m", nil)
		}
		time.Sleep(time.Minute) // simulated time
		if r, stays := c.World().Resources.Get("data", "n1"); stays {
			t.Errorf("the copy stays: %+v", r)
		}
	})
}

// TestGoodCopyLostWhileOlderOneIsAway: a node without a disk has seen data that goes with
// its node while the only other copy, an older one, is away. DRBD there keeps away from that
// one, until it begins anew.
func TestGoodCopyLostWhileOlderOneIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newestOnOne(t)
		defer c.Close()
		n1 := c.Node("n1")
		n1.Stop()
		n1.Machine.PowerLoss(-1)
		time.Sleep(time.Minute) // simulated time
		c.Must("DELETE", "/v1/nodes/n1/lost", nil)
		time.Sleep(time.Minute) // simulated time
		c.Node("n3").Start(c.log)
		time.Sleep(10 * time.Minute) // simulated time
		if found := diagnosis(c); !found.Healthy {
			t.Errorf("the doctor says %+v", found.Findings)
		}
		reads(t, c, "old", "n2", "n3")
		if r, _ := c.World().Resources.Get("data", "n2"); r.DRBD.Restart || r.DRBD.RejoinOrdered != nil {
			t.Errorf("the order stands: %+v", r.DRBD)
		}
	})
}
