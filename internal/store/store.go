// Package store is the port through which the controller keeps its state. A back
// end stores opaque records; every query and index lives in the model's World.
//
// Invariant: Apply is atomic and durable. When it returns nil, all changes are
// on stable storage; when it returns an error, none is, or (ErrUnknownOutcome)
// the caller must load again. storetest is the definition of correct.
package store

import (
	"context"
	"errors"
	"time"
)

// Record is one object as stored. Data is JSON.
type Record struct {
	Kind string
	Key  string
	// Rev is the revision that wrote the record last.
	Rev  uint64
	Data []byte
}

// Change writes a record, or deletes it when Data is nil.
type Change struct {
	Kind string
	Key  string
	Data []byte
}

// Bad is a record that could not be read. It is kept as it is (quarantined) and
// reported; everything else is served.
type Bad struct {
	Kind string
	Key  string
	Why  string
}

// Snapshot is the whole content of a store.
type Snapshot struct {
	Rev     uint64
	Records []Record
	Bad     []Bad
}

// Lease says that its holder alone may write, until it expires or is lost.
type Lease struct {
	// Epoch grows with each new holder; satellites refuse a lower one.
	Epoch  uint64
	Holder string
	// Until is when the lease ends unless renewed.
	Until time.Time
}

// Errors that a back end returns, to be matched with errors.Is.
var (
	// ErrStale means that the store is not at the base revision.
	ErrStale = errors.New("the database has moved on")
	// ErrDeposed means that another controller holds the lease now.
	ErrDeposed = errors.New("another controller has taken over this database")
	// ErrHeld means that another controller holds the lease and is alive.
	ErrHeld = errors.New("another controller uses this database")
	// ErrFull means that there is no space left for the database.
	ErrFull = errors.New("no space left for the database")
	// ErrUnknownOutcome means that a write may or may not have happened.
	ErrUnknownOutcome = errors.New("it is not known whether the write happened")
)

// Store is one database.
type Store interface {
	// Load reads everything. A record that cannot be read goes into Bad.
	Load(ctx context.Context) (Snapshot, error)
	// Apply writes a batch as revision base+1, fenced by base and by the lease's
	// epoch, and answers the new revision.
	Apply(ctx context.Context, lease Lease, base uint64, changes []Change) (uint64, error)
	// Lead takes or renews the lease for a holder at a time. A holder that is
	// alive is not displaced: ErrHeld.
	Lead(ctx context.Context, holder string, now time.Time, ttl time.Duration) (Lease, error)
	// Resign gives the lease back, so that the next controller need not wait.
	Resign(ctx context.Context, lease Lease) error
	Close() error
}
