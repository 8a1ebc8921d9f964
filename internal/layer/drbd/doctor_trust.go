package drbd

import (
	"fmt"
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

// last lets the user choose the one copy that is left, where DRBD calls it outdated: there
// is nobody any more from whom it could get what it may lack.
func (d *doctor) last() {
	n := d.lone()
	if n == nil {
		return
	}
	d.out.Choices = append(d.out.Choices, v1.DoctorChoice{Survivor: n.Node, Losers: []string{},
		Loss: fmt.Sprintf("%s has the last copy, and it is called up to date as it is. What was written without it, on copies that are gone, is lost with them; "+
			"if a backup is newer, that may be worth more.", n.Node),
		Command: fmt.Sprintf("holdfast doctor %s --survivor %s", d.facts.Resource, n.Node)})
}

// lone is the only node with a disk, if DRBD calls that outdated and uses it, and all others
// answer, are connected to it and do not use the volume; nil otherwise.
func (d *doctor) lone() *NodeFacts {
	var only *NodeFacts
	for i := range d.facts.Nodes {
		n := &d.facts.Nodes[i]
		if !n.Reachable || !n.Running || n.used() || !n.Diskless && only != nil {
			return nil
		}
		if !n.Diskless {
			only = n
		}
	}
	if only == nil || len(d.facts.Hidden) > 0 || slices.ContainsFunc(d.pairs, func(p *pair) bool { return p.of(only) && !p.connected() }) {
		return nil
	}
	outdated := false
	for _, v := range only.Volumes {
		if v.Disk != DiskOutdated && v.Disk != DiskUpToDate {
			return nil
		}
		outdated = outdated || v.Disk == DiskOutdated
	}
	if !outdated {
		return nil
	}
	return only
}
