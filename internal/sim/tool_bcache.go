package sim

import (
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// bcacheDir is where the kernel shows cache sets; markBcache is a superblock, such as
// "cache 6ba7b811-…" or "data 6ba7b811-… writeback".
const (
	bcacheDir  = "/sys/fs/bcache"
	markBcache = "bcache-super"
)

// Bcache is the kernel's bcache of a machine.
//
// Modelled: superblocks, registering in any order, what is dirty and survives on the
// cache, writing back (a block per look), sizes that are taken over at a start only.
// Not modelled: reads that are cached, errors, sets with several devices.
type Bcache struct {
	m *Machine
	// Udev registers devices by itself as soon as they have a superblock.
	Udev bool
	// caches are the devices of the registered sets, slow the registered devices, by
	// the set's UUID.
	caches map[string]*Device
	slow   map[string]*bcached
	// before are the tools for all that is not bcache's.
	before map[string]Tool
}

// bcached is a registered slow device.
type bcached struct {
	b       *Bcache
	uuid    string
	lower   *Device
	top     *Device
	mode    string
	percent string
}

// NewBcache installs bcache on a machine, with make-bcache and what works on the
// kernel's files.
func NewBcache(m *Machine) *Bcache {
	b := &Bcache{m: m, caches: map[string]*Device{}, slow: map[string]*bcached{}, before: map[string]Tool{}}
	for name, t := range map[string]func(c run.Cmd) run.Result{
		"make-bcache": b.makeBcache, "modprobe": b.modprobe, "tee": b.tee, "grep": b.grep, "dd": b.dd,
	} {
		b.before[name] = m.tools[name]
		m.Register(name, func(_ *Machine, c run.Cmd) run.Result { return t(c) })
	}
	m.OnPowerLoss(func() {
		for set := range b.slow {
			b.stopSlow(set)
		}
		for set := range b.caches {
			b.stopSet(set)
		}
		m.files.rmdir(bcacheDir)
	})
	return b
}

func (b *Bcache) other(c run.Cmd) run.Result {
	if t := b.before[c.Argv[0]]; t != nil {
		return t(b.m, c)
	}
	return usage(c, "anything but bcache")
}

// put makes a file of the kernel.
func (b *Bcache) put(p, value string) {
	t := b.m.files
	t.mkdirAll(path.Dir(p))
	t.unlink(p)
	node := t.newNode(p, 'f')
	node.data, node.size = []byte(value+"\n"), int64(len(value)+1)
	_ = t.enter(p, node)
}

func (b *Bcache) modprobe(c run.Cmd) run.Result {
	switch {
	case slices.Contains(c.Argv, "--dry-run"):
		return ok("")
	case slices.Contains(c.Argv, "bcache"):
		b.put(bcacheDir+"/register_quiet", "")
		b.m.changed()
		return ok("")
	}
	return b.other(c)
}

func (b *Bcache) makeBcache(c run.Cmd) run.Result {
	o, bad := parseArgs(c, "h|help", "C|cache", "B|bdev", "w|block:", "b|bucket:", "cset-uuid:", "o|data-offset:", "writeback",
		"discard", "cache_replacement_policy:")
	if bad != nil {
		return *bad
	}
	if o.has("help") || len(o.rest) != 1 {
		return run.Result{ExitCode: 1, Stdout: []byte("Usage: make-bcache [options] device\n\t    --cset-uuid\t\tUUID for the cache set\n")}
	}
	d := b.m.lookDevice(o.rest[0])
	switch {
	case d == nil:
		return fail(1, "Can't open dev %s: No such file or directory", o.rest[0])
	case d.open():
		return fail(1, "Can't open dev %s: Device or resource busy", o.rest[0])
	case d.content().Get(markBcache) != "":
		return fail(1, "Already a bcache device on %s, overwrite with --wipe-bcache", o.rest[0])
	case fsType(d) != "":
		return fail(1, "Device %s already has a non-bcache superblock, remove it using wipefs and wipefs -a", o.rest[0])
	}
	kind := "data"
	if o.has("cache") {
		kind = "cache"
	}
	super := kind + " " + o.set["cset-uuid"]
	if o.has("writeback") {
		super += " writeback"
	}
	d.content().Wipe()
	d.content().Set(markBcache, super)
	b.m.changed()
	if b.Udev {
		b.register(d)
	}
	return ok("Set UUID:\t\t%s\n", o.set["cset-uuid"])
}

// register does what a write to register_quiet does.
func (b *Bcache) register(d *Device) bool {
	f := strings.Fields(d.content().Get(markBcache))
	switch {
	case d.open():
		return true
	case len(f) < 2:
		return false
	case f[0] == "cache":
		b.caches[f[1]] = d
		b.put(path.Join(bcacheDir, f[1], "stop"), "")
	default:
		mode := "writethrough"
		if len(f) > 2 {
			mode = f[2]
		}
		b.slow[f[1]] = &bcached{b: b, uuid: f[1], lower: d, mode: mode, percent: "10"}
	}
	d.holders["bcache"] = true
	if s := b.slow[f[1]]; s != nil && b.caches[f[1]] != nil && s.top == nil {
		s.start()
	}
	b.m.changed()
	return true
}

// superKiB is what a superblock takes in front of the data.
const superKiB = 8

func (s *bcached) start() {
	n := 0
	for s.b.m.lookDevice(fmt.Sprintf("/dev/bcache%d", n)) != nil {
		n++
	}
	s.top = s.b.m.addDevice(&Device{Path: fmt.Sprintf("/dev/bcache%d", n), SizeBytes: s.lower.SizeBytes - superKiB<<10, Type: "disk",
		Parents: []string{s.lower.Path}, Content: &Content{via: s}})
	s.show()
}

// show writes the files of the kernel anew.
func (s *bcached) show() {
	state := "clean"
	if len(s.dirty()) > 0 {
		state = "dirty"
	}
	dir := path.Join(bcacheDir, s.uuid, "bdev0")
	modes := "writethrough writeback writearound none"
	for file, value := range map[string]string{"state": state, "cache_mode": strings.Replace(modes, s.mode, "["+s.mode+"]", 1),
		"writeback_percent": s.percent, "writeback_delay": "30", "writeback_running": "1", "dirty_data": fmt.Sprintf("%d.0k", 4*len(s.dirty())),
		"stop": "", "dev/size": strconv.FormatInt(s.top.SizeBytes/512, 10), "dev/uevent": "MAJOR=252\nDEVNAME=" + s.top.kname()} {
		s.b.put(path.Join(dir, file), value)
	}
	s.b.m.files.rmdir(path.Join(dir, "dev/holders"))
	for h := range s.top.holders {
		if h != userHolder {
			s.b.put(path.Join(dir, "dev/holders", h), "")
		}
	}
}

func (b *Bcache) stopSlow(set string) {
	s := b.slow[set]
	if s.top != nil {
		b.m.removeDevice(s.top.Path)
	}
	delete(s.lower.holders, "bcache")
	delete(b.slow, set)
	b.m.files.rmdir(path.Join(bcacheDir, set, "bdev0"))
}

func (b *Bcache) stopSet(set string) {
	if b.slow[set] != nil {
		b.stopSlow(set)
	}
	delete(b.caches[set].holders, "bcache")
	delete(b.caches, set)
	b.m.files.rmdir(path.Join(bcacheDir, set))
}

func (b *Bcache) tee(c run.Cmd) run.Result {
	p, value := c.Argv[1], strings.TrimSpace(string(c.Stdin))
	rel, is := strings.CutPrefix(p, bcacheDir+"/")
	if !is {
		return b.other(c)
	}
	if b.m.files.at(p) == nil {
		return fail(1, "tee: %s: No such file or directory", p)
	}
	if rel == "register_quiet" {
		if d := b.m.lookDevice(value); d == nil || !b.register(d) {
			return fail(1, "tee: %s: Invalid argument", p)
		}
		return ok("%s\n", value)
	}
	set, _, _ := strings.Cut(rel, "/")
	s := b.slow[set]
	switch path.Base(rel) {
	case "stop":
		switch {
		case s != nil && s.top != nil && s.top.open():
			return ok("1\n") // it happens once nobody uses it any more
		case strings.Contains(rel, "/bdev0/"):
			b.stopSlow(set)
		default:
			b.stopSet(set)
		}
	case "cache_mode":
		s.mode = value
		super := strings.Fields(s.lower.content().Get(markBcache))
		s.lower.content().Set(markBcache, strings.Join(append(super[:2], value), " "))
		s.show()
	case "writeback_percent":
		s.percent = value
		s.show()
	case "writeback_delay", "writeback_running":
	default:
		return usage(c, "the file")
	}
	b.m.changed()
	return ok("%s\n", value)
}

// grep models -H "" FILE… for the kernel's files; a look is a moment in which a block
// is written back.
func (b *Bcache) grep(c run.Cmd) run.Result {
	if len(c.Argv) < 4 || !strings.HasPrefix(c.Argv[3], bcacheDir) {
		return b.other(c)
	}
	for _, s := range b.slow {
		if s.top != nil {
			s.show()
		}
	}
	var res run.Result
	for _, f := range c.Argv[3:] {
		node := b.m.files.at(f)
		if node == nil {
			return fail(2, "grep: %s: No such file or directory", f)
		}
		for l := range strings.Lines(string(node.data)) {
			res.Stdout = fmt.Appendf(res.Stdout, "%s:%s", f, l)
		}
	}
	for _, s := range b.slow {
		if s.top != nil && s.mode != "writeback" {
			s.writeBack()
		}
	}
	return res
}

// dd models reading and clearing the superblock.
func (b *Bcache) dd(c run.Cmd) run.Result {
	clear := slices.Contains(c.Argv, "seek=1")
	if !clear && !slices.Contains(c.Argv, "skip=1") {
		return b.other(c)
	}
	at := map[bool]string{true: "of=", false: "if="}[clear]
	i := slices.IndexFunc(c.Argv, func(a string) bool { return strings.HasPrefix(a, at) })
	d := b.m.lookDevice(strings.TrimPrefix(c.Argv[i], at))
	switch {
	case d == nil:
		return fail(1, "dd: failed to open '%s': No such file or directory", strings.TrimPrefix(c.Argv[i], at))
	case d.content().Get(markCacheSuper) != "":
		return b.other(c)
	case clear:
		d.content().Set(markBcache, "")
		b.m.changed()
		return ok("")
	}
	head := make([]byte, 4096)
	if f := strings.Fields(d.content().Get(markBcache)); len(f) > 1 {
		copy(head[24:], "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81")
		set, _ := hex.DecodeString(strings.ReplaceAll(f[1], "-", ""))
		copy(head[56:], set)
	}
	return run.Result{Stdout: head}
}

// cache is the content of the fast device; nothing where it is not there.
func (s *bcached) cache() *Content {
	if d := s.b.caches[s.uuid]; d != nil {
		return d.content()
	}
	return newContent()
}

func (s *bcached) dirty() []string {
	var out []string
	for m := range s.cache().all() {
		if strings.HasPrefix(m, dirtyPrefix) {
			out = append(out, m)
		}
	}
	slices.Sort(out)
	return out
}

func (s *bcached) writeBack() {
	if d := s.dirty(); len(d) > 0 {
		s.lower.content().Set(strings.TrimPrefix(d[0], dirtyPrefix), s.cache().Get(d[0]))
		s.cache().Set(d[0], "")
	}
}

func (s *bcached) get(mark string) string {
	if mark == markBcache {
		return ""
	}
	if v := s.cache().Get(dirtyPrefix + mark); v != "" {
		return v
	}
	return s.lower.content().Get(mark)
}

func (s *bcached) set(mark, value string) {
	if s.mode != "writeback" || value == "" {
		s.cache().Set(dirtyPrefix+mark, "")
		s.lower.content().Set(mark, value)
		return
	}
	s.cache().Set(dirtyPrefix+mark, value)
}

func (s *bcached) wipe() {
	for m := range s.all() {
		s.set(m, "")
	}
}

func (s *bcached) all() map[string]string {
	out := maps.Clone(s.lower.content().all())
	delete(out, markBcache)
	for _, m := range s.dirty() {
		out[strings.TrimPrefix(m, dirtyPrefix)] = s.cache().Get(m)
	}
	return out
}
