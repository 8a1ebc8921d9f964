package sim

import (
	"fmt"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// stateError answers as drbdsetup does where a state cannot be had.
func (r *drbdRes) stateError(code int, why string) run.Result {
	exit := 17
	if code == -12 {
		exit = 11
	}
	return fail(exit, "%s: State change failed: (%d) %s", r.name, code, why)
}

// mayPromote says what is against becoming primary; no text for nothing.
func (r *drbdRes) mayPromote(force bool) (code int, why string) {
	for _, other := range r.cluster() {
		if other != r && other.role() == rolePrimary && !r.twoPrimaries() {
			return -1, "Multiple primaries not allowed by config"
		}
	}
	for _, v := range r.sortedVols() {
		if r.quorumMatters() && !v.quorum && !force {
			return -27, "No quorum"
		}
		if (v.source() == nil || v.keptBack() && v.peerUpToDate() == nil) && (!force || v.md == nil) {
			return -2, "Need access to UpToDate data"
		}
		if v.md != nil && v.disk == diskOutdated && v.peerUpToDate() == nil && !force {
			return -7, "Refusing to be Primary while peer is not outdated"
		}
	}
	return 0, ""
}

func (r *drbdRes) twoPrimaries() bool {
	for _, l := range r.links {
		if l.opts["allow-two-primaries"] == "yes" {
			return true
		}
	}
	return false
}

func (v *drbdVol) peerUpToDate() *drbdLink {
	for _, l := range v.res.sortedLinks() {
		if l.peerDisk(v.nr) == diskUpToDate {
			return l
		}
	}
	return nil
}

// become makes the node primary; force takes data as it is.
func (r *drbdRes) become(force bool) {
	for _, v := range r.sortedVols() {
		switch {
		case v.md == nil || v.disk == diskUpToDate || v.peerUpToDate() != nil:
		case v.disk == diskConsistent:
			v.setDisk(diskUpToDate)
		case force && v.disk == diskOutdated:
			v.newGeneration()
			v.setDisk(diskUpToDate)
		case force:
			old := v.md.Current
			v.md.remember(old)
			v.md.Current = r.d.net.newUUID()
			for id := range v.md.Slots {
				v.md.Bitmap[id], v.md.Full[id] = old, true
			}
			v.setDisk(diskUpToDate)
		}
	}
	for _, l := range r.links {
		l.discard = false
	}
	r.promo, r.auto = true, false
	r.weaken()
	r.d.m.changed()
}

// demote makes the node secondary.
func (r *drbdRes) demote() run.Result {
	for _, v := range r.sortedVols() {
		if v.dev.open() {
			return r.stateError(-12, "Device is held open by someone")
		}
	}
	if r.promo {
		r.promo = false
		r.d.m.changed()
	}
	return ok("")
}

// refresh follows what the peers have become; true if that changed something.
func (r *drbdRes) refresh() (moved bool) {
	for _, v := range r.sortedVols() {
		if q := v.hasQuorum(); q != v.quorum {
			v.quorum, moved = q, true
		}
		if v.md != nil && v.disk == diskConsistent && !v.missesPeer(v.md) && !v.keptBack() {
			v.setDisk(diskUpToDate)
			moved = true
		}
		for _, l := range r.sortedLinks() {
			p := l.peer()
			if v.md != nil || p == nil || p.vols[v.nr] == nil || p.vols[v.nr].md == nil {
				continue
			}
			if size := p.vols[v.nr].sizeKiB; v.sizeKiB != size {
				v.setSize(size)
				moved = true
			}
			break
		}
	}
	return moved
}

// Attaching.

// attach takes a lower device.
func (v *drbdVol) attach(lower, meta string, opts map[string]string) *run.Result {
	m := v.res.d.m
	refuse := func(why string) *run.Result {
		r := fail(10, "%d: Failure: %s", v.minor, why)
		return &r
	}
	dev := m.lookDevice(lower)
	if dev == nil {
		return refuse("(104) Can not open backing device.")
	}
	md := dev
	if meta != "internal" {
		md = m.lookDevice(meta)
	}
	if md == nil {
		return refuse("(105) Can not open meta device.")
	}
	if dev.open() || md.open() {
		return refuse("(104) Can not open backing device.")
	}
	d := readMD(md)
	if d == nil || meta == "internal" && d.DeviceBytes != dev.size() {
		return refuse("(119) No valid meta-data signature found.\n\n\t==> Use 'drbdadm create-md res' to initialize meta-data area. <==\n")
	}
	if d.NodeID >= 0 && d.NodeID != v.res.nodeID {
		return refuse("(168) The node-id in the meta-data does not match.")
	}
	for _, l := range v.res.sortedLinks() {
		if l.vols[v.nr].bitmap && !d.slot(l.peerID) {
			return refuse("(173) Not enough bitmap slots in the meta-data.")
		}
	}
	if v.lostData(d) {
		return refuse("(150) Can only attach to the data we lost last (see kernel log).")
	}
	room := d.netKiB(dev.size(), meta == "internal")
	if want := sizeOption(opts); want > 0 {
		if want > room {
			return refuse("(111) Low.dev. smaller than requested DRBD-dev. size.")
		}
		room = want
	}
	if d.AgreedKiB > room {
		return refuse("(111) Low.dev. smaller than requested DRBD-dev. size.")
	}
	v.take(dev, md, d, lower, meta, opts, room)
	return nil
}

// take makes a device that was found good the volume's disk.
func (v *drbdVol) take(dev, mdDev *Device, d *drbdMD, lower, meta string, opts map[string]string, room int64) {
	d.NodeID = v.res.nodeID
	if d.Device == 0 {
		d.Device = v.res.d.net.newUUID()
	}
	d.CrashedPrimary = d.CrashedPrimary || d.Unclean && d.Primary
	d.Unclean = true
	v.md, v.lower, v.meta, v.opts = d, lower, meta, opts
	dev.holders[v.dev.kname()], mdDev.holders[v.dev.kname()] = true, true
	v.dev.Parents = []string{dev.Path}
	switch {
	case d.AgreedKiB == 0 && v.sizeKiB > 0 && v.sizeKiB <= room: // the size of the peers
	case d.AgreedKiB == 0:
		v.setSize(room)
	default:
		v.setSize(d.AgreedKiB)
	}
	d.AgreedKiB = v.sizeKiB
	if v.stallNow() {
		return
	}
	v.setDisk(v.diskOf(d))
	v.res.d.m.changed()
	v.join()
}

// join compares the data of a volume with that of all connected peers.
func (v *drbdVol) join() {
	for _, l := range v.res.sortedLinks() {
		o := l.other()
		if l.state != linkConnected || o == nil {
			continue
		}
		if !l.agree(o) {
			l.lose(linkStandAlone)
			o.lose(linkStandAlone)
			continue
		}
		l.negotiate(o, v.nr)
	}
}

// diskOf is the state of a disk as its metadata alone tells it.
func (v *drbdVol) diskOf(d *drbdMD) string {
	switch {
	case !d.Consistent || d.Current == drbdJustCreated:
		return diskInconsistent
	case !d.UpToDate:
		return diskOutdated
	}
	if v.mismatch() || v.missesPeer(d) {
		return diskConsistent // a peer may know better
	}
	return diskUpToDate
}

// missesPeer tells whether a peer is away that shall have a disk, and had one, and that
// is waited for. One that is there without its disk can tell nothing better. Without
// fencing the kernel waits for nobody: it calls data up to date that was so when it was
// last in use, however old it is.
func (v *drbdVol) missesPeer(d *drbdMD) bool {
	for id := range d.Seen {
		l := v.res.links[id]
		if _, slot := d.Slots[id]; !slot || l == nil || !l.fences() || l.vols[v.nr] == nil || !l.vols[v.nr].bitmap {
			continue
		}
		if l.peerDisk(v.nr) == diskUnknown {
			return true
		}
	}
	return false
}

// fences tells whether data is kept back that a peer might have newer.
func (l *drbdLink) fences() bool {
	policy := l.opts["fencing"]
	return policy != "" && policy != "dont-care"
}

// outdateForPrimary notes, when a node goes that sees a primary, that the data is
// going to be old.
func (r *drbdRes) outdateForPrimary(l *drbdLink) {
	if l.peerRole() != rolePrimary {
		return
	}
	for _, v := range r.sortedVols() {
		if v.md != nil && v.disk == diskUpToDate {
			v.setDisk(diskOutdated)
		}
	}
}

// needs tells whether a node is primary and has data of a volume from another one alone.
func (r *drbdRes) needs(other *drbdRes) bool {
	if r.role() != rolePrimary {
		return false
	}
	for _, v := range r.sortedVols() {
		if v.md != nil && v.disk == diskUpToDate || v.source() == nil || v.source().res != other {
			continue
		}
		alone := true
		for _, l := range r.sortedLinks() {
			alone = alone && (l.peer() == other || l.peerDisk(v.nr) != diskUpToDate)
		}
		if alone {
			return true
		}
	}
	return false
}

// part ends a connection on command, which a node refuses that would lose its data by it.
func (l *drbdLink) part() *run.Result {
	if l.state == linkStandAlone {
		return nil
	}
	if p := l.peer(); p != nil && p.needs(l.res) {
		refused := fail(11, "%s: State change failed: (-10) State change was refused by peer node", l.res.name)
		return &refused
	} else if p != nil && l.res.needs(p) {
		refused := l.res.stateError(-2, "Need access to UpToDate data")
		return &refused
	}
	l.res.outdateForPrimary(l)
	l.lose(linkStandAlone)
	l.res.d.m.changed()
	return nil
}

// down takes a resource out of the kernel.
func (d *DRBD) down(r *drbdRes) run.Result {
	for _, v := range r.sortedVols() {
		if v.dev.open() {
			return r.stateError(-12, "Device is held open by someone")
		}
	}
	r.promo, r.auto = false, false
	for _, l := range r.sortedLinks() {
		if refused := l.part(); refused != nil {
			return *refused
		}
		delete(r.links, l.peerID)
	}
	for _, v := range r.sortedVols() {
		if v.md != nil {
			v.detach()
		}
		d.m.removeDevice(v.dev.Path)
	}
	delete(d.res, r.name)
	d.m.changed()
	return ok("")
}

// resize lets a volume use what the lower devices of all nodes have.
func (v *drbdVol) resize(want int64, assumeClean bool) run.Result {
	if v.md == nil && v.peerUpToDate() == nil {
		return fail(10, "%d: Failure: (138) Device does not have a disk-config", v.minor)
	}
	room := int64(-1)
	all := []*drbdVol{v}
	for _, l := range v.res.sortedLinks() {
		p := l.vols[v.nr]
		if p == nil {
			continue
		}
		peer := l.peer()
		switch {
		case p.repl != replEstablished && p.repl != replOff:
			return fail(10, "%d: Failure: (130) Resize not allowed during resync.", v.minor)
		case p.bitmap && (peer == nil || peer.vols[v.nr] == nil || peer.vols[v.nr].md == nil):
			room = v.sizeKiB // nobody knows how large that one is
		case peer != nil && peer.vols[v.nr] != nil:
			all = append(all, peer.vols[v.nr])
		}
	}
	for _, w := range all {
		if w.md != nil {
			if n := w.room(); room < 0 || n < room {
				room = n
			}
		}
	}
	if want > 0 {
		room = min(room, want)
	}
	if room < v.sizeKiB {
		return fail(10, "%d: Failure: (111) Low.dev. smaller than requested DRBD-dev. size.", v.minor)
	}
	grown := room - v.sizeKiB
	for _, w := range all {
		if w.md != nil {
			if dev := w.res.d.m.lookDevice(w.lower); w.meta == "internal" {
				w.md.DeviceBytes = dev.size()
			}
			w.md.AgreedKiB = room
		}
		w.setSize(room)
	}
	if grown > 0 {
		v.res.d.m.changed()
		if !assumeClean {
			v.syncGrown(all)
		}
	}
	return ok("")
}

// syncGrown resyncs the new part, from the node that has grown it.
func (v *drbdVol) syncGrown(all []*drbdVol) {
	if v.md == nil {
		return
	}
	for _, w := range all[1:] {
		l := v.res.links[w.res.nodeID]
		if o := l.other(); o != nil && w.md != nil && w.disk == diskUpToDate {
			v.md.dirty(w.res.nodeID, "")
			l.startSync(o, v.nr, false)
		}
	}
}

// sizeOption is the size of a disk section in KiB; 0 for none.
func sizeOption(opts map[string]string) int64 {
	s := strings.ToLower(opts["size"])
	if s == "" {
		return 0
	}
	var n int64
	var unit string
	if _, err := fmt.Sscanf(s, "%d%s", &n, &unit); err != nil && unit != "" {
		return 0
	}
	switch unit {
	case "s":
		return n / 2
	case "m":
		return n << 10
	case "g":
		return n << 20
	}
	return n
}
