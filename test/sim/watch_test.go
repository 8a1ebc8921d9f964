package sim_test

import (
	"encoding/json"
	"strings"
	"sync"

	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/serve/controller"
)

// watcher looks at every revision of every controller.
type watcher struct {
	s  *simulation
	mu sync.Mutex
	// term counts the controllers; only the newest one may change anything.
	term int
	last *model.World
	// asked counts the commands by the controller that they went to, until they are
	// answered. One without an answer may be carried out as long as its controller runs.
	asked map[int]int
	// doomed are the volumes whose deletion was ordered at some time.
	doomed map[string]bool
	// lost are the volumes that were forgotten with their node.
	lost map[string]bool
}

func newWatcher(s *simulation) *watcher {
	return &watcher{s: s, asked: map[int]int{}, doomed: map[string]bool{}, lost: map[string]bool{}}
}

// started is called with every new controller before it runs.
func (w *watcher) started(c *controller.Controller) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := c.Engine().World()
	w.s.journal.note("a controller starts at revision %d, epoch %d", now.Rev, c.Engine().Epoch())
	if bad := c.Engine().Bad(); len(bad) > 0 {
		w.s.fail("stored objects cannot be read: %v", bad)
	}
	w.s.recount(now)
	if w.last != nil {
		switch {
		case now.Rev < w.last.Rev:
			w.s.fail("revision %d was seen, after the restart it is %d", w.last.Rev, now.Rev)
		case now.Rev == w.last.Rev && durable(now) != durable(w.last):
			w.s.fail("revision %d is another one after the restart:\n%s\n%s", now.Rev, durable(w.last), durable(now))
		}
		w.step(w.last, now, true)
	}
	w.term++
	term := w.term
	w.last = now
	c.Engine().Listen(func(_, now *model.World, t model.Touched) { w.notice(term, now, t) })
}

func (w *watcher) notice(term int, now *model.World, t model.Touched) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if term != w.term {
		if now.Rev > w.last.Rev {
			w.s.fail("a controller that was replaced has made revision %d", now.Rev)
		}
		return
	}
	if now.Rev != w.last.Rev {
		w.s.counts.inc("revisions", 1)
	}
	w.s.recount(now)
	if w.s.replicated && now.Rev != w.last.Rev {
		w.s.checkNumbers(now)
		if w.asked[term] == 0 {
			w.s.checkGrowth(w.last, now)
		}
	}
	w.step(w.last, now, t.All)
	w.last = now
}

// asks notes a command to the present controller; what it gives back notes the answer.
func (w *watcher) asks() (answered func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	term := w.term
	w.asked[term]++
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.asked[term]--
	}
}

// step checks what has gone from one world to the next; several changes may lie
// between them when coarse.
func (w *watcher) step(old, now *model.World, coarse bool) {
	for r := range old.Resources.All {
		node, there := now.Nodes.Get(r.Node)
		was, _ := old.Nodes.Get(r.Node)
		forgotten := !there || was != nil && was.UUID != node.UUID
		next, ok := now.Resources.Get(r.Definition, r.Node)
		if ok && next.UUID != r.UUID {
			ok = false
		}
		for _, v := range r.Volumes {
			if ok {
				if _, still := next.Volume(v.Number); still {
					continue
				}
			}
			switch {
			case forgotten:
				w.lost[v.UUID] = true
			case !w.doomed[v.UUID] && !coarse:
				w.s.fail("volume %d of %s on %s has vanished from the state without a deletion", v.Number, r.Definition, r.Node)
			}
		}
	}
	for r := range now.Resources.All {
		d, ok := now.Definitions.Get(r.Definition)
		if !ok {
			w.s.fail("replica of %s on %s has no definition", r.Definition, r.Node)
			continue
		}
		if _, ok := now.Nodes.Get(r.Node); !ok {
			w.s.fail("replica of %s is on node %s, which is not there", r.Definition, r.Node)
		}
		for _, v := range r.Volumes {
			vd, ok := d.Volume(v.Number)
			if !ok {
				w.s.fail("volume %d of %s on %s has no definition", v.Number, r.Definition, r.Node)
			}
			if r.Deleting != nil || vd.Deleting != nil {
				w.doomed[v.UUID] = true
			}
			if _, ok := now.Pools.Get(r.Node, v.Pool); !ok {
				w.s.fail("volume %d of %s on %s is in pool %s, which is not there", v.Number, r.Definition, r.Node, v.Pool)
			}
		}
		if st, ok := now.ResourceStatus.Get(r.Definition, r.Node); ok && r.Deleting == nil &&
			st.Progress == model.ProgressGone && st.Fingerprint == desired.Resource(now, r).Fingerprint {
			w.s.fail("replica of %s on %s is reported gone, but it is wanted", r.Definition, r.Node)
		}
	}
}

func (w *watcher) isDoomed(uuid string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.doomed[uuid] || w.lost[uuid]
}

// world is the newest state that was seen, also while no controller runs.
func (w *watcher) world() *model.World {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

func (w *watcher) isLost(uuid string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost[uuid]
}

// durable writes out the durable half of a world.
func durable(w *model.World) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	dump(enc, w.Controllers)
	dump(enc, w.Nodes)
	dump(enc, w.PoolDefinitions)
	dump(enc, w.Pools)
	dump(enc, w.Groups)
	dump(enc, w.Definitions)
	dump(enc, w.Resources)
	dump(enc, w.NodeConns)
	dump(enc, w.ResourceConns)
	dump(enc, w.KeyValueStores)
	return b.String()
}

func dump[T any](enc *json.Encoder, t model.Table[T]) {
	for v := range t.All {
		must(enc.Encode(v))
	}
}

// recount compares the tallies and indexes of a world with a count from scratch.
func (s *simulation) recount(w *model.World) {
	count, on, in := map[string]int{}, map[string]int{}, map[string]int{}
	tallies := map[string]model.Tally{}
	for r := range w.Resources.All {
		n := model.Key(r.Node)
		count[n]++
		pools := map[string]bool{}
		d, _ := w.Definitions.Get(r.Definition)
		st, _ := w.ResourceStatus.Get(r.Definition, r.Node)
		for _, v := range r.Volumes {
			k := model.Key(r.Node, v.Pool)
			pools[k] = true
			if d == nil {
				continue
			}
			vd, ok := d.Volume(v.Number)
			if !ok {
				continue
			}
			t := tallies[k]
			size := model.StorageKiB(&vd, r, &v)
			t.ReservedKiB += size
			if vs, ok := st.Volume(v.Number); ok {
				t.PresentKiB += min(size, vs.StorageKiB())
			}
			tallies[k] = t
		}
		for k := range pools {
			in[k]++
		}
	}
	for n := range w.Nodes.All {
		for range w.ResourcesOn(n.Name) {
			on[model.Key(n.Name)]++
		}
		k := model.Key(n.Name)
		if got := w.ResourceCount(n.Name); got != count[k] || on[k] != count[k] {
			s.fail("revision %d: node %s holds %d replicas; counted %d, indexed %d", w.Rev, n.Name, count[k], got, on[k])
		}
	}
	for p := range w.Pools.All {
		k, n := model.Key(p.Node, p.Name), 0
		for range w.ResourcesIn(p.Node, p.Name) {
			n++
		}
		if got := w.PoolTally(p.Node, p.Name); got != tallies[k] || n != in[k] {
			s.fail("revision %d: pool %s/%s: tally %+v, want %+v; %d replicas, want %d", w.Rev, p.Node, p.Name, got, tallies[k], n, in[k])
		}
	}
	groups := map[string]int{}
	for d := range w.Definitions.All {
		groups[model.Key(d.Group)]++
	}
	for g := range w.Groups.All {
		n := 0
		for range w.DefinitionsOf(g.Name) {
			n++
		}
		if n != groups[model.Key(g.Name)] {
			s.fail("revision %d: group %s has %d definitions, indexed %d", w.Rev, g.Name, groups[model.Key(g.Name)], n)
		}
	}
}
