package cluster

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// await waits until something holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 600 {
		if holds() {
			return
		}
		time.Sleep(100 * time.Millisecond) // simulated time
	}
	t.Fatalf("never: %s", what)
}

func nodesOf(c *Cluster, definition string) (out []string) {
	for r := range c.World().Resources.Under(definition) {
		out = append(out, r.Node)
	}
	slices.Sort(out)
	return out
}

// tombstone is a resource of which the replica on n3 cannot be deleted, because its
// node is not reached.
func tombstone(t *testing.T) *Cluster {
	t.Helper()
	c := replicated(t, 3)
	spawn(c, "three", "data")
	awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up, "n3": up})
	c.Node("n3").Cut(true)
	time.Sleep(time.Minute)
	c.Must("DELETE", "/v1/resource-definitions/data?wait=2s", nil)
	await(t, "the replicas on the other nodes are gone", func() bool { return slices.Equal(nodesOf(c, "data"), []string{"n3"}) })
	return c
}

// TestTombstone: what an unreachable node has is not forgotten. The API says who holds
// up the deletion, and the node is cleaned when it is back.
func TestTombstone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := tombstone(t)
		defer c.Close()
		rs := Get[[]v1.ResourceWithVolumes](c, "/v1/view/resources?resources=data")
		if len(rs) != 1 || !slices.Contains(rs[0].Flags, "DELETE") {
			t.Fatalf("the replica that is left shows as %+v", rs)
		}
		ds := Get[[]v1.ResourceDefinition](c, "/v1/resource-definitions")
		if len(ds) != 1 || !slices.Contains(ds[0].Flags, "DELETE") {
			t.Errorf("the definition shows as %+v", ds)
		}
		why := string(Get[json.RawMessage](c, "/v1/explain/resources/data"))
		if !strings.Contains(why, "n3") {
			t.Errorf("who holds up the deletion is not said: %s", why)
		}
		if running := c.Node("n3").DRBD.Running(); len(running) != 1 {
			t.Errorf("n3 was cut off and has %v", running)
		}
		c.Node("n3").Cut(false)
		await(t, "the definition is gone", func() bool { return c.World().Definitions.Len() == 0 })
		n := c.Node("n3")
		if files, err := n.Machine.Glob(t.Context(), "/var/lib/linstor.d/*.res"); err != nil || len(files)+len(n.DRBD.Running()) > 0 {
			t.Errorf("left over on n3: %v, %v (%v)", files, n.DRBD.Running(), err)
		}
		if _, there := n.Machine.File("/pool/data_00000.img"); there {
			t.Error("the volume is left over on n3")
		}
	})
}

// TestTombstoneIsForgotten: for a node that never comes back, the user ends it.
func TestTombstoneIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := tombstone(t)
		defer c.Close()
		c.Must("DELETE", "/v1/nodes/n3/lost", nil)
		await(t, "the definition is gone", func() bool { return c.World().Definitions.Len() == 0 })
		spawn(c, "two", "data")
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up})
	})
}

// TestCreatedWhileDeleted: a replica whose deletion hangs can be wanted again; it gets
// its data from the others, whatever was left of it.
func TestCreatedWhileDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 3)
		defer c.Close()
		spawn(c, "three", "data")
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up, "n3": up})
		put(t, c, "n1", "before")
		c.Node("n3").Cut(true)
		time.Sleep(time.Minute)
		c.Must("DELETE", "/v1/resource-definitions/data/resources/n3?wait=2s", nil)
		time.Sleep(10 * time.Second)
		put(t, c, "n1", "after")
		c.Must("POST", "/v1/resource-definitions/data/resources/n3?wait=2s", v1.ResourceCreate{Resource: &v1.Resource{
			Props: map[string]string{"StorPoolName": "pool"}}})
		c.Node("n3").Cut(false)
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up, "n3": up})
		if got := c.Node("n3").DRBD.Look("data", 0).Data; got != "after" {
			t.Errorf("n3 has %q after it was created again, want what was written last", got)
		}
	})
}

// TestLateFirstReplica: a node that is slow when a resource is spawned joins those that
// were used meanwhile, and takes what was written.
func TestLateFirstReplica(t *testing.T) {
	for _, late := range []string{"n1", "n2", "n3"} {
		synctest.Test(t, func(t *testing.T) {
			c := replicated(t, 3)
			defer c.Close()
			c.Network.Isolate(late)
			spawn(c, "three", "data")
			for _, n := range []string{"n1", "n2", "n3"} {
				if n != late {
					await(t, "data on "+n+" is good", func() bool { return c.Node(n).DRBD.Look("data", 0).Disk == up })
					put(t, c, n, "written on "+n)
				}
			}
			c.Network.HealAll()
			awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up, "n3": up})
			want := c.Node("n3").DRBD.Look("data", 0).Data
			for _, n := range []string{"n1", "n2"} {
				if got := c.Node(n).DRBD.Look("data", 0).Data; got != want || !strings.HasPrefix(got, "written") {
					t.Errorf("with %s late, %s has %q and n3 has %q", late, n, got, want)
				}
			}
		})
	}
}
