package sim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// Exit codes of cryptsetup.
const (
	cryptBad      = 1 // wrong parameters, and all that has no code of its own
	cryptNoKey    = 2
	cryptNoDevice = 4
	cryptBusy     = 5
)

// cryptCall is one call of cryptsetup, without its action.
type cryptCall struct {
	cmd  run.Cmd
	o    options
	args []string
	in   []byte
}

// cryptActions are the actions, with the options that each takes.
func (l *LUKS) cryptActions() map[string]struct {
	do   func(c *cryptCall) run.Result
	args int
	spec []string
} {
	type action = struct {
		do   func(c *cryptCall) run.Result
		args int
		spec []string
	}
	common := []string{"q|batch-mode", "T|tries:", "d|key-file:", "M|type:", "t|timeout:", "v|verbose"}
	with := func(more ...string) []string { return append(slices.Clone(common), more...) }
	pbkdf := []string{"pbkdf:", "pbkdf-memory:", "pbkdf-parallel:", "pbkdf-force-iterations:", "i|iter-time:", "h|hash:"}
	open := action{l.openContainer, 2, with("allow-discards", "r|readonly", "disable-keyring", "test-passphrase", "persistent",
		"perf-no_read_workqueue", "perf-no_write_workqueue", "perf-same_cpu_crypt", "perf-submit_from_crypt_cpus")}
	closing := action{l.closeContainer, 1, common}
	erase := action{l.erase, 1, common}
	return map[string]action{
		"luksFormat": {l.format, 1, with(append(pbkdf, "c|cipher:", "s|key-size:", "sector-size:", "uuid:", "label:", "o|offset:",
			"luks2-metadata-size:", "luks2-keyslots-size:", "use-urandom", "use-random")...)},
		"refresh":       {l.refresh, 1, open.spec},
		"luksRemoveKey": {l.removeKey, 1, common},
		"open":          open, "luksOpen": open, "close": closing, "luksClose": closing, "erase": erase, "luksErase": erase,
		"resize":        {l.resize, 1, with("b|size:", "device-size:")},
		"status":        {l.status, 1, common},
		"isLuks":        {l.isLuks, 1, common},
		"luksUUID":      {l.luksUUID, 1, common},
		"luksDump":      {l.luksDump, 1, with("dump-json-metadata")},
		"luksChangeKey": {l.changeKey, 1, with(append(pbkdf, "S|key-slot:")...)},
	}
}

func (l *LUKS) cryptsetup(c run.Cmd) run.Result {
	if slices.Contains(c.Argv[1:], "--version") {
		return ok("cryptsetup 2.6.1 flags: UDEV BLKID KEYRING KERNEL_CAPI \n")
	}
	actions := l.cryptActions()
	for _, w := range c.Argv[1:] {
		a, known := actions[w]
		if !known {
			continue
		}
		o, bad := parseArgs(c, a.spec...)
		if bad != nil {
			return *bad
		}
		if len(o.rest) == 0 || o.rest[0] != w {
			return usage(c, "an option before the action that takes its name")
		}
		if len(o.rest) != a.args+1 && !o.has("test-passphrase") || len(o.rest) < 2 {
			return usage(c, "this number of arguments")
		}
		return a.do(&cryptCall{cmd: c, o: o, args: o.rest[1:], in: c.Stdin})
	}
	return usage(c, "the action")
}

// passphrase reads the next one from standard input: all of it as a key file, else
// one line.
func (c *cryptCall) passphrase() ([]byte, *run.Result) {
	file, isFile := c.o.set["key-file"]
	if isFile && file != "-" {
		r := usage(c.cmd, "a key file other than standard input")
		return nil, &r
	}
	if len(c.in) == 0 {
		r := fail(cryptBad, "Nothing to read on input.")
		return nil, &r
	}
	if isFile {
		pass := c.in
		c.in = nil
		return pass, nil
	}
	pass, rest, _ := bytes.Cut(c.in, []byte("\n"))
	c.in = rest
	return pass, nil
}

// luksDevice finds the first argument as a device with a header.
func (l *LUKS) luksDevice(c *cryptCall) (*Device, luksHeader, *run.Result) {
	d := l.m.lookDevice(c.args[0])
	if d == nil {
		r := fail(cryptNoDevice, "Device %s does not exist or access denied.", c.args[0])
		return nil, luksHeader{}, &r
	}
	h, found := readHeader(d)
	if !found {
		r := fail(cryptBad, "Device %s is not a valid LUKS device.", c.args[0])
		return nil, luksHeader{}, &r
	}
	return d, h, nil
}

func (l *LUKS) format(c *cryptCall) run.Result {
	d := l.m.lookDevice(c.args[0])
	switch {
	case d == nil:
		return fail(cryptNoDevice, "Device %s does not exist or access denied.", c.args[0])
	case d.open():
		return fail(cryptBusy, "Device %s is in use. Cannot proceed with format operation.", c.args[0])
	}
	pass, bad := c.passphrase()
	if bad != nil {
		return *bad
	}
	h := l.newHeader(d)
	if !h.take(c.o) {
		return fail(cryptBad, "Unsupported LUKS parameters.")
	}
	if d.size() <= h.OffsetBytes {
		return fail(cryptBad, "Device %s is too small.", c.args[0])
	}
	h.Slots[0] = passDigest(pass)
	writeHeader(d, h)
	l.m.changed()
	return ok("")
}

// take reads the options of luksFormat.
func (h *luksHeader) take(o options) bool {
	for name, to := range map[string]*string{"uuid": &h.UUID, "label": &h.Label, "cipher": &h.Cipher, "pbkdf": &h.PBKDF} {
		if v, given := o.set[name]; given {
			*to = v
		}
	}
	good := true
	number := func(name string) int64 {
		v, given := o.set[name]
		if !given {
			return 0
		}
		n, valid := parseBytes(v)
		good = good && valid
		return n
	}
	switch t := strings.ToLower(o.set["type"]); t {
	case "", "luks", "luks2":
		if md, slots := number("luks2-metadata-size"), number("luks2-keyslots-size"); md+slots > 0 {
			if md == 0 {
				md = 16 << 10
			}
			if slots == 0 {
				slots = 16<<20 - 2*md
			}
			h.OffsetBytes = (2*md + slots + 1<<20 - 1) / (1 << 20) * (1 << 20)
		}
	case "luks1":
		h.Type, h.OffsetBytes, h.PBKDF = "luks1", 2<<20, "pbkdf2"
	default:
		return false
	}
	if n := number("offset"); n > 0 {
		h.OffsetBytes = n * 512
	}
	if n := number("sector-size"); n > 0 {
		h.SectorBytes = int(n)
	}
	if n := number("key-size"); n > 0 {
		h.KeyBits = int(n)
	}
	return good
}

func (l *LUKS) openContainer(c *cryptCall) run.Result {
	d, h, bad := l.luksDevice(c)
	if bad != nil {
		return *bad
	}
	test := c.o.has("test-passphrase")
	if !test {
		if l.m.lookDevice("/dev/mapper/"+c.args[1]) != nil {
			return fail(cryptBusy, "Device %s already exists.", c.args[1])
		}
		if d.open() {
			return fail(cryptBusy, "Cannot use device %s which is in use (already mapped or mounted).", c.args[0])
		}
	}
	pass, bad := c.passphrase()
	if bad != nil {
		return *bad
	}
	if h.slotOf(pass) < 0 {
		return fail(cryptNoKey, "No key available with this passphrase.")
	}
	if test {
		return ok("")
	}
	l.activate(&mapping{name: c.args[1], lower: d.Path, header: h, readOnly: c.o.has("readonly"), discards: c.o.has("allow-discards"),
		keyring: h.Type == "luks2" && !c.o.has("disable-keyring")})
	return ok("")
}

// opened finds an open container by its name, or by its path below /dev/mapper.
func (l *LUKS) opened(name string) *mapping { return l.open[strings.TrimPrefix(name, "/dev/mapper/")] }

func (l *LUKS) closeContainer(c *cryptCall) run.Result {
	p := l.opened(c.args[0])
	switch {
	case p == nil:
		return fail(cryptNoDevice, "Device %s is not active.", c.args[0])
	case p.dev.open():
		return fail(cryptBusy, "Device %s is still in use.", c.args[0])
	}
	l.drop(p.name)
	return ok("")
}

func (l *LUKS) resize(c *cryptCall) run.Result {
	p := l.opened(c.args[0])
	if p == nil {
		return fail(cryptNoDevice, "Device %s is not active.", c.args[0])
	}
	lower := l.m.lookDevice(p.lower)
	if lower == nil {
		return fail(cryptNoDevice, "Device %s does not exist or access denied.", p.lower)
	}
	if p.keyring {
		pass, bad := c.passphrase()
		if bad != nil {
			return *bad
		}
		if h, found := readHeader(lower); !found || h.slotOf(pass) < 0 {
			return fail(cryptNoKey, "No key available with this passphrase.")
		}
	}
	room := lower.size() - p.header.OffsetBytes
	want := room
	for name, unit := range map[string]int64{"size": 512, "device-size": 1} {
		if v, given := c.o.set[name]; given {
			n, valid := parseBytes(v)
			if !valid {
				return fail(cryptBad, "Invalid device size specification.")
			}
			want = n * unit
		}
	}
	if want > room || want <= 0 {
		return fail(cryptBad, "Device %s is too small.", p.lower)
	}
	if want != p.dev.SizeBytes {
		p.dev.SizeBytes = want
		l.m.changed()
	}
	return ok("")
}

// refresh changes the flags of an open container; those that are not given are off.
func (l *LUKS) refresh(c *cryptCall) run.Result {
	p := l.opened(c.args[0])
	if p == nil {
		return fail(cryptNoDevice, "Device %s is not active.", c.args[0])
	}
	pass, bad := c.passphrase()
	if bad != nil {
		return *bad
	}
	lower := l.m.lookDevice(p.lower)
	if lower == nil {
		return fail(cryptNoDevice, "Device %s does not exist or access denied.", p.lower)
	}
	if h, found := readHeader(lower); !found || h.slotOf(pass) < 0 {
		return fail(cryptNoKey, "No key available with this passphrase.")
	}
	if on := c.o.has("allow-discards"); on != p.discards {
		p.discards = on
		l.m.changed()
	}
	return ok("")
}

// removeKey takes the key slot of a passphrase away, the last one too, as the real
// one does in batch mode.
func (l *LUKS) removeKey(c *cryptCall) run.Result {
	d, h, bad := l.luksDevice(c)
	if bad != nil {
		return *bad
	}
	pass, bad := c.passphrase()
	if bad != nil {
		return *bad
	}
	slot := h.slotOf(pass)
	if slot < 0 {
		return fail(cryptNoKey, "No key available with this passphrase.")
	}
	delete(h.Slots, slot)
	h.Epoch++
	writeHeader(d, h)
	l.m.changed()
	return ok("")
}

func (l *LUKS) changeKey(c *cryptCall) run.Result {
	d, h, bad := l.luksDevice(c)
	if bad != nil {
		return *bad
	}
	if c.o.has("key-file") {
		return usage(c.cmd, "both passphrases in one key file; give them as two lines")
	}
	old, bad := c.passphrase()
	if bad != nil {
		return *bad
	}
	fresh, bad := c.passphrase()
	if bad != nil {
		return *bad
	}
	slot := h.slotOf(old)
	if want, given := c.o.set["key-slot"]; given && want != strconv.Itoa(slot) {
		slot = -1
	}
	if slot < 0 {
		return fail(cryptNoKey, "No key available with this passphrase.")
	}
	h.Slots[slot] = passDigest(fresh)
	h.Epoch++
	writeHeader(d, h)
	l.m.changed()
	return ok("")
}

// erase takes all key slots away, open or not.
func (l *LUKS) erase(c *cryptCall) run.Result {
	d, h, bad := l.luksDevice(c)
	if bad != nil {
		return *bad
	}
	if len(h.Slots) > 0 {
		clear(h.Slots)
		h.Epoch++
		writeHeader(d, h)
		l.m.changed()
	}
	return ok("")
}

func (l *LUKS) isLuks(c *cryptCall) run.Result {
	d, h, bad := l.luksDevice(c)
	if d == nil && bad != nil {
		if bad.ExitCode == cryptBad {
			return run.Result{ExitCode: cryptBad} // says so by its code only
		}
		return *bad
	}
	if t := c.o.set["type"]; t != "" && t != "luks" && !strings.EqualFold(t, h.Type) {
		return run.Result{ExitCode: cryptBad}
	}
	return ok("")
}

func (l *LUKS) luksUUID(c *cryptCall) run.Result {
	_, h, bad := l.luksDevice(c)
	if bad != nil {
		return *bad
	}
	return ok("%s\n", h.UUID)
}

func (l *LUKS) status(c *cryptCall) run.Result {
	p := l.opened(c.args[0])
	name := strings.TrimPrefix(c.args[0], "/dev/mapper/")
	if p == nil {
		return run.Result{ExitCode: cryptNoDevice, Stdout: fmt.Appendf(nil, "/dev/mapper/%s is inactive.\n", name)}
	}
	use, mode, key := "", "read/write", "dm-crypt"
	if p.dev.open() {
		use = " and is in use"
	}
	if p.readOnly {
		mode = "readonly"
	}
	if p.keyring {
		key = "keyring"
	}
	lower := "(null)"
	if d := l.m.lookDevice(p.lower); d != nil {
		lower = dmPath(d)
	}
	return ok("/dev/mapper/%s is active%s.\n  type:    %s\n  cipher:  %s\n  keysize: %d bits\n  key location: %s\n  device:  %s\n"+
		"  sector size:  %d\n  offset:  %d sectors\n  size:    %d sectors\n  mode:    %s\n",
		name, use, strings.ToUpper(p.header.Type), p.header.Cipher, p.header.KeyBits, key, lower,
		p.header.SectorBytes, p.header.OffsetBytes/512, p.dev.SizeBytes/512, mode)
}

func (l *LUKS) luksDump(c *cryptCall) run.Result {
	_, h, bad := l.luksDevice(c)
	if bad != nil {
		return *bad
	}
	if c.o.has("dump-json-metadata") {
		return h.dumpJSON()
	}
	label := h.Label
	if label == "" {
		label = "(no label)"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "LUKS header information\nVersion:       \t%s\nEpoch:         \t%d\nMetadata area: \t16384 [bytes]\n"+
		"Keyslots area: \t%d [bytes]\nUUID:          \t%s\nLabel:         \t%s\nSubsystem:     \t(no subsystem)\nFlags:       \t(no flags)\n\n",
		strings.TrimPrefix(h.Type, "luks"), h.Epoch, h.OffsetBytes-32<<10, h.UUID, label)
	fmt.Fprintf(&b, "Data segments:\n  0: crypt\n\toffset: %d [bytes]\n\tlength: (whole device)\n\tcipher: %s\n\tsector: %d [bytes]\n\nKeyslots:\n",
		h.OffsetBytes, h.Cipher, h.SectorBytes)
	for _, n := range slices.Sorted(maps.Keys(h.Slots)) {
		fmt.Fprintf(&b, "  %d: %s\n\tKey:        %d bits\n\tPriority:   normal\n\tCipher:     %s\n\tCipher key: %d bits\n\tPBKDF:      %s\n\tDigest ID:  0\n",
			n, h.Type, h.KeyBits, h.Cipher, h.KeyBits, h.PBKDF)
	}
	b.WriteString("Tokens:\nDigests:\n  0: pbkdf2\n\tHash:       sha256\n")
	return run.Result{Stdout: b.Bytes()}
}

func (h luksHeader) dumpJSON() run.Result {
	type object = map[string]any
	salt := base64.StdEncoding.EncodeToString(make([]byte, 32))
	slots, used := object{}, []string{}
	for n := range h.Slots {
		used = append(used, strconv.Itoa(n))
		slots[strconv.Itoa(n)] = object{"type": h.Type, "key_size": h.KeyBits / 8,
			"af":   object{"type": "luks1", "stripes": 4000, "hash": "sha256"},
			"area": object{"type": "raw", "offset": "32768", "size": "258048", "encryption": h.Cipher, "key_size": h.KeyBits / 8},
			"kdf":  object{"type": h.PBKDF, "hash": "sha256", "iterations": 1000, "salt": salt}}
	}
	slices.Sort(used)
	data, err := json.MarshalIndent(object{"keyslots": slots, "tokens": object{},
		"segments": object{"0": object{"type": "crypt", "offset": strconv.FormatInt(h.OffsetBytes, 10), "size": "dynamic", "iv_tweak": "0",
			"encryption": h.Cipher, "sector_size": h.SectorBytes}},
		"digests": object{"0": object{"type": "pbkdf2", "keyslots": used, "segments": []string{"0"}, "hash": "sha256", "iterations": 1000,
			"salt": salt, "digest": salt}},
		"config": object{"json_size": "12288", "keyslots_size": strconv.FormatInt(h.OffsetBytes-32<<10, 10)}}, "", "  ")
	if err != nil {
		return fail(cryptBad, "%v", err)
	}
	return run.Result{Stdout: data}
}
