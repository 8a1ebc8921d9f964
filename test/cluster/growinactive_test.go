package cluster

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// TestGrowWhileInactive: a volume whose replicas are all inactive gets its new size when
// they are active again.
func TestGrowWhileInactive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 2)
		defer c.Close()
		spawn(c, "two", "data")
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up})
		for _, n := range []string{"n1", "n2"} {
			c.Must("POST", "/v1/resource-definitions/data/resources/"+n+"/deactivate", nil)
		}
		began := time.Now()
		size := int64(2 << 20)
		c.Must("PUT", "/v1/resource-definitions/data/volume-definitions/0", v1.VolumeDefinitionModify{SizeKiB: &size})
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("the call waited %s for replicas that are not active", took)
		}
		for _, n := range []string{"n1", "n2"} {
			c.Must("POST", "/v1/resource-definitions/data/resources/"+n+"/activate", nil)
		}
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up})
		time.Sleep(2 * time.Minute) // simulated time
		for _, r := range Get[[]v1.ResourceWithVolumes](c, "/v1/view/resources") {
			if got := *r.Volumes[0].UsableSizeKiB; got < size {
				t.Errorf("the replica on %s has %d KiB, want %d", r.NodeName, got, size)
			}
		}
	})
}
