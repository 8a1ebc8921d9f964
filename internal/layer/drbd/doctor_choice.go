package drbd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// choices offers to keep one side where data has diverged.
func (d *doctor) choices() {
	if !slices.ContainsFunc(d.pairs, func(p *pair) bool { return p.conflict() }) {
		return
	}
	var able []*NodeFacts
	for i := range d.facts.Nodes {
		if n := &d.facts.Nodes[i]; d.survives(n) {
			able = append(able, n)
		}
	}
	// A node in use is offered before others with the same data.
	slices.SortStableFunc(able, func(a, b *NodeFacts) int { return -cmp.Compare(score(a), score(b)) })
	for _, n := range able {
		if slices.ContainsFunc(d.out.Choices, func(c v1.DoctorChoice) bool { return slices.Contains(c.SameData, n.Node) }) {
			continue
		}
		if c := d.choice(n); len(c.Losers) > 0 {
			d.out.Choices = append(d.out.Choices, c)
		}
	}
	slices.SortFunc(d.out.Choices, func(a, b v1.DoctorChoice) int { return cmp.Compare(a.Survivor, b.Survivor) })
}

func score(n *NodeFacts) int {
	if n.used() {
		return 1
	}
	return 0
}

// conflict tells that DRBD cannot join the two because of their data, and that giving
// up one side's would let it.
func (p *pair) conflict() bool {
	return p.standAlone() && p.a.Running && p.b.Running && (p.bond == bondSplit || p.bond == bondDoubt)
}

func (p *pair) of(n *NodeFacts) bool { return p.a == n || p.b == n }

func (p *pair) other(n *NodeFacts) *NodeFacts {
	if p.a == n {
		return p.b
	}
	return p.a
}

// survives tells whether the data of a node may be kept: it is good, and no other
// node that answers has all of it and more, nor data that has nothing to do with it.
func (d *doctor) survives(n *NodeFacts) bool {
	if n.Diskless || !n.Reachable || !n.Running || len(n.Volumes) == 0 {
		return false
	}
	for _, v := range n.Volumes {
		if v.Disk == "Inconsistent" || v.Disk == DiskDiskless || v.Disk == "Failed" {
			return false
		}
	}
	party := false
	for _, p := range d.pairs {
		if !p.of(n) {
			continue
		}
		if p.behind[n.Node] && p.bond != bondSplit {
			return false
		}
		party = party || p.conflict()
	}
	return party
}

func (d *doctor) choice(n *NodeFacts) v1.DoctorChoice {
	c := v1.DoctorChoice{Survivor: n.Node, Losers: []string{}}
	var lost []string
	for _, p := range d.pairs {
		if !p.of(n) {
			continue
		}
		other := p.other(n)
		switch {
		case p.conflict():
			c.Losers = append(c.Losers, other.Node)
			if other.used() {
				c.InUse = append(c.InUse, other.Node)
			}
			if other.NoSnapshot != "" {
				c.NoSnapshot = append(c.NoSnapshot, "Of "+other.Node+" no snapshot can be taken: "+other.NoSnapshot+".")
			}
			lost = append(lost, loss(other, n))
		case p.bond == bondSame && len(p.words) > 0:
			c.SameData = append(c.SameData, other.Node)
		}
	}
	c.Loss = strings.Join(lost, " ")
	c.Command = fmt.Sprintf("holdfast doctor %s --survivor %s", d.facts.Resource, n.Node)
	if len(c.NoSnapshot) > 0 {
		c.Command += " --without-snapshot"
	}
	return c
}

// loss says what a node gives up towards the survivor.
func loss(n, survivor *NodeFacts) string {
	words := fmt.Sprintf("%s gives up everything that was written on it without %s.", n.Node, survivor.Node)
	switch m := marked(n, survivor); {
	case m == nil:
		words += " How much that is, it does not tell."
	case *m == 0:
		words += " As far as its bitmap tells, that is nothing."
	default:
		words += fmt.Sprintf(" That is up to %d KiB.", *m)
	}
	if n.used() {
		words += fmt.Sprintf(" Stop using it on %s first.", n.Node)
	}
	return words
}
