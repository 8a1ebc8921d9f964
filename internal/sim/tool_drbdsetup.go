package sim

import (
	"maps"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

func (d *DRBD) drbdsetup(c run.Cmd) run.Result {
	o, bad := parseArgs(run.Cmd{Argv: plainFlags(c.Argv)}, "json", "verbose", "statistics", "now", "timestamps", "full", "force",
		"discard-my-data", "clear-bitmap", "force-resync", "assume-clean", "size:", "diskless",
		"on-no-data-accessible:", "on-no-quorum:")
	if bad != nil {
		return *bad
	}
	if len(o.rest) == 0 {
		return usage(c, "no command")
	}
	switch o.rest[0] {
	case "status", "show", "events2":
		return d.report(c, o)
	case "primary", "secondary", "down":
		return d.roleCommand(c, o)
	case "resource-options":
		return d.resourceOptions(c, o)
	case "detach", "resize", "new-current-uuid", "suspend-io", "resume-io", "invalidate", "outdate", "check-resize":
		return d.minorCommand(c, o)
	case "connect", "disconnect", "del-peer", "forget-peer", "get-gi", "show-gi":
		return d.peerCommand(c, o)
	}
	return usage(c, "the command")
}

// plainFlags takes the value yes from flags, and drops those that are no.
func plainFlags(argv []string) (out []string) {
	for _, a := range argv {
		name, value, _ := strings.Cut(a, "=")
		if name == "--assume-clean" || name == "--diskless" {
			if value == "no" {
				continue
			}
			a = name
		}
		out = append(out, a)
	}
	return out
}

func noResource(name string) run.Result { return fail(10, "%s: No such resource", name) }

func (d *DRBD) roleCommand(c run.Cmd, o options) run.Result {
	if len(o.rest) != 2 {
		return usage(c, "anything but one resource")
	}
	r := d.res[o.rest[1]]
	if r == nil && o.rest[0] == "down" {
		return ok("")
	}
	if r == nil {
		return noResource(o.rest[1])
	}
	switch o.rest[0] {
	case "down":
		return d.down(r)
	case "secondary":
		return r.demote()
	}
	if r.promo {
		return ok("")
	}
	if code, why := r.mayPromote(o.has("force")); why != "" {
		return r.stateError(code, why)
	}
	outdated := r.disksIn(diskOutdated)
	r.become(o.has("force"))
	for _, l := range r.sortedLinks() {
		if p := l.other(); l.state == linkConnected && p != nil && o.has("force") {
			for nr := range l.vols {
				l.forced(p, nr, outdated[nr])
			}
		}
	}
	return ok("")
}

// resourceOptions changes some options of a resource, until it is adjusted.
func (d *DRBD) resourceOptions(c run.Cmd, o options) run.Result {
	if len(o.rest) != 2 {
		return usage(c, "anything but one resource")
	}
	r := d.res[o.rest[1]]
	if r == nil {
		return noResource(o.rest[1])
	}
	next := maps.Clone(r.options)
	maps.Copy(next, o.set)
	r.options = next
	d.m.changed()
	return ok("")
}

// minorOf finds a volume by its minor number.
func (d *DRBD) minorOf(word string) *drbdVol {
	n, err := strconv.Atoi(word)
	for _, r := range d.sorted() {
		for _, v := range r.sortedVols() {
			if err == nil && v.minor == n {
				return v
			}
		}
	}
	return nil
}

func (d *DRBD) minorCommand(c run.Cmd, o options) run.Result {
	if len(o.rest) != 2 {
		return usage(c, "anything but one minor")
	}
	v := d.minorOf(o.rest[1])
	if v == nil {
		return fail(10, "%s: Failure: (127) Device minor not allocated", o.rest[1])
	}
	switch o.rest[0] {
	case "detach":
		return d.detachCommand(v, o)
	case "resize":
		return v.resize(sizeOption(o.set), o.has("assume-clean"))
	case "new-current-uuid":
		return v.newCurrent(o.has("clear-bitmap"), o.has("force-resync"))
	case "suspend-io", "resume-io":
		if on := o.rest[0] == "suspend-io"; v.res.user != on {
			v.res.user = on
			d.m.changed()
		}
	case "invalidate":
		return v.invalidate()
	case "outdate":
		if v.md == nil || v.res.role() == rolePrimary {
			return v.res.stateError(-7, "Refusing to be Outdated while Primary")
		}
		v.setDisk(diskOutdated)
	case "check-resize":
	}
	return ok("")
}

func (d *DRBD) detachCommand(v *drbdVol, o options) run.Result {
	if v.md == nil {
		v.client = v.client || o.has("diskless")
		return ok("")
	}
	if v.res.role() == rolePrimary && v.peerUpToDate() == nil && !o.has("force") {
		return v.res.stateError(-2, "Need access to UpToDate data")
	}
	if v.neededByPrimary() && !o.has("force") {
		return v.res.stateError(-2, "Need access to UpToDate data")
	}
	v.client = o.has("diskless")
	v.detach()
	return ok("")
}

// neededByPrimary tells whether a connected primary node has no other up to date data: the
// kernel asks all nodes before it detaches.
func (v *drbdVol) neededByPrimary() bool {
	for _, l := range v.res.sortedLinks() {
		p := l.peer()
		if p == nil || p.role() != rolePrimary || p.vols[v.nr] == nil || v.disk != diskUpToDate || p.vols[v.nr].disk == diskUpToDate {
			continue
		}
		others := false
		for _, k := range p.links {
			others = others || k.peer() != v.res && k.peerDisk(v.nr) == diskUpToDate
		}
		if !others {
			return true
		}
	}
	return false
}

// newCurrent starts a generation; with clear, fresh disks become up to date without
// a resync.
func (v *drbdVol) newCurrent(clear, resync bool) run.Result {
	if v.md == nil {
		return fail(10, "%d: Failure: (138) Device does not have a disk-config", v.minor)
	}
	fresh := v.res.d.net.newUUID()
	all := v.reached()
	for _, w := range all {
		switch {
		case w != v && resync:
			continue
		case clear && w.md.Current != drbdJustCreated && w.disk != diskUpToDate:
			return fail(10, "%d: Failure: (151) Clearing the bitmap needs new or equal data on all nodes", v.minor)
		}
	}
	for _, w := range all {
		if w != v && resync {
			continue
		}
		w.md.remember(w.md.Current)
		for id := range w.md.Slots {
			switch {
			case clear && all[id] != nil:
				w.md.clean(id)
			case w.md.Bitmap[id] == 0:
				w.md.Bitmap[id] = w.md.Current
			}
		}
		w.md.Current = fresh
		if clear || resync {
			w.setDisk(diskUpToDate)
		}
	}
	v.res.d.m.changed()
	return ok("")
}

// invalidate throws the local data away and gets it from a peer.
func (v *drbdVol) invalidate() run.Result {
	l := v.peerUpToDate()
	if v.md == nil || l == nil {
		return v.res.stateError(-2, "Need access to UpToDate data")
	}
	l.other().startSync(l, v.nr, true)
	v.res.d.m.changed()
	return ok("")
}

func (d *DRBD) peerCommand(c run.Cmd, o options) run.Result {
	if len(o.rest) < 3 {
		return usage(c, "a command without resource and peer")
	}
	r := d.res[o.rest[1]]
	if r == nil {
		return noResource(o.rest[1])
	}
	id, err := strconv.Atoi(o.rest[2])
	if err != nil {
		return usage(c, "a peer's node id")
	}
	l := r.links[id]
	if o.rest[0] == "forget-peer" {
		return r.forgetPeer(id)
	}
	if l == nil {
		return fail(10, "%s: Failure: (158) Unknown connection", r.name)
	}
	switch o.rest[0] {
	case "connect":
		// The word outlasts a connection that is cut off, and one that is made without it.
		if l.discard = l.discard || o.has("discard-my-data"); l.state == linkStandAlone {
			l.state = linkConnecting
			d.m.changed()
		}
	case "disconnect", "del-peer":
		if refused := l.part(); refused != nil {
			return *refused
		}
		if o.rest[0] == "del-peer" {
			delete(r.links, id)
			d.m.changed()
		}
	default:
		return r.giCommand(c, o, l)
	}
	return ok("")
}

func (r *drbdRes) giCommand(c run.Cmd, o options, l *drbdLink) run.Result {
	if len(o.rest) != 4 {
		return usage(c, "a command without a volume")
	}
	nr, err := strconv.Atoi(o.rest[3])
	v := r.vols[nr]
	if err != nil || v == nil || v.md == nil {
		return fail(10, "%s: Failure: (138) Device does not have a disk-config", r.name)
	}
	line := v.md.giLine(l.peerID, l.state == linkConnected)
	if o.rest[0] == "show-gi" {
		return ok("\n       +--<  Current data generation UUID  >-\n       V\n%s\n", line)
	}
	return ok("%s\n", line)
}

func (r *drbdRes) forgetPeer(id int) run.Result {
	if r.links[id] != nil {
		return fail(10, "%s: Failure: (170) Peer is still connected", r.name)
	}
	found := false
	for _, v := range r.sortedVols() {
		if v.md != nil && v.md.forget(id) {
			found = true
			r.d.m.changed()
		}
	}
	if !found {
		return fail(10, "%s: Failure: (162) Peer node id is not known", r.name)
	}
	return ok("")
}
