package drbd

import (
	"maps"
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// trust offers to call the data up to date where all copies are called outdated. That is
// DRBD's word for a node that could not see another one in use; where all of them are
// there, in nobody's use and have the same data, none can be newer.
func (d *doctor) trust() {
	var first, second *NodeFacts
	outdated := false
	for i := range d.facts.Nodes {
		n := &d.facts.Nodes[i]
		if !n.Reachable || !n.Running || n.used() {
			return
		}
		if n.Diskless {
			continue
		}
		switch {
		case first == nil:
			first = n
		case second == nil:
			second = n
		}
		for _, nr := range slices.Sorted(maps.Keys(n.Volumes)) {
			late := n.Volumes[nr].Disk == DiskOutdated
			if late && !d.alike(nr) || !late && n.Volumes[nr].Disk != DiskUpToDate {
				return
			}
			outdated = outdated || late
		}
	}
	if second == nil || !outdated || len(d.facts.Hidden) > 0 {
		return
	}
	d.out.SafeActions = append(d.out.SafeActions, v1.DoctorAction{Kind: v1.DoctorTrust, Node: first.Node, Peer: second.Node,
		Why: "all nodes with a disk answer, are connected and have the same data, and nobody uses it: newer data is nowhere"})
}

// alike tells whether two or more nodes have a disk of a volume, and all of them are
// connected, call it outdated and have the same data.
func (d *doctor) alike(nr int) bool {
	disks := 0
	for i := range d.facts.Nodes {
		n := &d.facts.Nodes[i]
		if n.Diskless {
			continue
		}
		if v, ok := n.Volumes[nr]; !ok || !n.Reachable || v.Disk != DiskOutdated {
			return false
		}
		disks++
	}
	for _, p := range d.pairs {
		if p.a.Diskless || p.b.Diskless {
			continue
		}
		if !p.connected() || p.bond != bondSame || len(p.words) == 0 || !still(p.a, p.b, nr) || !still(p.b, p.a, nr) {
			return false
		}
	}
	return disks > 1
}

// still tells whether a node has nothing to copy from a peer or to it.
func still(n, peer *NodeFacts, nr int) bool {
	v, ok := n.Links[peer.Node].Volumes[nr]
	return ok && v.Replication == "Established" && v.OutOfSyncKiB == 0
}
