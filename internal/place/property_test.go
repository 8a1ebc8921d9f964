package place

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"pgregory.net/rapid"
)

// check looks at ten times as many instances as usual: most differ in what does not
// matter.
func check(t *testing.T, prop func(t *rapid.T)) {
	rapid.Check(t, func(t *rapid.T) {
		for range 10 {
			prop(t)
		}
	})
}

// drawSound draws instances until one has deployed replicas that do not contradict
// its rules; the last resort is one without any.
func drawSound(t *rapid.T) instance {
	in := drawInstance(t)
	for range 5 {
		_, err := Place(in.nodes, in.pools, in.deployed, in.q)
		if f, ok := fault.As(err); !ok || f.Code != v1.FailUndecidableAutoplacment {
			return in
		}
		in = drawInstance(t)
	}
	in.deployed = nil
	return in
}

// place runs an instance that drawSound has made.
func (in *instance) place(t *rapid.T) (Result, bool) {
	r, err := Place(in.nodes, in.pools, in.deployed, in.q)
	if err == nil {
		return r, true
	}
	f, ok := fault.As(err)
	if !ok {
		t.Fatalf("not a fault: %v", err)
	}
	if f.Code != v1.FailNotEnoughNodes || f.Correction == "" || f.Details == "" {
		t.Fatalf("unhelpful: %+v", f)
	}
	return r, false
}

// A placement is as good as the best that trying everything finds, obeys all rules, and
// fails only if there is none.
func TestPlaceIsBest(t *testing.T) {
	check(t, func(t *rapid.T) {
		in := drawSound(t)
		r, ok := in.place(t)
		score := map[[2]string]float64{}
		for _, v := range r.Verdicts {
			score[[2]string{v.Node, v.Name}] = v.Score
		}
		best := in.brute(func(p *Pool) float64 { return score[[2]string{p.Node, p.Name}] })
		if !ok {
			if !math.IsInf(best, -1) {
				t.Fatalf("there is a placement with sum %v", best)
			}
			return
		}
		var set []*Pool
		for _, v := range r.Chosen {
			set = append(set, v.Pool)
		}
		if len(set) != in.q.Additional || !in.valid(set) {
			t.Fatalf("not valid: %s", names(r))
		}
		if math.Abs(r.ScoreSum-best) > 1e-9 || !r.Exact {
			t.Fatalf("sum %v of %s, best is %v", r.ScoreSum, names(r), best)
		}
	})
}

func TestEveryPoolHasOneVerdict(t *testing.T) {
	check(t, func(t *rapid.T) {
		in := drawSound(t)
		r, _ := in.place(t)
		seen := map[*Pool]int{}
		chosen := 0
		for i := range r.Verdicts {
			v := &r.Verdicts[i]
			seen[v.Pool]++
			if v.Code == "" || v.Reason() == "" || v.Reason() == string(v.Code) && v.Code != CodeChosen {
				t.Fatalf("no reason for %+v", v)
			}
			if v.State == Chosen {
				chosen++
			}
		}
		for i := range in.pools {
			if seen[in.pools[i]] != 1 {
				t.Fatalf("%d verdicts on %+v", seen[in.pools[i]], in.pools[i])
			}
		}
		if len(r.Verdicts) != len(in.pools) || chosen != len(r.Chosen) || len(Explain(&r).Rows) != len(in.pools) {
			t.Fatal("verdicts do not match the pools")
		}
	})
}

func TestOrderDoesNotMatter(t *testing.T) {
	check(t, func(t *rapid.T) {
		in := drawSound(t)
		r, ok := in.place(t)
		other := instance{
			nodes:    rapid.Permutation(in.nodes).Draw(t, "nodes"),
			pools:    rapid.Permutation(in.pools).Draw(t, "pools"),
			deployed: rapid.Permutation(in.deployed).Draw(t, "deployed"), q: in.q,
		}
		r2, ok2 := other.place(t)
		if ok != ok2 {
			t.Fatal("success depends on the order")
		}
		if diff := cmp.Diff(Explain(&r), Explain(&r2)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestMorePoolsNeverHurt(t *testing.T) {
	check(t, func(t *rapid.T) {
		in := drawSound(t)
		if len(in.pools) == 0 {
			return
		}
		fewer := in
		i := rapid.IntRange(0, len(in.pools)-1).Draw(t, "left out")
		fewer.pools = slices.Delete(slices.Clone(in.pools), i, i+1)
		if _, ok := fewer.place(t); !ok {
			return
		}
		if _, ok := in.place(t); !ok {
			t.Fatalf("pool %+v turned success into failure", in.pools[i])
		}
	})
}

// What settles a problem after the search gave up agrees with the search.
func TestSettleAgrees(t *testing.T) {
	check(t, func(t *rapid.T) {
		in := drawSound(t)
		w := newWorld(in.nodes, &in.q)
		if err := w.prepare(sortedReplicas(in.deployed)); err != nil {
			t.Fatal(err)
		}
		cands := w.judgeAll(in.pools, &Result{})
		for _, p := range w.problems(cands, in.q.Additional, false) {
			budget := searchSteps
			pick, sum, complete := run(p, &budget, false, 0)
			if !complete {
				t.Fatal("small problems must be searched to the end")
			}
			got, gotSum, result := settle(p, nil, 0)
			if result == impossible && pick != nil {
				t.Fatal("ruled out what exists")
			}
			if result == solved && (pick == nil || len(got) != p.n || math.Abs(sum-gotSum) > 1e-9) {
				t.Fatalf("settled for %v %v, search found %v %v", got, gotSum, pick, sum)
			}
		}
	})
}

func TestMaxVolumeSizeFits(t *testing.T) {
	check(t, func(t *rapid.T) {
		in := drawInstance(t)
		s, err := MaxVolumeSize(in.nodes, in.pools, in.deployed, in.q)
		if err != nil {
			return
		}
		q := in.q
		q.VolumeSizesKiB = []int64{s.MaxVolumeSizeKiB}
		if _, err := Place(in.nodes, in.pools, in.deployed, q); err != nil {
			t.Fatalf("the size does not fit: %v", err)
		}
		q.VolumeSizesKiB[0]++
		if _, err := Place(in.nodes, in.pools, in.deployed, q); err == nil {
			t.Fatalf("more than %d fits", s.MaxVolumeSizeKiB)
		}
	})
}

func TestUnplaceIsSafe(t *testing.T) {
	check(t, func(t *rapid.T) {
		in := drawInstance(t)
		for i := range in.deployed {
			r := &in.deployed[i]
			r.UpToDate, r.InUse = rapid.Bool().Draw(t, "up to date"), rapid.Bool().Draw(t, "in use")
			r.InGrace, r.Deleting = rapid.Bool().Draw(t, "grace"), rapid.Bool().Draw(t, "deleting")
		}
		n := rapid.IntRange(0, 5).Draw(t, "n")
		out, err := Unplace(in.nodes, in.pools, in.deployed, in.q, n)
		if err != nil {
			t.Fatal(err)
		}
		removed, left, had := 0, 0, 0
		for _, r := range in.deployed {
			i := slices.IndexFunc(out, func(x Removal) bool { return x.Node == r.Node })
			gone := out[i].Remove
			if gone && (r.Diskless || r.InUse || r.InGrace || r.Deleting) {
				t.Fatalf("must stay: %+v", r)
			}
			if gone {
				removed++
			}
			if r.UpToDate && !r.Diskless && !r.Deleting {
				had++
				if !gone {
					left++
				}
			}
		}
		if removed > n || had > 0 && left == 0 || had == 0 && removed > 0 {
			t.Fatalf("removed %d of at most %d, %d of %d up to date left", removed, n, left, had)
		}
	})
}
