package place

import (
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// judge runs a pool of the wanted class through the filters, in the order that users
// know, and gives the first reason against it; an empty code means that the pool is a
// candidate.
func (w *world) judge(p *Pool) (int32, why) {
	i := w.find(p.Node)
	if i < 0 {
		return -1, why{code: CodeUnknownNode}
	}
	n, s := w.nodes[i], w.check(i)
	if !n.Online {
		return i, why{code: CodeOffline, found: n.WhyOffline}
	}
	if !p.Diskless && w.q.MinIOSizeBytes > 0 && minIO(p) > w.q.MinIOSizeBytes {
		return i, why{code: CodeMinIOSize, want: w.q.MinIOSizeBytes, have: minIO(p)}
	}
	if s.placing != nil {
		return i, *s.placing
	}
	switch {
	case p.NoAutoplace:
		return i, why{code: CodeAutoplaceTarget, subject: "storage pool"}
	case n.NoAutoplace && !w.q.ByHand:
		return i, why{code: CodeAutoplaceTarget, subject: "node or the controller"}
	case s.layers != nil:
		return i, *s.layers
	case !p.Diskless && !n.Providers[p.Kind]:
		return i, why{code: CodeProvider, subject: string(p.Kind), found: n.UnsupportedWhy[string(p.Kind)]}
	case s.others != nil:
		return i, *s.others
	}
	return i, w.judgeStorage(p)
}

// judgeStorage runs the filters that look at the pool alone.
func (w *world) judgeStorage(p *Pool) why {
	if p.Diskless {
		if len(w.q.DisklessPools) > 0 && !containsName(w.q.DisklessPools, p.Name) {
			return why{code: CodePoolNotListed, subject: strings.Join(w.q.DisklessPools, ", ")}
		}
		return why{}
	}
	if y := w.judgeCapacity(p); y.code != "" {
		return y
	}
	if len(w.q.StoragePools) > 0 && !containsName(w.q.StoragePools, p.Name) {
		return why{code: CodePoolNotListed, subject: strings.Join(w.q.StoragePools, ", ")}
	}
	if len(w.q.Providers) > 0 && !slices.Contains(w.q.Providers, p.Kind) {
		return why{code: CodeKindNotListed, subject: string(p.Kind)}
	}
	if p.SharedSpace != "" {
		if node, used := w.sharedUsed[p.SharedSpace]; used {
			return why{code: CodeSharedSpace, subject: p.SharedSpace, found: node}
		}
	}
	if w.familiesOf(p)&w.families == 0 {
		return why{code: CodeMixing, subject: string(p.Kind), found: w.kinds}
	}
	return why{}
}

func (w *world) judgeCapacity(p *Pool) why {
	if !p.CapacityKnown {
		if w.needKiB > 0 {
			return why{code: CodeNoCapacity}
		}
		return why{}
	}
	if have := UsableKiB(p); have < w.needKiB {
		return why{code: CodeSpace, want: w.needKiB, have: have}
	}
	if floor := p.MinThinFree.floorKiB(p.TotalKiB); p.Thin && p.FreeKiB < floor {
		return why{code: CodeThinFree, want: floor, have: p.FreeKiB}
	}
	return why{}
}

// familiesOf is familiesOf with the query's and the node's view on mixing.
func (w *world) familiesOf(p *Pool) families {
	mixed := false
	if w.q.AllowMixing {
		i := w.find(p.Node)
		mixed = i >= 0 && w.nodes[i].MixesKinds
	}
	return familiesOf(p.Kind, mixed)
}

// check judges a node, once.
func (w *world) check(i int32) *nodeState {
	s := &w.state[i]
	if s.traits != nil {
		return s
	}
	n := w.nodes[i]
	s.traits = &w.plain
	if len(w.keys)+len(w.sameOpen) > 0 {
		s.traits = &traits{}
	}
	if len(w.keys) > 0 {
		s.values = make([]int32, len(w.keys))
		for k := range w.keys {
			s.values[k] = w.keys[k].valueOf(n)
		}
	}
	s.placing, s.layers = against(w.judgePlacing(n, s)), against(w.judgeLayers(n))
	// Resources may be many: ask for them only if the answer can matter.
	if n.Online && s.placing == nil && s.layers == nil {
		s.others = against(w.judgeOthers(n, s))
	}
	for _, key := range w.sameOpen {
		// Lengths keep values apart whatever they contain.
		v := n.Props[key]
		s.same += strconv.Itoa(len(v)) + ":" + v
	}
	return s
}

// against keeps a reason; most nodes have none, and take no memory for it.
func against(y why) *why {
	if y.code == "" {
		return nil
	}
	kept := y
	return &kept
}

// judgePlacing runs the filters on where a node is and whether it may be used.
func (w *world) judgePlacing(n *Node, s *nodeState) why {
	switch {
	case n.Deleting:
		return why{code: CodeDeleting}
	case n.Evacuating:
		return why{code: CodeEvacuating}
	case n.Evicted:
		return why{code: CodeEvicted}
	case w.listed != nil && !w.listed[fold(n.Name)]:
		return why{code: CodeNotListed, subject: strings.Join(w.q.NodeNames, ", ")}
	}
	for _, r := range w.same {
		if v, ok := n.Props[r.Key]; !ok || v != r.Value {
			return why{code: CodeSame, subject: r.String(), found: propText(r.Key, v, ok)}
		}
	}
	for _, key := range w.sameOpen {
		if _, ok := n.Props[key]; !ok {
			return why{code: CodeSame, subject: key, found: propText(key, "", false)}
		}
	}
	for _, r := range w.forbidden {
		if v, ok := n.Props[r.Key]; ok && v == r.Value {
			return why{code: CodeForbiddenValue, subject: r.String()}
		}
	}
	for k := range w.keys {
		d := &w.keys[k]
		if used := d.used[s.values[k]]; used >= d.limit && w.occupant(s) == "" {
			v, ok := n.Props[d.key]
			return why{code: CodeDifferent, subject: d.key, found: propText(d.key, v, ok),
				want: int64(d.limit), have: int64(used)}
		}
	}
	return why{}
}

func propText(key, value string, ok bool) string {
	if !ok {
		return "no property " + key
	}
	return key + "=" + value
}

// judgeLayers finds a layer that the node does not support.
func (w *world) judgeLayers(n *Node) why {
	for _, l := range neededLayers(w.q) {
		if !n.Layers[l] {
			return why{code: CodeLayer, subject: string(l), found: n.UnsupportedWhy[string(l)]}
		}
	}
	return why{}
}

// neededLayers gives the part of the stack that runs on the node: for an NVMe target
// what is below the network, for an initiator what is above it, and for a replica
// without disk only what does without one.
func neededLayers(q *Query) []v1.LayerType {
	stack := q.LayerStack
	at := slices.Index(stack, v1.LayerTypeNvme)
	switch {
	case !q.Diskless && at >= 0:
		return stack[at:]
	case q.Diskless && at >= 0:
		return stack[:at+1]
	case q.Diskless:
		return stack[:slices.Index(stack, v1.LayerTypeDrbd)+1]
	}
	return stack
}

// judgeOthers runs the filters on what else is on the node.
func (w *world) judgeOthers(n *Node, s *nodeState) why {
	if kind := w.occupant(s); kind != "" {
		return why{code: CodeDeployed, subject: kind}
	}
	if name, ok := w.avoided(n); ok {
		return why{code: CodeNotWith, subject: name}
	}
	if reason, ok := w.q.Veto[n.Name]; ok {
		return why{code: CodeVeto, found: reason}
	}
	return why{}
}

// occupant says what replica on the node leaves no room for another, if any. One
// without disk may get a disk, and a tiebreaker may become an ordinary replica.
func (w *world) occupant(s *nodeState) string {
	r := s.replica
	switch {
	case r == nil:
		return ""
	case r.Deleting:
		return "deleting"
	case !r.Diskless:
		return "diskful"
	case w.q.Diskless && !r.Tiebreaker:
		return "diskless"
	}
	return ""
}

// avoided finds a resource on the node that the new one must keep away from. The
// resource itself is no such: a replica without disk may get one.
func (w *world) avoided(n *Node) (string, bool) {
	for _, name := range w.q.NotWith {
		if strings.EqualFold(name, w.q.Resource) || !w.q.has(n.Name, name) {
			continue
		}
		return name, true
	}
	if w.q.NotWithRegex == nil || w.q.Resources == nil {
		return "", false
	}
	first, found := "", false
	for name := range w.q.Resources(n.Name) {
		if strings.EqualFold(name, w.q.Resource) || !w.q.NotWithRegex.MatchString(name) {
			continue
		}
		// The answer must not depend on the order of the resources.
		if !found || compareNames(name, first) < 0 {
			first, found = name, true
		}
	}
	return first, found
}

func (q *Query) has(node, resource string) bool {
	switch {
	case q.HasResource != nil:
		return q.HasResource(node, resource)
	case q.Resources != nil:
		for r := range q.Resources(node) {
			if strings.EqualFold(r, resource) {
				return true
			}
		}
	}
	return false
}

func minIO(p *Pool) int64 {
	if p.MinIOSizeBytes <= 0 {
		return 512
	}
	return p.MinIOSizeBytes
}
