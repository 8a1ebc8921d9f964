package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/holdfast-storage/holdfast/internal/store"
)

func (c *conn) readQuarantine(ctx context.Context) ([]quarantined, error) {
	rows, err := c.c.QueryContext(ctx, "SELECT kind, key, data, why, at, acked, sum FROM quarantine ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("read quarantine: %w", err)
	}
	defer rows.Close()
	var out []quarantined
	for rows.Next() {
		var q quarantined
		var sum int64
		if err := rows.Scan(&q.Kind, &q.Key, &q.Data, &q.Why, &q.At, &q.Acked, &sum); err != nil {
			// Not one of ours any more; its bytes stay in the table.
			out = append(out, quarantined{Why: "a row in quarantine is damaged"})
			continue
		}
		if c.sum.quarantined(q) != sum {
			q.Why += " (this report itself is damaged)"
		}
		out = append(out, q)
	}
	return out, rows.Err()
}

func (c *conn) addQuarantine(ctx context.Context, qs []quarantined) error {
	for _, q := range qs {
		if q.Data == nil {
			q.Data = []byte{}
		}
		_, err := c.c.ExecContext(ctx, `INSERT INTO quarantine (id, kind, key, data, why, at, acked, sum)
			VALUES ((SELECT coalesce(max(id), 0) + 1 FROM quarantine), ?, ?, ?, ?, ?, ?, ?)`,
			q.Kind, q.Key, q.Data, q.Why, q.At, q.Acked, c.sum.quarantined(q))
		if err != nil {
			return fmt.Errorf("put into quarantine: %w", err)
		}
	}
	return nil
}

// errNotFound means that a bad row cannot be reached by its own key: the tree is
// out of order, and only reading the file page by page helps.
var errNotFound = fmt.Errorf("%w: a bad row cannot be found by its key", errBadMeta)

// heal moves bad rows into quarantine and reports losses, in one transaction.
// Without space for it the database is served all the same.
func (d *DB) heal(ctx context.Context, c content) error {
	mark := watermark{d.lock.rev, d.lock.epoch}
	losses := c.losses(mark)
	if len(losses) == 0 && len(c.bad) == 0 && c.schema != 0 {
		d.keep(c)
		return nil
	}
	c.settle(mark, len(losses) > 0)
	now := d.opt.now().UnixNano()
	for _, why := range losses {
		c.bad = append(c.bad, quarantined{Why: why})
	}
	for i := range c.bad {
		c.bad[i].At = now
	}
	err := d.conn.write(ctx, func(ctx context.Context) error { return d.conn.moveAside(ctx, &c, newest(d.opt.migrations)) })
	if err = classify(err); err != nil && !errors.Is(err, store.ErrFull) {
		return err
	}
	for _, q := range c.bad {
		d.note(ctx, "%s", describe(q))
	}
	d.keep(c)
	return nil
}

func (c *conn) moveAside(ctx context.Context, all *content, schema int) error {
	for _, q := range all.bad {
		if q.where[0] == nil && q.where[1] == nil {
			continue
		}
		res, err := c.c.ExecContext(ctx, "DELETE FROM object WHERE kind = ? AND key = ?", q.where[0], q.where[1])
		if err != nil {
			return fmt.Errorf("move bad row aside: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errNotFound
		}
	}
	if err := c.addQuarantine(ctx, all.bad); err != nil {
		return err
	}
	return c.writeAllMeta(ctx, all, schema)
}

func (c *conn) writeAllMeta(ctx context.Context, all *content, schema int) error {
	return errors.Join(c.writeMeta(ctx, metaSchema, schema), c.writeMeta(ctx, metaState, all.state),
		c.writeLease(ctx, all.lease))
}

// keep holds on to what was read for the first Load.
func (d *DB) keep(c content) {
	snap := c.snapshot()
	d.loaded = &snap
	d.lock.mark(c.state.Rev, c.lease.Epoch)
}

func describe(q quarantined) string {
	if q.Kind == "" {
		return q.Why
	}
	return fmt.Sprintf("%s record %q is in quarantine: %s", q.Kind, q.Key, q.Why)
}

// Acknowledge stops reporting what is in quarantine; it stays there.
func (d *DB) Acknowledge(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.ready(ctx); err != nil {
		return err
	}
	d.loaded = nil
	err := d.conn.write(ctx, func(ctx context.Context) error {
		_, err := d.conn.c.ExecContext(ctx, "UPDATE quarantine SET acked = 1 WHERE acked = 0")
		return err
	})
	if err != nil {
		return d.failed(fmt.Errorf("acknowledge quarantine: %w", err))
	}
	return nil
}
