// Package storetest is the definition of a correct store.Store: every back end
// runs this one suite.
//
// Invariant: a back end that passes can be put under the controller without the
// controller knowing which one it is. The suite must not know any back end.
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/holdfast-storage/holdfast/internal/store"
)

// Open makes a new empty store for one test. Reopen closes the store that is
// open and opens the same data again, as a restart does. The back end closes
// what is open when the test ends.
type Open func(t *testing.T) (st store.Store, reopen func() store.Store)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for _, tc := range []struct {
		name string
		test func(*testing.T, Open)
	}{
		{"new store is empty", testEmpty},
		{"a batch is written as one revision", testBatch},
		{"changes of a batch apply in order", testBatchOrder},
		{"an empty batch is a revision", testEmptyBatch},
		{"records come sorted", testSorted},
		{"deleting what is not there succeeds", testDeleteMissing},
		{"written data survives reopening", testReopen},
		{"keys may hold any text", testUnicode},
		{"data is given back byte for byte", testBytes},
		{"large batches", testLargeBatch},
		{"callers keep their memory", testOwnership},
		{"a bad change leaves no trace", testBadChange},
		{"a cancelled batch leaves no trace", testCancelled},
		{"stale base is refused", testStale},
		{"one of many writers wins", testConcurrent},
		{"a living lease is respected", testLeaseHeld},
		{"a lease is renewed within its epoch", testLeaseRenewed},
		{"an expired lease passes on", testLeaseExpires},
		{"the same name after expiry is a new epoch", testLeaseSameName},
		{"a deposed controller cannot write", testDeposed},
		{"no lease, no writing", testNoLease},
		{"resigning frees the lease at once", testResign},
		{"a deposed controller cannot resign another's lease", testResignDeposed},
		{"the lease survives reopening", testLeaseReopen},
		{"one of many candidates leads", testConcurrentLead},
	} {
		t.Run(tc.name, func(t *testing.T) { tc.test(t, open) })
	}
}

// start is when the clocks of the suite begin.
var start = time.Date(2030, 1, 2, 3, 4, 5, 678_000_000, time.UTC)

const ttl = 10 * time.Second

func lead(t *testing.T, st store.Store, holder string, now time.Time) store.Lease {
	t.Helper()
	l, err := st.Lead(t.Context(), holder, now, ttl)
	if err != nil {
		t.Fatalf("lead as %s: %v", holder, err)
	}
	return l
}

func apply(t *testing.T, st store.Store, l store.Lease, base uint64, cs ...store.Change) uint64 {
	t.Helper()
	rev, err := st.Apply(t.Context(), l, base, cs)
	if err != nil {
		t.Fatalf("apply on revision %d: %v", base, err)
	}
	if rev != base+1 {
		t.Fatalf("apply on revision %d answered revision %d, want %d", base, rev, base+1)
	}
	return rev
}

func put(kind, key, data string) store.Change {
	return store.Change{Kind: kind, Key: key, Data: []byte(data)}
}

func del(kind, key string) store.Change { return store.Change{Kind: kind, Key: key} }

func rec(kind, key string, rev uint64, data string) store.Record {
	return store.Record{Kind: kind, Key: key, Rev: rev, Data: []byte(data)}
}

// wantContent compares the whole content with what is wanted.
func wantContent(t *testing.T, st store.Store, rev uint64, want ...store.Record) {
	t.Helper()
	got, err := st.Load(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	diff := cmp.Diff(store.Snapshot{Rev: rev, Records: want}, got, cmpopts.EquateEmpty())
	if diff != "" {
		t.Fatalf("content (-want +got):\n%s", diff)
	}
}
