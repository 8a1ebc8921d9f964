package model

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// TestTalliesAndIndexes: whatever changes, what pools have promised, what is on nodes and
// in pools, and which ports are in use is what a count from scratch finds.
func TestTalliesAndIndexes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := NewWorld()
		for range rapid.IntRange(1, 15).Draw(t, "changes") {
			tx := w.Begin(Env{Now: time.Unix(1, 0)})
			for range rapid.IntRange(1, 3).Draw(t, "at once") {
				changeReplicas(t, tx)
			}
			w = tx.Commit(1)
			recount(t, w)
		}
	})
}

var (
	someNodes = []string{"a", "b"}
	somePools = []string{"p", "q", "r"}
)

func changeReplicas(t *rapid.T, tx *Tx) {
	definition := rapid.SampledFrom([]string{"x", "X", "y"}).Draw(t, "definition")
	node, size := rapid.SampledFrom(someNodes).Draw(t, "node"), rapid.Int64Range(0, 3)
	pool := rapid.SampledFrom(somePools)
	switch rapid.IntRange(0, 5).Draw(t, "what") {
	case 0, 1:
		r := &Resource{Definition: definition, Node: node, Stack: []v1.LayerType{v1.LayerTypeStorage}}
		for n := range rapid.IntRange(0, 4).Draw(t, "volumes") {
			v := Volume{Number: n, Pool: pool.Draw(t, "pool")}
			if rapid.Bool().Draw(t, "in parts") {
				v.Parts = []VolumePart{{Suffix: ".cache", Pool: pool.Draw(t, "pool of the part")}}
			}
			r.Volumes = append(r.Volumes, v)
		}
		if rapid.Bool().Draw(t, "replicated") {
			r.DRBD = &ReplicaDRBD{Ports: []int{rapid.IntRange(7000, 7002).Draw(t, "port")}}
		}
		tx.PutResource(r)
	case 2:
		tx.DeleteResource(definition, node)
	case 3:
		d := &Definition{Name: definition}
		for n := range rapid.IntRange(0, 4).Draw(t, "volume definitions") {
			d.Volumes = append(d.Volumes, VolumeDefinition{Number: n, SizeKiB: size.Draw(t, "size"), Minor: -1})
		}
		tx.PutDefinition(d)
	case 4:
		tx.DeleteDefinition(definition)
	case 5:
		s := &ResourceStatus{Definition: definition, Node: node}
		for n := range rapid.IntRange(0, 4).Draw(t, "reported volumes") {
			s.Volumes = append(s.Volumes, VolumeStatus{Number: n, UsableKiB: size.Draw(t, "usable")})
		}
		tx.SetResourceStatus(s)
	}
}

func recount(t *rapid.T, w *World) {
	fresh := NewWorld()
	for d := range w.Definitions.All {
		fresh.putDefinition(d)
	}
	for r := range w.Resources.All {
		fresh.putResource(r)
	}
	for s := range w.ResourceStatus.All {
		fresh.putResourceStatus(s)
	}
	for _, node := range someNodes {
		if got, want := w.ResourceCount(node), fresh.ResourceCount(node); got != want {
			t.Fatalf("%d replicas on %s, want %d", got, node, want)
		}
		if !slices.Equal(slices.Collect(w.ResourcesOn(node)), slices.Collect(fresh.ResourcesOn(node))) {
			t.Fatalf("other replicas on %s", node)
		}
		for _, pool := range somePools {
			if got, want := w.PoolTally(node, pool), fresh.PoolTally(node, pool); got != want {
				t.Fatalf("pool %s on %s: %+v, want %+v", pool, node, got, want)
			}
			if !slices.Equal(slices.Collect(w.ResourcesIn(node, pool)), slices.Collect(fresh.ResourcesIn(node, pool))) {
				t.Fatalf("other replicas in pool %s on %s", pool, node)
			}
		}
		for port := 7000; port <= 7002; port++ {
			if got, want := w.PortUsed(node, port), fresh.PortUsed(node, port); got != want {
				t.Fatalf("port %d on %s in use: %v, want %v", port, node, got, want)
			}
		}
	}
}
