package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// markLUKS is the mark of a LUKS header; it holds a luksHeader.
const markLUKS = "luks"

// LUKS is the encryption of a machine: cryptsetup for LUKS containers, and what
// dmsetup tells about the devices of the device mapper.
//
// Modelled: key slots, the header's size, what is in use, that a container's data
// moves with its lower device (clones included), and that LUKS2 keeps its key in
// the kernel's keyring, so that resize wants it again. Not modelled: detached
// headers, tokens, integrity, re-encryption.
type LUKS struct {
	m    *Machine
	open map[string]*mapping
	// formats counts, to give each container an identifier of its own.
	formats int
}

// mapping is an open container.
type mapping struct {
	name     string
	lower    string
	header   luksHeader
	keyring  bool
	readOnly bool
	discards bool
	dev      *Device
}

// luksHeader is what a LUKS header says.
type luksHeader struct {
	Type        string // luks1 or luks2
	UUID        string
	Label       string
	OffsetBytes int64
	SectorBytes int
	Cipher      string
	KeyBits     int
	PBKDF       string
	Epoch       int
	// Slots has a digest of the passphrase by key slot.
	Slots map[int]string
}

// NewLUKS installs cryptsetup and dmsetup on a machine.
func NewLUKS(m *Machine) *LUKS {
	l := &LUKS{m: m, open: map[string]*mapping{}}
	m.Register("cryptsetup", func(_ *Machine, c run.Cmd) run.Result { return l.cryptsetup(c) })
	m.Register("dmsetup", func(_ *Machine, c run.Cmd) run.Result { return l.dmsetup(c) })
	m.OnPowerLoss(func() {
		for name := range l.open {
			l.drop(name)
		}
	})
	return l
}

// PlantLUKS formats a device as somebody else would, and opens it under a name
// where one is given. Both are guarded.
func (l *LUKS) PlantLUKS(device, name, passphrase string) (err error) {
	l.m.do(func() {
		d := l.m.lookDevice(device)
		if d == nil {
			err = fmt.Errorf("plant LUKS on %s: no such device", device)
			return
		}
		h := l.newHeader(d)
		h.Slots[0] = passDigest([]byte(passphrase))
		writeHeader(d, h)
		l.m.guard("LUKS header on "+device, func() string {
			if d := l.m.lookDevice(device); d != nil {
				return d.content().Get(markLUKS)
			}
			return "no device"
		})
		if name == "" {
			return
		}
		l.activate(&mapping{name: name, lower: d.Path, header: h, keyring: true})
		l.m.guardVolatile("crypt device "+name, func() string { return fmt.Sprintf("open %v", l.open[name] != nil) })
	})
	return err
}

// UnlockedBy tells whether a passphrase opens the container on a device.
func (l *LUKS) UnlockedBy(device, passphrase string) (opens bool) {
	l.m.do(func() {
		if d := l.m.lookDevice(device); d != nil {
			h, found := readHeader(d)
			opens = found && h.slotOf([]byte(passphrase)) >= 0
		}
	})
	return opens
}

// AddKey puts a second passphrase into the container on a device, as a change of
// passphrase does that is cut off half way.
func (l *LUKS) AddKey(device, passphrase string) {
	l.m.do(func() {
		if d := l.m.lookDevice(device); d != nil {
			if h, found := readHeader(d); found {
				h.Slots[len(h.Slots)+1] = passDigest([]byte(passphrase))
				writeHeader(d, h)
			}
		}
	})
}

func (l *LUKS) newHeader(d *Device) luksHeader {
	l.formats++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", l.m.name, d.Path, l.formats))
	x := hex.EncodeToString(sum[:16])
	return luksHeader{Type: "luks2", UUID: x[:8] + "-" + x[8:12] + "-4" + x[13:16] + "-8" + x[17:20] + "-" + x[20:],
		OffsetBytes: 16 << 20, SectorBytes: 512, Cipher: "aes-xts-plain64", KeyBits: 512, PBKDF: "argon2id", Epoch: 3,
		Slots: map[int]string{}}
}

// passDigest is what a key slot keeps of its passphrase.
func passDigest(pass []byte) string {
	sum := sha256.Sum256(pass)
	return hex.EncodeToString(sum[:])
}

// slotOf is the key slot that a passphrase opens; −1 for none.
func (h luksHeader) slotOf(pass []byte) int {
	for _, n := range slices.Sorted(maps.Keys(h.Slots)) {
		if h.Slots[n] == passDigest(pass) {
			return n
		}
	}
	return -1
}

func readHeader(d *Device) (h luksHeader, found bool) {
	text := d.content().Get(markLUKS)
	return h, text != "" && json.Unmarshal([]byte(text), &h) == nil
}

// writeHeader puts a header at the beginning of a device, where other signatures
// are. Metadata of DRBD is at the end, and stays.
func writeHeader(d *Device, h luksHeader) {
	old, found := readHeader(d)
	if !found || old.UUID != h.UUID {
		for _, mark := range []string{MarkFS, MarkPartitions, "lvm", "zfs", MarkData} {
			if d.content().Get(mark) != "" {
				d.content().Set(mark, "")
			}
		}
	}
	text, err := json.Marshal(h)
	if err != nil {
		panic(fmt.Sprintf("sim: LUKS header: %v", err))
	}
	d.content().Set(markLUKS, string(text))
	d.content().Set(MarkUUID, h.UUID)
}

// sealed is the content of an open container. It is kept in that of the lower
// device, under names that only the same container finds again.
type sealed struct {
	below  *Content
	prefix string
}

func (s sealed) get(mark string) string { return s.below.Get(s.prefix + mark) }

func (s sealed) set(mark, value string) { s.below.Set(s.prefix+mark, value) }

func (s sealed) wipe() {
	for mark := range s.all() {
		s.below.Set(s.prefix+mark, "")
	}
}

func (s sealed) all() map[string]string {
	out := map[string]string{}
	for mark, value := range s.below.all() {
		if inner, mine := strings.CutPrefix(mark, s.prefix); mine {
			out[inner] = value
		}
	}
	return out
}

// activate makes the device of an open container.
func (l *LUKS) activate(p *mapping) {
	lower := l.m.lookDevice(p.lower)
	p.dev = l.m.addDevice(&Device{Path: "/dev/mapper/" + p.name, KName: l.m.nextDM(), Type: "crypt",
		SizeBytes: max(lower.size()-p.header.OffsetBytes, 0), SectorBytes: p.header.SectorBytes, ReadOnly: p.readOnly,
		Parents: []string{lower.Path},
		Content: &Content{via: sealed{lower.content(), "crypt:" + p.header.UUID + ":"}}})
	l.open[p.name] = p
	l.m.changed()
}

// drop takes the device of a container away.
func (l *LUKS) drop(name string) {
	if p := l.open[name]; p != nil {
		l.m.removeDevice(p.dev.Path)
		delete(l.open, name)
		l.m.changed()
	}
}

// dmPath is how the tools of the device mapper call a device: by its name below
// /dev/mapper if it has one.
func dmPath(d *Device) string {
	for _, a := range append([]string{d.Path}, d.Aliases...) {
		if strings.HasPrefix(a, "/dev/mapper/") {
			return a
		}
	}
	return d.Path
}
