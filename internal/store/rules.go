package store

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// CheckChange refuses a change that no back end can store: kind and key are
// non-empty UTF-8 text, and data is JSON. A back end checks each change of a
// batch before it writes the first.
func CheckChange(c Change) error {
	switch {
	case c.Kind == "" || !utf8.ValidString(c.Kind):
		return fmt.Errorf("record kind %q is not a name", c.Kind)
	case c.Key == "" || !utf8.ValidString(c.Key):
		return fmt.Errorf("key %q of a %s record is not a name", c.Key, c.Kind)
	case c.Data != nil && !json.Valid(c.Data):
		return fmt.Errorf("data of %s record %q is not JSON", c.Kind, c.Key)
	}
	return nil
}

// Next is the lease after a holder asks for it at a time: renewed if the holder
// has it, a new epoch if nobody alive has it, otherwise ErrHeld.
func (l Lease) Next(holder string, now time.Time, ttl time.Duration) (Lease, error) {
	if holder == "" || !utf8.ValidString(holder) {
		return Lease{}, fmt.Errorf("lease holder %q is not a name", holder)
	}
	next := Lease{Epoch: l.Epoch, Holder: holder, Until: now.Add(ttl)}
	alive := l.Holder != "" && now.Before(l.Until)
	if alive && l.Holder != holder {
		return Lease{}, fmt.Errorf("%w: %s holds it until %s", ErrHeld, l.Holder, l.Until.UTC().Format(time.RFC3339))
	}
	if !alive {
		next.Epoch++
	}
	return next, nil
}

// Fence refuses a write under mine when l is the lease that the database knows.
func (l Lease) Fence(mine Lease) error {
	if mine.Holder != "" && mine.Holder == l.Holder && mine.Epoch == l.Epoch {
		return nil
	}
	if l.Holder == "" {
		return fmt.Errorf("%w: nobody holds the lease of epoch %d any more", ErrDeposed, mine.Epoch)
	}
	return fmt.Errorf("%w: %s holds it in epoch %d", ErrDeposed, l.Holder, l.Epoch)
}

// Resigned is the lease after mine is given back. Giving it back twice is fine;
// giving back another's is ErrDeposed.
func (l Lease) Resigned(mine Lease) (Lease, error) {
	free := Lease{Epoch: l.Epoch}
	if l == free && mine.Epoch == l.Epoch && mine.Holder != "" {
		return free, nil
	}
	if err := l.Fence(mine); err != nil {
		return Lease{}, err
	}
	return free, nil
}
