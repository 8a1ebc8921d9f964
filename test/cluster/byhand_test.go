package cluster

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// TestNodeNamedByHand: AutoplaceTarget keeps automatic choices from a node, not the user
// who names it; the storage pool there is still chosen.
func TestNodeNamedByHand(t *testing.T) {
	const target, rd = "AutoplaceTarget", "/v1/resource-definitions/"
	no := map[string]string{target: "false"}
	for name, object := range map[string][2]string{"node": {"PUT", "/v1/nodes/n3"}, "controller": {"POST", "/v1/controller/properties"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := replicated(t, 3)
				defer c.Close()
				// Of these, n3 has nothing, a tiebreaker, and the only replica.
				without := map[string]string{"DrbdOptions/auto-add-quorum-tiebreaker": "False"}
				defined(c, "none", without)
				defined(c, "vote", nil)
				defined(c, "first", without)
				for _, r := range []string{"none", "vote"} {
					c.Must("POST", rd+r+"/resources", []v1.ResourceCreate{onPool("n1", "pool"), onPool("n2", "pool")})
				}
				awaitDisks(t, c, "vote", map[string]string{"n1": up, "n2": up, "n3": "Diskless"})
				awaitDisks(t, c, "none", map[string]string{"n1": up, "n2": up})
				c.Must(object[0], object[1], v1.NodeModify{OverrideProps: no})
				three := v1.FlexInt(3)
				auto := v1.AutoPlaceRequest{SelectFilter: &v1.AutoSelectFilter{PlaceCount: &three, NodeNameList: []string{"n1", "n2", "n3"}}}
				for _, r := range []string{"none", "vote"} {
					refused(c, "POST", rd+r+"/autoplace", auto, target)
					c.Must("POST", rd+r+"/resources/n3/make-available", v1.ResourceMakeAvailable{Diskful: true})
					awaitDisks(t, c, r, map[string]string{"n1": up, "n2": up, "n3": up})
				}
				c.Must("POST", rd+"first/resources/n3/make-available", v1.ResourceMakeAvailable{})
				awaitDisks(t, c, "first", map[string]string{"n3": up})
			})
		})
	}
	t.Run("pool", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := replicated(t, 3)
			defer c.Close()
			defined(c, "data", nil)
			c.Must("POST", rd+"data/resources", []v1.ResourceCreate{onPool("n1", "pool")})
			c.Must("PUT", "/v1/nodes/n3/storage-pools/pool", v1.StoragePoolDefinitionModify{OverrideProps: no})
			refused(c, "POST", rd+"data/resources/n3/make-available", v1.ResourceMakeAvailable{Diskful: true}, target, "storage pool")
			_, answer := c.Call("POST", rd+"data/resources/n3/make-available", v1.ResourceMakeAvailable{Diskful: true})
			if !strings.Contains(string(answer), "Autoplacer could not find diskful") {
				t.Errorf("OpenNebula does not know this answer: %s", answer)
			}
		})
	})
}
