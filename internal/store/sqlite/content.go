package sqlite

import (
	"fmt"
	"slices"

	"github.com/holdfast-storage/holdfast/internal/store"
)

// quarantined is a row kept aside, or a report on the whole file (no kind).
type quarantined struct {
	Kind, Key string
	Data      []byte
	Why       string
	// At is when, in nanoseconds since 1970.
	At    int64
	Acked bool

	// where are the key columns as they are in the table, to find the row by.
	where [2]any
}

// content is everything that was read from a database file.
type content struct {
	records []store.Record
	// digest is the sum of the records' checksums.
	digest     uint64
	bad        []quarantined
	quarantine []quarantined

	schema  int
	state   state
	stateOK bool
	lease   store.Lease
	leaseOK bool
}

// unknownGap is how far revision and epoch jump when the last ones are not known
// for certain. It must exceed what can have been lost: a satellite that has seen
// a higher one would refuse the controller, or think that it is up to date.
const unknownGap = 1 << 32

// losses compares what was read with what must be there.
func (c *content) losses(mark watermark) []string {
	var out []string
	switch {
	case !c.stateOK:
		out = append(out, "the database's record of its revision and size is damaged, so it is not known whether records are missing")
	default:
		out = c.rowLosses()
		if mark.rev > c.state.Rev {
			out = append(out, fmt.Sprintf("revisions %d to %d were written and are missing", c.state.Rev+1, mark.rev))
		}
	}
	if !c.leaseOK {
		out = append(out, "the record of the controller's lease is damaged; a new lease is made")
	}
	if c.leaseOK && mark.epoch > c.lease.Epoch {
		out = append(out, fmt.Sprintf("the lease is of epoch %d, but epoch %d was given out", c.lease.Epoch, mark.epoch))
	}
	return out
}

func (c *content) rowLosses() []string {
	have := uint64(len(c.records) + len(c.bad))
	switch {
	case have < c.state.Rows:
		return []string{fmt.Sprintf("%d of %d records are missing", c.state.Rows-have, c.state.Rows)}
	case have > c.state.Rows:
		return []string{fmt.Sprintf("there are %d records more than were written last; some may have been deleted before", have-c.state.Rows)}
	case len(c.bad) == 0 && c.digest != c.state.Digest:
		return []string{"some records are not in the version that was written last"}
	}
	return nil
}

// settle makes state and lease match the records, so that the next writer goes on
// from there. With losses, revision and epoch jump beyond all that was given out.
func (c *content) settle(mark watermark, lossy bool) {
	rev, epoch := max(c.state.Rev, mark.rev), max(c.lease.Epoch, mark.epoch)
	for _, r := range c.records {
		rev = max(rev, r.Rev)
	}
	if lossy {
		rev, epoch = rev+unknownGap, epoch+unknownGap
		c.lease = store.Lease{Epoch: epoch}
	}
	c.state = state{Rev: rev, Rows: uint64(len(c.records)), Digest: c.digest}
	c.stateOK, c.leaseOK = true, true
}

// snapshot is the content as the port shows it. A row in quarantine is reported
// until it is acknowledged or written again.
func (c *content) snapshot() store.Snapshot {
	snap := store.Snapshot{Rev: c.state.Rev, Records: c.records}
	waiting := map[[2]string]int{}
	for _, q := range append(slices.Clip(c.quarantine), c.bad...) {
		if q.Acked {
			continue
		}
		at := [2]string{q.Kind, q.Key}
		if i, ok := waiting[at]; ok && q.Kind != "" {
			snap.Bad[i].Why = q.Why
			continue
		}
		waiting[at] = len(snap.Bad)
		snap.Bad = append(snap.Bad, store.Bad{Kind: q.Kind, Key: q.Key, Why: q.Why})
	}
	if len(snap.Bad) == 0 {
		return snap
	}
	for _, r := range c.records {
		if i, ok := waiting[[2]string{r.Kind, r.Key}]; ok {
			snap.Bad[i].Kind, snap.Bad[i].Why = "", ""
		}
	}
	kept := snap.Bad[:0]
	for _, b := range snap.Bad {
		if b.Why != "" {
			kept = append(kept, b)
		}
	}
	snap.Bad = kept
	return snap
}
