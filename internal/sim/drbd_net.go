package sim

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Network joins machines, so that DRBD's resources on them find each other. From
// joining on, all its machines share one lock; join before they are used.
//
// Whatever a command, a write or a cut changes takes effect at once on all nodes:
// connections come up and go down, and resyncs run to their end, unless HoldResync
// keeps them for the test to finish.
type Network struct {
	mu    sync.Mutex
	nodes map[string]*DRBD
	cut   map[[2]string]bool
	dead  map[string]bool
	hold  bool
	uuids uint64
}

// NewNetwork makes a network without machines.
func NewNetwork() *Network {
	return &Network{nodes: map[string]*DRBD{}, cut: map[[2]string]bool{}, dead: map[string]bool{}}
}

// pair is the name of a connection between two machines, whatever their order.
func pair(a, b string) [2]string { return [2]string{min(a, b), max(a, b)} }

// change runs f with the lock held and lets the nodes settle.
func (n *Network) change(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f()
	n.settle()
}

// Cut parts two machines; Heal joins them again.
func (n *Network) Cut(a, b string) { n.change(func() { n.cut[pair(a, b)] = true }) }

// Heal ends Cut.
func (n *Network) Heal(a, b string) { n.change(func() { delete(n.cut, pair(a, b)) }) }

// Isolate parts a machine from all others.
func (n *Network) Isolate(name string) {
	n.change(func() {
		for other := range n.nodes {
			if other != name {
				n.cut[pair(name, other)] = true
			}
		}
	})
}

// HealAll ends every cut.
func (n *Network) HealAll() { n.change(func() { clear(n.cut); clear(n.dead) }) }

// CutAddress makes an address, such as ipv4:10.0.0.1:7000, unreachable, as where one
// of several networks fails.
func (n *Network) CutAddress(addr string) { n.change(func() { n.dead[addr] = true }) }

// HoldResync keeps resyncs from running until FinishResync, or lets them run again.
func (n *Network) HoldResync(hold bool) { n.change(func() { n.hold = hold }) }

// FinishResync runs all resyncs under way to their end, and those that they have
// kept waiting.
func (n *Network) FinishResync() {
	n.change(func() {
		hold := n.hold
		n.hold = false
		n.settle()
		n.hold = hold
	})
}

// newUUID is an identifier that was not there before.
func (n *Network) newUUID() uint64 {
	n.uuids++
	sum := sha256.Sum256(fmt.Appendf(nil, "generation %d", n.uuids))
	return binary.BigEndian.Uint64(sum[:]) &^ 1
}

// sorted are all nodes with power, by name.
func (n *Network) sorted() (out []*DRBD) {
	for _, name := range slices.Sorted(maps.Keys(n.nodes)) {
		out = append(out, n.nodes[name])
	}
	return out
}

// links are all connections, in a fixed order.
func (n *Network) links() (out []*drbdLink) {
	for _, d := range n.sorted() {
		for _, r := range d.sorted() {
			out = append(out, r.sortedLinks()...)
		}
	}
	return out
}

// settle lets everything happen that follows from the present state.
func (n *Network) settle() {
	for range 1000 {
		moved := false
		n.follow()
		for _, l := range n.links() {
			moved = l.checkPeer() || moved
		}
		for _, l := range n.links() {
			moved = l.tryConnect() || moved
		}
		for _, l := range n.links() {
			moved = l.progress() || moved
		}
		for _, d := range n.sorted() {
			for _, r := range d.sorted() {
				moved = r.refresh() || moved
			}
		}
		if !moved {
			n.finish()
			return
		}
	}
	panic("sim: DRBD does not settle")
}

// finish writes metadata and notes events.
func (n *Network) finish() {
	for _, d := range n.sorted() {
		for _, r := range d.sorted() {
			for _, v := range r.sortedVols() {
				v.save()
			}
		}
		d.noteEvents()
	}
}

// checkPeer drops a connection whose other end is gone.
func (l *drbdLink) checkPeer() bool {
	if l.state != linkConnected {
		return false
	}
	o := l.other()
	if o != nil && o.state == linkConnected && l.path(o) >= 0 {
		l.established = l.path(o)
		return false
	}
	l.lose(linkConnecting)
	l.res.outdateWeak()
	return true
}

// lose ends a connection, and with it what runs over it.
func (l *drbdLink) lose(state string) {
	l.state, l.established = state, -1
	for _, p := range l.vols {
		p.repl, p.older = replOff, false
	}
	for _, v := range l.res.sortedVols() {
		v.held = false
	}
	l.res.unstall()
}

// path is the first path that is configured on both ends and reachable; −1 for none.
func (l *drbdLink) path(o *drbdLink) int {
	n := l.res.d.net
	if n.cut[pair(l.res.d.m.name, o.res.d.m.name)] {
		return -1
	}
	for i, p := range l.paths {
		if slices.Contains(o.paths, drbdPath{p.remote, p.local}) && !n.dead[p.local] && !n.dead[p.remote] {
			return i
		}
	}
	return -1
}

// tryConnect brings a connection up where both ends want it.
func (l *drbdLink) tryConnect() bool {
	o := l.other()
	if l.state != linkConnecting || o == nil || o.state != linkConnecting || l.path(o) < 0 {
		return false
	}
	a, b := l.res, o.res
	same := func(key string) bool { return l.opts[key] == o.opts[key] }
	twoPrimaries := a.role() == rolePrimary && b.role() == rolePrimary && l.opts["allow-two-primaries"] != "yes"
	if !same("shared-secret") || !same("cram-hmac-alg") || o.peerID != a.nodeID || l.peerID != b.nodeID || twoPrimaries || !l.agree(o) {
		l.lose(linkStandAlone)
		o.lose(linkStandAlone)
		return true
	}
	if join, again := l.meets(o); !join {
		if !again {
			l.lose(linkStandAlone)
			o.lose(linkStandAlone)
		}
		return !again
	}
	l.state, o.state = linkConnected, linkConnected
	l.established, o.established = l.path(o), o.path(l)
	for nr := range l.vols {
		l.meetPrimary(nr)
		o.meetPrimary(nr)
		l.negotiate(o, nr)
	}
	l.discard, o.discard = false, false
	a.outdateWeak()
	b.outdateWeak()
	return true
}

// agree tells whether the volumes of two nodes can be joined at all.
func (l *drbdLink) agree(o *drbdLink) bool {
	for nr, v := range l.res.vols {
		w := o.res.vols[nr]
		if l.surprised(o, nr) || o.surprised(l, nr) {
			return false
		}
		if w == nil || v.md == nil || w.md == nil {
			continue
		}
		if c := compareMD(v.md, w.md, l.res.nodeID, o.res.nodeID); (c == splitBrain || c == unrelated) && l.discard == o.discard {
			return false
		}
		if !v.fit(w) {
			return false
		}
	}
	return true
}

// surprised tells whether the peer presents a disk that it is not configured to have:
// the kernel then refuses the connection, as it has no bitmap for it.
func (l *drbdLink) surprised(o *drbdLink, nr int) bool {
	p, w := l.vols[nr], o.res.vols[nr]
	return p != nil && !p.bitmap && w != nil && w.md != nil
}

// fit brings two volumes to one size; false where one cannot be so.
func (v *drbdVol) fit(w *drbdVol) bool {
	small, large := v, w
	if small.sizeKiB > large.sizeKiB {
		small, large = large, small
	}
	switch {
	case small.sizeKiB == large.sizeKiB:
	case len(large.md.Seen) == 0 && large.res.role() != rolePrimary:
		large.setSize(small.sizeKiB)
	case small.room() >= large.sizeKiB:
		small.setSize(large.sizeKiB)
	default:
		return false
	}
	v.md.AgreedKiB, w.md.AgreedKiB = v.sizeKiB, w.sizeKiB
	return true
}

// negotiate compares data after the connection came up, and starts a resync.
func (l *drbdLink) negotiate(o *drbdLink, nr int) {
	v, w := l.res.vols[nr], o.res.vols[nr]
	p, q := l.vols[nr], o.vols[nr]
	if v == nil || w == nil || p == nil || q == nil {
		return
	}
	p.repl, q.repl = replEstablished, replEstablished
	p.client, q.client = w.client, v.client
	for _, side := range []struct{ here, there *drbdVol }{{v, w}, {w, v}} {
		if side.here.md != nil && side.there.md == nil {
			side.here.md.Exists[side.there.res.nodeID] = true
		}
	}
	if v.md == nil || w.md == nil || v.stalled || w.stalled {
		return
	}
	v.md.Seen[o.res.nodeID], w.md.Seen[l.res.nodeID] = true, true
	switch c := compareMD(v.md, w.md, l.res.nodeID, o.res.nodeID); c {
	case inSync:
		l.equal(o, nr)
	case sourceBitmap, sourceFull:
		l.startSync(o, nr, c == sourceFull)
	case targetBitmap, targetFull:
		o.startSync(l, nr, c == targetFull)
	default:
		if l.discard {
			o.startSync(l, nr, true)
		} else {
			l.startSync(o, nr, true)
		}
	}
}

// equal joins two volumes of the same generation.
func (l *drbdLink) equal(o *drbdLink, nr int) {
	v, w := l.res.vols[nr], o.res.vols[nr]
	switch {
	case v.disk == diskInconsistent && w.disk == diskInconsistent:
	case w.disk == diskInconsistent:
		l.startSync(o, nr, w.md.Full[l.res.nodeID])
	case v.disk == diskInconsistent:
		o.startSync(l, nr, v.md.Full[o.res.nodeID])
	default:
		if v.disk != w.disk && v.disk != diskUpToDate && w.disk != diskUpToDate {
			return
		}
		if v.keptBack() || w.keptBack() {
			return
		}
		if v.disk == diskConsistent || v.disk != w.disk {
			v.setDisk(diskUpToDate)
			w.setDisk(diskUpToDate)
		}
		v.md.clean(o.res.nodeID)
		w.md.clean(l.res.nodeID)
	}
}

// startSync makes l's node the source of a resync of o's node.
func (l *drbdLink) startSync(o *drbdLink, nr int, full bool) {
	v, w := l.res.vols[nr], o.res.vols[nr]
	if !v.gives() {
		return // nothing to give; negotiated again when it has
	}
	if v.disk == diskConsistent {
		v.setDisk(diskUpToDate)
	}
	if full {
		v.md.Full[o.res.nodeID] = true
	}
	w.setDisk(diskInconsistent)
	w.expose(v.md.Current)
	l.vols[nr].repl, o.vols[nr].repl = replSyncSource, replSyncTarget
	for _, other := range o.res.links {
		if other != o && other.vols[nr] != nil && other.vols[nr].repl == replSyncTarget {
			l.vols[nr].repl, o.vols[nr].repl = pausedSource, pausedTarget
			return
		}
	}
}

// gives tells whether a disk can be the source of a resync. Outdated data is that too, where
// it is newer than the peer's or the peer has none; it stays outdated where it gets to.
func (v *drbdVol) gives() bool {
	return v.disk == diskUpToDate || v.disk == diskOutdated || v.disk == diskConsistent && !v.keptBack()
}

// progress finishes a resync of which l is the target, and wakes what waited.
func (l *drbdLink) progress() bool {
	o := l.other()
	if l.state != linkConnected || o == nil {
		return false
	}
	moved := false
	for nr, p := range l.vols {
		v, w := l.res.vols[nr], o.res.vols[nr]
		if v == nil || w == nil || v.md == nil || w.md == nil {
			continue
		}
		switch {
		case p.repl == pausedTarget && l.res.alone(nr):
			// The one that it has waited for has ended without its goal.
			moved = l.resume(o, nr) || moved
		case p.repl == replSyncTarget && (!l.res.d.net.hold || o.outOfSyncKiB(nr) == 0):
			l.finishSync(o, nr)
			moved = true
		case p.repl == replEstablished && o.vols[nr].repl != replBitmapSource && (v.disk != w.disk) && (v.disk == diskUpToDate || w.disk == diskUpToDate):
			l.negotiate(o, nr)
			moved = moved || p.repl != replEstablished || v.disk == w.disk
		}
	}
	return moved
}

// resume goes on with a resync that has waited for another one.
func (l *drbdLink) resume(o *drbdLink, nr int) bool {
	if p := l.vols[nr]; p == nil || p.repl != pausedTarget {
		return false
	}
	l.vols[nr].repl, o.vols[nr].repl = replEstablished, replEstablished
	l.negotiate(o, nr)
	return l.vols[nr].repl != pausedTarget
}

// alone tells whether a volume is the target of no resync that is under way.
func (r *drbdRes) alone(nr int) bool {
	for _, l := range r.links {
		if p := l.vols[nr]; p != nil && p.repl == replSyncTarget {
			return false
		}
	}
	return true
}

// finishSync copies what is out of sync from o's node to l's.
func (l *drbdLink) finishSync(o *drbdLink, nr int) {
	v, w := l.res.vols[nr], o.res.vols[nr]
	me, src := l.res.nodeID, o.res.nodeID
	from, to := w.lowerContent(), v.lowerContent()
	marks := maps.Clone(w.md.Dirty[me])
	if marks == nil {
		marks = map[string]bool{}
	}
	maps.Copy(marks, v.md.Dirty[src])
	if w.md.Full[me] || v.md.Full[src] {
		for mark := range from.all() {
			marks[mark] = true
		}
		for mark := range to.all() {
			marks[mark] = true
		}
	}
	for _, mark := range slices.Sorted(maps.Keys(marks)) {
		if mark != markDRBD && from.Get(mark) != to.Get(mark) {
			to.Set(mark, from.Get(mark))
		}
	}
	v.md.remember(v.md.Current)
	v.md.Current = w.md.Current
	for _, u := range slices.Backward(w.md.History) {
		v.md.remember(u)
	}
	for id := range v.md.Slots {
		if id == src {
			continue
		}
		v.md.Bitmap[id] = w.md.Bitmap[id]
		for mark := range w.md.Dirty[id] {
			v.md.dirty(id, mark)
		}
		v.md.Full[id] = w.md.Full[id]
	}
	v.md.clean(src)
	w.md.clean(me)
	v.setDisk(w.disk)
	// It has ended before others go on that have waited for it.
	l.vols[nr].repl, o.vols[nr].repl = replEstablished, replEstablished
	for _, other := range l.res.links {
		if q := other.other(); other != l && q != nil && q.vols[nr] != nil && !other.resume(q, nr) {
			other.offer(q, nr)
		}
	}
	l.res.tellSynced(nr, l.res.nodeID)
	o.res.tellSynced(nr, l.res.nodeID)
}

// offer compares data with a third node once more, after a resync has changed it here: the
// kernel offers all its peers a resync when it has become up to date by one.
func (l *drbdLink) offer(o *drbdLink, nr int) {
	v, w := l.res.vols[nr], o.res.vols[nr]
	if l.state != linkConnected || l.vols[nr] == nil || l.vols[nr].repl != replEstablished || v.md == nil || w.md == nil {
		return
	}
	switch compareMD(v.md, w.md, l.res.nodeID, o.res.nodeID) {
	case sourceBitmap, sourceFull, targetBitmap, targetFull:
		l.negotiate(o, nr)
	}
}

// tellSynced lets the nodes that this one is connected to hear that a third one has the
// data now, so that they need no bitmap for it any more.
func (r *drbdRes) tellSynced(nr, id int) {
	v := r.vols[nr]
	for _, l := range r.links {
		p := l.peer()
		if p == nil || p.nodeID == id || p.vols[nr] == nil || p.vols[nr].md == nil {
			continue
		}
		if w := p.vols[nr]; w.md.Current&^1 == v.md.Current&^1 && w.md.Bitmap[id] != 0 && (r.nodeID == id || v.md.Bitmap[id] == 0) {
			w.md.clean(id)
			w.save()
		}
	}
}
