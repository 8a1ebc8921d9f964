package place

import (
	"cmp"
	"slices"
)

// choice is the best combination of candidates.
type choice struct {
	pick    []cand
	sum     float64
	exact   bool
	found   bool
	decided bool // whether not found means that there is none
}

// choose picks n candidates. What all replicas must share (a storage family, the
// minimum IO size, the values of open same-keys) splits the candidates into problems
// of their own; the best solution of all wins.
func (w *world) choose(cands []cand, n int, budget int) choice {
	strict := w.solveAll(cands, n, &budget, false)
	if strict.found || !w.underfilled() {
		return strict
	}
	// Deployed replicas already leave more values partly filled than allowed. Then a
	// placement that leaves no more of them than there are is better than none.
	relaxed := w.solveAll(cands, n, &budget, true)
	relaxed.exact = relaxed.exact && strict.decided
	relaxed.decided = relaxed.decided && strict.decided
	return relaxed
}

func (w *world) solveAll(cands []cand, n int, budget *int, relaxed bool) choice {
	out := choice{exact: true, decided: true}
	for _, p := range w.problems(cands, n, relaxed) {
		if out.found && p.top() <= out.sum+tie {
			continue
		}
		pick, sum, complete := run(p, budget, out.found, out.sum)
		if !complete {
			var result outcome
			pick, sum, result = settle(p, pick, sum)
			out.exact = out.exact && (result == solved || result == impossible)
			out.decided = out.decided && result != open
		}
		if pick == nil || out.found && sum <= out.sum+tie {
			continue
		}
		out.found, out.sum, out.pick = true, sum, out.pick[:0]
		slices.Sort(pick)
		for _, j := range pick {
			out.pick = append(out.pick, p.cands[j])
		}
	}
	return out
}

// problems splits the candidates, most promising problem first. Problems with too few
// candidates are left out.
func (w *world) problems(cands []cand, n int, relaxed bool) []*problem {
	type groupKey struct {
		family families
		minIO  int64
		same   string
	}
	index := map[groupKey]*problem{}
	var all []*problem
	var last *problem
	var lastKey groupKey
	family := singleFamily(cands)
	for i := range cands {
		c := &cands[i]
		fams := c.fams
		if family != 0 {
			fams = family
		}
		for ; fams != 0; fams &= fams - 1 {
			key := groupKey{fams & -fams, c.minIO, c.same}
			if last == nil || key != lastKey {
				last, lastKey = index[key], key
			}
			if last == nil {
				last = w.problem(n, relaxed)
				if len(all) == 0 {
					// Mostly there is one problem, with all candidates.
					last.cands = make([]cand, 0, len(cands))
				}
				index[key] = last
				all = append(all, last)
			}
			last.add(c)
		}
	}
	kept := all[:0]
	for _, p := range all {
		p.shared = numberShared(p.cands)
		p.reduce()
		if len(p.cands) >= n {
			kept = append(kept, p)
		}
	}
	slices.SortStableFunc(kept, func(a, b *problem) int {
		return cmp.Or(cmp.Compare(b.top(), a.top()), cmp.Compare(a.cands[0].index, b.cands[0].index))
	})
	return kept
}

// singleFamily gives a family that all candidates have, or 0: then one problem will do.
func singleFamily(cands []cand) families {
	common := famAll
	for i := range cands {
		common &= cands[i].fams
	}
	return common & -common
}

// numberShared tells how many ids of shared spaces the candidates use.
func numberShared(cands []cand) int {
	top := int32(-1)
	for i := range cands {
		top = max(top, cands[i].shared)
	}
	return int(top + 1)
}

func (w *world) problem(n int, relaxed bool) *problem {
	p := &problem{n: n, nodes: len(w.nodes), keys: make([]keyLimit, len(w.keys))}
	for k := range w.keys {
		d := &w.keys[k]
		p.keys[k] = keyLimit{limit: d.limit, used: d.used, partial: -1}
		if d.limit > 1 {
			p.keys[k].partial = 1
			if relaxed {
				p.keys[k].partial = max(1, d.partial())
			}
		}
	}
	return p
}

// partial counts the values that deployed replicas fill partly.
func (k *diffKey) partial() int {
	n := 0
	for _, used := range k.used {
		if used > 0 && used < k.limit {
			n++
		}
	}
	return n
}

func (w *world) underfilled() bool {
	for k := range w.keys {
		if w.keys[k].limit > 1 && w.keys[k].partial() > 1 {
			return true
		}
	}
	return false
}
