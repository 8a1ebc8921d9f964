package drbd

import "fmt"

// vouch ends doubts about nodes that lag behind another one and may have writes of their
// own. They have none if a third node, with the very data of the one ahead, is known to
// have all that they have. So it is after a disk has failed under a node in use: the others
// note what that disk missed, and the notes look like writes of theirs.
func (d *doctor) vouch() {
	for _, p := range d.pairs {
		if p.bond != bondDoubt || len(p.behind) != 1 {
			continue
		}
		late, ahead := p.a, p.b
		if !p.behind[late.Node] {
			late, ahead = ahead, late
		}
		for _, q := range d.pairs {
			if third := q.other(late); third != ahead && q.bond == bondFollow && q.behind[late.Node] && len(q.behind) == 1 && d.same(third, ahead) {
				p.bond, p.voucher = bondFollow, fmt.Sprintf("%s, which has the same data as %s, has all that %s has", third.Node, ahead.Node, late.Node)
			}
		}
	}
}

// same tells whether two nodes have the same data of all volumes.
func (d *doctor) same(a, b *NodeFacts) bool {
	for _, p := range d.pairs {
		if p.a == a && p.b == b || p.a == b && p.b == a {
			return p.bond == bondSame && len(p.words) > 0
		}
	}
	return false
}
