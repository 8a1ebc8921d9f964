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

// TestSizeComesWithTheDisk: a node without a disk that was added while the only disk is
// inactive has a device without a size, until that disk is active again.
func TestSizeComesWithTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 2)
		defer c.Close()
		one := v1.FlexInt(1)
		c.Must("POST", "/v1/resource-groups", v1.ResourceGroup{Name: "one", SelectFilter: &v1.AutoSelectFilter{PlaceCount: &one}})
		spawn(c, "one", "data")
		awaitDisks(t, c, "data", map[string]string{"n1": up})
		c.Must("POST", "/v1/resource-definitions/data/resources/n1/deactivate", nil)
		c.Must("POST", "/v1/resource-definitions/data/resources/n2/make-available", v1.ResourceMakeAvailable{})
		n2 := c.Node("n2")
		if got := n2.Machine.DeviceSize(drbdDevice); got != 0 {
			t.Errorf("before anybody has told the size it is %d", got)
		}
		c.Must("POST", "/v1/resource-definitions/data/resources/n1/activate", nil)
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": "Diskless"})
		if got, want := n2.Machine.DeviceSize(drbdDevice), c.Node("n1").Machine.DeviceSize(drbdDevice); got != want || want <= 0 {
			t.Errorf("the device has %d bytes, and %d where the disk is", got, want)
		}
	})
}
