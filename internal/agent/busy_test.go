package agent

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
)

// TestBusyForAMoment: a device that something has open for a moment while it is to go is
// no failure; one that stays in use is, until it is let go of.
func TestBusyForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, m := stackedAgent(t, &plain{kind: v1.LayerTypeDrbd}, &plain{kind: v1.LayerTypeLuks})
		r := replica("u", "up", false)
		apply(t, a, link.Set{Full: true, Pools: pool(), Resources: []link.Resource{r}})
		time.Sleep(time.Second)
		synctest.Wait()
		const dev = "/dev/loop0"
		if err := m.Mount(dev, "/mnt"); err != nil {
			t.Fatal(err)
		}
		apply(t, a, link.Set{Resources: []link.Resource{replica("u", "gone", true)}})
		for _, s := range []struct {
			after    time.Duration
			progress string
		}{{time.Second, progressWorking}, {3 * time.Second, progressWorking}, {4 * time.Second, progressFailed}, {time.Minute, progressFailed}} {
			time.Sleep(s.after)
			synctest.Wait()
			got := last(a)
			if got.Progress != s.progress || (got.Problem != nil) != (s.progress == progressFailed) {
				t.Fatalf("after %s it is %+v", s.after, got)
			}
			if s.progress == progressWorking && !strings.Contains(got.Doing, "in use") {
				t.Errorf("it does %q", got.Doing)
			}
		}
		if err := m.Release(dev); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := last(a); got.Progress != progressGone {
			t.Errorf("in the end it is %+v", got)
		}
	})
}
