package sim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"syscall"
)

// ErrSuspended is a write that would wait, because DRBD holds I/O.
var ErrSuspended = errors.New("sim: I/O is suspended")

// States of DRBD.
const (
	linkConnected    = "Connected"
	linkConnecting   = "Connecting"
	linkStandAlone   = "StandAlone"
	replOff          = "Off"
	replEstablished  = "Established"
	replSyncSource   = "SyncSource"
	replSyncTarget   = "SyncTarget"
	replBitmapSource = "WFBitMapS"
	pausedSource     = "PausedSyncS"
	pausedTarget     = "PausedSyncT"

	diskDiskless     = "Diskless"
	diskFailed       = "Failed"
	diskInconsistent = "Inconsistent"
	diskOutdated     = "Outdated"
	diskConsistent   = "Consistent"
	diskUpToDate     = "UpToDate"

	rolePrimary   = "Primary"
	roleSecondary = "Secondary"
	unknown       = "Unknown"
	diskUnknown   = "DUnknown"
)

// DRBD is the DRBD of a machine: the resources in its kernel.
//
// Modelled: configuration by resource files, internal and external metadata,
// generation identifiers, connections, resync with what is really out of sync,
// quorum with tiebreakers, roles with auto-promote, sizes. Not modelled: time,
// fencing, proxies, stacking, protocols other than C.
type DRBD struct {
	m   *Machine
	net *Network
	res map[string]*drbdRes
	// events are the lines that events2 would have printed, shown their last state.
	events []string
	shown  map[string]string
	// stall makes the next attaching stall.
	stall bool
}

// drbdRes is a resource in the kernel.
type drbdRes struct {
	d       *DRBD
	name    string
	nodeID  int
	options map[string]string
	promo   bool // made primary by command
	auto    bool // made primary by being opened
	opens   int
	user    bool // I/O was suspended by command
	vols    map[int]*drbdVol
	links   map[int]*drbdLink
}

// drbdVol is a volume in the kernel.
type drbdVol struct {
	res     *drbdRes
	nr      int
	minor   int
	disk    string
	client  bool
	lower   string
	meta    string // internal, or the path of a device
	opts    map[string]string
	sizeKiB int64
	quorum  bool
	stalled bool    // see StallAttach
	exposed uint64  // the generation that users have seen; 0 for none
	held    bool    // see keptBack
	md      *drbdMD // nil while there is no disk
	dev     *Device
}

// drbdLink is the connection to one peer.
type drbdLink struct {
	res         *drbdRes
	peerID      int
	name        string
	state       string
	opts        map[string]string
	paths       []drbdPath
	established int // index of the path in use; −1 for none
	discard     bool
	vols        map[int]*drbdPeer
}

type drbdPath struct{ local, remote string }

// drbdPeer is a volume of a peer.
type drbdPeer struct {
	repl   string
	client bool
	bitmap bool
	// trusted is that the peer's disk was taken as up to date, older that it was not
	// when it came. bitmaps are what it has told, also after it has gone.
	trusted bool
	older   bool
	bitmaps []uint64
}

// errWrongMedium is Linux's EMEDIUMTYPE, what opening a device without usable data
// gives; the simulation also runs where the number has no name.
const errWrongMedium = syscall.Errno(124)

func (d *DRBD) sorted() (out []*drbdRes) {
	for _, n := range slices.Sorted(maps.Keys(d.res)) {
		out = append(out, d.res[n])
	}
	return out
}

func (r *drbdRes) sortedVols() (out []*drbdVol) {
	for _, n := range slices.Sorted(maps.Keys(r.vols)) {
		out = append(out, r.vols[n])
	}
	return out
}

func (r *drbdRes) sortedLinks() (out []*drbdLink) {
	for _, n := range slices.Sorted(maps.Keys(r.links)) {
		out = append(out, r.links[n])
	}
	return out
}

func (r *drbdRes) role() string {
	if r.promo || r.auto {
		return rolePrimary
	}
	return roleSecondary
}

// other is the peer's end of a connection; nil where there is none.
func (l *drbdLink) other() *drbdLink {
	d := l.res.d.net.nodes[l.name]
	if d == nil || d.m.off || d.res[l.res.name] == nil {
		return nil
	}
	for _, o := range d.res[l.res.name].links {
		if o.name == l.res.d.m.name {
			return o
		}
	}
	return nil
}

// peer is the peer's resource while it is connected.
func (l *drbdLink) peer() *drbdRes {
	if l.state != linkConnected {
		return nil
	}
	if o := l.other(); o != nil {
		return o.res
	}
	return nil
}

// peerDisk is the state of the peer's disk, as this node takes it.
func (l *drbdLink) peerDisk(nr int) string {
	p := l.peer()
	switch {
	case p == nil || p.vols[nr] == nil:
		return diskUnknown
	case p.vols[nr].disk == diskUpToDate && l.doubts(nr, p.vols[nr]):
		if l.vols[nr].older {
			return diskOutdated
		}
		return diskConsistent
	}
	return p.vols[nr].disk
}

func (l *drbdLink) peerRole() string {
	if p := l.peer(); p != nil {
		return p.role()
	}
	return unknown
}

// outOfSyncKiB is what the peer lacks, or what it has and we lack.
func (l *drbdLink) outOfSyncKiB(nr int) int64 {
	count := func(v *drbdVol, id int) int64 {
		switch {
		case v == nil || v.md == nil:
			return 0
		case v.md.Full[id]:
			return v.sizeKiB
		}
		return min(4*int64(len(v.md.Dirty[id])), v.sizeKiB)
	}
	n := count(l.res.vols[nr], l.peerID)
	if p := l.peer(); p != nil {
		n = max(n, count(p.vols[nr], l.res.nodeID))
	}
	return n
}

// Disks.

func (v *drbdVol) metaDevice() *Device {
	if v.meta == "internal" {
		return v.res.d.m.lookDevice(v.lower)
	}
	return v.res.d.m.lookDevice(v.meta)
}

// save writes metadata through to its device.
func (v *drbdVol) save() {
	if v.md == nil {
		return
	}
	v.md.Primary = v.res.role() == rolePrimary
	if dev := v.metaDevice(); dev != nil && writeMD(dev, v.md) {
		v.res.d.m.changed()
	}
}

// room is how large the lower device lets the volume be.
func (v *drbdVol) room() int64 {
	dev := v.res.d.m.lookDevice(v.lower)
	if dev == nil || v.md == nil {
		return 0
	}
	n := v.md.netKiB(dev.size(), v.meta == "internal")
	if want := sizeOption(v.opts); want > 0 {
		n = min(n, want)
	}
	return n
}

func (v *drbdVol) setSize(kib int64) {
	v.sizeKiB = kib
	v.dev.SizeBytes = kib << 10
}

func (v *drbdVol) setDisk(state string) {
	v.disk = state
	v.held = state == diskConsistent && (v.held || v.mismatch())
	if v.md != nil {
		v.md.Consistent = state != diskInconsistent
		v.md.UpToDate = state == diskUpToDate || state == diskConsistent
	}
}

// detach lets go of the lower device.
func (v *drbdVol) detach() {
	if v.md != nil {
		v.md.Unclean = false
		v.save()
	}
	for _, p := range []string{v.lower, v.meta} {
		if dev := v.res.d.m.lookDevice(p); dev != nil {
			delete(dev.holders, v.dev.kname())
		}
	}
	v.stalled, v.held = false, false
	v.md, v.disk, v.lower, v.dev.Parents = nil, diskDiskless, "", nil
	for _, l := range v.res.links {
		if p := l.vols[v.nr]; p != nil && p.repl != replOff {
			p.repl = replEstablished
			if o := l.other(); o != nil && o.vols[v.nr] != nil {
				o.vols[v.nr].repl = replEstablished
			}
		}
	}
	v.res.d.m.changed()
}

// lowerContent is the content of the lower device.
func (v *drbdVol) lowerContent() *Content {
	if dev := v.res.d.m.lookDevice(v.lower); dev != nil {
		return dev.content()
	}
	return newContent()
}

// Data.

// source is the volume from which reads are served; nil for none.
func (v *drbdVol) source() *drbdVol {
	if v.md != nil && v.disk != diskInconsistent {
		return v
	}
	for _, l := range v.res.sortedLinks() {
		if p := l.peer(); p != nil && l.peerDisk(v.nr) == diskUpToDate {
			return p.vols[v.nr]
		}
	}
	return nil
}

// reached are all volumes that a write gets to, by node id.
func (v *drbdVol) reached() map[int]*drbdVol {
	out := map[int]*drbdVol{}
	if v.md != nil {
		out[v.res.nodeID] = v
	}
	for _, l := range v.res.links {
		if p := l.peer(); p != nil && p.vols[v.nr] != nil && l.replicates(v.nr, p.vols[v.nr]) {
			out[l.peerID] = p.vols[v.nr]
		}
	}
	return out
}

// cluster are this resource and all that it is connected to, through others too.
func (r *drbdRes) cluster() []*drbdRes {
	out := []*drbdRes{r}
	for i := 0; i < len(out); i++ {
		for _, l := range out[i].sortedLinks() {
			if p := l.peer(); p != nil && !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out
}

// outdateOthers marks disks that a write did not get to, but whose nodes hear of it.
func (v *drbdVol) outdateOthers(reached map[int]*drbdVol) {
	for _, r := range v.res.cluster() {
		if w := r.vols[v.nr]; w != nil && w.disk == diskUpToDate && reached[r.nodeID] == nil {
			w.setDisk(diskOutdated)
		}
	}
}

// generation starts a new one if a peer is going to miss writes from now on.
func (v *drbdVol) generation(reached map[int]*drbdVol) {
	missing := map[int]bool{}
	for _, w := range reached {
		for id := range w.md.Slots {
			if reached[id] == nil && w.md.Bitmap[id] == 0 && w.disk == diskUpToDate {
				missing[id] = true
			}
		}
	}
	if len(missing) == 0 {
		return
	}
	fresh := v.res.d.net.newUUID()
	for _, w := range reached {
		if w.disk != diskUpToDate {
			continue
		}
		for id := range missing {
			if w.md.Bitmap[id] == 0 {
				w.md.Bitmap[id] = w.md.Current
			}
		}
		w.md.remember(w.md.Current)
		w.md.Current = fresh
	}
}

func (v *drbdVol) get(mark string) string {
	if s := v.source(); s != nil && mark != markDRBD {
		return s.lowerContent().Get(mark)
	}
	return ""
}

func (v *drbdVol) all() map[string]string {
	out := map[string]string{}
	if s := v.source(); s != nil {
		maps.Copy(out, s.lowerContent().all())
	}
	if v.meta == "internal" {
		delete(out, markDRBD)
	}
	return out
}

func (v *drbdVol) wipe() {
	for _, mark := range slices.Sorted(maps.Keys(v.all())) {
		v.set(mark, "")
	}
}

func (v *drbdVol) set(mark, value string) {
	if mark == markDRBD {
		return // metadata is out of reach from above
	}
	reached := v.reached()
	v.generation(reached)
	v.outdateOthers(reached)
	for _, w := range reached {
		w.lowerContent().Set(mark, value)
		w.md.dirty(noPeer, mark)
		for id := range w.md.Slots {
			if reached[id] == nil {
				w.md.dirty(id, mark)
			}
		}
	}
	v.res.d.net.follow()
}

// enter opens the device; with auto-promote that makes the node primary.
func (v *drbdVol) enter() error {
	r := v.res
	if r.role() != rolePrimary {
		if r.options["auto-promote"] == "no" {
			return fmt.Errorf("%w (secondary)", syscall.EROFS)
		}
		if _, msg := r.mayPromote(false); msg != "" {
			return fmt.Errorf("%w (%s)", errWrongMedium, msg)
		}
		r.become(false)
		r.promo, r.auto = false, true
	}
	if err := v.writable(); err != nil {
		if r.opens == 0 {
			r.auto = false
		}
		return err
	}
	r.opens++
	r.d.net.settle()
	return nil
}

func (v *drbdVol) writable() error {
	switch {
	case v.res.user || v.res.suspendedQuorum():
		return ErrSuspended
	case v.res.quorumMatters() && !v.quorum:
		return fmt.Errorf("%w (no quorum)", syscall.EIO)
	case v.source() == nil:
		return fmt.Errorf("%w (no data)", syscall.EIO)
	}
	return nil
}

func (v *drbdVol) leave() {
	if v.res.opens = max(v.res.opens-1, 0); v.res.opens == 0 {
		v.res.auto = false
	}
	v.res.d.net.settle()
}
