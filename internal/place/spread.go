package place

import (
	"math"
	"slices"
)

// spreadTable solves problems whose only limits are one key: a table over the values
// of the key, the replicas picked so far and the partly filled values so far. ok is
// false for other problems; pick is nil if there is no solution.
func spreadTable(p *problem) (pick []int32, sum float64, ok bool) {
	if len(p.keys) != 1 || p.keys[0].partial < 0 || p.shared > 0 {
		return nil, 0, false
	}
	key := &p.keys[0]
	members := make([][]int32, len(key.used))
	for i := range p.cands {
		v := p.cands[i].values[0]
		members[v] = append(members[v], int32(i))
	}
	width := key.partial + 1
	cell := func(n, part int) int { return n*width + part }
	table := make([]float64, (p.n+1)*width)
	for i := range table {
		table[i] = math.Inf(-1)
	}
	table[0] = 0
	choice := make([][]int, len(members)) // per value and cell: how many were taken
	for v := range members {
		next := make([]float64, len(table))
		choice[v] = make([]int, len(table))
		for i := range next {
			next[i] = math.Inf(-1)
		}
		most := min(key.remaining(int32(v)), len(members[v]), p.n)
		gain := 0.0
		for take := 0; take <= max(most, 0); take++ {
			if take > 0 {
				gain += p.cands[members[v][take-1]].score
			}
			part := key.isPartial(v, take)
			for n := 0; n+take <= p.n; n++ {
				for used := 0; used+part < width; used++ {
					to := cell(n+take, used+part)
					if s := table[cell(n, used)] + gain; s > next[to] {
						next[to], choice[v][to] = s, take
					}
				}
			}
		}
		table = next
	}
	return unroll(p, key, members, choice, table, cell)
}

// isPartial is 1 if a value with take more replicas is partly filled.
func (k *keyLimit) isPartial(value, take int) int {
	if n := k.used[value] + take; n > 0 && n < k.limit {
		return 1
	}
	return 0
}

// unroll follows the choices back from the best end.
func unroll(p *problem, key *keyLimit, members [][]int32, choice [][]int, table []float64,
	cell func(n, part int) int) ([]int32, float64, bool) {
	n, part := p.n, 0
	for u := 1; u <= key.partial; u++ {
		if table[cell(n, u)] > table[cell(n, part)] {
			part = u
		}
	}
	sum := table[cell(n, part)]
	if math.IsInf(sum, -1) {
		return nil, 0, true
	}
	pick := make([]int32, 0, p.n)
	for v, member := range slices.Backward(members) {
		take := choice[v][cell(n, part)]
		pick = append(pick, member[:take]...)
		n, part = n-take, part-key.isPartial(v, take)
	}
	return pick, sum, true
}
