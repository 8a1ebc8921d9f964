package sim

// disksIn tells which volumes have a disk in a state.
func (r *drbdRes) disksIn(state string) map[int]bool {
	out := map[int]bool{}
	for nr, v := range r.vols {
		out[nr] = v.md != nil && v.disk == state
	}
	return out
}

// newGeneration begins a generation of its own: all peers have what was there before.
func (v *drbdVol) newGeneration() {
	old := v.md.Current
	v.md.remember(old)
	for id := range v.md.Slots {
		if v.md.Bitmap[id] == 0 {
			v.md.Bitmap[id] = old
		}
	}
	v.md.Current = v.res.d.net.newUUID()
}

// forced is what a peer makes of a node that has become primary by force. DRBD 9.3.3
// begins a resync with one that has an outdated disk too, and does not tell it: they stand
// still until they connect anew.
func (l *drbdLink) forced(o *drbdLink, nr int, outdated bool) {
	w := o.res.vols[nr]
	if outdated && l.vols[nr] != nil && w != nil && w.md != nil && w.disk == diskOutdated {
		l.vols[nr].repl = replBitmapSource
		return
	}
	l.negotiate(o, nr)
}
