package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	_ "modernc.org/sqlite" // the driver
)

// pageSize of every database made here. A damaged header cannot tell its own.
const pageSize = 4096

// conn is the one connection of a store, with its prepared statements. It is not
// safe for concurrent use.
type conn struct {
	db  *sql.DB
	c   *sql.Conn
	sum summer

	putMeta, getMeta, getSum, putRow, delRow *sql.Stmt
}

// dsn is how a database file is opened. secure_delete overwrites what is deleted,
// so that a row found in a damaged file is never one that was deleted.
func dsn(path string, readOnly bool) string {
	q := url.Values{"_pragma": {"busy_timeout(5000)", "trusted_schema(OFF)", "temp_store(MEMORY)",
		"cell_size_check(ON)", "cache_size(-65536)"}}
	if readOnly {
		q.Set("mode", "ro")
	} else {
		q["_pragma"] = append(q["_pragma"], fmt.Sprintf("page_size(%d)", pageSize), "journal_mode(WAL)",
			"synchronous(FULL)", "secure_delete(ON)", "journal_size_limit(67108864)")
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	return u.String()
}

func connect(ctx context.Context, path string, readOnly bool) (*conn, error) {
	db, err := sql.Open("sqlite", dsn(path, readOnly))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	return &conn{db: db, c: c}, nil
}

// prepare prepares the statements; the tables must be there.
func (c *conn) prepare(ctx context.Context) error {
	for _, p := range []struct {
		into **sql.Stmt
		text string
	}{
		{&c.putMeta, "INSERT OR REPLACE INTO meta (name, value, sum) VALUES (?, ?, ?)"},
		{&c.getMeta, selectMeta},
		{&c.getSum, "SELECT sum FROM object WHERE kind = ? AND key = ?"},
		{&c.putRow, "INSERT OR REPLACE INTO object (kind, key, rev, data, sum) VALUES (?, ?, ?, ?, ?)"},
		{&c.delRow, "DELETE FROM object WHERE kind = ? AND key = ?"},
	} {
		s, err := c.c.PrepareContext(ctx, p.text)
		if err != nil {
			return fmt.Errorf("prepare statement: %w", err)
		}
		*p.into = s
	}
	return nil
}

// errCommit marks an error of the commit itself, after which the outcome can be
// unknown.
type errCommit struct{ err error }

func (e errCommit) Error() string { return "commit: " + e.err.Error() }
func (e errCommit) Unwrap() error { return e.err }

// write runs f in one write transaction. A context that ends stops f between its
// steps, never the commit.
func (c *conn) write(ctx context.Context, f func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// Statements run without cancellation: it costs a goroutine for each.
	steady := context.WithoutCancel(ctx)
	if _, err := c.c.ExecContext(steady, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	err := f(steady)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		if _, err = c.c.ExecContext(steady, "COMMIT"); err == nil {
			return nil
		}
		err = errCommit{err}
	}
	// After some errors SQLite has rolled back already, and this one fails.
	_, _ = c.c.ExecContext(steady, "ROLLBACK")
	return err
}

func (c *conn) close() error {
	var errs []error
	for _, s := range []*sql.Stmt{c.putMeta, c.getMeta, c.getSum, c.putRow, c.delRow} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(append(errs, c.c.Close(), c.db.Close())...)
}
