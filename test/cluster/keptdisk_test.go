package cluster

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// TestDiskIsKeptOverARestart: a disk whose removal has begun stays in use, with all that
// is below it, until a peer is seen to have the data; also when the host restarts.
func TestDiskIsKeptOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 2)
		defer c.Close()
		c.Must("POST", "/v1/encryption/passphrase", v1.PassPhraseCreate{NewPassphrase: "hush"})
		count := v1.FlexInt(2)
		c.Must("POST", "/v1/resource-groups", v1.ResourceGroup{Name: "safe", SelectFilter: &v1.AutoSelectFilter{PlaceCount: &count,
			LayerStack: []string{"drbd", "luks", "storage"}}})
		spawn(c, "safe", "web")
		awaitDisks(t, c, "web", map[string]string{"n1": up, "n2": up})

		c.Network.Cut("n1", "n2")
		c.Must("PUT", "/v1/resource-definitions/web/resources/n2/toggle-disk/diskless?wait=1s", nil)
		time.Sleep(time.Minute) // simulated time
		n2 := c.Node("n2")
		if r, _ := c.World().Resources.Get("web", "n2"); r.Toggle != model.ToggleRemoving {
			t.Fatalf("the removal has not begun: %q", r.Toggle)
		}
		n2.Stop()
		n2.Machine.PowerLoss(-1)
		n2.Start(c.log)
		time.Sleep(2 * time.Minute) // simulated time
		if got := n2.LUKS.Mappings(); len(got) != 1 {
			t.Errorf("the containers are %v", got)
		}
		if got := n2.DRBD.Look("web", 0).Disk; got != up {
			t.Errorf("the disk is %q: nobody knows whether the other node has the data", got)
		}
		c.Network.HealAll()
		awaitDisks(t, c, "web", map[string]string{"n1": up, "n2": "Diskless"})
		awaitSize(t, n2.Machine, luksOfWeb, false)
		if r, _ := c.World().Resources.Get("web", "n2"); r.Toggle != model.ToggleNone {
			t.Errorf("the removal is not through: %q", r.Toggle)
		}
	})
}
