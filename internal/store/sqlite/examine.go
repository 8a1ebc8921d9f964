package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// health is what examining a database file has found.
type health struct {
	missing bool
	// broken says why the file needs salvage.
	broken  []string
	content content
}

// examine reads everything without changing a byte: SQLite would replay or drop
// the log of a damaged file as soon as it opens it for writing.
func (d *DB) examine(ctx context.Context) (health, error) {
	if !exists(d.path) && size(d.path+"-wal") == 0 {
		return health{missing: true}, nil
	}
	if why := probe(d.path); len(why) > 0 {
		return health{broken: why}, nil
	}
	c, why, err := readSound(ctx, d.path)
	if err != nil {
		return health{}, unreachable(d.path, err)
	}
	if err := checkVersion(d.path, c.schema, newest(d.opt.migrations)); err != nil {
		return health{}, err
	}
	return health{broken: why, content: c}, nil
}

// readSound reads a database through SQLite and says what is broken about its
// structure. An error means that it could not be reached.
func readSound(ctx context.Context, path string) (_ content, broken []string, err error) {
	c, err := connect(ctx, path, true)
	if err != nil {
		if damaged(err) {
			return content{}, []string{err.Error()}, nil
		}
		return content{}, nil, classify(err)
	}
	// A read-only connection cannot fail to close in a way that matters.
	defer func() { _ = c.close() }()
	all, err := c.read(ctx)
	if err == nil {
		broken, err = c.quickCheck(ctx)
	}
	if err != nil && damaged(err) {
		return content{schema: all.schema}, append(broken, err.Error()), nil
	}
	return all, broken, classify(err)
}

// quickCheck asks SQLite whether its structure is sound: a free list that names
// pages in use does no harm until the next write.
func (c *conn) quickCheck(ctx context.Context) ([]string, error) {
	rows, err := c.c.QueryContext(ctx, "PRAGMA quick_check(5)")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return out, err
		}
		if line != "ok" {
			out = append(out, line)
		}
	}
	return out, rows.Err()
}

// probe looks for damage that SQLite itself would pass over in silence.
func probe(path string) []string {
	var out []string
	head := make([]byte, 100)
	f, err := os.Open(path)
	if err != nil {
		return []string{"the database file is missing, but its write-ahead log is there"}
	}
	defer f.Close()
	switch n, err := f.ReadAt(head, 0); {
	case n == 0 && errors.Is(err, io.EOF):
		out = append(out, "the database file is empty")
	case err != nil:
		out = append(out, fmt.Sprintf("the header of the database file cannot be read: %v", err))
	case string(head[:16]) != "SQLite format 3\x00":
		out = append(out, "the file does not begin like a database")
	case !modeSound(head, path) || head[20] != 0 || head[59] != 1 || binary.BigEndian.Uint16(head[16:]) != pageSize:
		out = append(out, "the header of the database file is damaged")
	}
	if w := readWAL(readTolerant(path + "-wal")); w.broken != "" {
		out = append(out, w.broken)
	}
	return out
}

// modeSound checks the journal mode in the header. A backup that was put in place
// is not in log mode yet; beside a log, that is damage, and SQLite would not read
// the log.
func modeSound(head []byte, path string) bool {
	return head[18] == head[19] && (head[18] == 2 || head[18] == 1 && size(path+"-wal") == 0)
}

// readTolerant reads a file; what the disk does not give back reads as zeroes.
func readTolerant(path string) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	out := make([]byte, info.Size())
	const chunk, sector = 64 * pageSize, 512
	for at := 0; at < len(out); at += chunk {
		part := out[at:min(len(out), at+chunk)]
		if _, err := f.ReadAt(part, int64(at)); err == nil {
			continue
		}
		for i := 0; i < len(part); i += sector {
			_, _ = f.ReadAt(part[i:min(len(part), i+sector)], int64(at+i))
		}
	}
	return out
}
