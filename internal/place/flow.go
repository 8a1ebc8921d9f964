package place

import "math"

// flow is a network with costs, solved by successive cheapest paths.
type flow struct {
	head []int32 // first edge per vertex
	edge []flowEdge
}

type flowEdge struct {
	to, next int32
	room     int
	cost     float64
}

func (f *flow) vertex() int32 {
	f.head = append(f.head, -1)
	return int32(len(f.head) - 1)
}

// connect adds an edge and its reverse, which is edge id^1.
func (f *flow) connect(from, to int32, room int, cost float64) int32 {
	id := int32(len(f.edge))
	f.edge = append(f.edge,
		flowEdge{to: to, next: f.head[from], room: room, cost: cost},
		flowEdge{to: from, next: f.head[to], cost: -cost})
	f.head[from], f.head[to] = id, id+1
	return id
}

// push sends one unit along the cheapest path and tells whether there was one.
func (f *flow) push(from, to int32) bool {
	dist := make([]float64, len(f.head))
	via := make([]int32, len(f.head))
	queued := make([]bool, len(f.head))
	for i := range dist {
		dist[i], via[i] = math.Inf(1), -1
	}
	dist[from] = 0
	for queue := []int32{from}; len(queue) > 0; {
		v := queue[0]
		queue, queued[v] = queue[1:], false
		for e := f.head[v]; e >= 0; e = f.edge[e].next {
			t := f.edge[e].to
			d := dist[v] + f.edge[e].cost
			// Without the margin rounding could make a cycle look cheap for ever.
			if f.edge[e].room == 0 || d >= dist[t]-1e-12 {
				continue
			}
			dist[t], via[t] = d, e
			if !queued[t] {
				queue, queued[t] = append(queue, t), true
			}
		}
	}
	if via[to] < 0 {
		return false
	}
	for v := to; v != from; v = f.edge[via[v]^1].to {
		f.edge[via[v]].room--
		f.edge[via[v]^1].room++
	}
	return true
}

// cheapest picks p.n candidates with the highest sum of scores under two chains of
// limits, each coarse to fine; enough is false if that many cannot be picked.
func cheapest(p *problem, a, b []limitSet) (pick []int32, sum float64, enough bool) {
	f := &flow{}
	source, sink := f.vertex(), f.vertex()
	from := f.chain(a, len(p.cands), source, false)
	to := f.chain(b, len(p.cands), sink, true)
	edges := make([]int32, len(p.cands))
	size := 1.0 // brings costs into −1…1, where the margin of push is right
	for i := range p.cands {
		size = max(size, math.Abs(p.cands[i].score))
	}
	for i := range p.cands {
		edges[i] = f.connect(from[i], to[i], 1, -p.cands[i].score/size)
	}
	for range p.n {
		if !f.push(source, sink) {
			return nil, 0, false
		}
	}
	for i, e := range edges {
		if f.edge[e].room == 0 {
			pick = append(pick, int32(i))
			sum += p.cands[i].score
		}
	}
	return pick, sum, true
}

// chain adds the groups of a chain and gives the vertex at which each candidate hangs.
func (f *flow) chain(sets []limitSet, n int, root int32, toRoot bool) []int32 {
	at := make([]int32, n)
	for i := range at {
		at[i] = root
	}
	for s := range sets {
		vertex := make([]int32, len(sets[s].room))
		for i, g := range sets[s].group {
			if vertex[g] == 0 { // 0 is the source, never a group
				vertex[g] = f.vertex()
				if toRoot {
					f.connect(vertex[g], at[i], sets[s].room[g], 0)
				} else {
					f.connect(at[i], vertex[g], sets[s].room[g], 0)
				}
			}
			at[i] = vertex[g]
		}
	}
	return at
}
