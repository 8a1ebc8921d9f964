package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/holdfast-storage/holdfast/internal/store"
)

// state is what the database knows about its own content. Rows and Digest (the
// sum of all row checksums, modulo 2^64) prove on each load that exactly the rows
// that were written are there: none lost, none from the past.
type state struct {
	Rev    uint64 `json:"rev"`
	Rows   uint64 `json:"rows"`
	Digest uint64 `json:"digest"`
}

// leaseRow is the lease as stored; a free one has no holder.
type leaseRow struct {
	Epoch  uint64    `json:"epoch"`
	Holder string    `json:"holder,omitempty"`
	Until  time.Time `json:"until,omitzero"`
}

const (
	metaSchema = "schema"
	metaState  = "state"
	metaLease  = "lease"
)

// errBadMeta means that a row of the meta table is missing or damaged.
var errBadMeta = errors.New("the database's own record of itself is damaged")

// selectMeta reads a row of the meta table.
const selectMeta = "SELECT value, sum FROM meta WHERE name = ?"

// metaRow finds a row with the prepared statement, which every commit goes through.
// Before it is prepared not even the table may be there.
func (c *conn) metaRow(ctx context.Context, name string) *sql.Row {
	if c.getMeta == nil {
		return c.c.QueryRowContext(ctx, selectMeta, name)
	}
	return c.getMeta.QueryRowContext(ctx, name)
}

func readMeta(ctx context.Context, c *conn, name string, into any) error {
	var value string
	var sum int64
	err := c.metaRow(ctx, name).Scan(&value, &sum)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: %s is missing", errBadMeta, name)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return decodeMeta(name, value, sum, into)
}

func decodeMeta(name, value string, sum int64, into any) error {
	var s summer
	if s.meta(name, value) != sum {
		return fmt.Errorf("%w: checksum of %s does not match", errBadMeta, name)
	}
	if err := json.Unmarshal([]byte(value), into); err != nil {
		return fmt.Errorf("%w: %s: %w", errBadMeta, name, err)
	}
	return nil
}

func (c *conn) writeMeta(ctx context.Context, name string, v any) error {
	value, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	sum := c.sum.meta(name, string(value))
	if _, err := c.putMeta.ExecContext(ctx, name, string(value), sum); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func readState(ctx context.Context, c *conn) (state, error) {
	var st state
	err := readMeta(ctx, c, metaState, &st)
	return st, err
}

func readLease(ctx context.Context, c *conn) (store.Lease, error) {
	var l leaseRow
	err := readMeta(ctx, c, metaLease, &l)
	return store.Lease(l), err
}

func (c *conn) writeLease(ctx context.Context, l store.Lease) error {
	l.Until = l.Until.UTC()
	return c.writeMeta(ctx, metaLease, leaseRow(l))
}
