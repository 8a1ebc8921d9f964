package place

import "slices"

// Place picks the pools for what is still needed. Its result holds a verdict on every
// pool, also where it fails and where nothing is needed. The error is a *fault.Fault:
// FailNotEnoughNodes if there is no placement, FailUndecidableAutoplacment if the
// constraints contradict what is deployed or are too entangled to decide.
func Place(nodes []*Node, pools []*Pool, deployed []Replica, q Query) (Result, error) {
	a, err := try(nodes, pools, deployed, &q)
	if err != nil {
		return a.Result, err
	}
	if a.Needed > 0 && !a.found {
		return a.Result, a.w.failure(&a.Result, a.cands, a.decided)
	}
	return a.Result, nil
}

// attempt is a placement before a failure is put into words.
type attempt struct {
	Result
	choice
	w     *world
	cands []cand
}

func try(nodes []*Node, pools []*Pool, deployed []Replica, q *Query) (attempt, error) {
	a := attempt{w: newWorld(nodes, q), Result: Result{Resource: q.Resource, Diskless: q.Diskless, Exact: true}}
	deployed = sortedReplicas(deployed)
	if err := a.w.prepare(deployed); err != nil {
		return a, err
	}
	r := &a.Result
	r.Deployed, r.deployedOn = a.w.count(deployed)
	r.Wanted, r.Needed = q.PlaceCount, q.PlaceCount-r.Deployed
	if q.Additional > 0 {
		r.Wanted, r.Needed = r.Deployed+q.Additional, q.Additional
	}
	a.cands = a.w.judgeAll(pools, r)
	if r.Needed <= 0 {
		r.settleEligible(CodeNotNeeded)
		return a, nil
	}
	a.choice = a.w.choose(a.cands, r.Needed, searchSteps)
	r.Exact = a.exact
	if a.found {
		r.take(a.w, a.cands, a.choice)
	} else {
		r.settleEligible(CodeUnsatisfied)
	}
	return a, nil
}

// judgeAll makes the verdicts and gives the candidates with their scores.
func (w *world) judgeAll(pools []*Pool, r *Result) []cand {
	sorted := sortedPools(pools)
	r.Verdicts = make([]Verdict, len(sorted))
	cands := make([]cand, 0, w.ofClass(sorted))
	wrongClass := why{code: CodeWrongClass, subject: w.q.word()}
	var sc scorer
	var shared map[string]int32
	for i, p := range sorted {
		v := &r.Verdicts[i]
		v.Pool = p
		if p.Diskless != w.q.Diskless {
			// Half of all pools may be of the other class: they share one reason.
			v.State, v.Code, v.why = Rejected, CodeWrongClass, &wrongClass
			continue
		}
		node, y := w.judge(p)
		if y.code != "" {
			v.reject(y)
			continue
		}
		v.State = Eligible
		c := cand{index: int32(i), node: node, shared: -1, fams: famAll, traits: w.state[node].traits}
		if !p.Diskless {
			c.fams = w.familiesOf(p) & w.families
			if w.q.MinIOSizeBytes == 0 {
				c.minIO = minIO(p)
			}
		}
		if p.SharedSpace != "" {
			if shared == nil {
				shared = map[string]int32{}
			}
			id, ok := shared[p.SharedSpace]
			if !ok {
				id = int32(len(shared))
				shared[p.SharedSpace] = id
			}
			c.shared = id
		}
		sc.see(valuesOf(p, w.nodes[node]))
		cands = append(cands, c)
	}
	weights := DefaultWeights()
	if w.q.Weights != nil {
		weights = *w.q.Weights
	}
	sc.ready(weights)
	for i := range cands {
		c := &cands[i]
		v := &r.Verdicts[c.index]
		c.score = sc.score(valuesOf(v.Pool, w.nodes[c.node]))
		v.Score = c.score
	}
	return cands
}

// ofClass counts the pools that the query is about.
func (w *world) ofClass(pools []*Pool) int {
	n := 0
	for _, p := range pools {
		if p.Diskless == w.q.Diskless {
			n++
		}
	}
	return n
}

func (v *Verdict) reject(y why) {
	v.State, v.Code = Rejected, y.code
	v.keep(y)
}

// keep stores the matter of a reason; a function of its own, so that only the
// verdicts that need it pay for the memory.
func (v *Verdict) keep(y why) { v.why = &y }

func (r *Result) settleEligible(code Code) {
	for i := range r.Verdicts {
		if r.Verdicts[i].State == Eligible {
			r.Verdicts[i].Code = code
		}
	}
}

// take enters the choice into the result and tells the other candidates why not they.
func (r *Result) take(w *world, cands []cand, got choice) {
	slices.SortStableFunc(got.pick, func(a, b cand) int { return ahead(&a, &b) })
	r.ScoreSum = got.sum
	for i := range got.pick {
		v := &r.Verdicts[got.pick[i].index]
		v.State, v.Code = Chosen, CodeChosen
		r.Chosen = append(r.Chosen, *v)
	}
	for i := range cands {
		v := &r.Verdicts[cands[i].index]
		if v.State == Eligible {
			y := w.whyNot(&cands[i], got.pick, r.Verdicts)
			v.Code = y.code
			if y.code != CodeLowerScore {
				v.keep(y)
			}
		}
	}
}

// whyNot finds what keeps a candidate from joining the chosen ones.
func (w *world) whyNot(c *cand, pick []cand, verdicts []Verdict) why {
	fams := c.fams
	for i := range pick {
		o := &pick[i]
		other := &verdicts[o.index]
		switch {
		case o.node == c.node:
			return why{code: CodeNodeTaken, subject: other.Name}
		case c.shared >= 0 && o.shared == c.shared:
			return why{code: CodeNoFit, subject: "shares its storage with pool " + other.Name, found: other.Node}
		}
		fams &= o.fams
	}
	lead := &verdicts[pick[0].index]
	switch {
	case fams == 0:
		return why{code: CodeNoFit, subject: "its kind does not mix with " + string(lead.Kind), found: lead.Node}
	case c.minIO != pick[0].minIO:
		return why{code: CodeNoFit, subject: "its minimum IO size differs", found: lead.Node}
	case c.same != pick[0].same:
		return why{code: CodeNoFit, subject: "it differs in a property of replicas_on_same", found: lead.Node}
	}
	for k := range w.keys {
		d := &w.keys[k]
		n := d.used[c.values[k]]
		for i := range pick {
			if pick[i].values[k] == c.values[k] {
				n++
			}
		}
		if n >= d.limit {
			v := d.names[c.values[k]]
			return why{code: CodeNoFit, subject: "enough replicas have " + propText(d.key, v, v != noValue)}
		}
	}
	return why{code: CodeLowerScore}
}
