package sqlite

import (
	"context"
	"time"

	"github.com/holdfast-storage/holdfast/internal/store"
)

// Lead implements store.Store.
func (d *DB) Lead(ctx context.Context, holder string, now time.Time, ttl time.Duration) (store.Lease, error) {
	var next store.Lease
	err := d.changeLease(ctx, func(have store.Lease) (_ store.Lease, err error) {
		next, err = have.Next(holder, now, ttl)
		return next, err
	})
	if err != nil {
		return store.Lease{}, err
	}
	return next, nil
}

// Resign implements store.Store.
func (d *DB) Resign(ctx context.Context, lease store.Lease) error {
	return d.changeLease(ctx, func(have store.Lease) (store.Lease, error) { return have.Resigned(lease) })
}

// ResignDead gives back the lease of a controller that was killed on this host, and
// tells whether there was one. It need not be waited for: the lock file, which it
// would hold, was free.
func (d *DB) ResignDead(ctx context.Context) (bool, error) {
	freed := false
	err := d.changeLease(ctx, func(have store.Lease) (store.Lease, error) {
		if have.Holder != "" && have.Epoch == d.lock.dead {
			freed, have = true, store.Lease{Epoch: have.Epoch}
		}
		return have, nil
	})
	return freed, err
}

func (d *DB) changeLease(ctx context.Context, f func(store.Lease) (store.Lease, error)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.ready(ctx); err != nil {
		return err
	}
	var next store.Lease
	err := d.conn.write(ctx, func(ctx context.Context) error {
		have, err := readLease(ctx, d.conn)
		if err != nil {
			return err
		}
		if next, err = f(have); err != nil {
			return err
		}
		return d.conn.writeLease(ctx, next)
	})
	if err != nil {
		return d.failed(err)
	}
	d.lock.mark(0, next.Epoch)
	return nil
}
