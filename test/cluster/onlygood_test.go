package cluster

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// oneCopyOfTwo is a cluster of two nodes with a copy on the first.
func oneCopyOfTwo(t *testing.T) *Cluster {
	t.Helper()
	c := replicated(t, 2)
	groupOfOne(c)
	spawn(c, "one", "data")
	awaitDisks(t, c, "data", map[string]string{"n1": up})
	return c
}

// TestOnlyGoodCopyIsNotDeleted: a replica is not deleted while it has the only good copy
// and another one is still to get the data from it.
func TestOnlyGoodCopyIsNotDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := oneCopyOfTwo(t)
		defer c.Close()
		c.Network.HoldResync(true)
		c.Must("POST", "/v1/resource-definitions/data/resources/n2?wait=1s", v1.ResourceCreate{Resource: &v1.Resource{
			Props: map[string]string{"StorPoolName": "pool"}}})
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": "Inconsistent"})
		status, body := c.Call("DELETE", "/v1/resource-definitions/data/resources/n1", nil)
		if status < 400 || !strings.Contains(string(body), "'n2' is not up to date") {
			t.Fatalf("the only good copy is deleted: %d %s", status, body)
		}
		c.Network.HoldResync(false)
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up})
		c.Must("DELETE", "/v1/resource-definitions/data/resources/n1", nil)
		// The last copy of all goes when the user says so.
		c.Must("DELETE", "/v1/resource-definitions/data/resources/n2", nil)
	})
}

// TestCopyBesideAnUnusedDiskCounts: where the disk of one volume stays out of use for the sake
// of a copy that never had its data, that copy can be deleted, as the message says. That the
// other volume is good beside it counts, although the whole replica was never ready since.
func TestCopyBesideAnUnusedDiskCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := oneCopyOfTwo(t)
		defer c.Close()
		put(t, c, "n1", "word")
		c.Node("n1").DRBD.FailDisk("data", 0)
		time.Sleep(time.Minute) // simulated time
		for _, change := range []string{"deactivate", "activate"} {
			c.Must("POST", "/v1/resource-definitions/data/resources/n1/"+change, nil)
		}
		c.Must("POST", "/v1/resource-definitions/data/resources/n2?wait=5s", v1.ResourceCreate{Resource: &v1.Resource{Props: map[string]string{"StorPoolName": "pool"}}})
		c.Must("POST", "/v1/resource-definitions/data/volume-definitions?wait=5s", v1.VolumeDefinitionCreate{VolumeDefinition: &v1.VolumeDefinition{SizeKiB: 4096}})
		c.Must("PUT", "/v1/resource-definitions/data/resources/n1?wait=5s", v1.ResourceModify{DeleteProps: []string{"DrbdOptions/SkipDisk"}})
		time.Sleep(time.Minute) // simulated time
		if st, ok := c.World().ResourceStatus.Get("data", "n1"); !ok || !strings.Contains(st.Doing, "stays unused") {
			t.Fatalf("the disk is used: %+v", st)
		}
		c.Must("DELETE", "/v1/resource-definitions/data/resources/n2", nil)
		awaitDisks(t, c, "data", map[string]string{"n1": up})
		if got := c.Node("n1").DRBD.Look("data", 0).Data; got != "word" {
			t.Errorf("the mended disk has %q", got)
		}
	})
}
