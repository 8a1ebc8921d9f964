package sim

// diskNegotiating is a disk that waits for the peers' answers.
const diskNegotiating = "Negotiating"

// StallAttach makes the next disk that is attached while a peer with a disk is
// connected miss that peer's answer, as the real DRBD does when it comes too early: the
// disk stays Negotiating until a connection is lost.
func (d *DRBD) StallAttach() { d.net.change(func() { d.stall = true }) }

// stallNow lets the attaching of a disk stall.
func (v *drbdVol) stallNow() bool {
	d := v.res.d
	for _, l := range v.res.sortedLinks() {
		if disk := l.peerDisk(v.nr); d.stall && l.state == linkConnected && disk != diskUnknown && disk != diskDiskless {
			d.stall, v.stalled, v.disk = false, true, diskNegotiating
			d.m.changed()
			return true
		}
	}
	return false
}

// unstall goes on after a connection was lost.
func (r *drbdRes) unstall() {
	for _, v := range r.sortedVols() {
		if !v.stalled {
			continue
		}
		v.stalled = false
		if v.md != nil {
			v.setDisk(v.diskOf(v.md))
			v.join()
		}
	}
}
