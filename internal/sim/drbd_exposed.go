package sim

import (
	"maps"
	"slices"
)

// A volume remembers in the kernel which generation of the data its users have seen,
// also while it has no disk, and takes data of no other one: a primary node without a
// disk must not read older data than it has written. Nothing but the volume's end
// makes the kernel forget it: neither a change of role nor the loss of all peers.

// expose notes the generation that users see from now on.
func (v *drbdVol) expose(u uint64) {
	if u != drbdJustCreated {
		v.exposed = u &^ 1
	}
}

// current is the generation of a disk.
func (v *drbdVol) current() uint64 { return v.md.Current &^ 1 }

// doubts tells whether this node, without a disk, does not trust a peer that calls its
// disk up to date, as that has data of another generation than users have seen here. A
// peer that was trusted once is followed as long as it stays up to date.
func (l *drbdLink) doubts(nr int, w *drbdVol) bool {
	v, p := l.res.vols[nr], l.vols[nr]
	return v != nil && p != nil && v.md == nil && v.exposed != 0 && !p.trusted && w.md != nil && w.current() != v.exposed
}

// follow notes which data all users see, and which peers can be trusted on.
func (n *Network) follow() {
	for _, l := range n.links() {
		for nr, p := range l.vols {
			l.learn(nr, p)
		}
	}
	for _, d := range n.sorted() {
		for _, r := range d.sorted() {
			for _, v := range r.sortedVols() {
				v.look()
			}
		}
	}
}

// learn notes a peer's generations as it tells them.
func (l *drbdLink) learn(nr int, p *drbdPeer) {
	other := l.peer()
	if other == nil || other.vols[nr] == nil || other.vols[nr].md == nil {
		p.trusted = false
		return
	}
	p.trusted = l.peerDisk(nr) == diskUpToDate
	p.bitmaps = p.bitmaps[:0]
	for _, u := range other.vols[nr].md.Bitmap {
		if u != 0 {
			p.bitmaps = append(p.bitmaps, u&^1)
		}
	}
}

// look takes over the generation of the data that users of a volume can read.
func (v *drbdVol) look() {
	if v.md != nil && v.disk == diskUpToDate {
		v.expose(v.md.Current)
		return
	}
	if l := v.peerUpToDate(); l != nil {
		v.expose(l.peer().vols[v.nr].md.Current)
	}
}

// meeting is what comes of a node without a disk that meets data of another generation.
type meeting int

const (
	meetsWell    meeting = iota
	meetsOlder           // the peer's data is known to be older: it is not used
	meetsNewer           // the peer's data is newer
	meetsForeign         // nobody knows: no connection
)

// meet says what this node makes of a disk that its peer calls up to date.
func (l *drbdLink) meet(nr int, w *drbdVol) meeting {
	v := l.res.vols[nr]
	if v == nil || w == nil || w.md == nil || w.disk != diskUpToDate || !l.doubts(nr, w) {
		return meetsWell
	}
	if slices.Contains(w.md.History, v.exposed) {
		return meetsNewer
	}
	for _, u := range w.md.Bitmap {
		if u&^1 == v.exposed {
			return meetsNewer
		}
	}
	for _, third := range l.res.links {
		if p := third.vols[nr]; third != l && p != nil && slices.Contains(p.bitmaps, w.current()) {
			return meetsOlder
		}
	}
	return meetsForeign
}

// meets tells whether two nodes may connect by what the users of both have seen, and
// else whether to try it again.
func (l *drbdLink) meets(o *drbdLink) (join, again bool) {
	if join, again = l.exposure(o); !join {
		return join, again
	}
	return o.exposure(l)
}

// exposure joins what users have seen on this node with the disks of a peer that it is
// about to connect to: whether they may connect, and else whether to try it again.
func (l *drbdLink) exposure(o *drbdLink) (join, again bool) {
	for _, v := range l.res.sortedVols() {
		w := o.res.vols[v.nr]
		switch m := l.meet(v.nr, w); {
		case m == meetsForeign:
			return false, false
		case m == meetsNewer && l.res.role() == rolePrimary:
			return false, true
		case m == meetsNewer:
			v.moveOn(w.md.Current)
		case m == meetsOlder:
			l.vols[v.nr].older = true
		}
	}
	return true, false
}

// moveOn takes over newer data than users have seen here, and says so to the peers: one that
// had the same as this node until now learns from it that its data is old.
func (v *drbdVol) moveOn(u uint64) {
	was := v.exposed
	v.expose(u)
	for _, l := range v.res.links {
		p := l.peer()
		if p == nil || p.vols[v.nr] == nil {
			continue
		}
		if w := p.vols[v.nr]; w.md != nil && w.disk == diskUpToDate && w.current() == was && p.role() != rolePrimary && !w.knows(v.exposed) {
			w.setDisk(diskOutdated)
		}
	}
}

// knows tells whether a generation is in the past of a disk.
func (v *drbdVol) knows(u uint64) bool {
	same := func(o uint64) bool { return o&^1 == u }
	return slices.ContainsFunc(slices.Collect(maps.Values(v.md.Bitmap)), same) || slices.ContainsFunc(v.md.History, same)
}

// meetPrimary changes a disk that meets a primary node without one: it is up to date
// if it has what that node's users see, and cannot be if it has not.
func (l *drbdLink) meetPrimary(nr int) {
	w, v := l.res.vols[nr], l.seesDiskless(nr)
	switch {
	case v == nil || w == nil || w.md == nil || w.stalled:
	case w.current() != v.exposed && (w.disk == diskUpToDate || w.disk == diskConsistent):
		w.setDisk(diskConsistent)
	case w.current() == v.exposed && (w.disk == diskConsistent || w.disk == diskOutdated) && w.res.alone(nr):
		w.setDisk(diskUpToDate)
	}
}

// seesDiskless is the volume of a peer that is primary and has no disk; nil for none.
func (l *drbdLink) seesDiskless(nr int) *drbdVol {
	if p := l.peer(); p != nil && p.role() == rolePrimary && p.vols[nr] != nil && p.vols[nr].md == nil {
		return p.vols[nr]
	}
	return nil
}

// mismatch tells whether a primary node without a disk shows its users another
// generation than this disk has.
func (v *drbdVol) mismatch() bool {
	for _, l := range v.res.links {
		if p := l.seesDiskless(v.nr); p != nil && v.md != nil && p.exposed != v.current() {
			return true
		}
	}
	return false
}

// keptBack tells whether a disk is no more than consistent because of a mismatch. It
// stays so until a connection is lost, also when that node becomes secondary.
func (v *drbdVol) keptBack() bool {
	return v.disk == diskConsistent && (v.held || v.mismatch())
}

// replicates tells whether a peer gets what is written here.
func (l *drbdLink) replicates(nr int, w *drbdVol) bool {
	return w.md != nil && l.vols[nr].repl != replOff && w.disk != diskOutdated && !w.keptBack() && !l.doubts(nr, w)
}

// lostData tells whether the users of this primary node have seen other data than a
// disk has that is about to be attached, and no peer has theirs.
func (v *drbdVol) lostData(d *drbdMD) bool {
	return v.res.role() == rolePrimary && v.exposed != 0 && v.exposed != d.Current&^1 && v.peerUpToDate() == nil
}
