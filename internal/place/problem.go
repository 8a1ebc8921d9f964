package place

import (
	"cmp"
	"slices"
)

// cand is a pool that passed the filters.
type cand struct {
	index  int32 // of its verdict
	node   int32
	shared int32 // id of the shared space, −1 for none
	fams   families
	minIO  int64
	score  float64
	// Those of its node.
	*traits
}

// ahead orders candidates: best score first, then by node and pool name.
func ahead(a, b *cand) int {
	if c := cmp.Compare(b.score, a.score); c != 0 {
		return c
	}
	return cmp.Compare(a.index, b.index)
}

// keyLimit is a diffKey as the search needs it.
type keyLimit struct {
	limit int
	used  []int // deployed, per value
	// partial is how many values may end up with some replicas but less than limit;
	// negative means any number.
	partial int
}

// problem is to pick n of the candidates. All of them can be combined in kind, minimum
// IO size and same properties; what remains are at most one per node, at most one
// per shared space, and the limits of the keys.
type problem struct {
	n      int
	cands  []cand
	keys   []keyLimit
	nodes  int
	shared int
	// last is the place of the newest candidate without shared space, for add.
	last int
}

// add takes a candidate in. Those of a node come one after the other, and of those
// without shared space only the best can matter; see reduce.
func (p *problem) add(c *cand) {
	if c.shared >= 0 {
		p.cands = append(p.cands, *c)
		return
	}
	if p.last < len(p.cands) {
		if old := &p.cands[p.last]; old.shared < 0 && old.node == c.node {
			if ahead(c, old) < 0 {
				*old = *c
			}
			return
		}
	}
	p.last = len(p.cands)
	p.cands = append(p.cands, *c)
}

// remaining is how many replicas a value can still take.
func (k *keyLimit) remaining(value int32) int { return k.limit - k.used[value] }

// reduce leaves out candidates that no best solution needs, and sorts the rest.
//
// On one node, a pool without shared space makes all lower-ranked pools pointless: it
// can stand in for each of them. Among pools that are alike in every constraint but
// the node, only the first n matter: a solution with a later one leaves one of the
// first n nodes free, which could stand in.
func (p *problem) reduce() {
	slices.SortFunc(p.cands, func(a, b cand) int { return ahead(&a, &b) })
	closed := make([]bool, p.nodes)
	var seen map[[2]int32]bool
	if p.shared > 0 {
		seen = map[[2]int32]bool{}
	}
	out := p.cands[:0]
	for _, c := range p.cands {
		if closed[c.node] || p.full(&c) {
			continue
		}
		if c.shared < 0 {
			closed[c.node] = true
		} else {
			at := [2]int32{c.node, c.shared}
			if seen[at] {
				continue
			}
			seen[at] = true
		}
		out = append(out, c)
	}
	p.cands = out
	if len(p.keys) > 0 || p.shared > 0 {
		p.reduceAlike()
	} else if len(p.cands) > p.n {
		p.cands = p.cands[:p.n]
	}
}

func (p *problem) full(c *cand) bool {
	for k := range p.keys {
		if p.keys[k].remaining(c.values[k]) <= 0 {
			return true
		}
	}
	return false
}

func (p *problem) reduceAlike() {
	count := map[string]int{}
	var sig []byte
	out := p.cands[:0]
	for _, c := range p.cands {
		sig = appendID(sig[:0], c.shared)
		for _, v := range c.values {
			sig = appendID(sig, v)
		}
		if count[string(sig)] >= p.n {
			continue
		}
		count[string(sig)]++
		out = append(out, c)
	}
	p.cands = out
}

func appendID(b []byte, id int32) []byte {
	return append(b, byte(id), byte(id>>8), byte(id>>16), byte(id>>24))
}

// top is an upper bound of any solution: the sum of the n best scores.
func (p *problem) top() float64 {
	sum := 0.0
	for i := range min(p.n, len(p.cands)) {
		sum += p.cands[i].score
	}
	return sum
}
