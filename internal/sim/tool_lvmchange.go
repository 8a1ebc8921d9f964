package sim

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// sizeExtents reads a size in KiB as whole extents, rounded up as lvm does.
func sizeExtents(s string) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimSuffix(s, "k"), 10, 64)
	return (n<<10 + extentBytes - 1) / extentBytes, err == nil && strings.HasSuffix(s, "k") && n > 0
}

// lvcreate models thick volumes, thin volumes and thin pools that take all.
func (l *LVM) lvcreate(c run.Cmd) run.Result {
	o, bad := lvmArgs(c, "addtag:", "name:", "size:", "extents:", "virtualsize:", "thinpool:", "type:",
		"wipesignatures:", "zero:", "poolmetadatasize:", "stripes:", "stripesize:", "s|snapshot", "setactivationskip:")
	if bad != nil {
		return *bad
	}
	if o.has("snapshot") {
		return l.createSnapshot(c, o)
	}
	if len(o.rest) == 0 || o.set["name"] == "" {
		return usage(c, "a volume without group or name")
	}
	g := l.vgs[o.rest[0]]
	if g == nil {
		return fail(5, "  Volume group %q not found\n  Cannot process volume group %s", o.rest[0], o.rest[0])
	}
	if g.missing {
		return fail(5, "  Cannot change VG %s while PVs are missing.\n  Cannot process volume group %s", g.name, g.name)
	}
	if g.lvs[o.set["name"]] != nil {
		return fail(5, "  Logical Volume %q already exists in volume group %q", o.set["name"], g.name)
	}
	v := &logVol{vg: g, name: o.set["name"], tags: tagList(o), segType: "linear", content: newContent()}
	switch {
	case o.set["type"] == "thin-pool":
		return l.createPool(c, g, o)
	case o.set["type"] != "":
		return usage(c, "volumes of type "+o.set["type"])
	case o.has("thinpool"):
		return l.createThin(c, v, o)
	}
	return l.createThick(c, v, o)
}

func tagList(o options) []string {
	if t := o.set["addtag"]; t != "" {
		return []string{t}
	}
	return nil
}

func (l *LVM) createPool(c run.Cmd, g *volGroup, o options) run.Result {
	if o.set["extents"] != "100%FREE" {
		return usage(c, "a thin pool that does not take all space")
	}
	if err := l.addThinPool(g, o.set["name"], tagList(o)); err != nil || l.m.full {
		delete(g.lvs, o.set["name"])
		return fail(5, "  Volume group %q has insufficient free space (%d extents): %d required.", g.name, g.free(), g.free()+1)
	}
	l.m.changed()
	return ok("  Logical volume %q created.\n", o.set["name"])
}

func (l *LVM) createThin(c run.Cmd, v *logVol, o options) run.Result {
	n, valid := sizeExtents(o.set["virtualsize"])
	pool := v.vg.lvs[o.set["thinpool"]]
	switch {
	case !valid || o.has("size"):
		return usage(c, "this size of a thin volume")
	case pool == nil:
		return fail(5, "  Pool %s not found in Volume group %s.", o.set["thinpool"], v.vg.name)
	case pool.segType != "thin-pool":
		return fail(5, "  Logical volume %s/%s is not a thin pool.", v.vg.name, pool.name)
	case l.m.full:
		return fail(5, "  Free space in pool %s/%s reached threshold, new thin volume is not created.", v.vg.name, pool.name)
	}
	v.segType, v.pool, v.size = "thin", pool, n*extentBytes
	v.vg.lvs[v.name] = v
	l.activate(v)
	l.m.changed()
	return ok("  Logical volume %q created.\n", v.name)
}

// createSnapshot models a snapshot of a thin volume, which stays inactive.
func (l *LVM) createSnapshot(c run.Cmd, o options) run.Result {
	if len(o.rest) != 1 || o.set["name"] == "" || o.set["setactivationskip"] != "y" || o.has("size") || o.has("extents") {
		return usage(c, "anything but a thin snapshot that is not activated")
	}
	of, missing := l.find(o.rest[0])
	if missing != nil {
		return *missing
	}
	switch {
	case of.pool == nil:
		return usage(c, "a snapshot of a thick volume")
	case of.vg.missing:
		return fail(5, "  Cannot change VG %s while PVs are missing.\n  Cannot process volume group %s", of.vg.name, of.vg.name)
	case of.vg.lvs[o.set["name"]] != nil:
		return fail(5, "  Logical Volume %q already exists in volume group %q", o.set["name"], of.vg.name)
	case l.m.full || of.pool.health != "":
		return fail(5, "  Free space in pool %s/%s reached threshold, new thin snapshot is not created.", of.vg.name, of.pool.name)
	}
	// It shares what its origin has written.
	v := &logVol{vg: of.vg, name: o.set["name"], tags: tagList(o), segType: "thin", pool: of.pool, size: of.size, origin: of.name, content: of.content.clone()}
	v.shared = v.content.writes
	v.vg.lvs[v.name] = v
	l.m.changed()
	return ok("  Logical volume %q created.\n", v.name)
}

func (l *LVM) createThick(c run.Cmd, v *logVol, o options) run.Result {
	n, valid := sizeExtents(o.set["size"])
	if !valid {
		return usage(c, "this size of a volume")
	}
	from := v.vg.pvs
	if len(o.rest) > 1 {
		from = nil
		for _, p := range o.rest[1:] {
			i := slices.IndexFunc(v.vg.pvs, func(pv *physVol) bool { return pv.path == p })
			if i < 0 {
				return fail(5, "  Physical Volume %q not found in Volume Group %q.", p, v.vg.name)
			}
			from = append(from, v.vg.pvs[i])
		}
	}
	if l.m.full || !v.allocate(from, n) {
		return fail(5, "  Volume group %q has insufficient free space (%d extents): %d required.", v.vg.name, v.vg.free(), n)
	}
	v.size, v.content = n*extentBytes, v.vg.stale.clone()
	if o.set["wipesignatures"] == "y" {
		for _, mark := range []string{"drbd-md", "luks", "lvm", "zfs", MarkFS, MarkUUID} {
			v.content.Set(mark, "")
		}
	}
	v.vg.lvs[v.name] = v
	l.activate(v)
	l.m.changed()
	return ok("  Logical volume %q created.\n", v.name)
}

var selection = regexp.MustCompile(`^lv_tags=\{"([^"]+)"\}( && lv_role!=\{"thickorigin"\})?$`)

// selected evaluates --select, of which only the form with one tag is modelled.
func selected(o options, v *logVol) (hit, known bool) {
	if !o.has("select") {
		return true, true
	}
	m := selection.FindStringSubmatch(o.set["select"])
	if m == nil {
		return false, false
	}
	return slices.Contains(v.tags, m[1]), true
}

func (l *LVM) lvremove(c run.Cmd) run.Result {
	o, bad := lvmArgs(c, "select:", "f|force")
	if bad != nil {
		return *bad
	}
	if len(o.rest) != 1 {
		return usage(c, "anything but one volume")
	}
	v, missing := l.find(o.rest[0])
	if missing != nil {
		return *missing
	}
	hit, known := selected(o, v)
	switch {
	case !known:
		return usage(c, "the selection")
	case !hit:
		return ok("")
	case v.open():
		return fail(5, "  Logical volume %s/%s is used by another device.", v.vg.name, v.name)
	case v.active && !o.has("yes") && !o.has("force"):
		return fail(5, "Do you really want to remove active logical volume %s/%s? [y/n]: [n]\n  Logical volume %s/%s not removed.", v.vg.name, v.name, v.vg.name, v.name)
	}
	l.deactivate(v)
	for p, n := range v.alloc {
		p.used -= n
	}
	if v.segType == "linear" {
		v.vg.stale = v.content.clone()
	}
	delete(v.vg.lvs, v.name)
	l.m.changed()
	return ok("  Logical volume %q successfully removed.\n", v.name)
}

func (l *LVM) lvchange(c run.Cmd) run.Result {
	o, bad := lvmArgs(c, "activate:", "ignoreactivationskip", "select:")
	if bad != nil {
		return *bad
	}
	if len(o.rest) != 1 {
		return usage(c, "anything but one volume")
	}
	v, missing := l.find(o.rest[0])
	if missing != nil {
		return *missing
	}
	hit, known := selected(o, v)
	switch {
	case !known:
		return usage(c, "the selection")
	case !hit:
		return ok("")
	case o.set["activate"] == "y":
		l.activate(v)
	case o.set["activate"] == "n":
		if v.open() {
			return fail(5, "  Logical volume %s/%s in use.", v.vg.name, v.name)
		}
		l.deactivate(v)
	default:
		return usage(c, "anything but --activate y or n")
	}
	return ok("")
}

func (l *LVM) lvextend(c run.Cmd) run.Result {
	o, bad := lvmArgs(c, "size:")
	if bad != nil {
		return *bad
	}
	n, valid := sizeExtents(o.set["size"])
	if !valid || len(o.rest) != 1 {
		return usage(c, "this size, or more than one volume")
	}
	v, missing := l.find(o.rest[0])
	if missing != nil {
		return *missing
	}
	now := v.size / extentBytes
	switch {
	case n == now:
		return fail(5, "  New size (%d extents) matches existing size (%d extents).", n, now)
	case n < now:
		return fail(5, "  New size given (%d extents) not larger than existing size (%d extents)", n, now)
	case v.pool == nil && (l.m.full || !v.allocate(v.vg.pvs, n-now)):
		return fail(5, "  Insufficient free space: %d extents needed, but only %d available", n-now, v.vg.free())
	}
	v.size = n * extentBytes
	if v.dev != nil {
		v.dev.SizeBytes = v.size
	}
	l.m.changed()
	return ok("  Logical volume %s/%s successfully resized.\n", v.vg.name, v.name)
}

// vgcreate models the making of a group on empty devices; with -qq lvm answers no
// to the question whether to wipe a signature.
func (l *LVM) vgcreate(c run.Cmd) run.Result {
	o, bad := lvmArgs(c, "addtag:")
	if bad != nil {
		return *bad
	}
	if len(o.rest) < 2 || o.has("yes") {
		return usage(c, "a group without devices, or --yes")
	}
	name := o.rest[0]
	if l.vgs[name] != nil {
		return fail(5, "  A volume group called %s already exists.", name)
	}
	for _, p := range o.rest[1:] {
		d := l.m.lookDevice(p)
		switch {
		case d == nil:
			return fail(5, "  No device found for %s.", p)
		case d.content().Get("lvm") != "":
			return fail(5, "  Physical volume '%s' is already in volume group '%s'", p, d.content().Get("lvm"))
		case fsType(d) != "":
			return fail(5, "WARNING: %s signature detected on %s at offset 1080. Wipe it? [y/n]: [n]\n  Aborted wiping of %s.\n  1 existing signature left on the device.", fsType(d), p, fsType(d))
		case d.content().Get(MarkPartitions) != "":
			return fail(5, "WARNING: %s signature detected on %s at offset 510. Wipe it? [y/n]: [n]\n  Aborted wiping of %s.\n  1 existing signature left on the device.", "dos", p, "dos")
		case d.open():
			return fail(5, "  Can't open %s exclusively.  Mounted filesystem?", p)
		}
	}
	if err := l.addVG(name, tagList(o), o.rest[1:]); err != nil {
		return fail(5, "  %v", err)
	}
	l.m.changed()
	return ok("  Volume group %q successfully created\n", name)
}
