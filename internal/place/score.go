package place

// values of the strategies for one pool, in the order of Weights.
type values [4]float64

func valuesOf(p *Pool, n *Node) values {
	return values{
		float64(UsableKiB(p)),
		float64(p.promisedKiB()),
		float64(n.ResourceCount),
		float64(p.MaxThroughput - p.UsedThroughput),
	}
}

// scorer turns values into scores. A value is divided by the highest of all
// candidates, which makes the strategies comparable whatever their unit.
type scorer struct {
	weight values
	top    values
	low    values
}

func (s *scorer) see(v values) {
	for i, x := range v {
		s.top[i] = max(s.top[i], x)
		s.low[i] = min(s.low[i], x)
	}
}

// ready is called once all candidates were seen.
func (s *scorer) ready(w Weights) {
	s.weight = values{w.MaxFreeSpace, -w.MinReservedSpace, -w.MinRscCount, w.MaxThroughput}
	for i := range s.top {
		switch {
		case s.top[i] > 0:
		case s.low[i] < 0:
			// Nothing is above zero: divide by the size of the lowest, so that
			// less below zero still is better.
			s.top[i] = -s.low[i]
		default:
			s.top[i] = 1
		}
	}
}

func (s *scorer) score(v values) float64 {
	var sum float64
	for i, x := range v {
		sum += s.weight[i] * (x / s.top[i])
	}
	return sum
}
