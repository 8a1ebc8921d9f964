package cluster

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// TestOverwrittenCache: a cache whose metadata cannot be recognized after a reboot is
// neither cleared nor started: it may hold what was never written back.
func TestOverwrittenCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 1)
		defer c.Close()
		n := c.Node("n1")
		n.Stop()
		sim.NewCaches(n.Machine)
		n.Start(slog.New(slog.DiscardHandler))
		time.Sleep(time.Minute) // simulated time
		one := v1.FlexInt(1)
		c.Must("POST", "/v1/resource-groups", v1.ResourceGroup{Name: "stack", SelectFilter: &v1.AutoSelectFilter{PlaceCount: &one, LayerStack: []string{"cache", "storage"}},
			Props: map[string]string{"Cache/CachePool": "pool", "Cache/MetaPool": "pool"}})
		c.Must("POST", "/v1/resource-groups/stack/spawn", v1.ResourceGroupSpawn{ResourceDefinitionName: "data", VolumeSizes: []int64{64 << 10}})
		time.Sleep(time.Minute) // simulated time
		var meta string
		for _, cmd := range n.Machine.Commands() {
			if line := strings.Join(cmd.Argv, " "); strings.HasPrefix(line, "dmsetup create") {
				fields := strings.Fields(line[strings.Index(line, " cache ")+len(" cache "):])
				meta = fields[0]
			}
		}
		if err := n.Machine.SetMark(meta, sim.MarkFS, "ext4"); err != nil {
			t.Fatal(err)
		}
		if err := n.Machine.SetMark(meta, "cache-super", ""); err != nil {
			t.Fatal(err)
		}
		n.Stop()
		n.Machine.PowerLoss(0)
		n.Machine.ForgetCommands()
		n.Start(slog.New(slog.DiscardHandler))
		time.Sleep(10 * time.Minute) // simulated time
		st, _ := c.World().ResourceStatus.Get("data", "n1")
		if st == nil || st.Progress == "ready" {
			t.Errorf("the loss is not noticed: %+v", st)
		}
		for _, cmd := range n.Machine.Commands() {
			if line := strings.Join(cmd.Argv, " "); strings.Contains(line, "of=/dev") || strings.HasPrefix(line, "dmsetup create") {
				t.Errorf("it is used all the same: %s", line)
			}
		}
	})
}
