package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Names of a file that is being made: .new is not complete yet, .salvaged is, and
// only has to take the database's place.
const (
	newSuffix      = ".new"
	salvagedSuffix = ".salvaged"
)

// create makes a database where there is none. It comes into being complete, so
// that an empty file is always a damaged one.
func (d *DB) create(ctx context.Context) error {
	c := content{stateOK: true, leaseOK: true}
	mark := watermark{d.lock.rev, d.lock.epoch}
	if mark.rev > 0 {
		why := fmt.Sprintf("the database file was missing, although revision %d was written; an empty one was made. "+
			"If it was not removed on purpose, stop the controller and put back the file or a backup of it", mark.rev)
		c.quarantine = append(c.quarantine, quarantined{Why: why, At: d.opt.now().UnixNano()})
		d.note(ctx, "%s", why)
	}
	c.settle(mark, mark.rev > 0)
	if err := d.build(ctx, &c); err != nil {
		return err
	}
	if err := errors.Join(os.Rename(d.path+newSuffix, d.path), syncDir(d.path)); err != nil {
		return unreachable(d.path, err)
	}
	d.keep(c)
	return nil
}

// build writes content into a fresh file <db>.new.
func (d *DB) build(ctx context.Context, c *content) error {
	name := d.path + newSuffix
	if err := errors.Join(removeDB(name), touch(name)); err != nil {
		return unreachable(d.path, err)
	}
	w, err := connect(ctx, name, false)
	if err != nil {
		return unreachable(d.path, classify(err))
	}
	err = w.migrate(ctx, 0, d.opt.migrations)
	if err == nil {
		err = w.write(ctx, func(ctx context.Context) error { return w.fill(ctx, c, newest(d.opt.migrations)) })
	}
	if err == nil {
		_, err = w.c.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	}
	if err = errors.Join(err, w.close()); err == nil {
		err = syncFile(name)
	}
	if err != nil {
		return unreachable(d.path, errors.Join(classify(err), removeDB(name)))
	}
	return nil
}

func (c *conn) fill(ctx context.Context, all *content, schema int) error {
	st := state{Rev: all.state.Rev}
	for _, r := range all.records {
		if err := c.insert(ctx, &st, r); err != nil {
			return err
		}
	}
	all.state = st
	if err := c.addQuarantine(ctx, all.quarantine); err != nil {
		return err
	}
	return c.writeAllMeta(ctx, all, schema)
}

// touch makes an empty file that only its owner can read; SQLite would follow the
// umask.
func touch(name string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// removeDB removes a database file of ours that is not in use, with its log.
func removeDB(name string) error {
	var errs []error
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Remove(name + suffix); err != nil && !os.IsNotExist(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
