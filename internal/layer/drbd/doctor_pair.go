package drbd

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// bond is how the data of two nodes relates, over all their volumes.
type bond int

// Bonds; a higher one of one volume counts for all.
const (
	bondSame bond = iota
	// bondFollow: where they differ, one has all that the other has, and the other has
	// no writes of its own.
	bondFollow
	// bondDoubt: as bondFollow, but the other may have writes of its own.
	bondDoubt
	bondSplit
	bondUnrelated
	// bondUnknown: the identifiers of a node could not be read.
	bondUnknown
)

// pair are two nodes that DRBD shall connect, both of which answer.
type pair struct {
	a, b *NodeFacts
	bond bond
	// behind has the nodes that would get data from the other one.
	behind map[string]bool
	words  []string
	// voucher says who tells that the one behind has no writes of its own; see vouch.
	voucher string
}

// meet looks at two nodes; ok is false where they have no business with each other.
func meet(a, b *NodeFacts) (*pair, bool) {
	if !a.Reachable || !b.Reachable || a.Diskless && b.Diskless || !a.Running && !b.Running {
		return nil, false
	}
	p := &pair{a: a, b: b, behind: map[string]bool{}}
	if a.Diskless || b.Diskless {
		return p, true
	}
	for _, nr := range slices.Sorted(maps.Keys(a.Volumes)) {
		if _, both := b.Volumes[nr]; both {
			p.compare(nr)
		}
	}
	return p, true
}

// compare adds one volume to the bond.
func (p *pair) compare(nr int) {
	x, known := chain(p.a, p.b, nr)
	y, too := chain(p.b, p.a, nr)
	if !known || !too {
		p.bond = bondUnknown
		p.words = append(p.words, fmt.Sprintf("The generation identifiers of volume %d could not be read on both of them.", nr))
		return
	}
	c := Compare(Replica{p.a.Node, x}, Replica{p.b.Node, y})
	now := bondSame
	switch c.Relation {
	case RelationAhead, RelationNew:
		now = bondFollow
		late, gi := p.b, y
		if c.Ahead == p.b.Node {
			late, gi = p.a, x
		}
		never := gi.Current.plain() == JustCreated && late.Volumes[nr].Disk != DiskUpToDate
		if c.Ahead != "" {
			p.behind[late.Node] = true
		}
		// A bitmap towards the peer is begun with the first write without it.
		if !never && (gi.Bitmap.plain() != 0 || c.Ahead != "" && gi.Current.plain() == JustCreated) {
			now = bondDoubt
		}
	case RelationSplitBrain:
		now = bondSplit
	case RelationUnrelated:
		now = bondUnrelated
	}
	p.bond = max(p.bond, now)
	p.words = append(p.words, fmt.Sprintf("Volume %d: %s (generation on %s: %s; on %s: %s)", nr, strings.TrimSuffix(c.Words, "."),
		p.a.Node, x.Current.plain(), p.b.Node, y.Current.plain()))
}

// chain are the identifiers of a node towards another, with the generations that the
// node has parted from third nodes at: it has those too. A disk in use without a current
// one is as new to DRBD: it takes that from a node without a disk that uses a volume which
// was just added.
func chain(n, peer *NodeFacts, nr int) (GI, bool) {
	all := n.Volumes[nr].GI
	gi, ok := all[peer.Node]
	gi.History = slices.Clone(gi.History)
	for _, other := range slices.Sorted(maps.Keys(all)) {
		if u := all[other].Bitmap; other != peer.Node && u.plain() != 0 && u.plain() != JustCreated {
			gi.History = append(gi.History, u)
		}
	}
	inUse := []string{DiskUpToDate, DiskOutdated, "Consistent", "Inconsistent"}
	if ok && gi.Current == 0 && slices.Contains(inUse, n.Volumes[nr].Disk) {
		gi.Current = JustCreated
	}
	return gi, ok && gi.Current != 0
}

// standAlone tells that one end has cut off the connection.
func (p *pair) standAlone() bool {
	return p.a.Links[p.b.Node].State == StandAlone || p.b.Links[p.a.Node].State == StandAlone
}

func (p *pair) connected() bool {
	return p.a.Links[p.b.Node].State == Connected && p.b.Links[p.a.Node].State == Connected
}

func (p *pair) names() []string { return []string{p.a.Node, p.b.Node} }

// since is when the first end was seen StandAlone.
func (p *pair) since() int64 {
	first := time.Time{}
	for _, t := range []time.Time{p.a.Links[p.b.Node].Since, p.b.Links[p.a.Node].Since} {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	if first.IsZero() {
		return 0
	}
	return first.UnixMilli()
}

// outOfSync is what the two have marked as different. Each end marks what was written
// on its own side, so what differs is at most the sum.
func (p *pair) outOfSync() *int64 {
	a, b := marked(p.a, p.b), marked(p.b, p.a)
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	sum := *a + *b
	return &sum
}

// marked is what a node has marked as different from a peer; nil where it does not tell.
func marked(n, peer *NodeFacts) *int64 {
	l, ok := n.Links[peer.Node]
	if !ok || n.Diskless || len(l.Volumes) == 0 {
		return nil
	}
	var sum int64
	for _, v := range l.Volumes {
		sum += v.OutOfSyncKiB
	}
	return &sum
}

// kept says which of the two Holdfast keeps from the other, and why.
func (p *pair) kept() string {
	var out strings.Builder
	for _, n := range []*NodeFacts{p.a, p.b} {
		if why := n.Links[p.other(n).Node].Kept; why != "" {
			fmt.Fprintf(&out, " Holdfast keeps %s from %s: %s", n.Node, p.other(n).Node, why)
		}
	}
	return out.String()
}

// pair tells what is wrong between two nodes, and whether joining them is safe.
func (d *doctor) pair(p *pair) {
	alone := p.standAlone()
	if !alone && (p.connected() || !p.a.Running || !p.b.Running) {
		return
	}
	f := v1.DoctorFinding{Nodes: p.names(), Since: p.since(), OutOfSyncKiB: p.outOfSync()}
	head := fmt.Sprintf("%s and %s are not connected (%s).", p.a.Node, p.b.Node, p.states())
	if alone {
		head = fmt.Sprintf("The connection of %s and %s is cut off (%s).", p.a.Node, p.b.Node, p.states())
	}
	unfinished := d.unfinished(p)
	switch p.bond {
	case bondSplit:
		f.Kind = v1.DoctorSplitBrain
	case bondUnrelated:
		f.Kind = v1.DoctorUnrelated
		head += " Delete one of the two replicas and create it again; it then gets all data from the others."
	case bondDoubt:
		f.Kind = v1.DoctorDoubtful
		head += " The node with the older data may have writes of its own."
	default:
		f.Kind = v1.DoctorDisconnected
		if alone {
			f.Kind = v1.DoctorStandAlone
		} else if kept := p.kept(); kept != "" {
			head += kept
		} else {
			head += " DRBD keeps trying; look at the network between them."
		}
	}
	obstacle, why := p.safe()
	if unfinished != "" {
		obstacle, why = "", unfinished
	}
	if alone && obstacle != "" {
		head += " " + obstacle
	}
	if n := p.client(); alone && n != nil && n.used() {
		head += fmt.Sprintf(" %s has no disk and is in use: if it has seen newer data than %s has, DRBD keeps them apart until that ends.", n.Node, p.other(n).Node)
	}
	if n := p.client(); alone && n != nil && len(d.facts.Hidden) > 0 {
		head += fmt.Sprintf(" If %s has seen newer data than %s has, that may be on %s, whose replica is inactive or being deleted: activate it, or wait until it is gone.",
			n.Node, p.other(n).Node, and(d.facts.Hidden))
	}
	f.Words = strings.Join(append([]string{head}, p.words...), " ")
	d.find(f)
	switch n := d.stranded(p); {
	case !alone || why == "":
	case n != nil:
		d.out.SafeActions = append(d.out.SafeActions, v1.DoctorAction{Kind: v1.DoctorRestart, Node: n.Node, Peer: p.other(n).Node,
			Why: fmt.Sprintf("%s has no disk and is not in use, and all nodes with a disk answer: newer data that it may have seen is nowhere any more", n.Node)})
	default:
		d.out.SafeActions = append(d.out.SafeActions, v1.DoctorAction{Kind: v1.DoctorReconnect, Node: p.a.Node, Peer: p.b.Node, Why: why})
	}
}

// stranded is a node without a disk that is connected to no disk, and may keep away from
// this one because it has seen newer data: nil for none, or where that data may yet be
// found. DRBD forgets what an unused node has seen when the resource begins anew there.
func (d *doctor) stranded(p *pair) *NodeFacts {
	n := p.client()
	if n == nil || n.used() || len(d.facts.Hidden) > 0 {
		return nil
	}
	disk := p.other(n)
	if !d.leadsAll(disk) || slices.ContainsFunc(d.facts.Nodes, func(o NodeFacts) bool { return !o.Diskless && n.Links[o.Node].State == Connected }) {
		return nil
	}
	return n
}

// leadsAll tells whether all nodes with a disk answer and use it, and one of them has all
// data that any of them has.
func (d *doctor) leadsAll(n *NodeFacts) bool {
	for i := range d.facts.Nodes {
		o := &d.facts.Nodes[i]
		if !o.Diskless && (!o.Reachable || !o.Running || !o.attached() || o != n && !leads(n, o)) {
			return false
		}
	}
	return true
}

// client is the node of the two that has no disk; nil for none.
func (p *pair) client() *NodeFacts {
	for _, n := range []*NodeFacts{p.a, p.b} {
		if n.Diskless {
			return n
		}
	}
	return nil
}

// leads tells whether a node has all data that another one has.
func leads(n, other *NodeFacts) bool {
	p, ok := meet(n, other)
	return ok && (p.bond == bondSame || p.bond == bondFollow && !p.behind[n.Node])
}

// attached tells whether DRBD uses all disks of a node.
func (n *NodeFacts) attached() bool {
	for _, v := range n.Volumes {
		if v.Disk == DiskDiskless || v.Disk == diskFailed {
			return false
		}
	}
	return len(n.Volumes) > 0
}

func (p *pair) states() string {
	end := func(n, peer *NodeFacts) string {
		return n.Node + " says " + firstOf(n.Links[peer.Node].State, "nothing about it")
	}
	return end(p.a, p.b) + ", " + end(p.b, p.a)
}

// safe tells why joining the two loses nothing, or what is in the way. Joining them
// never discards anything by itself: DRBD compares the identifiers anew.
func (p *pair) safe() (obstacle, why string) {
	if !p.a.Running || !p.b.Running {
		return "They can be joined once DRBD runs the resource on both.", ""
	}
	if p.a.used() && p.b.used() && !p.a.Diskless && !p.b.Diskless {
		return "Both are in use, so DRBD does not join them; stop using the resource on one of them.", ""
	}
	for _, n := range []*NodeFacts{p.a, p.b} {
		if p.behind[n.Node] && n.used() {
			return fmt.Sprintf("%s is in use with older data, and cannot take newer data until that ends.", n.Node), ""
		}
	}
	switch {
	case p.a.Diskless || p.b.Diskless:
		return "", "one of them has no disk, so no data can have diverged between them"
	case p.bond == bondSame && len(p.words) > 0:
		return "", "both have the same data generation, so neither has writes that the other lacks"
	case p.bond == bondFollow && len(p.behind) == 0:
		return "", "neither has ever had data"
	case p.bond == bondFollow:
		late := and(slices.Sorted(maps.Keys(p.behind)))
		return "", fmt.Sprintf("the generation of %s is in the past of its peer's, and %s: it has no writes of its own", late, firstOf(p.voucher, late+" has begun no own one since"))
	}
	return "", ""
}
