package drbd

import (
	"fmt"
	"maps"
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// distrust finds nodes without a disk that have seen another generation of the data than
// their peers have, and so can read nothing, although a peer's disk is up to date: DRBD
// compares the two when nodes connect, and not when a disk is attached later.
func (d *doctor) distrust() {
	for i := range d.facts.Nodes {
		n := &d.facts.Nodes[i]
		nr, disk := d.distrusted(n)
		if disk == nil {
			continue
		}
		d.find(v1.DoctorFinding{Kind: v1.DoctorDistrust, Nodes: []string{n.Node}, Words: fmt.Sprintf(
			"%s has no disk and does not take volume %d on %s for good, because it has seen other data.", n.Node, nr, disk.Node)})
		if n.used() || len(d.facts.Hidden) > 0 || !d.leadsAll(disk) {
			continue
		}
		d.out.SafeActions = append(d.out.SafeActions, v1.DoctorAction{Kind: v1.DoctorRestart, Node: n.Node, Peer: disk.Node,
			Why: fmt.Sprintf("%s has no disk and is not in use, and all nodes with a disk answer: newer data that it may have seen is nowhere any more", n.Node)})
	}
}

// distrusted is a volume that a node without a disk takes from none of its peers, and one
// of them that has it up to date; nil for none.
func (d *doctor) distrusted(n *NodeFacts) (int, *NodeFacts) {
	if !n.Diskless || !n.Reachable || !n.Running {
		return 0, nil
	}
	for _, nr := range slices.Sorted(maps.Keys(n.Volumes)) {
		var good *NodeFacts
		trusted := false
		for i := range d.facts.Nodes {
			o := &d.facts.Nodes[i]
			l := n.Links[o.Node]
			seen := l.Volumes[nr].Disk
			if o.Diskless || l.State != Connected || seen == "" {
				continue
			}
			trusted = trusted || seen == DiskUpToDate
			if good == nil && o.Volumes[nr].Disk == DiskUpToDate {
				good = o
			}
		}
		if good != nil && !trusted {
			return nr, good
		}
	}
	return 0, nil
}
