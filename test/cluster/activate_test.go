package cluster

import (
	"testing"
	"testing/synctest"
)

// TestActivateIsWaitedFor: a call that activates a copy ends when the copy is in use again,
// not when the others have been told of it.
func TestActivateIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := threeGood(t, 3)
		defer c.Close()
		c.Must("POST", "/v1/resource-definitions/data/resources/n2/deactivate", nil)
		if got := c.Node("n2").DRBD.Running(); len(got) != 0 {
			t.Fatalf("it is still there: %v", got)
		}
		c.Must("POST", "/v1/resource-definitions/data/resources/n2/activate", nil)
		if got := c.Node("n2").DRBD.Look("data", 0); got.Disk != up {
			t.Errorf("after the call it is %+v", got)
		}
	})
}
