package place

import "slices"

// world is a query with what is looked up again and again.
type world struct {
	q      *Query
	nodes  []*Node
	byName map[string]int32
	state  []nodeState
	// plain are the traits of all nodes where no rule asks for any.
	plain traits
	// lastName is the name that find was last asked for, lastAt the answer; pools come
	// sorted by node.
	lastName string
	lastAt   int32

	listed     map[string]bool
	same       []Rule   // values that nodes must have
	sameOpen   []string // keys whose value the chosen nodes must share
	forbidden  []Rule
	keys       []diffKey
	sharedUsed map[string]string // shared space → node that uses it
	families   families          // that what is deployed leaves open
	kinds      string            // deployed kinds, for messages
	needKiB    int64
}

// nodeState is what the placer found out about a node; checks run at first use.
type nodeState struct {
	placing *why // filters 3 to 6
	layers  *why // filter 8
	others  *why // filters 9 and 10; nil is nothing against the node
	*traits      // nil before the first use
	replica *Replica
}

// traits are the values of a node that bind replicas, where the query has such rules.
type traits struct {
	same   string
	values []int32 // per diffKey
}

// diffKey is a property whose values limit how many replicas share them.
type diffKey struct {
	key   string
	limit int
	ids   map[string]int32
	names []string
	used  []int // deployed replicas per value
}

func newWorld(nodes []*Node, q *Query) *world {
	w := &world{q: q, nodes: nodes, state: make([]nodeState, len(nodes)), families: famAll, lastAt: -1, needKiB: q.needKiB()}
	if len(q.NodeNames) > 0 {
		w.listed = make(map[string]bool, len(q.NodeNames))
		for _, n := range q.NodeNames {
			w.listed[fold(n)] = true
		}
	}
	return w
}

// find gives the index of a node, -1 if it is not known.
func (w *world) find(name string) int32 {
	if name == w.lastName {
		return w.lastAt
	}
	if next := w.lastAt + 1; int(next) < len(w.nodes) && w.nodes[next].Name == name {
		w.lastName, w.lastAt = name, next
		return next
	}
	at, ok := w.index()[fold(name)]
	if !ok {
		at = -1
	}
	w.lastName, w.lastAt = name, at
	return at
}

// index finds nodes by name. Nodes and pools mostly come in the same order, and then it
// is not needed.
func (w *world) index() map[string]int32 {
	if w.byName == nil {
		w.byName = make(map[string]int32, len(w.nodes))
		for i := range w.nodes {
			w.byName[fold(w.nodes[i].Name)] = int32(i)
		}
	}
	return w.byName
}

// prepare reads the rules and what is deployed, which must be sorted by node.
func (w *world) prepare(deployed []Replica) error {
	if err := w.prepareDifferent(); err != nil {
		return err
	}
	rules, err := parseRules("replicas_on_same", w.q.ReplicasOnSame)
	if err != nil {
		return err
	}
	for i := range deployed {
		w.seeReplica(&deployed[i])
	}
	for _, r := range rules {
		if r.HasValue {
			w.same = append(w.same, r)
			continue
		}
		if err := w.decideSame(r, deployed); err != nil {
			return err
		}
	}
	return nil
}

// seeReplica notes what a deployed replica means for new ones.
func (w *world) seeReplica(r *Replica) {
	i := w.find(r.Node)
	known := i >= 0
	if known {
		w.state[i].replica = r
	}
	if !r.Diskless && !r.Deleting || r.Leaving {
		mixes := w.q.AllowMixing && known && w.nodes[i].MixesKinds
		w.families &= familiesOf(r.Kind, mixes)
		for _, k := range r.FurtherKinds {
			w.families &= familiesOf(k, mixes)
		}
	}
	if !r.Diskless && !r.Deleting {
		if r.SharedSpace != "" {
			if w.sharedUsed == nil {
				w.sharedUsed = map[string]string{}
			}
			w.sharedUsed[r.SharedSpace] = r.Node
		}
		w.seeKind(string(r.Kind) + " on node " + r.Node)
		for _, k := range r.FurtherKinds {
			w.seeKind(string(k) + " on node " + r.Node)
		}
	}
	if known && w.binds(r) {
		for k := range w.keys {
			w.keys[k].used[w.keys[k].valueOf(w.nodes[i])]++
		}
	}
}

func (w *world) seeKind(text string) {
	if w.kinds != "" {
		w.kinds += ", "
	}
	w.kinds += text
}

// sortedPools gives the pools by node and name, as callers usually have them.
func sortedPools(pools []*Pool) []*Pool {
	if slices.IsSortedFunc(pools, comparePools) {
		return pools
	}
	return slices.SortedFunc(slices.Values(pools), comparePools)
}

func comparePools(a, b *Pool) int {
	if a.Node != b.Node {
		return compareNames(a.Node, b.Node)
	}
	return compareNames(a.Name, b.Name)
}

// sortedReplicas gives the replicas by node; copies, since callers keep theirs.
func sortedReplicas(deployed []Replica) []Replica {
	out := slices.Clone(deployed)
	slices.SortStableFunc(out, func(a, b Replica) int {
		if a.Node != b.Node {
			return compareNames(a.Node, b.Node)
		}
		return compareNames(a.Pool, b.Pool)
	})
	return out
}

func sortNames(names []string) { slices.SortFunc(names, compareNames) }
