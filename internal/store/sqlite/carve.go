package sqlite

import (
	"cmp"
	"database/sql/driver"
	"maps"
	"slices"

	"github.com/holdfast-storage/holdfast/internal/store"
)

type id struct{ kind, key string }

func (a id) compare(b id) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.key, b.key)) }

// carver collects the rows of a damaged file page by page, whatever the tree looks
// like. A row counts only if its checksum is right; of two versions of one row the
// later counts.
type carver struct {
	sum   summer
	rows  map[id]store.Record
	sums  map[id]int64
	bad   []quarantined
	aside map[int64]quarantined
	meta  content
	// whole are the key ranges of undamaged leaf pages: a key inside one of them
	// that is not there was not lost but deleted.
	whole [][2]id
}

// carve reads everything that can be read from an image.
func carve(m image) (content, [][2]id) {
	c := carver{rows: map[id]store.Record{}, sums: map[id]int64{}, aside: map[int64]quarantined{}}
	for no := uint32(2); no <= m.count(); no++ {
		c.page(m.cells(no))
	}
	out := c.meta
	for at, r := range c.rows {
		out.records = append(out.records, r)
		out.digest += uint64(c.sums[at])
	}
	slices.SortFunc(out.records, func(a, b store.Record) int {
		return id{a.Kind, a.Key}.compare(id{b.Kind, b.Key})
	})
	for _, q := range c.bad {
		if _, ok := c.rows[id{q.Kind, q.Key}]; !ok {
			q.where = [2]any{}
			out.bad = append(out.bad, q)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(c.aside)) {
		out.quarantine = append(out.quarantine, c.aside[n])
	}
	return out, c.whole
}

func (c *carver) page(cells [][]byte, leaf bool) {
	var first, last id
	whole := leaf && len(cells) > 0
	for i, cell := range cells {
		at, ok := c.row(decode(cell))
		whole = whole && ok && (i == 0 || last.compare(at) < 0)
		if i == 0 {
			first = at
		}
		last = at
	}
	if whole {
		c.whole = append(c.whole, [2]id{first, last})
	}
}

// row sorts a row into its table by its shape; ok says that it is a sound object.
func (c *carver) row(v []driver.Value) (at id, ok bool) {
	switch len(v) {
	case 3:
		c.metaRow(v)
	case 8:
		c.quarantineRow(v)
	case 5:
		return c.objectRow(v)
	}
	return id{}, false
}

func (c *carver) objectRow(v []driver.Value) (id, bool) {
	r, sum, why := check(&c.sum, v)
	at := id{r.Kind, r.Key}
	if why != "" {
		var bad content
		bad.add(&c.sum, v)
		c.bad = append(c.bad, bad.bad...)
		return at, false
	}
	if old, ok := c.rows[at]; !ok || old.Rev < r.Rev {
		c.rows[at], c.sums[at] = r, sum
	}
	return at, true
}

func (c *carver) metaRow(v []driver.Value) {
	name, ok1 := v[0].(string)
	value, ok2 := v[1].(string)
	sum, ok3 := v[2].(int64)
	if !ok1 || !ok2 || !ok3 || c.sum.meta(name, value) != sum {
		return
	}
	switch name {
	case metaSchema:
		var n int
		if decodeMeta(name, value, sum, &n) == nil {
			c.meta.schema = max(c.meta.schema, n)
		}
	case metaState:
		var st state
		if decodeMeta(name, value, sum, &st) == nil && (!c.meta.stateOK || st.Rev > c.meta.state.Rev) {
			c.meta.state, c.meta.stateOK = st, true
		}
	case metaLease:
		var l leaseRow
		if decodeMeta(name, value, sum, &l) == nil && (!c.meta.leaseOK || l.Epoch > c.meta.lease.Epoch) {
			c.meta.lease, c.meta.leaseOK = store.Lease(l), true
		}
	}
}

func (c *carver) quarantineRow(v []driver.Value) {
	n, ok0 := v[0].(int64)
	kind, ok1 := v[1].(string)
	key, ok2 := v[2].(string)
	data, ok3 := v[3].([]byte)
	why, ok4 := v[4].(string)
	at, ok5 := v[5].(int64)
	acked, ok6 := v[6].(int64)
	q := quarantined{Kind: kind, Key: key, Data: data, Why: why, At: at, Acked: acked != 0}
	if ok0 && ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && c.sum.quarantined(q) == v[7] {
		c.aside[n] = q
	}
}
