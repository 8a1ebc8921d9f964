package model

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestKey: a key is the upper case of the joined names, whatever they contain, and
// objects are found by it in any spelling.
func TestKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-zA-Z0-9_.-]{1,70}`),
			rapid.SampledFrom([]string{"ß", "ı", "\xff", "ǆ"})), 1, 3).Draw(t, "parts")
		want := strings.ToUpper(strings.Join(parts, "/"))
		if got := Key(parts...); got != want {
			t.Fatalf("the key of %q is %q, want %q", parts, got, want)
		}
		table := newTable[Node]()
		n := &Node{}
		table.m.Set(want, n)
		if got, ok := table.Get(parts...); !ok || got != n {
			t.Fatalf("%q is not found", parts)
		}
		if _, ok := table.Get(append(parts, "other")...); ok {
			t.Fatalf("%q finds something else", parts)
		}
	})
}

// TestUses: walking over pools and nodes with what is known of them gives what looking
// everything up gives.
func TestUses(t *testing.T) {
	names := []string{"a", "a-1", "a.1", "B", "b1", "c", "C/x"}
	rapid.Check(t, func(t *rapid.T) {
		tx := NewWorld().Begin(Env{Now: time.Unix(1, 0)})
		some := func(what string) []string {
			return rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID[string]).Draw(t, what)
		}
		tx.PutDefinition(&Definition{Name: "data", Volumes: []VolumeDefinition{{SizeKiB: 4, Minor: -1}}})
		for _, n := range some("nodes") {
			tx.PutNode(&Node{Name: n})
		}
		for _, n := range some("statuses of nodes") {
			tx.SetNodeStatus(&NodeStatus{Node: n})
		}
		for _, n := range some("replicas") {
			tx.PutResource(&Resource{Definition: "data", Node: n, Volumes: []Volume{{Pool: "p"}}})
		}
		for _, pool := range []string{"p", "q"} {
			for _, n := range some("pools") {
				tx.PutPool(&Pool{Node: n, Name: pool})
			}
			for _, n := range some("statuses of pools") {
				tx.SetPoolStatus(&PoolStatus{Node: n, Pool: pool})
			}
		}
		sameUses(t, tx.Commit(1))
	})
}

func sameUses(t *rapid.T, w *World) {
	pools, nodes := slices.Collect(w.PoolUses), slices.Collect(w.NodeUses)
	if len(pools) != w.Pools.Len() || len(nodes) != w.Nodes.Len() {
		t.Fatalf("%d of %d pools and %d of %d nodes", len(pools), w.Pools.Len(), len(nodes), w.Nodes.Len())
	}
	for _, u := range pools {
		st, _ := w.PoolStatus.Get(u.Pool.Node, u.Pool.Name)
		if tally := w.PoolTally(u.Pool.Node, u.Pool.Name); u.Status != st || u.Tally != tally {
			t.Fatalf("pool %s on %s: %v %v, want %v %v", u.Pool.Name, u.Pool.Node, u.Status, u.Tally, st, tally)
		}
	}
	for _, u := range nodes {
		st, _ := w.NodeStatus.Get(u.Node.Name)
		if count := w.ResourceCount(u.Node.Name); u.Status != st || u.Resources != count {
			t.Fatalf("node %s: %v %d, want %v %d", u.Node.Name, u.Status, u.Resources, st, count)
		}
	}
}
