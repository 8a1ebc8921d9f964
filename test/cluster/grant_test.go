package cluster

import (
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// The grant to make a volume ends when the volume has been seen, whatever it is made
// of: after a loss nothing empty takes its place.
func TestGrantToMakeEnds(t *testing.T) {
	for i, stack := range [][]string{{"storage"}, {"cache", "storage"}, {"writecache", "storage"}, {"bcache", "storage"}, {"luks", "storage"},
		{"drbd", "storage"}, {"drbd", "luks", "storage"}, {"drbd", "writecache", "storage"}} {
		t.Run(fmt.Sprint(stack), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := replicated(t, 3)
				defer c.Close()
				for _, n := range []string{"n1", "n2", "n3"} {
					node := c.Node(n)
					node.Stop()
					sim.NewCaches(node.Machine)
					sim.NewBcache(node.Machine)
					node.Start(slog.New(slog.DiscardHandler))
				}
				time.Sleep(time.Minute) // simulated time
				c.Must("POST", "/v1/encryption/passphrase", v1.PassPhraseCreate{NewPassphrase: "hush"})
				name, two := fmt.Sprintf("data%d", i), v1.FlexInt(2)
				c.Must("POST", "/v1/resource-groups", v1.ResourceGroup{Name: "stack", SelectFilter: &v1.AutoSelectFilter{PlaceCount: &two, LayerStack: stack},
					Props: map[string]string{"Writecache/PoolName": "pool", "Writecache/Size": "20%", "Cache/CachePool": "pool", "Cache/MetaPool": "pool", "BCache/PoolName": "pool"}})
				c.Must("POST", "/v1/resource-groups/stack/spawn", v1.ResourceGroupSpawn{ResourceDefinitionName: name, VolumeSizes: []int64{64 << 10}})
				time.Sleep(time.Minute) // simulated time
				for r := range c.World().Resources.Under(name) {
					for _, v := range desired.Resource(c.World(), r).Volumes {
						if v.Create {
							t.Errorf("volume %d on %s may still be made", v.Number, r.Node)
						}
					}
				}
			})
		})
	}
}
