package sqlite

import "encoding/binary"

// Layout of SQLite's write-ahead log (https://www.sqlite.org/fileformat2.html#walformat).
const (
	walHeader   = 32
	frameHeader = 24
)

// walPages are the pages that a write-ahead log holds, newest version of each.
type walPages struct {
	pages map[uint32][]byte
	// broken says why committed changes may be missing, "" if the log is sound. A
	// log that merely ends in the middle of a transaction is sound: that is what
	// a crash leaves.
	broken string
}

// readWAL follows the log as SQLite does. Where SQLite would silently drop the rest
// of a damaged log, it goes on with all frames that belong to the same run of the
// log: each row has a checksum of its own, so nothing false gets in.
func readWAL(b []byte) walPages {
	out := walPages{pages: map[uint32][]byte{}}
	const frame = frameHeader + pageSize
	count := (len(b) - walHeader) / frame
	if len(b) < walHeader || count == 0 {
		return out
	}
	at := func(i int) []byte { return b[walHeader+i*frame : walHeader+(i+1)*frame] }
	sum, ok := walSum(b)
	salt := string(b[16:24])
	if !ok {
		out.broken = "the header of the write-ahead log is damaged"
		salt = string(at(0)[8:16])
	}
	good, last := ok, -1
	for i := range count {
		f := at(i)
		ours := string(f[8:16]) == salt
		if good {
			sum = sum.add(f[:8]).add(f[frameHeader:])
			good = ours && sum.is(f[16:24])
		}
		if !ours || binary.BigEndian.Uint32(f[4:]) == 0 {
			continue
		}
		last = i
		if !good && out.broken == "" {
			out.broken = "the write-ahead log is damaged in the middle"
		}
	}
	for i := 0; i <= last; i++ {
		if f := at(i); string(f[8:16]) == salt {
			out.pages[binary.BigEndian.Uint32(f)] = f[frameHeader:]
		}
	}
	return out
}

// walChecksum is the running checksum of the log.
type walChecksum struct {
	a, b  uint32
	order binary.ByteOrder
}

func (w walChecksum) add(p []byte) walChecksum {
	for ; len(p) >= 8; p = p[8:] {
		w.a += w.order.Uint32(p) + w.b
		w.b += w.order.Uint32(p[4:]) + w.a
	}
	return w
}

func (w walChecksum) is(p []byte) bool {
	return binary.BigEndian.Uint32(p) == w.a && binary.BigEndian.Uint32(p[4:]) == w.b
}

// walSum checks the log's header and starts its checksum.
func walSum(b []byte) (walChecksum, bool) {
	w := walChecksum{order: binary.LittleEndian}
	magic := binary.BigEndian.Uint32(b)
	if magic == 0x377f0683 {
		w.order = binary.BigEndian
	}
	w = w.add(b[:24])
	ok := magic&^1 == 0x377f0682 && w.is(b[24:]) && binary.BigEndian.Uint32(b[4:]) == 3007000
	return w, ok && binary.BigEndian.Uint32(b[8:]) == pageSize
}
