package place

import (
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// large makes nodes with pools and three properties of so many values each. The values
// follow different strides, so that the properties cut across each other.
func large(nodes, poolsPerNode, values int) ([]*Node, []*Pool) {
	var ns []*Node
	var ps []*Pool
	for i := range nodes {
		n := node(numbered("node", i), "site", numbered("", i%values), "rack", numbered("", (i/values+i*7)%values),
			"room", numbered("", (i*i+i/3)%values))
		n.ResourceCount = i * 37 % 101
		ns = append(ns, n)
		for j := range poolsPerNode {
			p := thinPool(n.Name, numbered("pool", j), int64(50+(i*7919+j*104729)%450), 1000)
			p.ReservedKiB = int64((i*31+j*17)%300) * gib
			p.RatioFree, p.RatioTotal = DefaultRatio, DefaultRatio
			p.MinThinFree = DefaultMinThinFree()
			ps = append(ps, p)
		}
	}
	return ns, ps
}

// hard are placements that make a plain search explode.
func hard() map[string]instance {
	out := map[string]instance{}
	add := func(name string, nodes, pools, values int, set func(in *instance)) {
		ns, ps := large(nodes, pools, values)
		in := instance{nodes: ns, pools: ps, q: Query{Resource: "r", VolumeSizesKiB: []int64{gib},
			LayerStack: []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage}}}
		set(&in)
		out[name] = in
	}
	add("one key, one value too few", 200, 5, 10, func(in *instance) {
		in.q.PlaceCount, in.q.ReplicasOnDifferent = 11, []string{"site"}
	})
	add("two keys", 900, 1, 30, func(in *instance) {
		in.q.PlaceCount, in.q.ReplicasOnDifferent = 30, []string{"site", "rack"}
	})
	add("two keys, one value too few", 1000, 1, 8, func(in *instance) {
		in.q.PlaceCount, in.q.ReplicasOnDifferent = 9, []string{"site", "rack"}
	})
	add("three keys", 1000, 1, 12, func(in *instance) {
		in.q.PlaceCount, in.q.ReplicasOnDifferent = 12, []string{"site", "rack", "room"}
	})
	add("three keys, large", 1000, 1, 31, func(in *instance) {
		in.q.PlaceCount, in.q.ReplicasOnDifferent = 31, []string{"site", "rack", "room"}
	})
	add("filling values", 1000, 1, 100, func(in *instance) {
		in.q.PlaceCount, in.q.XReplicasOnDifferent = 15, map[string]int{"site": 2}
	})
	add("filling values of three keys", 1000, 1, 20, func(in *instance) {
		in.q.PlaceCount = 17
		in.q.XReplicasOnDifferent = map[string]int{"site": 2, "rack": 3, "room": 2}
	})
	add("shared spaces and two keys", 200, 5, 10, func(in *instance) {
		in.q.PlaceCount, in.q.ReplicasOnDifferent = 9, []string{"site", "rack"}
		for i := range in.pools {
			in.pools[i].SharedSpace = numbered("san", i*13%8)
		}
	})
	add("many groups", 500, 2, 60, func(in *instance) {
		in.q.PlaceCount, in.q.ReplicasOnSame = 8, []string{"site"}
		in.q.ReplicasOnDifferent = []string{"rack", "room"}
	})
	return out
}

// Every hard placement ends within the budget, and its answer obeys the rules. The work
// is bounded in steps rather than time, which would make the test flaky; the benchmark
// BenchmarkHard shows the time.
func TestHardPlacements(t *testing.T) {
	for name, in := range hard() {
		t.Run(name, func(t *testing.T) {
			r, err := Place(in.nodes, in.pools, in.deployed, in.q)
			if err != nil {
				f, _ := fault.As(err)
				t.Logf("%v", f)
				return
			}
			t.Logf("sum %v, exact %v", r.ScoreSum, r.Exact)
			var set []*Pool
			for _, v := range r.Chosen {
				set = append(set, v.Pool)
			}
			if unfilled, _ := in.unfilled(set); len(set) != in.q.PlaceCount || !in.valid(set) || unfilled {
				t.Errorf("not valid: %s", names(r))
			}
		})
	}
}

// These are decided although the search cannot go through all combinations.
func TestHardPlacementsAreDecided(t *testing.T) {
	all := hard()
	for name, possible := range map[string]bool{
		"one key, one value too few": false, "two keys": true, "two keys, one value too few": false, "filling values": true,
	} {
		in := all[name]
		r, err := Place(in.nodes, in.pools, nil, in.q)
		if possible && (err != nil || !r.Exact) {
			t.Errorf("%s: %v, exact %v", name, err, r.Exact)
		}
		if !possible {
			mustFail(t, err, v1.FailNotEnoughNodes)
		}
	}
}

// Where nothing decides, the answer says so instead of claiming that there is no place.
func TestUndecidedIsSaid(t *testing.T) {
	nodes, pools := large(30, 1, 5)
	q := Query{Resource: "r", PlaceCount: 5, ReplicasOnDifferent: []string{"site", "rack", "room"}}
	w := newWorld(nodes, &q)
	if err := w.prepare(nil); err != nil {
		t.Fatal(err)
	}
	r := Result{Needed: 5, Wanted: 5}
	cands := w.judgeAll(pools, &r)
	got := w.choose(cands, 5, 1)
	if got.found || got.decided {
		t.Fatalf("decided without a search: %+v", got)
	}
	mustFail(t, w.failure(&r, cands, got.decided), v1.FailUndecidableAutoplacment)
}

func benchmarkPlace(b *testing.B, in instance) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = Place(in.nodes, in.pools, in.deployed, in.q)
	}
}

func BenchmarkPlace(b *testing.B) {
	ns, ps := large(100, 5, 10)
	base := Query{Resource: "r", PlaceCount: 3, VolumeSizesKiB: []int64{gib},
		LayerStack: []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage}}
	b.Run("plain", func(b *testing.B) { benchmarkPlace(b, instance{nodes: ns, pools: ps, q: base}) })
	diff := base
	diff.ReplicasOnDifferent = []string{"site"}
	b.Run("different", func(b *testing.B) { benchmarkPlace(b, instance{nodes: ns, pools: ps, q: diff}) })
	same := base
	same.ReplicasOnSame, same.ReplicasOnDifferent = []string{"site"}, []string{"rack"}
	b.Run("same and different", func(b *testing.B) { benchmarkPlace(b, instance{nodes: ns, pools: ps, q: same}) })
	x := base
	x.XReplicasOnDifferent = map[string]int{"site": 2}
	b.Run("x different", func(b *testing.B) { benchmarkPlace(b, instance{nodes: ns, pools: ps, q: x}) })
	fail := base
	fail.VolumeSizesKiB = []int64{1 << 50}
	b.Run("failure", func(b *testing.B) { benchmarkPlace(b, instance{nodes: ns, pools: ps, q: fail}) })
}

func BenchmarkHard(b *testing.B) {
	for name, in := range hard() {
		b.Run(name, func(b *testing.B) { benchmarkPlace(b, in) })
	}
}

func BenchmarkMaxVolumeSize(b *testing.B) {
	ns, ps := large(100, 5, 10)
	for b.Loop() {
		_, _ = MaxVolumeSize(ns, ps, nil, Query{PlaceCount: 3})
	}
}
