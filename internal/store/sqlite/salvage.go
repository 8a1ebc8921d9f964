package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// stamp names files by time in UTC so that they sort by age.
const stamp = "20060102T150405.000Z"

// salvage builds a fresh database from all that can be read of a damaged one. The
// damaged file is kept.
func (d *DB) salvage(ctx context.Context, broken []string) error {
	mark := watermark{d.lock.rev, d.lock.epoch}
	c, whole := carve(image{main: readTolerant(d.path), wal: readWAL(readTolerant(d.path + "-wal")).pages})
	if err := checkVersion(d.path, c.schema, newest(d.opt.migrations)); err != nil {
		return err
	}
	losses := c.losses(mark)
	if len(c.records) == 0 && (!c.stateOK || c.state.Rows > 0) {
		losses = append(losses, d.restore(ctx, &c)...)
	} else if len(losses) > 0 {
		c.bad = append(c.bad, d.lost(ctx, &c, whole)...)
	}
	c.settle(mark, len(losses) > 0)
	aside := d.path + ".damaged-" + d.opt.now().UTC().Format(stamp)
	d.file(ctx, &c, broken, losses, aside)
	if err := d.build(ctx, &c); err != nil {
		return err
	}
	for _, step := range swapSteps(d.path, aside) {
		if err := step(); err != nil {
			return unreachable(d.path, err)
		}
	}
	d.keep(c)
	return nil
}

// file writes the report: what was damaged, what is lost, where the rest lies.
func (d *DB) file(ctx context.Context, c *content, broken, losses []string, aside string) {
	verdict := "All records were recovered."
	if len(losses) > 0 {
		verdict = fmt.Sprintf("%d records were recovered. Lost: %s.", len(c.records), strings.Join(losses, "; "))
	} else if len(c.bad) > 0 {
		verdict = fmt.Sprintf("%d records were recovered, %d could not be read.", len(c.records), len(c.bad))
	}
	why := fmt.Sprintf("The database file was damaged (%s) and has been rebuilt. %s The damaged file is kept as %s.",
		strings.Join(broken, "; "), verdict, aside)
	all := append([]quarantined{{Why: why}}, c.bad...)
	for i := range all {
		all[i].At = d.opt.now().UnixNano()
		d.note(ctx, "%s", describe(all[i]))
	}
	c.quarantine, c.bad = append(c.quarantine, all...), nil
}

// restore falls back to the newest backup when nothing could be read.
func (d *DB) restore(ctx context.Context, c *content) []string {
	for _, b := range d.backups() {
		old, broken, err := readSound(ctx, b)
		if err != nil || len(broken) > 0 || !old.stateOK || len(old.records) == 0 {
			continue
		}
		lease, ok := c.lease, c.leaseOK
		if !ok {
			lease = old.lease
		}
		quarantine := append(c.quarantine, old.quarantine...)
		rev := max(c.state.Rev, old.state.Rev)
		*c = old
		c.quarantine, c.lease, c.state.Rev = quarantine, lease, rev
		return []string{fmt.Sprintf("nothing could be read, so the records are those of backup %s, of revision %d; "+
			"all that was written after it is missing", b, old.recordsRev())}
	}
	return []string{"nothing could be read and there is no usable backup, so the database is empty"}
}

func (c *content) recordsRev() uint64 {
	rev := uint64(0)
	for _, r := range c.records {
		rev = max(rev, r.Rev)
	}
	return rev
}

// lost names, by the newest backup, records that may have been lost. They are not
// put back, because they may as well have been deleted since; their old version
// is in quarantine for the user to decide.
func (d *DB) lost(ctx context.Context, c *content, whole [][2]id) []quarantined {
	have := make(map[id]bool, len(c.records))
	for _, r := range c.records {
		have[id{r.Kind, r.Key}] = true
	}
	for _, q := range c.bad {
		have[id{q.Kind, q.Key}] = true
	}
	for _, b := range d.backups() {
		old, broken, err := readSound(ctx, b)
		if err != nil || len(broken) > 0 || !old.stateOK {
			continue
		}
		var out []quarantined
		for _, r := range old.records {
			at := id{r.Kind, r.Key}
			if have[at] || deleted(at, whole) {
				continue
			}
			out = append(out, quarantined{Kind: r.Kind, Key: r.Key, Data: r.Data, Why: fmt.Sprintf(
				"it was in backup %s (revision %d) and is missing now: lost, or deleted since", b, old.state.Rev)})
		}
		return out
	}
	return nil
}

// deleted tells that a key would be on an undamaged page if it were still there.
func deleted(at id, whole [][2]id) bool {
	for _, w := range whole {
		if w[0].compare(at) <= 0 && at.compare(w[1]) <= 0 {
			return true
		}
	}
	return false
}

// swapSteps put <db>.new in the place of the damaged database. After a crash
// between any two of them the next start ends in the same place: up to the rename
// to .salvaged it salvages again, from then on it finishes the swap.
func swapSteps(path, aside string) []func() error {
	return []func() error{
		func() error { return keepFile(path, aside) },
		func() error { return keepFile(path+"-wal", aside+"-wal") },
		func() error { return syncDir(path) },
		func() error { return os.Rename(path+newSuffix, path+salvagedSuffix) },
		func() error { return syncDir(path) },
		func() error { return finishSwap(path) },
	}
}

// finishSwap completes a swap that a crash has interrupted. The old log must be
// gone before the new file takes the name, or SQLite would replay it into it.
func finishSwap(path string) error {
	if !exists(path + salvagedSuffix) {
		return nil
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return errors.Join(syncDir(path), os.Rename(path+salvagedSuffix, path), syncDir(path))
}

// keepFile gives a file a second name, or copies it where that cannot be done.
func keepFile(from, to string) error {
	if !exists(from) || exists(to) || os.Link(from, to) == nil {
		return nil
	}
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Sync(), dst.Close())
}

// ageOf is when a file named by a stamp was made.
func ageOf(name string) (time.Time, error) {
	i := strings.LastIndexByte(name, '-')
	return time.Parse(stamp, name[i+1:])
}
