package drbd

import "fmt"

// diskInconsistent is the state of a disk whose resync has not ended.
const diskInconsistent = "Inconsistent"

// unfinished tells why joining two nodes is safe although their identifiers do not show
// it, and then lets one follow the other: its copy was being filled when the connection
// was cut off, and carries the mark of that resync. It has no data of its own, as long
// as all good copies agree on what it is to be filled with; a good copy beside these
// two has to vouch for that.
func (d *doctor) unfinished(p *pair) (why string) {
	if p.bond <= bondFollow {
		return ""
	}
	for _, way := range [][2]*NodeFacts{{p.a, p.b}, {p.b, p.a}} {
		if late, good := way[0], way[1]; d.isFilled(late, good) {
			p.bond = bondFollow
			p.behind[late.Node] = true
			p.words = []string{fmt.Sprintf("A resync of %s was cut off; %s has what it lacks.", late.Node, good.Node)}
			return fmt.Sprintf("the copy of %s is unfinished and has no writes of its own, and all good copies agree with the one of %s", late.Node, good.Node)
		}
	}
	return ""
}

func (d *doctor) isFilled(late, good *NodeFacts) bool {
	if late.used() || late.Diskless || good.Diskless || !late.Running || !good.Running || len(late.Volumes) == 0 {
		return false
	}
	for nr, v := range late.Volumes {
		if v.Disk == DiskUpToDate {
			// One that is whole may have writes of its own.
			return false
		}
		if v.Disk != diskInconsistent || good.Volumes[nr].Disk != DiskUpToDate || !d.agreed(nr, late, good) {
			return false
		}
	}
	return true
}

// agreed tells whether every other copy that may be good is of the same generation as
// that of a node. A node that does not answer may have anything.
func (d *doctor) agreed(nr int, late, good *NodeFacts) bool {
	want, known := currentOf(good, nr)
	witnesses := 0
	for i := range d.facts.Nodes {
		n := &d.facts.Nodes[i]
		if n == late || n == good || n.Diskless {
			continue
		}
		if !n.Reachable || !n.Running {
			return false
		}
		if n.Volumes[nr].Disk == diskInconsistent {
			continue
		}
		if have, ok := currentOf(n, nr); !ok || have != want || n.Volumes[nr].Disk != DiskUpToDate {
			return false
		}
		witnesses++
	}
	return known && witnesses > 0
}

// currentOf is the current identifier of a node's volume.
func currentOf(n *NodeFacts, nr int) (UUID, bool) {
	for _, gi := range n.Volumes[nr].GI {
		return gi.Current.plain(), gi.Current != 0
	}
	return 0, false
}
