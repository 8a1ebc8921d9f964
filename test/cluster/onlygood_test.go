package cluster

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// TestOnlyGoodCopyIsNotDeleted: a replica is not deleted while it has the only good copy
// and another one is still to get the data from it.
func TestOnlyGoodCopyIsNotDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 2)
		defer c.Close()
		groupOfOne(c)
		spawn(c, "one", "data")
		awaitDisks(t, c, "data", map[string]string{"n1": up})
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
