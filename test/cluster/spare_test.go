package cluster

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// TestSpare: a copy is added where its vote, before it is there, would take the quorum away
// from those that have the data. It comes all the same, and the volume stays usable.
func TestSpare(t *testing.T) {
	for name, tc := range map[string]struct {
		group  string
		nodes  int
		quorum string
		away   bool
		spares []string
	}{
		"one of two copies is away":             {group: "two", nodes: 4, away: true, spares: []string{"n4"}},
		"one of two copies is away, two spares": {group: "two", nodes: 5, away: true, spares: []string{"n4", "n5"}},
		"one of three copies is away":           {group: "three", nodes: 4, away: true, spares: []string{"n4"}},
		"a majority of one":                     {group: "one", nodes: 3, quorum: "majority", spares: []string{"n3"}},
		"all of one":                            {group: "one", nodes: 3, quorum: "all", spares: []string{"n3"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := replicated(t, tc.nodes)
				defer c.Close()
				groupOfOne(c)
				spawn(c, tc.group, "data")
				time.Sleep(time.Minute) // simulated time
				if tc.quorum != "" {
					c.Must("PUT", "/v1/resource-definitions/data", v1.ResourceDefinitionModify{OverrideProps: map[string]string{"DrbdOptions/Resource/quorum": tc.quorum}})
				}
				if tc.away {
					c.Network.Isolate("n2")
					c.Node("n2").Cut(true)
					time.Sleep(time.Minute) // simulated time
				}
				for _, spare := range tc.spares {
					c.Must("POST", "/v1/resource-definitions/data/resources/"+spare, v1.ResourceCreate{Resource: &v1.Resource{Props: map[string]string{"StorPoolName": "pool"}}})
				}
				time.Sleep(time.Minute) // simulated time
				got := disks(c, "data")
				for _, node := range append(tc.spares, "n1") {
					disk := c.Node(node).DRBD.Look("data", 0)
					if got[node] != up || !disk.Quorum {
						t.Errorf("%s is %s, quorum %v", node, got[node], disk.Quorum)
					}
				}
				if got["n2"] != "" && tc.away {
					t.Error("the node that is away says", got["n2"])
				}
				put(t, c, "n1", "written")
			})
		})
	}
}
