// Package mem is a store in memory, for tests and for trying things out. Nothing
// survives the process.
//
// Invariant: it passes storetest, so what works on it works on a real database.
// It must not be offered as a back end to keep a cluster's state in.
package mem

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/holdfast-storage/holdfast/internal/store"
)

type id struct{ kind, key string }

// Disk is what outlives a store: open it again to play a restart.
type Disk struct {
	mu      sync.Mutex
	rev     uint64
	lease   store.Lease
	records map[id]store.Record
	bad     map[id]store.Bad
	faults  []Fault
}

// Store is an open store on a disk.
type Store struct {
	disk   *Disk
	mu     sync.Mutex
	closed bool
}

var _ store.Store = (*Store)(nil)

// New makes an empty store on a disk of its own.
func New() *Store { return NewDisk().Open() }

// NewDisk makes an empty disk.
func NewDisk() *Disk {
	return &Disk{records: map[id]store.Record{}, bad: map[id]store.Bad{}}
}

// Open opens the disk, which may be open already: two controllers that share a
// database are told apart by the lease alone.
func (d *Disk) Open() *Store { return &Store{disk: d} }

// Disk is what the store is on.
func (s *Store) Disk() *Disk { return s.disk }

// Load implements store.Store.
func (s *Store) Load(ctx context.Context) (store.Snapshot, error) {
	if err := s.ready(ctx); err != nil {
		return store.Snapshot{}, fmt.Errorf("load database: %w", err)
	}
	d := s.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	snap := store.Snapshot{Rev: d.rev, Records: make([]store.Record, 0, len(d.records))}
	for _, r := range d.records {
		r.Data = bytes.Clone(r.Data)
		snap.Records = append(snap.Records, r)
	}
	for _, b := range d.bad {
		snap.Bad = append(snap.Bad, b)
	}
	slices.SortFunc(snap.Records, func(a, b store.Record) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
	})
	slices.SortFunc(snap.Bad, func(a, b store.Bad) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
	})
	return snap, nil
}

// Apply implements store.Store.
func (s *Store) Apply(ctx context.Context, lease store.Lease, base uint64, changes []store.Change) (uint64, error) {
	if err := s.ready(ctx); err != nil {
		return 0, fmt.Errorf("write to database: %w", err)
	}
	for _, c := range changes {
		if err := store.CheckChange(c); err != nil {
			return 0, fmt.Errorf("write to database: %w", err)
		}
	}
	d := s.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.lease.Fence(lease); err != nil {
		return 0, err
	}
	if base != d.rev {
		return 0, fmt.Errorf("%w: it is at revision %d, not %d", store.ErrStale, d.rev, base)
	}
	f := d.nextFault()
	if f.Err != nil && !f.Written {
		return 0, f.Err
	}
	d.write(changes)
	if f.Err != nil {
		return 0, f.Err
	}
	return d.rev, nil
}

func (d *Disk) write(changes []store.Change) {
	d.rev++
	for _, c := range changes {
		at := id{c.Kind, c.Key}
		delete(d.bad, at)
		if c.Data == nil {
			delete(d.records, at)
			continue
		}
		d.records[at] = store.Record{Kind: c.Kind, Key: c.Key, Rev: d.rev, Data: bytes.Clone(c.Data)}
	}
}

// Lead implements store.Store.
func (s *Store) Lead(ctx context.Context, holder string, now time.Time, ttl time.Duration) (store.Lease, error) {
	if err := s.ready(ctx); err != nil {
		return store.Lease{}, fmt.Errorf("take lease: %w", err)
	}
	d := s.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	next, err := d.lease.Next(holder, now, ttl)
	if err != nil {
		return store.Lease{}, err
	}
	d.lease = next
	return next, nil
}

// Resign implements store.Store.
func (s *Store) Resign(ctx context.Context, lease store.Lease) error {
	if err := s.ready(ctx); err != nil {
		return fmt.Errorf("give lease back: %w", err)
	}
	d := s.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	free, err := d.lease.Resigned(lease)
	if err != nil {
		return err
	}
	d.lease = free
	return nil
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

func (s *Store) ready(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errors.New("the database is closed")
	}
	return ctx.Err()
}
