package drbd

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Metadata is what dump-md tells of a volume's metadata.
type Metadata struct {
	// Found is false where the device has none; then nothing else counts.
	Found bool
	// Moved tells that the device has grown while it was not attached: the metadata
	// is still where the device's end was.
	Moved bool
	// Unclean metadata needs its activity log applied, which drbdadm does.
	Unclean bool
	// NodeID is −1 until it was attached for the first time.
	NodeID     int
	MaxPeers   int
	Current    UUID
	DeviceUUID UUID
	History    []UUID
	// Bitmap has the bitmap identifiers by node id.
	Bitmap map[int]UUID
	// Slots has the node ids that have a bitmap of their own.
	Slots []int
	// DataSectors is the size that the peers agreed on; 0 before the first attach.
	DataSectors      int64
	BitmapBlockBytes int64
	bmOffset         int64
}

// NetKiB is the space before internal metadata.
func (m Metadata) NetKiB() int64 { return m.bmOffset >> 10 }

// Fresh tells that the metadata was made and never used.
func (m Metadata) Fresh() bool { return m.Found && m.NodeID < 0 && m.Current == JustCreated }

// Identity tells one metadata from another on the same device.
type Identity struct {
	Current    UUID
	DeviceUUID UUID
}

// Identity of the metadata. The role's bit is left out: it changes with use.
func (m Metadata) Identity() Identity { return Identity{m.Current.plain(), m.DeviceUUID} }

const noMetadata = "No valid meta data found"

// ParseDumpMD reads the outcome of drbdmeta dump-md, or of get-gi where only the
// presence counts. Any outcome but metadata, or the clear word that there is
// none, is an error.
func ParseDumpMD(stdout, stderr string, code int) (Metadata, error) {
	if strings.Contains(stderr, noMetadata) || strings.Contains(stdout, noMetadata) {
		return Metadata{}, nil
	}
	if code != 0 {
		return Metadata{}, fmt.Errorf("drbdmeta dump-md: exit code %d: %s", code, brief(stderr))
	}
	m := Metadata{Found: true, NodeID: -1, Bitmap: map[int]UUID{}}
	d := dump{md: &m, peer: -1}
	for line := range strings.Lines(stdout) {
		if err := d.line(strings.TrimSpace(line)); err != nil {
			return Metadata{}, fmt.Errorf("drbdmeta dump-md: %w", err)
		}
	}
	for _, k := range []string{"version", "max-peers", "node-id", "current-uuid", "device-uuid"} {
		if !d.seen[k] {
			return Metadata{}, fmt.Errorf("drbdmeta dump-md: no %s in %q", k, brief(stdout))
		}
	}
	return m, nil
}

var (
	peerLine  = regexp.MustCompile(`^peer\[([0-9]{1,2})\]`)
	plainLine = regexp.MustCompile(`^(?:# ?)?([a-z_-]+) +("?[-0-9A-Za-zx]+"?);?(?: *#.*)?$`)
)

// dump reads a dump line by line.
type dump struct {
	md *Metadata
	// peer is the node id of the block being read; −1 outside of one.
	peer    int
	history bool
	seen    map[string]bool
}

func (d *dump) line(l string) error {
	switch {
	case strings.HasPrefix(l, "### Device seems to have been resized"):
		d.md.Moved = true
	case strings.HasPrefix(l, "This_is_an_unclean_meta_data_dump"):
		d.md.Unclean = true
	case strings.HasPrefix(l, "peer["):
		m := peerLine.FindStringSubmatch(l)
		if m == nil {
			return fmt.Errorf("unknown line %q", brief(l))
		}
		d.peer, _ = strconv.Atoi(m[1])
	case strings.HasPrefix(l, "history-uuids"):
		d.history = true
	case l == "}":
		d.peer, d.history = -1, false
	case d.history:
		return d.historyLine(l)
	default:
		return d.keyValue(l)
	}
	return nil
}

func (d *dump) historyLine(l string) error {
	for s := range strings.SplitSeq(l, ";") {
		if strings.TrimSpace(s) == "" {
			continue
		}
		u, err := ParseUUID(s)
		if err != nil {
			return err
		}
		if u != 0 {
			d.md.History = append(d.md.History, u)
		}
	}
	return nil
}

func (d *dump) keyValue(l string) error {
	m := plainLine.FindStringSubmatch(l)
	if m == nil {
		return nil
	}
	key, val := m[1], m[2]
	if d.seen == nil {
		d.seen = map[string]bool{}
	}
	d.seen[key] = true
	var err error
	switch md := d.md; key {
	case "version":
		if val != `"v09"` {
			return fmt.Errorf("metadata of format %s, want v09", val)
		}
	case "max-peers":
		md.MaxPeers, err = strconv.Atoi(val)
	case "node-id":
		md.NodeID, err = strconv.Atoi(val)
	case "current-uuid":
		md.Current, err = ParseUUID(val)
	case "device-uuid":
		md.DeviceUUID, err = ParseUUID(val)
	case "la-size-sect":
		md.DataSectors, err = strconv.ParseInt(val, 10, 64)
	case "bm-byte-per-bit":
		md.BitmapBlockBytes, err = strconv.ParseInt(val, 10, 64)
	case "bm_offset":
		md.bmOffset, err = strconv.ParseInt(val, 10, 64)
	case "bitmap-uuid":
		md.Bitmap[d.peer], err = ParseUUID(val)
	case "bitmap-index":
		if !strings.HasPrefix(val, "-") {
			md.Slots = append(md.Slots, d.peer)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}
