package place

// The search is exact branch and bound: it walks the candidates from the best one on
// and turns back where even the best candidates that still fit cannot beat what was
// found. In the common cases the first descent is the best solution and the bound ends
// the search at once. Constraints on several properties can make any exact search
// exponential, so the steps are limited; what the search leaves open then goes to
// fallback.go.

// searchSteps limits the search, for all problems of one placement together. A step
// is one look at a candidate, a few nanoseconds.
const searchSteps = 2_000_000

// tie is the difference of sums below which the earlier solution stays. It absorbs
// rounding, and keeps equal solutions from depending on it.
const tie = 1e-12

type search struct {
	p      *problem
	budget *int
	nodes  []bool
	shared []bool
	count  [][]int // replicas per key and value, deployed ones included
	// tight is the key used in the bound, −1 for none; extra and stamp count what
	// the bound took per value of that key.
	tight int
	extra []int
	stamp []int
	round int

	cur   []int32
	best  []int32
	sum   float64
	found bool
	floor float64
}

// run solves a problem. Solutions must beat floor where beat is set. complete is false
// if the budget ended first.
func run(p *problem, budget *int, beat bool, floor float64) (best []int32, sum float64, complete bool) {
	s := &search{p: p, budget: budget, nodes: make([]bool, p.nodes), shared: make([]bool, p.shared),
		found: beat, floor: floor, tight: p.tightest(), cur: make([]int32, 0, p.n)}
	s.count = make([][]int, len(p.keys))
	for k := range p.keys {
		s.count[k] = append([]int(nil), p.keys[k].used...)
	}
	if s.tight >= 0 {
		s.extra = make([]int, len(p.keys[s.tight].used))
		s.stamp = make([]int, len(s.extra))
	}
	s.walk(0, 0)
	return s.best, s.sum, *s.budget > 0
}

// tightest finds the key that leaves the least room.
func (p *problem) tightest() int {
	best, room := -1, 0
	for k := range p.keys {
		avail := make([]int, len(p.keys[k].used))
		sum := 0
		for i := range p.cands {
			v := p.cands[i].values[k]
			if avail[v] < p.keys[k].remaining(v) {
				avail[v]++
				sum++
			}
		}
		if best < 0 || sum < room {
			best, room = k, sum
		}
	}
	return best
}

func (s *search) walk(from int, sum float64) {
	need := s.p.n - len(s.cur)
	if need == 0 {
		if !s.found || sum > s.floor+tie {
			s.best = append(s.best[:0], s.cur...)
			s.sum, s.floor, s.found = sum, sum, true
		}
		return
	}
	for j := from; j <= len(s.p.cands)-need; j++ {
		c := &s.p.cands[j]
		if *s.budget--; *s.budget <= 0 {
			return
		}
		if !s.fits(c) {
			continue
		}
		rest, ok := s.bound(j, need)
		if !ok || s.found && sum+rest <= s.floor+tie {
			return
		}
		s.take(c, 1)
		s.cur = append(s.cur, int32(j))
		if s.canFill(need - 1) {
			s.walk(j+1, sum+c.score)
		}
		s.cur = s.cur[:len(s.cur)-1]
		s.take(c, -1)
	}
}

func (s *search) fits(c *cand) bool {
	if s.nodes[c.node] || c.shared >= 0 && s.shared[c.shared] {
		return false
	}
	for k, v := range c.values {
		if s.count[k][v] >= s.p.keys[k].limit {
			return false
		}
	}
	return true
}

// bound is what the next candidates can add at best: those that fit to the current
// ones, with only the tightest key minded among themselves. ok is false if they are
// too few.
func (s *search) bound(from, need int) (sum float64, ok bool) {
	s.round++
	for j := from; j < len(s.p.cands); j++ {
		c := &s.p.cands[j]
		*s.budget--
		if !s.fits(c) {
			continue
		}
		if s.tight >= 0 {
			v := c.values[s.tight]
			if s.stamp[v] != s.round {
				s.stamp[v], s.extra[v] = s.round, 0
			}
			if s.count[s.tight][v]+s.extra[v] >= s.p.keys[s.tight].limit {
				continue
			}
			s.extra[v]++
		}
		sum += c.score
		if need--; need == 0 {
			return sum, true
		}
	}
	return 0, false
}

func (s *search) take(c *cand, by int) {
	s.nodes[c.node] = by > 0
	if c.shared >= 0 {
		s.shared[c.shared] = by > 0
	}
	for k, v := range c.values {
		s.count[k][v] += by
	}
}

// canFill tells whether the replicas that are left suffice to fill all partly filled
// values but the allowed ones.
func (s *search) canFill(left int) bool {
	for k := range s.p.keys {
		key := &s.p.keys[k]
		if key.partial < 0 {
			continue
		}
		var gaps [64]int // by size; larger limits than that are not checked early
		open := 0
		for _, n := range s.count[k] {
			if n > 0 && n < key.limit {
				open++
				gaps[min(key.limit-n, len(gaps)-1)]++
			}
		}
		toFill := 0
		for gap, n := range gaps {
			take := min(n, max(open-key.partial, 0))
			toFill += take * gap
			open -= take
		}
		if toFill > left {
			return false
		}
	}
	return true
}
