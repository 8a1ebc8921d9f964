package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/holdfast-storage/holdfast/internal/store"
)

// Load implements store.Store.
func (d *DB) Load(ctx context.Context) (store.Snapshot, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.ready(ctx); err != nil {
		return store.Snapshot{}, err
	}
	if snap := d.loaded; snap != nil {
		d.loaded = nil
		return *snap, nil
	}
	c, err := d.conn.read(ctx)
	if err != nil {
		return store.Snapshot{}, fmt.Errorf("load database: %w", err)
	}
	// What is found now is moved aside when the database is opened next.
	for _, why := range c.losses(watermark{}) {
		c.bad = append(c.bad, quarantined{Why: why})
	}
	return c.snapshot(), nil
}

// read reads everything in one read transaction.
func (c *conn) read(ctx context.Context) (content, error) {
	if _, err := c.c.ExecContext(ctx, "BEGIN"); err != nil {
		return content{}, err
	}
	out, err := c.readAll(ctx)
	_, end := c.c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	return out, errors.Join(err, end)
}

func (c *conn) readAll(ctx context.Context) (content, error) {
	var out content
	if err := readMeta(ctx, c, metaSchema, &out.schema); err != nil && !errors.Is(err, errBadMeta) {
		return out, err
	}
	var err error
	if out.state, err = readState(ctx, c); err != nil && !errors.Is(err, errBadMeta) {
		return out, err
	}
	out.stateOK = err == nil
	if out.lease, err = readLease(ctx, c); err != nil && !errors.Is(err, errBadMeta) {
		return out, err
	}
	out.leaseOK = err == nil
	if out.quarantine, err = c.readQuarantine(ctx); err != nil {
		return out, err
	}
	out.records = make([]store.Record, 0, min(out.state.Rows, 1<<20))
	err = c.c.Raw(func(dc any) error { return out.scan(ctx, dc) })
	return out, err
}

// scan reads the rows through the driver itself: the conversions of database/sql
// would double the time.
func (c *content) scan(ctx context.Context, dc any) error {
	q, ok := dc.(driver.QueryerContext)
	if !ok {
		return errors.New("the SQLite driver cannot query")
	}
	rows, err := q.QueryContext(context.WithoutCancel(ctx), "SELECT kind, key, rev, data, sum FROM object", nil)
	if err != nil {
		return err
	}
	var s summer
	row := make([]driver.Value, 5)
	for n := 0; ; n++ {
		err = rows.Next(row)
		if err == nil && n%1024 == 0 {
			err = ctx.Err()
		}
		if err != nil {
			break
		}
		c.add(&s, row)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, rows.Close())
}

// add sorts one row into records or bad.
func (c *content) add(s *summer, row []driver.Value) {
	r, sum, why := check(s, row)
	if why == "" {
		c.records = append(c.records, r)
		c.digest += uint64(sum)
		return
	}
	data, ok := row[3].([]byte)
	if !ok {
		data = fmt.Append(nil, row[3])
	}
	c.bad = append(c.bad, quarantined{Kind: text(row[0]), Key: text(row[1]), Data: data, Why: why,
		where: [2]any{row[0], row[1]}})
}

// check says what is wrong with a row, "" if nothing is.
func check(s *summer, row []driver.Value) (store.Record, int64, string) {
	kind, ok1 := row[0].(string)
	key, ok2 := row[1].(string)
	rev, ok3 := row[2].(int64)
	data, ok4 := row[3].([]byte)
	sum, ok5 := row[4].(int64)
	r := store.Record{Kind: kind, Key: key, Rev: uint64(rev), Data: data}
	switch {
	case !ok1 || !ok2 || !ok3 || !ok4 || !ok5:
		return r, sum, "a column of the row has the wrong type"
	case s.object(kind, key, r.Rev, data) != sum:
		return r, sum, "the checksum of the row does not match its content"
	case !json.Valid(data):
		return r, sum, "the data of the row is not JSON"
	}
	return r, sum, ""
}

// text makes a column printable, for reports.
func text(v driver.Value) string {
	switch v := v.(type) {
	case string:
		if utf8.ValidString(v) {
			return v
		}
		return fmt.Sprintf("%q", v)
	case []byte:
		return text(string(v))
	}
	return fmt.Sprint(v)
}
