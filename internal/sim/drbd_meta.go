package sim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// markDRBD is the mark of DRBD's metadata; it holds a drbdMD.
const markDRBD = "drbd-md"

// drbdJustCreated is the current identifier of unused metadata.
const drbdJustCreated = 4

// noPeer stands, among out-of-sync marks, for those bitmaps that belong to no peer
// yet: what is written from the first day on.
const noPeer = -1

// drbdMD is DRBD's metadata on a device.
type drbdMD struct {
	NodeID      int
	MaxPeers    int
	ALStripes   int
	ALStripeKiB int
	BlockBytes  int64
	Current     uint64
	Device      uint64
	History     []uint64
	// Bitmap has the bitmap identifiers by node id, Slots the indices of bitmaps.
	Bitmap map[int]uint64
	Slots  map[int]int
	// Dirty has the marks that are out of sync by node id, Full those to which all is.
	Dirty map[int]map[string]bool
	Full  map[int]bool
	// Seen are peers that were once connected with a disk, Exists those without one.
	Seen, Exists                                           map[int]bool
	Consistent, UpToDate, Primary, CrashedPrimary, Unclean bool
	// AgreedKiB is the size that the peers agreed on.
	AgreedKiB int64
	// DeviceBytes is the size of the device when internal metadata was put at its end.
	DeviceBytes int64
}

// drbdMetaKiB is the size of metadata for a device or data of so many KiB.
func (d *drbdMD) metaKiB(dataKiB int64) int64 {
	up := func(n, to int64) int64 { return (n + to - 1) / to * to }
	bits := (dataKiB<<10 + d.BlockBytes - 1) / d.BlockBytes
	bitmap := up(up((bits+7)/8, 8)*int64(d.MaxPeers), 4096) >> 10
	return up(bitmap+up(int64(d.ALStripes*d.ALStripeKiB), 4)+4, 4)
}

// netKiB is the room for data on a device of so many bytes.
func (d *drbdMD) netKiB(deviceBytes int64, internal bool) int64 {
	gross := deviceBytes >> 10 &^ 3
	if !internal {
		return gross
	}
	return gross - d.metaKiB(gross)
}

func readMD(d *Device) *drbdMD {
	text := d.content().Get(markDRBD)
	md := &drbdMD{}
	if text == "" || json.Unmarshal([]byte(text), md) != nil {
		return nil
	}
	for _, m := range []*map[int]bool{&md.Full, &md.Seen, &md.Exists} {
		if *m == nil {
			*m = map[int]bool{}
		}
	}
	return md
}

// writeMD writes metadata if it differs from what is there.
func writeMD(d *Device, md *drbdMD) bool {
	text, err := json.Marshal(md)
	if err != nil {
		panic(fmt.Sprintf("sim: DRBD metadata: %v", err))
	}
	if d.content().Get(markDRBD) == string(text) {
		return false
	}
	d.content().Set(markDRBD, string(text))
	return true
}

// shown is the current identifier with the bit for the role.
func (d *drbdMD) shown() uint64 {
	if d.Primary {
		return d.Current | 1
	}
	return d.Current
}

// remember puts an identifier into the history.
func (d *drbdMD) remember(u uint64) {
	if u == 0 || u == drbdJustCreated || slices.Contains(d.History, u) {
		return
	}
	d.History = slices.Insert(d.History, 0, u)
	d.History = d.History[:min(len(d.History), 32)]
}

// slot gives a peer a bitmap; false where none is free.
func (d *drbdMD) slot(id int) bool {
	if _, has := d.Slots[id]; has {
		return true
	}
	used := map[int]bool{}
	for _, i := range d.Slots {
		used[i] = true
	}
	for i := range d.MaxPeers {
		if used[i] {
			continue
		}
		d.Slots[id] = i
		d.Dirty[id] = map[string]bool{}
		for mark := range d.Dirty[noPeer] {
			d.Dirty[id][mark] = true
		}
		d.Full[id] = d.Current == drbdJustCreated
		return true
	}
	return false
}

// forget frees a peer's bitmap; false where it has none.
func (d *drbdMD) forget(id int) bool {
	_, has := d.Slots[id]
	delete(d.Slots, id)
	delete(d.Dirty, id)
	delete(d.Full, id)
	delete(d.Seen, id)
	delete(d.Exists, id)
	delete(d.Bitmap, id)
	return has
}

// dirty notes a write that a peer did not get.
func (d *drbdMD) dirty(id int, mark string) {
	if d.Dirty[id] == nil {
		d.Dirty[id] = map[string]bool{}
	}
	d.Dirty[id][mark] = true
}

// clean notes that a peer has all.
func (d *drbdMD) clean(id int) {
	d.remember(d.Bitmap[id])
	d.Bitmap[id] = 0
	d.Dirty[id] = map[string]bool{}
	delete(d.Full, id)
}

// verdict is what two nodes make of their identifiers.
type verdict int

// Verdicts, as seen from the first node.
const (
	inSync verdict = iota
	sourceBitmap
	sourceFull
	targetBitmap
	targetFull
	splitBrain
	unrelated
)

// missedEnd tells whether node b got the data of node a, which has the same, from a third
// one, and a has not heard of it: then b may lack what a has noted since.
func missedEnd(x, y *drbdMD, a, b int) bool {
	noted := x.Bitmap[b] &^ 1
	return noted != 0 && noted != x.Current&^1 && y.Bitmap[a] == 0 && (x.Full[b] || len(x.Dirty[b]) > 0)
}

// compareMD compares the data of node a with that of node b.
func compareMD(x, y *drbdMD, a, b int) verdict {
	xs, ys := x.Current&^1, y.Current&^1
	xb, yb := x.Bitmap[b]&^1, y.Bitmap[a]&^1
	older := func(u uint64, in *drbdMD) bool {
		if slices.Contains(in.History, u) {
			return true
		}
		for _, v := range in.Bitmap {
			if v&^1 == u {
				return true
			}
		}
		return false
	}
	switch {
	case xs == drbdJustCreated && ys == drbdJustCreated:
		return inSync
	case xs == drbdJustCreated:
		return targetFull
	case ys == drbdJustCreated:
		return sourceFull
	case xs == ys && missedEnd(x, y, a, b):
		return sourceBitmap
	case xs == ys && missedEnd(y, x, b, a):
		return targetBitmap
	case xs == ys:
		return inSync
	case xb == ys:
		return sourceBitmap
	case yb == xs:
		return targetBitmap
	case older(ys, x):
		return sourceFull
	case older(xs, y):
		return targetFull
	case xb != 0 && (xb == yb || older(xb, y)) || yb != 0 && older(yb, x):
		return splitBrain
	}
	return unrelated
}

// giLine is the line of get-gi towards a peer.
func (d *drbdMD) giLine(id int, connected bool) string {
	history := append(slices.Clone(d.History), 0, 0)
	bit := map[bool]string{false: "0", true: "1"}
	flags := []bool{d.Consistent, d.UpToDate, d.Primary, d.CrashedPrimary, !d.Unclean, false, false, connected, false, false, false, d.Seen[id]}
	var line strings.Builder
	fmt.Fprintf(&line, "%016X:%016X:%016X:%016X", d.shown(), d.Bitmap[id], history[0], history[1])
	for _, f := range flags {
		line.WriteString(":" + bit[f])
	}
	return line.String()
}

// flagWord is the flags of dump-md.
func (d *drbdMD) flagWord() (w uint32) {
	for _, f := range []struct {
		on  bool
		bit uint32
	}{{d.Consistent, 1}, {d.Primary, 2}, {d.UpToDate, 0x10}, {d.CrashedPrimary, 0x40}, {!d.Unclean, 0x80}} {
		if f.on {
			w |= f.bit
		}
	}
	return w
}

// dump is the output of dump-md for a device that is now so large.
func (d *drbdMD) dump(argv string, dev *Device, internal bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# DRBD meta data dump\n# %s\n# sim> %s\n#\n\nversion \"v09\";\n\n", simStamp, argv)
	if d.Unclean {
		b.WriteString("This_is_an_unclean_meta_data_dump._Don't_trust_the_bitmap.\n# You should \"apply-al\" first, if you plan to restore this.\n\n")
	}
	kib := d.metaKiB(d.DeviceBytes >> 10 &^ 3)
	fmt.Fprintf(&b, "max-peers %d;\n# md_size_sect %d\n", d.MaxPeers, kib*2)
	if internal && d.DeviceBytes != dev.size() {
		fmt.Fprintf(&b, "#\n### Device seems to have been resized!\n### dumping meta data from the last known position\n### current size of %s: %d byte\n"+
			"### expected position of meta data:\n## md_offset %d\n## al_offset 0\n## bm_offset 0\n### last known size of %s: %d byte\n### adjusted position of meta data:\n",
			dev.Path, dev.size(), dev.size()&^4095-4096, dev.Path, d.DeviceBytes)
	}
	if internal {
		end := d.DeviceBytes &^ 4095
		al := int64(d.ALStripes*d.ALStripeKiB) << 10
		fmt.Fprintf(&b, "# md_offset %d\n# al_offset %d\n# bm_offset %d\n\n", end-4096, end-4096-al, end-kib<<10)
	}
	fmt.Fprintf(&b, "node-id %d;\ncurrent-uuid 0x%016X;\nflags 0x%08x;\n", d.NodeID, d.shown(), d.flagWord())
	for id := range 32 {
		index, has := d.Slots[id]
		if !has {
			index = -1
		}
		fmt.Fprintf(&b, "peer[%d] {\n    bitmap-index %d;\n    bitmap-uuid 0x%016X;\n    bitmap-dagtag 0x0000000000000000;\n    flags 0x00000000;\n}\n", id, index, d.Bitmap[id])
	}
	b.WriteString("history-uuids {\n")
	for i := range 32 {
		var u uint64
		if i < len(d.History) {
			u = d.History[i]
		}
		fmt.Fprintf(&b, "        0x%016X;\n", u)
	}
	fmt.Fprintf(&b, "}\n# al-extents 1237;\nla-size-sect %d;\nbm-byte-per-bit %d;\ndevice-uuid 0x%016X;\nla-peer-max-bio-size 0;\nal-stripes %d;\nal-stripe-size-4k %d;\n",
		d.AgreedKiB*2, d.BlockBytes, d.Device, d.ALStripes, d.ALStripeKiB/4)
	return b.String()
}

// simStamp is the time in all output: the model has no clock.
const simStamp = "2026-01-01 00:00:00 +0000 [1767225600]"
