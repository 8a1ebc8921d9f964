package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// migration takes the schema to its version. Migrations are own code, not a
// library's: the version must lie in a row with a checksum, because a damaged
// version must not keep a database from opening, and there is one dialect only.
type migration struct {
	version    int
	statements []string
}

// migrations are all steps in order; the last one is the schema of this program.
//
// All tables are WITHOUT ROWID: one b-tree a table means that there is no index
// that can disagree with its table, and a row is found in one place when a
// damaged file is read page by page. The meta table's layout never changes.
func migrations() []migration {
	return []migration{{version: 1, statements: []string{
		`CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID`,
		`CREATE TABLE object (kind TEXT NOT NULL, key TEXT NOT NULL, rev INTEGER NOT NULL, data BLOB NOT NULL,
			sum INTEGER NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID`,
		`CREATE TABLE quarantine (id INTEGER NOT NULL PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL,
			data BLOB NOT NULL, why TEXT NOT NULL, at INTEGER NOT NULL, acked INTEGER NOT NULL,
			sum INTEGER NOT NULL) WITHOUT ROWID`,
	}}}
}

// newest is the schema version that a list of migrations leads to.
func newest(ms []migration) int { return ms[len(ms)-1].version }

// checkVersion refuses a database that a newer program has written.
func checkVersion(path string, have, known int) error {
	if have <= known {
		return nil
	}
	return fault.New(v1.FailSQL, "The database %s cannot be used by this version of Holdfast.", path).
		Because("Its schema version is %d; this program knows versions up to %d.", have, known).
		Fix("Start the newer version again, or put back a copy from before the upgrade (%s.before-v*).", path)
}

// migrate brings the schema from a version to the newest in one transaction.
func (c *conn) migrate(ctx context.Context, from int, ms []migration) error {
	return c.write(ctx, func(ctx context.Context) error {
		for _, m := range ms {
			if m.version <= from {
				continue
			}
			for _, s := range m.statements {
				if _, err := c.c.ExecContext(ctx, s); err != nil {
					return fmt.Errorf("change schema to version %d: %w", m.version, err)
				}
			}
		}
		if err := c.prepare(ctx); err != nil {
			return err
		}
		return c.writeMeta(ctx, metaSchema, newest(ms))
	})
}

// upgrade migrates an older database, after keeping a copy of it.
func (d *DB) upgrade(ctx context.Context) error {
	var have int
	switch err := readMeta(ctx, d.conn, metaSchema, &have); {
	case errors.Is(err, errBadMeta):
		// Heal writes it again; what no known schema has lost was found before.
		have = newest(d.opt.migrations)
	case err != nil:
		return err
	}
	if err := checkVersion(d.path, have, newest(d.opt.migrations)); err != nil {
		return err
	}
	if have == newest(d.opt.migrations) {
		return nil
	}
	file, err := d.copyTo(ctx, fmt.Sprintf("before-v%d", newest(d.opt.migrations)))
	if err != nil {
		return fmt.Errorf("copy database before changing its schema: %w", err)
	}
	d.log.InfoContext(ctx, "database schema changes", "from", have, "to", newest(d.opt.migrations), "copy", file)
	return d.conn.migrate(ctx, have, d.opt.migrations)
}
