package cluster

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// TestFailedDisk: a disk fails, which DRBD shows for a moment only. The replica is told
// to leave it alone, says why, goes on over the network, and takes the disk back when
// the user says that it is mended.
func TestFailedDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 3)
		defer c.Close()
		spawn(c, "three", "data")
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up, "n3": up})
		c.Node("n2").DRBD.FailDisk("data", 0)
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": "Diskless", "n3": up})
		r, _ := c.World().Resources.Get("data", "n2")
		if got := r.Props["DrbdOptions/SkipDisk"]; got != "True" {
			t.Fatalf("SkipDisk is %q", got)
		}
		why := ""
		for _, e := range Get[[]v1.Explanation](c, "/v1/explain/resources/data") {
			why += e.Missing + e.Why
		}
		if !strings.Contains(why, "SkipDisk") {
			t.Errorf("the explanation does not say why: %s", why)
		}
		before := len(c.Node("n2").Machine.Commands())
		time.Sleep(time.Hour) // simulated time
		for _, cmd := range c.Node("n2").Machine.Commands()[before:] {
			if strings.Contains(cmd.String(), "adjust") {
				t.Errorf("the disk is attached again and again: %s", cmd)
			}
		}
		c.Must("PUT", "/v1/resource-definitions/data/resources/n2", v1.ResourceModify{DeleteProps: []string{"DrbdOptions/SkipDisk"}})
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up, "n3": up})
	})
}
