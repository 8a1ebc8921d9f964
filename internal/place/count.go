package place

// Deployed counts the replicas that a query's place count is compared with: those of
// its class that stay. Replicas being deleted, with a skipped disk, or on nodes that
// are evacuated or evicted do not count; those in one shared space count once.
func Deployed(nodes []*Node, deployed []Replica, q Query) int {
	w := newWorld(nodes, &q)
	n, _ := w.count(deployed)
	return n
}

// stays tells whether a replica will still be there when all that is under way is done.
func (w *world) stays(r *Replica) bool {
	if r.Deleting || r.SkipDisk {
		return false
	}
	i := w.find(r.Node)
	return i < 0 || !w.nodes[i].Evacuating && !w.nodes[i].Evicted
}

// counts tells whether a replica counts towards the place count.
func (w *world) counts(r *Replica) bool {
	return w.stays(r) && r.Diskless == w.q.Diskless && !r.Tiebreaker
}

// binds tells whether a replica takes part in the constraints on what is placed.
func (w *world) binds(r *Replica) bool {
	return w.counts(r) || w.q.Diskless && !r.Diskless && w.stays(r)
}

func (w *world) count(deployed []Replica) (int, []string) {
	n := 0
	var on []string
	var shared map[string]bool
	for i := range deployed {
		r := &deployed[i]
		if !w.counts(r) {
			continue
		}
		on = append(on, r.Node)
		if r.SharedSpace != "" {
			if shared[r.SharedSpace] {
				continue
			}
			if shared == nil {
				shared = map[string]bool{}
			}
			shared[r.SharedSpace] = true
		}
		n++
	}
	sortNames(on)
	return n, on
}
