package sqlite

import "encoding/binary"

// Kinds of b-tree pages that hold rows of tables WITHOUT ROWID
// (https://www.sqlite.org/fileformat2.html#b_tree_pages).
const (
	pageInterior = 0x02
	pageLeaf     = 0x0a
)

// image is a database file as it is after the log, read without SQLite.
type image struct {
	main []byte
	wal  map[uint32][]byte
}

func (m image) count() uint32 {
	n := uint32((len(m.main) + pageSize - 1) / pageSize)
	for no := range m.wal {
		if no > n && no < 1<<24 {
			n = no
		}
	}
	return n
}

// page gives page no (from 1), zero-padded where the file is cut off; nil if it
// is not there.
func (m image) page(no uint32) []byte {
	if p, ok := m.wal[no]; ok {
		return p
	}
	from := (int64(no) - 1) * pageSize
	if no == 0 || from >= int64(len(m.main)) {
		return nil
	}
	p := m.main[from:]
	if len(p) >= pageSize {
		return p[:pageSize]
	}
	return append(append(make([]byte, 0, pageSize), p...), make([]byte, pageSize-len(p))...)
}

// cells gives the rows of a page, undecoded; nil stands for a cell that cannot be
// read. leaf tells whether the page is the end of a branch.
func (m image) cells(no uint32) (rows [][]byte, leaf bool) {
	p := m.page(no)
	if p == nil || no == 1 {
		return nil, false // page 1 is the schema
	}
	head := 8
	switch p[0] {
	case pageLeaf:
		leaf = true
	case pageInterior:
		head = 12
	default:
		return nil, false
	}
	n := int(binary.BigEndian.Uint16(p[3:]))
	if head+2*n > len(p) {
		n = (len(p) - head) / 2
	}
	for i := range n {
		at := int(binary.BigEndian.Uint16(p[head+2*i:]))
		if !leaf {
			at += 4
		}
		rows = append(rows, m.payload(p, at))
	}
	return rows, leaf
}

// payload gathers the payload of a cell from its page and overflow pages.
func (m image) payload(p []byte, at int) []byte {
	if at >= len(p) {
		return nil
	}
	size, n := varint(p[at:])
	at += n
	if n == 0 || size > uint64(len(m.main)+len(m.wal)*pageSize) {
		return nil
	}
	const (
		most  = (pageSize-12)*64/255 - 23
		least = (pageSize-12)*32/255 - 23
	)
	local := int(size)
	if local > most {
		if local = least + (int(size)-least)%(pageSize-4); local > most {
			local = least
		}
	}
	if at+local > len(p) {
		return nil
	}
	if local == int(size) {
		return p[at : at+local]
	}
	if at+local+4 > len(p) {
		return nil
	}
	out := append([]byte(nil), p[at:at+local]...)
	next := binary.BigEndian.Uint32(p[at+local:])
	for len(out) < int(size) {
		o := m.page(next)
		if o == nil {
			return nil
		}
		out = append(out, o[4:min(pageSize, 4+int(size)-len(out))]...)
		next = binary.BigEndian.Uint32(o)
	}
	return out
}

// varint reads SQLite's variable-length integer; n is 0 if it is cut off.
func varint(p []byte) (v uint64, n int) {
	for i := 0; i < 9 && i < len(p); i++ {
		if i == 8 {
			return v<<8 | uint64(p[i]), 9
		}
		v = v<<7 | uint64(p[i]&0x7f)
		if p[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}
