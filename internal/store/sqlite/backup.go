package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	backupsKept = 5
	backupAge   = 24 * time.Hour
)

// backup makes a copy when the newest is older than a day, and removes those
// beyond the kept number. It is made only of a database that has just been read
// completely, so a damaged one never displaces a good copy. That it fails is no
// reason not to start.
func (d *DB) backup(ctx context.Context) {
	have := d.backups()
	if d.loaded == nil || d.loaded.Rev == 0 {
		return
	}
	if len(have) > 0 {
		if made, err := ageOf(have[0]); err == nil && d.opt.now().Sub(made) < backupAge {
			return
		}
	}
	if len(d.did) > 0 && len(have) > 0 {
		return // the copy from before the damage is worth more than one after it
	}
	if _, err := d.copyTo(ctx, "backup"); err != nil {
		d.log.WarnContext(ctx, "database backup failed", "path", d.path, "err", err)
		return
	}
	for _, old := range d.backups()[min(backupsKept, len(have)+1):] {
		if err := os.Remove(old); err != nil {
			d.log.WarnContext(ctx, "old database backup stays", "path", old, "err", err)
		}
	}
}

// backups lists the backups, newest first.
func (d *DB) backups() []string { return siblings(d.path, "backup") }

// siblings lists the files <db>.<what>-<time>, newest first.
func siblings(path, what string) []string {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil
	}
	prefix := filepath.Base(path) + "." + what + "-"
	var out []string
	for _, e := range entries {
		if stamped, ok := strings.CutPrefix(e.Name(), prefix); ok {
			if _, err := time.Parse(stamp, stamped); err == nil {
				out = append(out, filepath.Join(filepath.Dir(path), e.Name()))
			}
		}
	}
	slices.Sort(out)
	slices.Reverse(out)
	return out
}

// CopyTo writes a consistent copy <db>.<what>-<time> and answers its name.
func (d *DB) CopyTo(ctx context.Context, what string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.ready(ctx); err != nil {
		return "", err
	}
	return d.copyTo(ctx, what)
}

func (d *DB) copyTo(ctx context.Context, what string) (string, error) {
	name := fmt.Sprintf("%s.%s-%s", d.path, what, d.opt.now().UTC().Format(stamp))
	part := name + ".part"
	err := errors.Join(removeDB(part), touch(part))
	if err == nil {
		_, err = d.conn.c.ExecContext(ctx, "VACUUM INTO ?", part)
	}
	if err == nil {
		err = errors.Join(syncFile(part), os.Rename(part, name), syncDir(name))
	}
	if err != nil {
		return "", classify(errors.Join(err, removeDB(part)))
	}
	return name, nil
}
