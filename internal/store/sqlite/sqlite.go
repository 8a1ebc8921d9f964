// Package sqlite keeps the controller's state in one SQLite file. It is the
// default back end: no server, no cgo, one file that can be copied.
//
// Invariant: the database always opens. What can be read is served, what cannot is
// kept aside and reported, and what is missing is noticed, because the database
// carries a checksum for each row and a digest of all rows. It must not delete
// anything that was not read and written elsewhere first, and must not know what
// the records mean.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/holdfast-storage/holdfast/internal/store"
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	path string
	log  *slog.Logger
	opt  options
	lock *lock

	mu     sync.Mutex
	conn   *conn
	closed bool
	// loaded is what opening has read, so that the first Load need not read again.
	loaded *store.Snapshot
	did    []string
}

var _ store.Store = (*DB)(nil)

type options struct {
	now        func() time.Time
	migrations []migration
	// pragma is run on the connection, for tests.
	pragma string
}

// Open opens or makes the database at a path. It fails only with a fault that
// says why the path cannot be used: not reachable, in use (store.ErrHeld), no
// space, or written by a newer version.
func Open(ctx context.Context, path string, logger *slog.Logger) (*DB, error) {
	return open(ctx, path, logger, options{now: time.Now, migrations: migrations()})
}

func open(ctx context.Context, path string, logger *slog.Logger, opt options) (*DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, unreachable(path, err)
	}
	if err := prepare(abs); err != nil {
		return nil, err
	}
	lk, err := takeLock(abs)
	if err != nil {
		return nil, err
	}
	d := &DB{path: abs, log: logger, opt: opt, lock: lk}
	if err := d.start(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// start finds out what state the files are in and brings them into order.
func (d *DB) start(ctx context.Context) error {
	if err := finishSwap(d.path); err != nil {
		return unreachable(d.path, err)
	}
	h, err := d.examine(ctx)
	if err != nil {
		return err
	}
	switch {
	case h.missing:
		err = d.create(ctx)
	case len(h.broken) > 0:
		err = d.salvage(ctx, h.broken)
	default:
		err = d.openHealthy(ctx, h)
	}
	if err != nil {
		return err
	}
	if d.conn == nil {
		if err := d.reconnect(ctx); err != nil {
			return err
		}
	}
	d.backup(ctx)
	return nil
}

// openHealthy opens a file whose structure is sound and moves bad rows aside.
func (d *DB) openHealthy(ctx context.Context, h health) error {
	err := d.reconnect(ctx)
	if err == nil {
		err = d.upgrade(ctx)
	}
	if err == nil {
		err = d.heal(ctx, h.content)
	}
	if err == nil || !damaged(err) {
		return err
	}
	if err := errors.Join(d.conn.close()); err != nil {
		d.log.WarnContext(ctx, "damaged database does not close", "err", err)
	}
	d.conn = nil
	return d.salvage(ctx, []string{err.Error()})
}

func (d *DB) reconnect(ctx context.Context) error {
	c, err := connect(ctx, d.path, false)
	if err != nil {
		return d.openFault(err)
	}
	d.conn = c
	if d.opt.pragma != "" {
		if _, err := c.c.ExecContext(ctx, d.opt.pragma); err != nil {
			return err
		}
	}
	if err := c.prepare(ctx); err != nil {
		return d.openFault(err)
	}
	return nil
}

// openFault keeps what salvage can mend apart from what only the user can.
func (d *DB) openFault(err error) error {
	if err == nil || damaged(err) {
		return err
	}
	return unreachable(d.path, classify(err))
}

// ready says whether the store can be used, and opens the file again after an
// error that may have left the connection in doubt.
func (d *DB) ready(ctx context.Context) error {
	if d.closed {
		return errors.New("the database is closed")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.conn != nil {
		return nil
	}
	return d.reconnect(ctx)
}

// failed classifies the error of a write. After an unknown outcome the connection
// is dropped: what is on disk must be read anew.
func (d *DB) failed(err error) error {
	err = classify(err)
	if errors.Is(err, store.ErrUnknownOutcome) {
		err = errors.Join(err, d.conn.close())
		d.conn = nil
	}
	return err
}

// Did lists what opening did beyond opening: rows moved aside, losses, rescue.
func (d *DB) Did() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.did...)
}

// did notes something that the user should know, and logs it.
func (d *DB) note(ctx context.Context, format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	d.did = append(d.did, what)
	d.log.WarnContext(ctx, "database repaired", "op", what, "path", d.path)
}

// Close implements store.Store. Closing twice is fine.
func (d *DB) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	var err error
	if d.conn != nil {
		err = d.conn.close()
	}
	return errors.Join(err, d.lock.release())
}
