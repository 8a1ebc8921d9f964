package place

import "slices"

// When the search runs out of steps, these decide what can be decided in polynomial
// time:
//
//   - Limits that nest (each node in one rack, each rack in one site) form a chain. Up
//     to two chains are a flow problem, whose cheapest flow is the best placement.
//   - With one key that must fill its values, a table over values and counts is exact.
//   - With more, each pair of limits is a relaxation: if one pair alone allows less
//     than n replicas, there is no placement.
//
// What is still open then stays open: the caller is told so instead of being told
// that there is no placement.

// outcome of a problem.
type outcome int

const (
	impossible outcome = iota
	solved
	// good is a valid solution that may not be the best.
	good
	open
)

// block is one limit: the group that each candidate belongs to, and what it takes.
type limitSet struct {
	group []int32
	room  []int
}

// settle decides a problem that the search did not finish.
func settle(p *problem, best []int32, sum float64) ([]int32, float64, outcome) {
	if pick, total, ok := spreadTable(p); ok {
		if pick == nil {
			return nil, 0, impossible
		}
		return pick, total, solved
	}
	sets := p.limitSets()
	exact := !p.fills()
	if a, b, ok := twoChains(sets); ok {
		pick, total, enough := cheapest(p, a, b)
		switch {
		case !enough:
			return nil, 0, impossible
		case exact:
			return pick, total, solved
		}
	} else if best == nil && pairsForbid(p, sets) {
		return nil, 0, impossible
	}
	if best != nil {
		return best, sum, good
	}
	return nil, 0, open
}

func pairsForbid(p *problem, sets []limitSet) bool {
	for i := range sets {
		for j := i + 1; j < len(sets); j++ {
			if _, _, enough := cheapest(p, sets[i:i+1], sets[j:j+1]); !enough {
				return true
			}
		}
	}
	return false
}

// fills tells whether a key demands that values are filled.
func (p *problem) fills() bool {
	for k := range p.keys {
		if p.keys[k].partial >= 0 {
			return true
		}
	}
	return false
}

// limitSets gives the limits that can bind.
func (p *problem) limitSets() []limitSet {
	var out []limitSet
	add := func(id func(c *cand) int32, room func(v int32) int) {
		set := limitSet{group: make([]int32, len(p.cands))}
		ids := map[int32]int32{}
		var members []int
		for i := range p.cands {
			v := id(&p.cands[i])
			if v < 0 { // no group: one of its own
				v = -2 - int32(i)
			}
			g, ok := ids[v]
			if !ok {
				g = int32(len(set.room))
				ids[v] = g
				set.room = append(set.room, room(v))
				members = append(members, 0)
			}
			set.group[i] = g
			members[g]++
		}
		for g, n := range members {
			if n > set.room[g] {
				out = append(out, set)
				return
			}
		}
	}
	one := func(int32) int { return 1 }
	add(func(c *cand) int32 { return c.node }, one)
	add(func(c *cand) int32 { return c.shared }, one)
	for k := range p.keys {
		add(func(c *cand) int32 { return c.values[k] }, p.keys[k].remaining)
	}
	return out
}

// refines tells whether every group of a lies within one group of b.
func refines(a, b *limitSet) bool {
	in := make([]int32, len(a.room))
	for i := range in {
		in[i] = -1
	}
	for i, g := range a.group {
		switch in[g] {
		case -1:
			in[g] = b.group[i]
		case b.group[i]:
		default:
			return false
		}
	}
	return true
}

// twoChains orders the limits into at most two chains, coarse to fine. The limits are
// few, so all divisions are tried.
func twoChains(sets []limitSet) (a, b []limitSet, ok bool) {
	if len(sets) > 8 {
		return nil, nil, false
	}
	for mask := range 1 << len(sets) {
		a, b, ok = nil, nil, true
		for i := range sets {
			if mask>>i&1 == 0 {
				a, ok = intoChain(a, sets[i])
			} else {
				b, ok = intoChain(b, sets[i])
			}
			if !ok {
				break
			}
		}
		if ok {
			return a, b, true
		}
	}
	return nil, nil, false
}

func intoChain(chain []limitSet, s limitSet) ([]limitSet, bool) {
	at := len(chain)
	for i := range chain {
		if refines(&chain[i], &s) {
			at = i
			break
		}
		if !refines(&s, &chain[i]) {
			return chain, false
		}
	}
	// What lies behind refines chain[at], and so refines s too.
	return slices.Insert(slices.Clone(chain), at, s), true
}
