package sim

// A node that has a primary node in its cluster, but no connection to one, does not get
// what is written there. The kernel calls it weak and outdates its disk as soon as the
// two-phase commit of a change tells it of that primary node: when a connection comes
// up, when one is lost, and when a node becomes primary. Nobody needs to write first.

// outdateWeak outdates the disks of the weak nodes that r reaches. A primary node that
// cannot read its own data weakens only r itself, where a connection has come up.
func (r *drbdRes) outdateWeak(connecting bool) {
	all := r.cluster()
	for _, w := range all {
		if w.role() == rolePrimary || w.seesPrimary() {
			continue
		}
		for _, p := range all {
			if p.role() == rolePrimary && (p.readable() || connecting && w == r) {
				w.outdate()
				break
			}
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

// readable tells whether a node reaches the data of all its volumes.
func (r *drbdRes) readable() bool {
	for _, v := range r.vols {
		if v.source() == nil {
			return false
		}
	}
	return true
}

// outdate outdates the disks of a node that would be usable.
func (r *drbdRes) outdate() {
	for _, v := range r.sortedVols() {
		if v.md != nil && (v.disk == diskUpToDate || v.disk == diskConsistent) {
			v.setDisk(diskOutdated)
		}
	}
}
