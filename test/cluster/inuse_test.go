package cluster

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestUnmountAndDelete: who unmounts and deletes in one breath is not refused for a
// report that is still under way; who keeps the device open is.
func TestUnmountAndDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 3)
		defer c.Close()
		spawn(c, "three", "data")
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up, "n3": up})
		m := c.Node("n2").Machine
		if err := m.Mount("/dev/drbd1000", "/mnt"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // simulated time
		if status, body := c.Call("DELETE", "/v1/resource-definitions/data", nil); status < 400 || !strings.Contains(string(body), "open") {
			t.Fatalf("a mounted volume is deleted: %d %s", status, body)
		}
		if err := m.Release("/dev/drbd1000"); err != nil {
			t.Fatal(err)
		}
		c.Must("DELETE", "/v1/resource-definitions/data", nil)
	})
}
