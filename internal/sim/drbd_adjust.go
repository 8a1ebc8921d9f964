package sim

import (
	"fmt"
	"maps"
	"slices"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// adjustSteps are the calls that make the kernel follow the configuration.
func (d *DRBD) adjustSteps(conf *drbdConf, skipDisk bool) (steps []admStep) {
	add := func(do func() *run.Result, format string, args ...any) {
		steps = append(steps, admStep{fmt.Sprintf(format, args...), do})
	}
	host, r := conf.hosts[d.m.name], d.res[conf.name]
	fresh := r == nil
	if fresh {
		r = &drbdRes{d: d, name: conf.name, nodeID: host.nodeID, options: conf.options, vols: map[int]*drbdVol{}, links: map[int]*drbdLink{}}
		add(func() *run.Result { d.res[r.name] = r; d.m.changed(); return nil }, "drbdsetup new-resource %s %d%s", r.name, r.nodeID, optionWords(conf.options))
	} else if !maps.Equal(r.options, conf.options) {
		add(func() *run.Result { r.options = conf.options; d.m.changed(); return nil }, "drbdsetup resource-options %s --set-defaults%s", r.name, optionWords(conf.options))
	}
	if r.nodeID != host.nodeID {
		add(func() *run.Result {
			f := fail(10, "%s: Failure: (171) node-id cannot be changed from %d to %d while the resource is up", r.name, r.nodeID, host.nodeID)
			return &f
		}, "drbdsetup new-resource %s %d", r.name, host.nodeID)
		return steps
	}
	for _, nr := range slices.Sorted(maps.Keys(r.vols)) {
		if v := r.vols[nr]; host.vols[nr] == nil || v.minor != host.vols[nr].minor {
			add(func() *run.Result { return d.delMinor(v) }, "drbdsetup del-minor %d", v.minor)
		}
	}
	for _, nr := range slices.Sorted(maps.Keys(host.vols)) {
		if cv := host.vols[nr]; r.vols[nr] == nil || r.vols[nr].minor != cv.minor {
			add(func() *run.Result { return d.newMinor(r, nr, cv) }, "drbdsetup new-minor %s %d %d", r.name, cv.minor, nr)
		}
	}
	connects := d.linkSteps(conf, r, add)
	for _, nr := range slices.Sorted(maps.Keys(host.vols)) {
		if !skipDisk {
			d.diskSteps(r, nr, host.vols[nr], add)
		}
	}
	for _, id := range connects {
		add(func() *run.Result {
			if l := r.links[id]; l != nil && l.state == linkStandAlone {
				l.state = linkConnecting
				d.m.changed()
			}
			return nil
		}, "drbdsetup connect %s %d", r.name, id)
	}
	return steps
}

// attachSteps attach the disks of some volumes that are there.
func (d *DRBD) attachSteps(conf *drbdConf, chosen func(nr int) bool) (steps []admStep) {
	host, r := conf.hosts[d.m.name], d.res[conf.name]
	for _, nr := range slices.Sorted(maps.Keys(host.vols)) {
		if !chosen(nr) || host.vols[nr].disk == "" {
			continue
		}
		if r == nil || r.vols[nr] == nil || r.vols[nr].md != nil {
			return []admStep{{fmt.Sprintf("drbdsetup attach %d", host.vols[nr].minor), func() *run.Result {
				f := fail(10, "%d: Failure: (124) Device is attached to a disk (use detach first), or unknown", host.vols[nr].minor)
				return &f
			}}}
		}
		d.diskSteps(r, nr, host.vols[nr], func(do func() *run.Result, format string, args ...any) {
			steps = append(steps, admStep{fmt.Sprintf(format, args...), do})
		})
	}
	return steps
}

// linkSteps bring the peers in order, and tell which to connect at the end.
func (d *DRBD) linkSteps(conf *drbdConf, r *drbdRes, add func(func() *run.Result, string, ...any)) (connects []int) {
	want := map[int]*drbdLink{}
	for _, conn := range conf.conns {
		if l := d.linkOf(conf, conn, r); l != nil {
			want[l.peerID] = l
		}
	}
	for _, id := range slices.Sorted(maps.Keys(r.links)) {
		if want[id] == nil || want[id].name != r.links[id].name {
			add(func() *run.Result { r.links[id].lose(linkStandAlone); delete(r.links, id); d.m.changed(); return nil }, "drbdsetup del-peer %s %d", r.name, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(want)) {
		w, old := want[id], r.links[id]
		if old == nil || old.name != w.name {
			add(func() *run.Result { return r.newPeer(w) }, "drbdsetup new-peer %s %d --_name=%s%s", r.name, id, w.name, optionWords(w.opts))
			for _, p := range w.paths {
				add(func() *run.Result { return nil }, "drbdsetup new-path %s %d %s %s", r.name, id, p.local, p.remote)
			}
			connects = append(connects, id)
			continue
		}
		if !maps.Equal(old.opts, w.opts) {
			add(func() *run.Result { old.opts = w.opts; d.m.changed(); return nil }, "drbdsetup net-options %s %d --set-defaults%s", r.name, id, optionWords(w.opts))
		}
		if !slices.Equal(old.paths, w.paths) {
			add(func() *run.Result { old.paths = w.paths; d.m.changed(); return nil }, "drbdsetup new-path %s %d", r.name, id)
		}
		for nr, p := range w.vols {
			if q := old.vols[nr]; q == nil || q.bitmap != p.bitmap {
				add(func() *run.Result { return r.peerVolume(old, nr, p) }, "drbdsetup peer-device-options %s %d %d --set-defaults --bitmap=%v", r.name, id, nr, p.bitmap)
			}
		}
		if old.state == linkStandAlone {
			connects = append(connects, id)
		}
	}
	return connects
}

// linkOf is a connection section seen from this host; nil if it is not its own.
func (d *DRBD) linkOf(conf *drbdConf, conn drbdConn, r *drbdRes) *drbdLink {
	l := &drbdLink{res: r, state: linkStandAlone, opts: conn.net, established: -1, vols: map[int]*drbdPeer{}}
	for _, p := range conn.paths {
		for name, addr := range p {
			local, mine := p[d.m.name]
			if !mine || name == d.m.name || conf.hosts[name] == nil {
				continue
			}
			l.name, l.peerID = name, conf.hosts[name].nodeID
			l.paths = append(l.paths, drbdPath{local, addr})
		}
	}
	if l.name == "" {
		return nil
	}
	for nr, v := range conf.hosts[l.name].vols {
		l.vols[nr] = &drbdPeer{repl: replOff, bitmap: v.disk != ""}
	}
	return l
}

func (r *drbdRes) newPeer(l *drbdLink) *run.Result {
	r.links[l.peerID] = l
	r.d.m.changed()
	for _, v := range r.sortedVols() {
		if p := l.vols[v.nr]; v.md != nil && p != nil && p.bitmap && !v.md.slot(l.peerID) {
			delete(r.links, l.peerID)
			f := fail(10, "%s: Failure: (173) Not enough bitmap slots in the meta-data.", r.name)
			return &f
		}
	}
	return nil
}

// peerVolume follows a peer that has got a disk, or lost it.
func (r *drbdRes) peerVolume(l *drbdLink, nr int, p *drbdPeer) *run.Result {
	if v := r.vols[nr]; v != nil && v.md != nil && p.bitmap && !v.md.slot(l.peerID) {
		f := fail(10, "%s: Failure: (173) Not enough bitmap slots in the meta-data.", r.name)
		return &f
	}
	if old := l.vols[nr]; old != nil {
		if v := r.vols[nr]; v != nil && v.md != nil && old.bitmap && !p.bitmap {
			delete(v.md.Seen, l.peerID)
		}
		old.bitmap = p.bitmap
	} else {
		l.vols[nr] = p
		if o := l.other(); l.state == linkConnected && o != nil {
			l.negotiate(o, nr)
		}
	}
	r.d.m.changed()
	return nil
}

func (d *DRBD) newMinor(r *drbdRes, nr int, cv *drbdConfVol) *run.Result {
	for _, other := range d.sorted() {
		for _, v := range other.vols {
			if v.minor == cv.minor {
				f := fail(10, "new-minor %s %d %d: sysfs node '/sys/devices/virtual/block/drbd%d' (already? still?) exists\n"+
					"%s: Failure: (161) Minor or volume exists already (delete it first)", r.name, cv.minor, nr, cv.minor, r.name)
				return &f
			}
		}
	}
	v := &drbdVol{res: r, nr: nr, minor: cv.minor, disk: diskDiskless, meta: "internal", client: cv.disk == ""}
	v.dev = d.m.addDevice(&Device{Path: fmt.Sprintf("/dev/drbd%d", cv.minor), Type: "disk", Content: &Content{via: v},
		Aliases: []string{fmt.Sprintf("/dev/drbd/by-res/%s/%d", r.name, nr)}})
	v.dev.gate = v
	r.vols[nr] = v
	d.m.changed()
	return nil
}

func (d *DRBD) delMinor(v *drbdVol) *run.Result {
	if v.dev.open() {
		f := v.res.stateError(-12, "Device is held open by someone")
		return &f
	}
	if v.md != nil {
		v.detach()
	}
	d.m.removeDevice(v.dev.Path)
	delete(v.res.vols, v.nr)
	for _, l := range v.res.links {
		delete(l.vols, v.nr)
	}
	d.m.changed()
	return nil
}

// diskSteps attach and detach.
func (d *DRBD) diskSteps(r *drbdRes, nr int, cv *drbdConfVol, add func(func() *run.Result, string, ...any)) {
	v := r.vols[nr]
	attached := v != nil && v.md != nil
	if attached && (v.lower != cv.disk || v.meta != cv.meta) {
		add(func() *run.Result { v.detach(); return nil }, "drbdsetup detach %d", v.minor)
		attached = false
	}
	if !attached && v != nil && v.client != (cv.disk == "") {
		add(func() *run.Result { v.client = cv.disk == ""; d.m.changed(); return nil }, "drbdsetup disk-options %d", v.minor)
	}
	if cv.disk == "" {
		return
	}
	if attached {
		if !maps.Equal(v.opts, cv.opts) {
			add(func() *run.Result { v.opts = cv.opts; d.m.changed(); return nil }, "drbdsetup disk-options %d --set-defaults%s", v.minor, optionWords(cv.opts))
		}
		return
	}
	md, index := cv.disk, "internal"
	if cv.meta != "internal" {
		md, index = cv.meta, "flex-external"
	}
	add(func() *run.Result {
		if dev := d.m.lookDevice(md); dev == nil {
			f := fail(20, "open(%s) failed: No such file or directory", md)
			return &f
		} else if readMD(dev) == nil {
			f := fail(255, "No valid meta data found")
			return &f
		}
		return nil
	}, "drbdmeta %d v09 %s %s apply-al", cv.minor, md, index)
	add(func() *run.Result {
		if w := r.vols[nr]; w != nil {
			return w.attach(cv.disk, cv.meta, cv.opts)
		}
		return nil
	}, "drbdsetup attach %d %s %s %s%s", cv.minor, cv.disk, md, index, optionWords(cv.opts))
}
