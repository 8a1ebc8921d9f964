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

// ZFS is the ZFS of a machine: pools, file systems, volumes and snapshots.
//
// Modelled: space of thick and thin volumes, user properties that children
// inherit, volumes that are busy with users or until udev has settled, snapshots
// and clones that keep their origin, pool health.
// Not modelled: RAID, quotas, compression, the space that snapshots take.
type ZFS struct {
	m     *Machine
	pools map[string]*zpool
	sets  map[string]*zset
	next  int
}

type zpool struct {
	name   string
	size   int64
	health string
	disks  []string
}

type zset struct {
	name   string
	kind   string // filesystem, volume, snapshot
	size   int64
	block  int64
	thin   bool
	origin string
	props  map[string]string
	dev    *Device
	// content is what a snapshot holds.
	content *Content
	// unsettled is a volume that udev has not looked at yet.
	unsettled bool
}

// zvolBlock is the block size of volumes for which none is asked, as of ZFS 2.1.
const zvolBlock = 8 << 10

// NewZFS installs the tools of ZFS on a machine.
func NewZFS(m *Machine) *ZFS {
	z := &ZFS{m: m, pools: map[string]*zpool{}, sets: map[string]*zset{}}
	m.Register("zfs", func(_ *Machine, c run.Cmd) run.Result { return z.zfs(c) })
	m.Register("zpool", func(_ *Machine, c run.Cmd) run.Result { return z.zpool(c) })
	m.Register("udevadm", func(_ *Machine, c run.Cmd) run.Result { return z.udevadm(c) })
	return z
}

// udevadm models udevadm settle: udev looks at every new or changed device, which
// keeps it open meanwhile.
func (z *ZFS) udevadm(c run.Cmd) run.Result {
	if len(c.Argv) < 2 || c.Argv[1] != "settle" {
		return usage(c, "subcommand")
	}
	o, bad := parseArgs(run.Command(c.Argv[1:]...), "timeout:", "exit-if-exists:")
	if bad != nil {
		return *bad
	}
	if len(o.rest) > 0 {
		return usage(c, "an argument")
	}
	// A link that exists does not mean that udev is done with the device.
	for _, s := range z.sets {
		s.unsettled = s.unsettled && o.has("exit-if-exists")
	}
	return ok("")
}

// AddPool makes a pool on disks of the machine.
func (z *ZFS) AddPool(name string, disks ...string) (err error) {
	z.m.do(func() { err = z.addPool(name, nil, disks) })
	return err
}

func (z *ZFS) addPool(name string, props map[string]string, disks []string) error {
	p := &zpool{name: name, health: "ONLINE"}
	for _, path := range disks {
		d := z.m.lookDevice(path)
		if d == nil {
			return fmt.Errorf("add pool %s: no device %s", name, path)
		}
		d.Content.Set("zfs", name)
		p.size += d.SizeBytes
		p.disks = append(p.disks, d.Path)
	}
	z.pools[name] = p
	z.sets[name] = &zset{name: name, kind: "filesystem", props: props}
	return nil
}

// AddDataset makes a file system with user properties.
func (z *ZFS) AddDataset(name string, props map[string]string) {
	z.m.do(func() { z.sets[name] = &zset{name: name, kind: "filesystem", props: props} })
}

// PlantVolume makes a volume of somebody else's and guards it.
func (z *ZFS) PlantVolume(name string, sizeBytes int64, props map[string]string) {
	z.m.do(func() {
		v := &zset{name: name, kind: "volume", size: sizeBytes, block: zvolBlock, thin: true, props: props}
		z.addVolume(v)
		v.dev.Content.Set(MarkData, "foreign")
		z.m.guard("dataset "+name, func() string { return z.sets[name].fingerprint() })
	})
}

// PlantDataset makes a file system of somebody else's and guards it.
func (z *ZFS) PlantDataset(name string) {
	z.AddDataset(name, nil)
	z.m.Guard("dataset "+name, func() string { return z.sets[name].fingerprint() })
}

// Snapshot takes a snapshot of a volume as a user would.
func (z *ZFS) Snapshot(volume, name string) {
	z.m.do(func() { z.keep(volume, name, nil) })
}

func (z *ZFS) keep(volume, name string, props map[string]string) {
	of := z.sets[volume]
	z.sets[volume+"@"+name] = &zset{name: volume + "@" + name, kind: "snapshot", props: props, content: of.dev.Content.clone()}
}

// snapshot models zfs snapshot -o PROPERTY=VALUE VOLUME@NAME.
func (z *ZFS) snapshot(c run.Cmd) run.Result {
	o, bad := parseArgs(c, "o:")
	if bad != nil {
		return *bad
	}
	key, value, isProp := strings.Cut(o.set["o"], "=")
	if len(o.rest) != 1 || !isProp || !strings.Contains(key, ":") {
		return usage(c, "anything but one snapshot with one user property")
	}
	volume, name, at := strings.Cut(o.rest[0], "@")
	switch of := z.sets[volume]; {
	case !at:
		return fail(2, "cannot create snapshot '%s': missing '@' delimiter in snapshot name", o.rest[0])
	case of == nil:
		return fail(1, "cannot open '%s': dataset does not exist", volume)
	case of.kind != "volume":
		return usage(c, "a snapshot of anything but a volume")
	case z.sets[o.rest[0]] != nil:
		return fail(1, "cannot create snapshot '%s': dataset already exists", o.rest[0])
	case z.m.full:
		return fail(1, "cannot create snapshot '%s': out of space", o.rest[0])
	}
	z.keep(volume, name, map[string]string{key: value})
	z.m.changed()
	return ok("")
}

// Fill leaves a pool without free space.
func (z *ZFS) Fill(pool string) {
	z.m.do(func() { z.pools[pool].size = z.used(pool) })
}

// SetHealth sets the health of a pool.
func (z *ZFS) SetHealth(pool, health string) { z.m.do(func() { z.pools[pool].health = health }) }

func (s *zset) fingerprint() string {
	if s == nil {
		return "gone"
	}
	writes := 0
	if s.dev != nil {
		writes = s.dev.Content.writes
	}
	return fmt.Sprintf("%s size %d props %v writes %d", s.kind, s.size, s.props, writes)
}

func (z *ZFS) addVolume(v *zset) {
	v.dev = z.m.addDevice(&Device{Path: "/dev/zvol/" + v.name, KName: fmt.Sprintf("zd%d", z.next*16), SizeBytes: v.size,
		Type: "disk", SectorBytes: 512})
	z.next++
	z.sets[v.name] = v
}

// note models zfs set with a user property, and with refreservation=none.
func (z *ZFS) note(c run.Cmd) run.Result {
	key, value, _ := strings.Cut(c.Argv[1], "=")
	s := z.sets[c.Argv[2]]
	switch {
	case s == nil:
		return fail(1, "cannot open '%s': dataset does not exist", c.Argv[2])
	case c.Argv[1] == "refreservation=none":
		s.thin = true
	case strings.Contains(key, ":"):
		s.props = maps.Clone(s.props)
		if s.props == nil {
			s.props = map[string]string{}
		}
		s.props[key] = value
	default:
		return usage(c, "a property")
	}
	z.m.changed()
	return ok("")
}

// rename models zfs rename of a volume, which takes its snapshots along.
func (z *ZFS) rename(c run.Cmd) run.Result {
	if len(c.Argv) != 3 {
		return usage(c, "anything but two names")
	}
	from, to := c.Argv[1], c.Argv[2]
	v := z.sets[from]
	switch {
	case v == nil:
		return fail(1, "cannot open '%s': dataset does not exist", from)
	case v.kind != "volume":
		return usage(c, "a rename of anything but a volume")
	case z.sets[to] != nil:
		return fail(1, "cannot rename '%s': dataset already exists", from)
	case path.Dir(from) != path.Dir(to):
		return usage(c, "a rename into another dataset")
	}
	moved := map[string]*zset{}
	for name, s := range z.sets {
		if of, snap, at := strings.Cut(name, "@"); name == from || at && of == from {
			delete(z.sets, name)
			s.name = to
			if at {
				s.name += "@" + snap
			}
			moved[name] = s
		}
	}
	for was, s := range moved {
		z.sets[s.name] = s
		for _, clone := range z.sets {
			if clone.origin == was {
				clone.origin = s.name
			}
		}
	}
	delete(z.m.devices, v.dev.Path)
	v.dev.Path = "/dev/zvol/" + to
	z.m.devices[v.dev.Path] = v.dev
	z.m.changed()
	return ok("")
}

// charge is what a dataset takes in its pool.
func (s *zset) charge() int64 {
	switch {
	case s.kind != "volume":
		return 0
	case s.thin:
		return min(s.size, int64(s.dev.Content.writes)*s.block)
	}
	return reservation(s.size, s.block)
}

// reservation is refreservation of a thick volume: its size and, twice, the blocks
// that index it, 128 KiB for 1024 entries, at every level.
func reservation(size, block int64) int64 {
	index := int64(7)
	for n := (size + block - 1) / block; n > 1; {
		n = (n + 1023) / 1024
		index += n
	}
	return size + index*(256<<10)
}

func poolOf(name string) string {
	p, _, _ := strings.Cut(name, "/")
	return p
}

// used is the space that everything at or below a dataset takes.
func (z *ZFS) used(name string) (n int64) {
	for _, s := range z.sets {
		if s.name == name || strings.HasPrefix(s.name, name+"/") {
			n += s.charge()
		}
	}
	return n
}

func (z *ZFS) available(name string) int64 {
	p := z.pools[poolOf(name)]
	return max(p.size-z.used(p.name), 0)
}

// prop is a user property with what it inherits.
func (z *ZFS) prop(name, key string) string {
	for s := z.sets[name]; s != nil; s = z.sets[parent(s.name)] {
		if v, found := s.props[key]; found {
			return v
		}
	}
	return "-"
}

// parent is what a dataset or a snapshot inherits from.
func parent(name string) string {
	if of, _, snap := strings.Cut(name, "@"); snap {
		return of
	}
	return path.Dir(name)
}

func (z *ZFS) zfs(c run.Cmd) run.Result {
	if len(c.Argv) < 2 {
		return usage(c, "no subcommand")
	}
	sub := run.Command(c.Argv[1:]...)
	switch c.Argv[1] {
	case "list":
		return z.list(sub)
	case "create":
		return z.create(sub)
	case "set":
		return z.set(sub)
	case "destroy":
		return z.destroy(sub)
	case "snapshot":
		return z.snapshot(sub)
	case "rename":
		return z.rename(sub)
	case "version":
		return ok("zfs-2.1.11-1\nzfs-kmod-2.1.11-1\n")
	}
	return usage(c, "subcommand")
}

func (z *ZFS) list(c run.Cmd) run.Result {
	o, bad := parseArgs(c, "H", "p", "r", "d:", "t:", "o:")
	if bad != nil {
		return *bad
	}
	depth, err := strconv.Atoi(o.set["d"])
	if err != nil || !o.has("H") || o.set["o"] == "" || len(o.rest) == 0 {
		return usage(c, "anything but -H -d N -o FIELDS NAME…")
	}
	kinds := []string{"filesystem"}
	if t := o.set["t"]; t != "" {
		kinds = strings.Split(t, ",")
	}
	var res run.Result
	for _, root := range o.rest {
		if z.sets[root] == nil {
			res.ExitCode = 1
			res.Stderr = fmt.Appendf(res.Stderr, "cannot open '%s': dataset does not exist\n", root)
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(z.sets)) {
			s := z.sets[name]
			below, under := strings.CutPrefix(name, root)
			if !under || below != "" && below[0] != '/' && below[0] != '@' || !slices.Contains(kinds, s.kind) ||
				strings.Count(below, "/")+strings.Count(below, "@") > depth {
				continue
			}
			line, known := z.row(s, strings.Split(o.set["o"], ","))
			if !known {
				return usage(c, "a field")
			}
			res.Stdout = append(res.Stdout, line...)
		}
	}
	return res
}

func (z *ZFS) row(s *zset, fields []string) (string, bool) {
	v := map[string]string{"name": s.name, "type": s.kind, "used": fmt.Sprint(z.used(s.name)), "available": "-", "volsize": "-",
		"volblocksize": "-", "origin": "-", "keystatus": "-"}
	if s.kind != "snapshot" {
		v["available"] = fmt.Sprint(z.available(s.name))
	}
	if of, _, snap := strings.Cut(s.name, "@"); snap && z.sets[of] != nil {
		v["volsize"] = fmt.Sprint(z.sets[of].size)
	}
	if s.kind == "volume" {
		v["volsize"], v["volblocksize"] = fmt.Sprint(s.size), fmt.Sprint(s.block)
	}
	if s.origin != "" {
		v["origin"] = s.origin
	}
	var out []string
	for _, f := range fields {
		value, known := v[f]
		if !known && !strings.Contains(f, ":") {
			return "", false
		}
		if !known {
			value = z.prop(s.name, f)
		}
		out = append(out, value)
	}
	return strings.Join(out, "\t") + "\n", true
}

func (z *ZFS) create(c run.Cmd) run.Result {
	o, bad := parseArgs(c, "s", "V:", "b:", "o:")
	if bad != nil {
		return *bad
	}
	key, value, isProp := strings.Cut(o.set["o"], "=")
	size, err := strconv.ParseInt(o.set["V"], 10, 64)
	if err != nil || len(o.rest) != 1 || !isProp || !strings.Contains(key, ":") {
		return usage(c, "anything but a volume with one user property")
	}
	v := &zset{name: o.rest[0], kind: "volume", size: size, block: zvolBlock, thin: o.has("s"), props: map[string]string{key: value}}
	if b, valid := parseBytes(strings.ToUpper(o.set["b"])); valid && b > 0 {
		v.block = b
	}
	if rest := size % v.block; rest != 0 {
		v.size += v.block - rest
	}
	v.unsettled = true
	switch {
	case z.sets[v.name] != nil:
		return fail(1, "cannot create '%s': dataset already exists", v.name)
	case z.sets[path.Dir(v.name)] == nil:
		return fail(1, "cannot create '%s': parent does not exist", v.name)
	case z.m.full || !v.thin && v.charge() > z.available(v.name):
		return fail(1, "cannot create '%s': out of space", v.name)
	}
	z.addVolume(v)
	z.m.changed()
	return ok("")
}

func (z *ZFS) set(c run.Cmd) run.Result {
	if len(c.Argv) != 3 {
		return usage(c, "anything but one property of one dataset")
	}
	if !strings.HasPrefix(c.Argv[1], "volsize=") {
		return z.note(c)
	}
	size, err := strconv.ParseInt(strings.TrimPrefix(c.Argv[1], "volsize="), 10, 64)
	v := z.sets[c.Argv[2]]
	switch {
	case err != nil:
		return usage(c, "the size")
	case v == nil || v.kind != "volume":
		return fail(1, "cannot open '%s': dataset does not exist", c.Argv[2])
	case size%v.block != 0:
		return fail(1, "cannot set property for '%s': 'volsize' must be a multiple of volume block size (%dK)", v.name, v.block>>10)
	case !v.thin && (z.m.full || reservation(size, v.block)-v.charge() > z.available(v.name)):
		return fail(1, "cannot set property for '%s': size is greater than available space", v.name)
	}
	if size != v.size {
		v.size, v.dev.SizeBytes = size, size
		z.m.changed()
	}
	return ok("")
}

func (z *ZFS) destroy(c run.Cmd) run.Result {
	o, bad := parseArgs(c)
	if bad != nil {
		return *bad
	}
	if len(o.rest) != 1 {
		return usage(c, "anything but one dataset")
	}
	name := o.rest[0]
	s := z.sets[name]
	if s == nil {
		return fail(1, "cannot open '%s': dataset does not exist", name)
	}
	for other, x := range z.sets {
		if strings.HasPrefix(other, name+"@") || strings.HasPrefix(other, name+"/") {
			return fail(1, "cannot destroy '%s': %s has children\nuse '-r' to destroy the following datasets:\n%s", name, s.kind, other)
		}
		if x.origin == name {
			return fail(1, "cannot destroy '%s': snapshot has dependent clones\nuse '-R' to destroy the following datasets:\n%s", name, other)
		}
	}
	if s.dev != nil {
		if s.dev.open() || s.unsettled {
			return fail(1, "cannot destroy '%s': dataset is busy", name)
		}
		z.m.removeDevice(s.dev.Path)
	}
	delete(z.sets, name)
	z.m.changed()
	return ok("")
}
