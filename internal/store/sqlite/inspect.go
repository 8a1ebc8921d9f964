package sqlite

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/holdfast-storage/holdfast/internal/store"
)

// Inspection is what can be told about a database without changing it.
type Inspection struct {
	store.Snapshot
	Schema int
	Lease  store.Lease
	// HeldBy is the process that uses the database, "" if none does.
	HeldBy string
	// Broken is damage to the file itself, Losses what is missing.
	Broken []string
	Losses []string
	// Unmoved counts the bad rows that are still among the sound ones.
	Unmoved    int
	Quarantine []Quarantined
	FileBytes  int64
	LogBytes   int64
	Backups    []string
	Damaged    []string
}

// Quarantined is a record kept aside; with no kind it is a report on the file.
type Quarantined struct {
	Kind, Key    string
	Data         []byte
	Why          string
	At           time.Time
	Acknowledged bool
}

// Inspect reads a database, which may be in use or damaged.
func Inspect(ctx context.Context, path string) (Inspection, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Inspection{}, unreachable(path, err)
	}
	if err := Present(path); err != nil {
		return Inspection{}, err
	}
	who, mark := holder(path)
	in := Inspection{HeldBy: who, FileBytes: size(path), LogBytes: size(path + "-wal"),
		Backups: siblings(path, "backup"), Damaged: siblings(path, "damaged")}
	// The files of a running controller change while they are read; SQLite alone
	// can read them then.
	if who == "" {
		in.Broken = probe(path)
	}
	var c content
	if len(in.Broken) == 0 {
		if c, in.Broken, err = readSound(ctx, path); err != nil {
			return Inspection{}, unreachable(path, err)
		}
	}
	if len(in.Broken) > 0 {
		c, _ = carve(image{main: readTolerant(path), wal: readWAL(readTolerant(path + "-wal")).pages})
	}
	if err := checkVersion(path, c.schema, newest(migrations())); err != nil {
		return Inspection{}, err
	}
	in.fill(&c, mark)
	return in, nil
}

func (in *Inspection) fill(c *content, mark watermark) {
	in.Losses, in.Unmoved = c.losses(mark), len(c.bad)
	in.Schema, in.Lease = c.schema, c.lease
	for _, q := range c.quarantine {
		in.Quarantine = append(in.Quarantine, Quarantined{Kind: q.Kind, Key: q.Key, Data: q.Data, Why: q.Why,
			At: time.Unix(0, q.At).UTC(), Acknowledged: q.Acked})
	}
	in.Snapshot = c.snapshot()
}

// Present refuses a path where there is no database.
func Present(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil && exists(path+"-wal"):
		return nil // its log is there, so that there is something to read
	case err != nil:
		return unreachable(path, err)
	case !info.Mode().IsRegular():
		return unreachable(path, fmt.Errorf("%w: it is not a regular file", fs.ErrInvalid))
	}
	return nil
}

// Replace writes records in place of all that are there, as one revision that is
// beyond the given one, and answers it. The next lease has an epoch beyond the given
// one and all others: satellites have worked for the database that the records come
// from. No controller may lead meanwhile; the database's lock sees to that.
func (d *DB) Replace(ctx context.Context, beyond, epoch uint64, records []store.Record) (uint64, error) {
	for _, r := range records {
		if err := store.CheckChange(store.Change{Kind: r.Kind, Key: r.Key, Data: r.Data}); err != nil {
			return 0, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.ready(ctx); err != nil {
		return 0, err
	}
	d.loaded = nil
	var st state
	err := d.conn.write(ctx, func(ctx context.Context) error {
		old, err := readState(ctx, d.conn)
		if err != nil {
			return err
		}
		lease, err := readLease(ctx, d.conn)
		if err != nil {
			return err
		}
		epoch = max(lease.Epoch, epoch) + unknownGap
		if err := d.conn.writeLease(ctx, store.Lease{Epoch: epoch}); err != nil {
			return fmt.Errorf("begin a new epoch: %w", err)
		}
		if _, err := d.conn.c.ExecContext(ctx, "DELETE FROM object"); err != nil {
			return fmt.Errorf("remove records: %w", err)
		}
		st = state{Rev: max(old.Rev, beyond) + 1}
		for _, r := range records {
			r.Rev = st.Rev
			if err := d.conn.insert(ctx, &st, r); err != nil {
				return fmt.Errorf("write %s record %q: %w", r.Kind, r.Key, err)
			}
		}
		return d.conn.writeMeta(ctx, metaState, st)
	})
	if err != nil {
		return 0, d.failed(err)
	}
	d.lock.mark(st.Rev, epoch)
	return st.Rev, nil
}
