package place

import "cmp"

// Removal is the judgement on one replica that might be surplus.
type Removal struct {
	Node string `json:"node_name"`
	Pool string `json:"storage_pool"`
	// Remove is set on the replicas to remove; Order counts them from 1.
	Remove bool `json:"remove"`
	Order  int  `json:"order,omitempty"`
	// Keep says why the replica must stay, whatever speaks against it.
	Keep string `json:"keep,omitempty"`
	// Against lists what speaks against the replica: constraints that it breaks, and
	// that it is not up to date or not ready.
	Against []string `json:"against,omitempty"`
	Score   float64  `json:"score"`
}

// Unplace picks up to n diskful replicas to remove, one after the other: the one that
// most speaks against, of several such the one in the pool with the worst score, then
// the last by name. It never picks a replica that is diskless, in use, in its grace
// period or already going, nor the last one that is up to date. All replicas get a
// judgement, by node name; fewer than n are picked if the others must stay.
func Unplace(nodes []*Node, pools []*Pool, deployed []Replica, q Query, n int) ([]Removal, error) {
	q.Diskless = false
	replicas := sortedReplicas(deployed)
	u := &unplacer{q: &q, nodes: nodes, replicas: replicas, out: make([]Removal, len(replicas))}
	if err := u.prepare(pools); err != nil {
		return nil, err
	}
	for i := range replicas {
		u.out[i] = Removal{Node: replicas[i].Node, Pool: replicas[i].Pool, Score: u.score[i]}
	}
	u.judge()
	for order := 1; order <= n; order++ {
		worst := u.worst()
		if worst < 0 {
			break
		}
		u.out[worst].Remove, u.out[worst].Order = true, order
		u.judge()
	}
	return u.out, nil
}

type unplacer struct {
	q        *Query
	nodes    []*Node
	replicas []Replica
	out      []Removal
	score    []float64
	pool     []*Pool
	w        *world
	same     []Rule
}

func (u *unplacer) prepare(pools []*Pool) error {
	var err error
	if u.same, err = parseRules("replicas_on_same", u.q.ReplicasOnSame); err != nil {
		return err
	}
	u.w = newWorld(u.nodes, u.q)
	if err := u.w.prepareDifferent(); err != nil {
		return err
	}
	u.scorePools(pools)
	return nil
}

// scorePools scores the pools of the replicas against each other. A pool that is not
// known scores below all others.
func (u *unplacer) scorePools(pools []*Pool) {
	type key struct{ node, pool string }
	index := make(map[key]*Pool, len(pools))
	for i := range pools {
		index[key{fold(pools[i].Node), fold(pools[i].Name)}] = pools[i]
	}
	var sc scorer
	u.pool = make([]*Pool, len(u.replicas))
	u.score = make([]float64, len(u.replicas))
	vals := make([]values, len(u.replicas))
	for i := range u.replicas {
		r := &u.replicas[i]
		node := u.w.find(r.Node)
		p := index[key{fold(r.Node), fold(r.Pool)}]
		if p == nil || node < 0 || r.Diskless {
			continue
		}
		u.pool[i], vals[i] = p, valuesOf(p, u.nodes[node])
		sc.see(vals[i])
	}
	weights := DefaultWeights()
	if u.q.Weights != nil {
		weights = *u.q.Weights
	}
	sc.ready(weights)
	low := 0.0
	for i, p := range u.pool {
		if p != nil {
			u.score[i] = sc.score(vals[i])
			low = min(low, u.score[i])
		}
	}
	for i, p := range u.pool {
		if p == nil {
			u.score[i] = low - 1
		}
	}
}

// judge renews the judgement on the replicas that are still there.
func (u *unplacer) judge() {
	upToDate := 0
	for i := range u.replicas {
		if r := &u.replicas[i]; u.remains(i) && !r.Diskless && r.UpToDate {
			upToDate++
		}
	}
	for i := range u.replicas {
		if u.out[i].Remove {
			continue
		}
		u.out[i].Keep = keep(&u.replicas[i], upToDate)
		if !u.replicas[i].Diskless {
			u.out[i].Against = u.against(i)
		}
	}
}

// remains tells whether a replica stays if nothing more is picked. One that is being
// deleted does not.
func (u *unplacer) remains(i int) bool { return !u.out[i].Remove && !u.replicas[i].Deleting }

func keep(r *Replica, upToDate int) string {
	switch {
	case r.Diskless:
		return "diskless"
	case r.Deleting:
		return "already being deleted"
	case r.InUse:
		return "in use"
	case r.InGrace:
		return "in its grace period"
	case r.UpToDate && upToDate <= 1:
		return "the last replica that is up to date"
	case upToDate == 0:
		return "no replica is up to date"
	}
	return ""
}

// worst finds the replica to remove next, −1 if none may go.
func (u *unplacer) worst() int {
	worst := -1
	for i := range u.out {
		a := &u.out[i]
		if a.Remove || a.Keep != "" {
			continue
		}
		if worst < 0 || u.compare(i, worst) >= 0 {
			worst = i
		}
	}
	return worst
}

// compare is above 0 if a is to go before b; replicas are sorted by name.
func (u *unplacer) compare(a, b int) int {
	x, y := &u.out[a], &u.out[b]
	return cmp.Or(cmp.Compare(len(x.Against), len(y.Against)), cmp.Compare(y.Score, x.Score))
}
