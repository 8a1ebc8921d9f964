package sim

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// Marks of the caches: the superblock on the device that has it, and what was
// written and is not on the slow device yet.
const (
	markCacheSuper = "cache-super"
	dirtyPrefix    = "dirty:"
)

// Caches are the targets writecache and cache of the device mapper.
//
// Modelled: the superblock, what is dirty and survives on the fast device, writing
// back (a block per look with the policy cleaner), growing, and devices in use. Not
// modelled: reads that are cached, errors of devices, features, a full cache.
type Caches struct {
	m *Machine
	// before is the tool for all other devices.
	before Tool
	devs   map[string]*cached
}

// cached is one running device.
type cached struct {
	c         *Caches
	name      string
	uuid      string
	table     cacheTable
	inactive  *cacheTable
	suspended bool
	dev       *Device
}

type cacheTable struct {
	sectors int64
	target  string
	words   []string
}

// NewCaches installs the targets on a machine, with dd and modprobe.
func NewCaches(m *Machine) *Caches {
	c := &Caches{m: m, devs: map[string]*cached{}, before: m.tools["dmsetup"]}
	m.Register("dmsetup", func(_ *Machine, cmd run.Cmd) run.Result { return c.dmsetup(cmd) })
	m.Register("dd", dd)
	m.Register("modprobe", func(*Machine, run.Cmd) run.Result { return ok("") })
	m.OnPowerLoss(func() {
		for name := range c.devs {
			c.drop(name)
		}
	})
	return c
}

func parseCacheTable(text string) (cacheTable, bool) {
	f := strings.Fields(text)
	if len(f) < 6 || f[0] != "0" || f[2] != "writecache" && f[2] != "cache" {
		return cacheTable{}, false
	}
	n, err := strconv.ParseInt(f[1], 10, 64)
	return cacheTable{sectors: n, target: f[2], words: f[3:]}, err == nil
}

// origin and fast are the devices below; fast is the one with the superblock.
func (t cacheTable) devices() (origin, fast string, all []string) {
	if t.target == "writecache" {
		return t.words[1], t.words[2], t.words[1:3]
	}
	return t.words[2], t.words[0], t.words[:3]
}

// policyAt is where the policy's name is in the table of a cache.
func (t cacheTable) policyAt() int {
	n, _ := strconv.Atoi(t.words[4])
	return 5 + n
}

func (t cacheTable) writesThrough() bool {
	return t.target == "cache" && !slices.Contains(t.words, "writeback")
}

func (c *cached) content(fast bool) *Content {
	origin, cache, _ := c.table.devices()
	if fast {
		origin = cache
	}
	if d := c.c.look(origin); d != nil {
		return d.content()
	}
	return newContent()
}

// look finds a device by path or by number.
func (c *Caches) look(name string) *Device {
	for _, d := range c.m.deviceList() {
		if strings.HasPrefix(d.kname(), "dm-") && dmNumber(d) == name {
			return d
		}
	}
	return c.m.lookDevice(name)
}

func (c *cached) get(mark string) string {
	if v := c.content(true).Get(dirtyPrefix + mark); v != "" {
		return v
	}
	return c.content(false).Get(mark)
}

func (c *cached) set(mark, value string) {
	if c.table.writesThrough() || value == "" {
		c.content(true).Set(dirtyPrefix+mark, "")
		c.content(false).Set(mark, value)
		return
	}
	c.content(true).Set(dirtyPrefix+mark, value)
}

func (c *cached) wipe() {
	for _, m := range c.dirty() {
		c.content(true).Set(m, "")
	}
	c.content(false).Wipe()
}

func (c *cached) all() map[string]string {
	out := c.content(false).all()
	for _, m := range c.dirty() {
		out[strings.TrimPrefix(m, dirtyPrefix)] = c.content(true).Get(m)
	}
	return out
}

func (c *cached) dirty() []string {
	var out []string
	for m := range c.content(true).all() {
		if strings.HasPrefix(m, dirtyPrefix) {
			out = append(out, m)
		}
	}
	slices.Sort(out)
	return out
}

// writeBack moves up to n marks to the slow device.
func (c *cached) writeBack(n int) {
	for _, m := range c.dirty()[:min(n, len(c.dirty()))] {
		c.content(false).Set(strings.TrimPrefix(m, dirtyPrefix), c.content(true).Get(m))
		c.content(true).Set(m, "")
	}
}

func (c *Caches) dmsetup(cmd run.Cmd) run.Result {
	o, bad := parseArgs(cmd, "target:", "C|columns", "c", "noheadings", "o|options:", "separator:", "f|force", "retry", "showkeys",
		"u|uuid:", "table:", "noflush")
	if bad != nil {
		return *bad
	}
	if len(o.rest) == 0 {
		return usage(cmd, "no command")
	}
	switch verb := o.rest[0]; {
	case verb == "version":
		return ok("Library version:   1.02.185 (2022-05-18)\nDriver version:    4.47.0\n")
	case verb == "create" && len(o.rest) == 2:
		return c.create(cmd, o)
	case len(o.rest) > 1 && c.devs[o.rest[1]] != nil:
		return c.change(cmd, o, c.devs[o.rest[1]])
	case len(o.rest) > 1:
		if c.before != nil {
			return c.before(c.m, cmd)
		}
		return fail(1, "Device %s not found\nCommand failed.", o.rest[1])
	case c.before != nil && c.foreign(o):
		return c.before(c.m, cmd)
	}
	return c.list(cmd, o)
}

// foreign tells whether a list is what others ask, such as the layer of LUKS.
func (c *Caches) foreign(o options) bool {
	target := o.set["target"]
	return target != "" && target != "writecache" && target != "cache" ||
		o.rest[0] == "info" && o.set["options"] != "name,uuid,open,suspended"
}

func (c *Caches) list(cmd run.Cmd, o options) run.Result {
	var res run.Result
	for _, name := range slices.Sorted(maps.Keys(c.devs)) {
		d := c.devs[name]
		switch {
		case o.rest[0] == "info" && o.set["options"] == "name,uuid,open,suspended":
			state := map[bool]string{true: "Suspended", false: "Active"}[d.suspended]
			res.Stdout = fmt.Appendf(res.Stdout, "%s\n", strings.Join([]string{name, d.uuid, strconv.Itoa(len(d.dev.holders)), state}, o.set["separator"]))
		case o.rest[0] == "info":
			return usage(cmd, "columns")
		case o.set["target"] != d.table.target:
		case o.rest[0] == "table":
			res.Stdout = fmt.Appendf(res.Stdout, "%s: 0 %d %s %s\n", name, d.table.sectors, d.table.target, strings.Join(d.table.words, " "))
		case o.rest[0] == "status":
			res.Stdout = fmt.Appendf(res.Stdout, "%s: 0 %d %s %s\n", name, d.table.sectors, d.table.target, d.status())
		default:
			return usage(cmd, "the command")
		}
	}
	if c.before != nil && o.rest[0] == "info" {
		others := c.others(cmd)
		if others.ExitCode != 0 {
			return others
		}
		res.Stdout = append(res.Stdout, others.Stdout...)
	}
	if len(res.Stdout) == 0 && len(c.devs) == 0 {
		return ok("No devices found\n")
	}
	return res
}

// others asks the former tool; it sees the devices of the targets here as well.
func (c *Caches) others(cmd run.Cmd) run.Result {
	res := c.before(c.m, cmd)
	var keep []byte
	for l := range strings.Lines(string(res.Stdout)) {
		name, _, _ := strings.Cut(l, "|")
		if c.devs[name] == nil && !strings.HasPrefix(l, "No devices") {
			keep = append(keep, l...)
		}
	}
	res.Stdout = keep
	return res
}

func (d *cached) status() string {
	n := len(d.dirty())
	if d.table.target == "writecache" {
		return fmt.Sprintf("0 1000 %d 0", 1000-n)
	}
	at := d.table.policyAt()
	if d.table.words[at] == "cleaner" {
		// A look is a moment in which a block is written back.
		defer d.writeBack(1)
	}
	return fmt.Sprintf("8 30/3072 %s 2/20 1 2 3 4 0 2 %d 1 %s 2 migration_threshold 2048 %s 0 rw -", d.table.words[3], n, d.table.words[5], d.table.words[at])
}

func (c *Caches) create(cmd run.Cmd, o options) run.Result {
	t, valid := parseCacheTable(o.set["table"])
	if !valid {
		return usage(cmd, "the table")
	}
	name := o.rest[1]
	if c.devs[name] != nil {
		return fail(1, "device-mapper: create ioctl on %s  failed: Device or resource busy\nCommand failed.", name)
	}
	_, fast, all := t.devices()
	for _, p := range all {
		d := c.look(p)
		if d == nil {
			return fail(1, "device-mapper: reload ioctl on %s  failed: No such device or address\nCommand failed.", name)
		}
		if d.open() {
			return fail(1, "device-mapper: reload ioctl on %s  failed: Device or resource busy\nCommand failed.", name)
		}
	}
	switch super := c.look(fast).content(); super.Get(markCacheSuper) {
	case t.target:
	case "":
		if fsType(c.look(fast)) != "" {
			return fail(1, "device-mapper: reload ioctl on %s  failed: Invalid argument\nCommand failed.", name)
		}
		super.Wipe()
		super.Set(markCacheSuper, t.target)
	default:
		return fail(1, "device-mapper: reload ioctl on %s  failed: Invalid argument\nCommand failed.", name)
	}
	d := &cached{c: c, name: name, uuid: o.set["uuid"], table: t}
	d.dev = c.m.addDevice(&Device{Path: "/dev/mapper/" + name, KName: c.m.nextDM(), SizeBytes: t.sectors * 512, Type: "dm",
		Parents: all, Content: &Content{via: d}})
	c.devs[name] = d
	c.m.changed()
	return ok("")
}

func (c *Caches) change(cmd run.Cmd, o options, d *cached) run.Result {
	switch verb := o.rest[0]; verb {
	case "load":
		t, valid := parseCacheTable(o.set["table"])
		if !valid || t.target != d.table.target {
			return usage(cmd, "the table")
		}
		d.inactive = &t
	case "resume":
		if d.inactive != nil {
			d.table, d.inactive = *d.inactive, nil
			d.dev.SizeBytes = d.table.sectors * 512
		}
		d.suspended = false
	case "message":
		if !slices.Equal(o.rest[2:], []string{"0", "flush"}) || d.table.target != "writecache" {
			return fail(1, "device-mapper: message ioctl on %s  failed: Invalid argument\nCommand failed.", d.name)
		}
		d.writeBack(1 << 20)
	case "remove":
		if d.dev.open() {
			return fail(1, "device-mapper: remove ioctl on %s  failed: Device or resource busy\nCommand failed.", d.name)
		}
		c.drop(d.name)
	default:
		return usage(cmd, "the command")
	}
	c.m.changed()
	return ok("")
}

func (c *Caches) drop(name string) {
	c.m.removeDevice("/dev/mapper/" + name)
	delete(c.devs, name)
}

// dd models reading and zeroing the first 4 KiB of a device, and nothing else.
func dd(m *Machine, c run.Cmd) run.Result {
	o := map[string]string{}
	for _, a := range c.Argv[1:] {
		k, v, _ := strings.Cut(a, "=")
		o[k] = v
	}
	p := o["if"]
	if p == "/dev/zero" {
		p = o["of"]
	}
	d := m.lookDevice(p)
	if d == nil {
		return fail(1, "dd: failed to open '%s': No such file or directory", p)
	}
	if o["bs"] != "4096" || o["count"] != "1" {
		return usage(c, "the amount")
	}
	if o["of"] == "" {
		return run.Result{Stdout: headOf(d)}
	}
	for _, mark := range []string{markCacheSuper, MarkFS, MarkUUID} {
		d.content().Set(mark, "")
	}
	m.changed()
	return ok("")
}

// headOf is what the first 4 KiB of a device look like.
func headOf(d *Device) []byte {
	b := make([]byte, 4096)
	switch d.content().Get(markCacheSuper) {
	case "writecache":
		binary.LittleEndian.PutUint32(b, 0x23489321)
	case "cache":
		binary.LittleEndian.PutUint64(b[32:], 0o6142003)
	default:
		copy(b, fsType(d))
	}
	return b
}
