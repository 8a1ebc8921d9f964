package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/holdfast-storage/holdfast/internal/store"
)

// Apply implements store.Store.
func (d *DB) Apply(ctx context.Context, lease store.Lease, base uint64, changes []store.Change) (uint64, error) {
	for _, ch := range changes {
		if err := store.CheckChange(ch); err != nil {
			return 0, fmt.Errorf("write to database: %w", err)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.ready(ctx); err != nil {
		return 0, err
	}
	d.loaded = nil
	err := d.conn.write(ctx, func(steady context.Context) error {
		st, err := d.conn.fence(steady, lease, base)
		if err != nil {
			return err
		}
		st.Rev++
		for _, ch := range changes {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := d.conn.change(steady, &st, ch); err != nil {
				return fmt.Errorf("write %s record %q: %w", ch.Kind, ch.Key, err)
			}
		}
		return d.conn.writeMeta(steady, metaState, st)
	})
	if err != nil {
		return 0, d.failed(err)
	}
	d.lock.mark(base+1, lease.Epoch)
	return base + 1, nil
}

// fence refuses a writer that does not lead, or does not know the last revision.
func (c *conn) fence(ctx context.Context, lease store.Lease, base uint64) (state, error) {
	known, err := readLease(ctx, c)
	if err != nil {
		return state{}, err
	}
	if err := known.Fence(lease); err != nil {
		return state{}, err
	}
	st, err := readState(ctx, c)
	if err != nil {
		return state{}, err
	}
	if st.Rev != base {
		return state{}, fmt.Errorf("%w: it is at revision %d, not %d", store.ErrStale, st.Rev, base)
	}
	return st, nil
}

// change writes or deletes one row and keeps the state in step.
func (c *conn) change(ctx context.Context, st *state, ch store.Change) error {
	var old int64
	switch err := c.getSum.QueryRowContext(ctx, ch.Kind, ch.Key).Scan(&old); {
	case err == nil:
		st.Rows--
		st.Digest -= uint64(old)
	case !errors.Is(err, sql.ErrNoRows):
		return err
	case ch.Data == nil:
		return nil
	}
	if ch.Data == nil {
		_, err := c.delRow.ExecContext(ctx, ch.Kind, ch.Key)
		return err
	}
	return c.insert(ctx, st, store.Record{Kind: ch.Kind, Key: ch.Key, Rev: st.Rev, Data: ch.Data})
}

// insert writes a row that replaces nothing the state counts.
func (c *conn) insert(ctx context.Context, st *state, r store.Record) error {
	sum := c.sum.object(r.Kind, r.Key, r.Rev, r.Data)
	st.Rows++
	st.Digest += uint64(sum)
	_, err := c.putRow.ExecContext(ctx, r.Kind, r.Key, int64(r.Rev), r.Data, sum)
	return err
}
