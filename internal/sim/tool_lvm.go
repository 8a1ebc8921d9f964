package sim

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// extentBytes is the extent size of every volume group here.
const extentBytes = 4 << 20

// LVM is the LVM of a machine: volume groups, thin pools and volumes.
//
// Modelled: extents per physical volume, tags, activation, stale signatures in
// freed extents, thin pools with data that grows with writes, thin snapshots. Not
// modelled: RAID, thick snapshots, locking, several extent sizes.
type LVM struct {
	m   *Machine
	vgs map[string]*volGroup
}

type volGroup struct {
	name string
	tags []string
	pvs  []*physVol
	lvs  map[string]*logVol
	// stale is what was last written where extents are free again.
	stale *Content
	// missing makes the group partial.
	missing bool
}

type physVol struct {
	path   string
	extent int64
	used   int64
}

type logVol struct {
	vg      *volGroup
	name    string
	tags    []string
	size    int64
	segType string // linear, thin, thin-pool
	pool    *logVol
	active  bool
	dev     *Device
	kname   string
	content *Content
	alloc   map[*physVol]int64
	// origin is the volume that a thin snapshot was taken of, and shared how much of it
	// takes no space of its own.
	origin string
	shared int
	// boots tells that the boot activates the volume.
	boots bool
	// health is lv_health_status of a thin pool.
	health string
}

// NewLVM installs the tools of lvm2 on a machine.
func NewLVM(m *Machine) *LVM {
	l := &LVM{m: m, vgs: map[string]*volGroup{}}
	for name, t := range map[string]func(c run.Cmd) run.Result{
		"lvs": l.lvsTool, "vgs": l.vgsTool, "pvs": l.pvsTool, "lvcreate": l.lvcreate, "lvremove": l.lvremove,
		"lvchange": l.lvchange, "lvextend": l.lvextend, "vgcreate": l.vgcreate, "lvm": l.version,
	} {
		m.Register(name, func(_ *Machine, c run.Cmd) run.Result { return t(c) })
	}
	m.OnPowerLoss(l.powerLoss)
	m.Register("thin_check", func(*Machine, run.Cmd) run.Result { return ok("0.9.0\n") })
	return l
}

// powerLoss leaves volumes inactive; thin pools and what others have made come
// back with the boot.
func (l *LVM) powerLoss() {
	for _, g := range l.vgs {
		for _, v := range g.lvs {
			if v.segType != "thin-pool" && !v.boots {
				l.deactivate(v)
			}
		}
	}
}

// AddVG makes a volume group on disks of the machine.
func (l *LVM) AddVG(name string, disks ...string) (err error) {
	l.m.do(func() { err = l.addVG(name, nil, disks) })
	return err
}

func (l *LVM) addVG(name string, tags, disks []string) error {
	g := &volGroup{name: name, tags: tags, lvs: map[string]*logVol{}, stale: newContent()}
	for _, p := range disks {
		d := l.m.lookDevice(p)
		if d == nil {
			return fmt.Errorf("add volume group %s: no device %s", name, p)
		}
		d.Content.Set("lvm", name)
		g.pvs = append(g.pvs, &physVol{path: d.Path, extent: (d.SizeBytes - 1<<20) / extentBytes})
	}
	l.vgs[name] = g
	return nil
}

// AddThinPool makes a thin pool that takes all free space of a group but the
// metadata and its spare.
func (l *LVM) AddThinPool(vg, name string) (err error) {
	l.m.do(func() { err = l.addThinPool(l.vgs[vg], name, nil) })
	return err
}

func (l *LVM) addThinPool(g *volGroup, name string, tags []string) error {
	const metadata = 4
	v := &logVol{vg: g, name: name, tags: tags, segType: "thin-pool", active: true, content: newContent()}
	n := g.free() - 2*metadata
	if n <= 0 || !v.allocate(g.pvs, n+2*metadata) {
		return fmt.Errorf("no space for thin pool %s", name)
	}
	v.size = n * extentBytes
	g.lvs[name] = v
	return nil
}

// PlantLV makes an active volume of somebody else's with the given tags and guards
// it. With a pool it is thin.
func (l *LVM) PlantLV(vg, pool, name string, sizeBytes int64, tags ...string) (err error) {
	l.m.do(func() {
		g := l.vgs[vg]
		v := &logVol{vg: g, name: name, tags: tags, size: sizeBytes, segType: "linear", content: newContent(), boots: true}
		v.content.Set(MarkData, "foreign")
		if pool != "" {
			v.segType, v.pool = "thin", g.lvs[pool]
		} else if !v.allocate(g.pvs, sizeBytes/extentBytes) {
			err = fmt.Errorf("no space for %s", name)
			return
		}
		g.lvs[name] = v
		l.activate(v)
		l.m.guard("logical volume "+name, func() string { return g.lvs[name].fingerprint() })
	})
	return err
}

// RenameVG renames a group behind the program's back.
func (l *LVM) RenameVG(from, to string) {
	l.m.do(func() {
		g := l.vgs[from]
		delete(l.vgs, from)
		g.name = to
		l.vgs[to] = g
	})
}

// FillVG takes all free extents of a group, as somebody else's volume would.
func (l *LVM) FillVG(vg string) {
	l.m.do(func() {
		for _, p := range l.vgs[vg].pvs {
			p.used = p.extent
		}
	})
}

// SetHealth sets lv_health_status of a thin pool.
func (l *LVM) SetHealth(vg, pool, health string) {
	l.m.do(func() { l.vgs[vg].lvs[pool].health = health })
}

// SetMissing makes a volume group miss a physical volume, or have it again.
func (l *LVM) SetMissing(vg string, missing bool) { l.m.do(func() { l.vgs[vg].missing = missing }) }

func (v *logVol) fingerprint() string {
	if v == nil {
		return "gone"
	}
	return fmt.Sprintf("tags %v size %d active %v writes %d", v.tags, v.size, v.active, v.content.writes)
}

func (g *volGroup) free() (extents int64) {
	for _, p := range g.pvs {
		extents += p.extent - p.used
	}
	return extents
}

// allocate takes extents from physical volumes in the given order.
func (v *logVol) allocate(from []*physVol, extents int64) bool {
	var room int64
	for _, p := range from {
		room += p.extent - p.used
	}
	if room < extents {
		return false
	}
	if v.alloc == nil {
		v.alloc = map[*physVol]int64{}
	}
	for _, p := range from {
		n := min(extents, p.extent-p.used)
		p.used += n
		v.alloc[p] += n
		extents -= n
	}
	return true
}

func (l *LVM) activate(v *logVol) {
	if v.active {
		return
	}
	v.active = true
	l.m.changed()
	if v.pool != nil {
		v.pool.active = true
	}
	if v.segType == "thin-pool" {
		return
	}
	if v.kname == "" {
		v.kname = l.m.nextDM()
	}
	parents := []string{}
	for _, p := range v.vg.pvs {
		if v.alloc[p] > 0 || v.pool != nil && v.pool.alloc[p] > 0 {
			parents = append(parents, p.path)
		}
	}
	v.dev = l.m.addDevice(&Device{Path: "/dev/" + v.vg.name + "/" + v.name, KName: v.kname, SizeBytes: v.size, Type: "lvm",
		Parents: parents, Content: v.content,
		Aliases: []string{"/dev/mapper/" + dmName(v.vg.name) + "-" + dmName(v.name)}})
}

func dmName(s string) string { return strings.ReplaceAll(s, "-", "--") }

func (l *LVM) deactivate(v *logVol) {
	if !v.active {
		return
	}
	v.active = false
	l.m.changed()
	if v.dev != nil {
		l.m.removeDevice(v.dev.Path)
		v.dev = nil
	}
}

func (v *logVol) open() bool { return v.dev != nil && v.dev.open() }

// mapped is how much of a thin volume is written.
func (v *logVol) mapped() int64 {
	if v.pool == nil {
		return 0
	}
	return min(v.size, int64(v.content.writes-v.shared)*(64<<10))
}

// fill is data_percent of a thin pool or volume.
func (v *logVol) fill() string {
	var used int64
	switch {
	case v.segType == "linear" || v.segType == "thin-pool" && !v.active || v.segType == "thin" && !v.active:
		return ""
	case v.segType == "thin":
		used = v.mapped()
	default:
		for _, o := range v.vg.lvs {
			if o.pool == v {
				used += o.mapped()
			}
		}
	}
	return strconv.FormatFloat(float64(used)*100/float64(max(v.size, 1)), 'f', 2, 64)
}

func (g *volGroup) sorted() []*logVol {
	out := make([]*logVol, 0, len(g.lvs))
	for _, n := range slices.Sorted(maps.Keys(g.lvs)) {
		out = append(out, g.lvs[n])
	}
	return out
}

// find looks for VG/LV and answers as lvm does where it is not there.
func (l *LVM) find(name string) (*logVol, *run.Result) {
	vg, lv := path.Split(name)
	g := l.vgs[strings.TrimSuffix(vg, "/")]
	if g == nil {
		r := fail(5, "  Volume group %q not found\n  Cannot process volume group %s", strings.TrimSuffix(vg, "/"), strings.TrimSuffix(vg, "/"))
		return nil, &r
	}
	v := g.lvs[lv]
	if v == nil {
		r := fail(5, "  Failed to find logical volume %q", name)
		return nil, &r
	}
	return v, nil
}
