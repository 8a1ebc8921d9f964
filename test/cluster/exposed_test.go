package cluster

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// TestOnlyGoodCopyOnFailedDisk: n2 loses power; n3, which has no disk, goes on with n1;
// then n1's disk fails, and n2 comes back with older data. Nobody works with that, what
// is wrong is said, and all is well when n1's disk is taken again.
func TestOnlyGoodCopyOnFailedDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := threeBut(t, "n3")
		defer c.Close()
		put(t, c, "n1", "old")
		n2, n3 := c.Node("n2"), c.Node("n3")
		n2.Stop()
		n2.Machine.PowerLoss(-1)
		if err := n3.Machine.Hold(drbdDevice); err != nil {
			t.Fatal(err)
		}
		put(t, c, "n3", "new")
		// At rest: a command under way that applies the configuration would attach it again.
		time.Sleep(time.Minute) // simulated time
		c.Node("n1").DRBD.FailDisk("data", 0)
		awaitDisks(t, c, "data", map[string]string{"n1": "Diskless", "n2": "", "n3": "Diskless"})
		n2.Start(c.log)
		time.Sleep(5 * time.Minute) // simulated time

		if got := c.Node("n2").DRBD.Look("data", 0); got.Disk == up && got.Quorum {
			t.Errorf("n2 has older data and can be used: %+v", got)
		}
		if got := n3.Machine.Mark(drbdDevice, sim.MarkData); got != "" {
			t.Errorf("n3 reads %q", got)
		}
		words := ""
		for _, f := range diagnosis(c).Findings {
			words += f.Words
		}
		for _, want := range []string{"unused disk of n1", "DrbdOptions/SkipDisk"} {
			if !strings.Contains(words, want) {
				t.Errorf("the doctor does not say %q: %s", want, words)
			}
		}

		c.Must("PUT", "/v1/resource-definitions/data/resources/n1", v1.ResourceModify{DeleteProps: []string{"DrbdOptions/SkipDisk"}})
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up, "n3": "Diskless"})
		for _, n := range []string{"n1", "n2", "n3"} {
			if got := c.Node(n).Machine.Mark(drbdDevice, sim.MarkData); got != "new" {
				t.Errorf("%s reads %q", n, got)
			}
		}
	})
}
