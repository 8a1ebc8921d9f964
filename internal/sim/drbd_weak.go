package sim

// A node that has a primary node in its cluster, but no connection to one, does not get
// what is written there. The kernel calls it weak and outdates its disk as soon as the
// two-phase commit of a change tells it of that primary node: when it connects, when it
// loses a connection, and when another node becomes primary. Nobody needs to write first.
//
// Not modelled: a weak node is outdated as well when two others connect.

// outdateWeak outdates the disk of a node that has connected to others or lost them.
func (r *drbdRes) outdateWeak() {
	if r.role() == rolePrimary || r.seesPrimary() {
		return
	}
	for _, p := range r.cluster() {
		if p.role() == rolePrimary {
			r.outdate()
			return
		}
	}
}

// weaken outdates the disks of all nodes that hear of this primary one through others.
func (r *drbdRes) weaken() {
	for _, w := range r.cluster() {
		if w != r {
			w.outdateWeak()
		}
	}
}

// seesPrimary tells whether a node is connected to a primary one.
func (r *drbdRes) seesPrimary() bool {
	for _, l := range r.links {
		if l.peerRole() == rolePrimary {
			return true
		}
	}
	return false
}

// outdate outdates the disks of a node that would be usable.
func (r *drbdRes) outdate() {
	for _, v := range r.sortedVols() {
		if v.md != nil && (v.disk == diskUpToDate || v.disk == diskConsistent) {
			v.setDisk(diskOutdated)
		}
	}
}
