package cluster

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// TestVolumeAddedWhileInactive: a resource gets one more volume while all its disks are
// inactive. The call does not wait for them, and the volume is good everywhere when they
// are active again.
func TestVolumeAddedWhileInactive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := threeBut(t, "n3")
		defer c.Close()
		disks := []string{"n1", "n2"}
		for _, n := range disks {
			c.Must("POST", "/v1/resource-definitions/data/resources/"+n+"/deactivate", nil)
		}
		began := time.Now()
		c.Must("POST", "/v1/resource-definitions/data/volume-definitions", v1.VolumeDefinitionCreate{
			VolumeDefinition: &v1.VolumeDefinition{SizeKiB: 4096}})
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("the call waited %s for replicas that are not active", took)
		}
		for _, n := range disks {
			c.Must("POST", "/v1/resource-definitions/data/resources/"+n+"/activate", nil)
		}
		time.Sleep(10 * time.Minute) // simulated time
		for node, want := range map[string]string{"n1": up, "n2": up, "n3": "Diskless"} {
			if got := c.Node(node).DRBD.Look("data", 1).Disk; got != want {
				t.Errorf("the new volume's disk on %s is %q, want %q", node, got, want)
			}
		}
	})
}
