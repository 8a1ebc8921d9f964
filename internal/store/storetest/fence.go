package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/store"
)

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: got error %v, want %q", what, err, want)
	}
}

func testStale(t *testing.T, open Open) {
	st, _ := open(t)
	l := lead(t, st, "a", start)
	apply(t, st, l, 0, put("k", "a", `1`))
	for _, base := range []uint64{0, 2, 1 << 60} {
		_, err := st.Apply(t.Context(), l, base, []store.Change{put("k", "a", `2`)})
		wantErr(t, fmt.Sprintf("apply on revision %d", base), err, store.ErrStale)
	}
	wantContent(t, st, 1, rec("k", "a", 1, `1`))
}

func testConcurrent(t *testing.T, open Open) {
	st, _ := open(t)
	l := lead(t, st, "a", start)
	const writers, rounds = 8, 5
	for round := range uint64(rounds) {
		errs := make([]error, writers)
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				data := fmt.Sprint(w)
				_, errs[w] = st.Apply(t.Context(), l, round, []store.Change{put("k", "a", data), put("k", "b", data)})
			})
		}
		wg.Wait()
		winner := -1
		for w, err := range errs {
			switch {
			case err == nil && winner >= 0:
				t.Fatalf("writers %d and %d both won revision %d", winner, w, round+1)
			case err == nil:
				winner = w
			default:
				wantErr(t, "losing writer", err, store.ErrStale)
			}
		}
		if winner < 0 {
			t.Fatalf("no writer won revision %d: %v", round+1, errs)
		}
		wantContent(t, st, round+1, rec("k", "a", round+1, fmt.Sprint(winner)), rec("k", "b", round+1, fmt.Sprint(winner)))
	}
}

func testLeaseHeld(t *testing.T, open Open) {
	st, _ := open(t)
	l := lead(t, st, "a", start)
	if l.Epoch == 0 || l.Holder != "a" || !l.Until.Equal(start.Add(ttl)) {
		t.Errorf("lease is %+v, want a first epoch of a until %s", l, start.Add(ttl))
	}
	_, err := st.Lead(t.Context(), "b", start.Add(ttl-1), ttl)
	wantErr(t, "lead while another is alive", err, store.ErrHeld)
	apply(t, st, l, 0, put("k", "a", `1`))
}

func testLeaseRenewed(t *testing.T, open Open) {
	st, _ := open(t)
	first := lead(t, st, "a", start)
	again := lead(t, st, "a", start.Add(ttl/2))
	if again.Epoch != first.Epoch || !again.Until.Equal(start.Add(ttl/2+ttl)) {
		t.Errorf("renewed lease is %+v, want epoch %d until %s", again, first.Epoch, start.Add(ttl/2+ttl))
	}
	_, err := st.Lead(t.Context(), "b", start.Add(ttl+1), ttl)
	wantErr(t, "lead after a renewal", err, store.ErrHeld)
	// A write under the lease as it was before the renewal is still its holder's.
	apply(t, st, first, 0, put("k", "a", `1`))
}

func testLeaseExpires(t *testing.T, open Open) {
	st, _ := open(t)
	a := lead(t, st, "a", start)
	b := lead(t, st, "b", start.Add(ttl))
	if b.Epoch <= a.Epoch {
		t.Errorf("epoch went from %d to %d, want it to grow", a.Epoch, b.Epoch)
	}
}

func testLeaseSameName(t *testing.T, open Open) {
	st, _ := open(t)
	a := lead(t, st, "a", start)
	again := lead(t, st, "a", start.Add(ttl))
	if again.Epoch <= a.Epoch {
		t.Errorf("epoch went from %d to %d, want it to grow", a.Epoch, again.Epoch)
	}
	_, err := st.Apply(t.Context(), a, 0, []store.Change{put("k", "a", `1`)})
	wantErr(t, "apply with the expired epoch", err, store.ErrDeposed)
}

func testDeposed(t *testing.T, open Open) {
	st, _ := open(t)
	a := lead(t, st, "a", start)
	apply(t, st, a, 0, put("k", "a", `1`))
	b := lead(t, st, "b", start.Add(ttl))
	for _, base := range []uint64{0, 1} {
		_, err := st.Apply(t.Context(), a, base, []store.Change{put("k", "a", `"a"`)})
		wantErr(t, fmt.Sprintf("deposed apply on revision %d", base), err, store.ErrDeposed)
	}
	forged := store.Lease{Epoch: b.Epoch, Holder: "a", Until: b.Until}
	_, err := st.Apply(t.Context(), forged, 1, nil)
	wantErr(t, "apply in another's epoch", err, store.ErrDeposed)
	wantContent(t, st, 1, rec("k", "a", 1, `1`))
	apply(t, st, b, 1, put("k", "a", `"b"`))
}

func testNoLease(t *testing.T, open Open) {
	st, _ := open(t)
	for _, l := range []store.Lease{{}, {Epoch: 1, Holder: "a"}} {
		_, err := st.Apply(t.Context(), l, 0, []store.Change{put("k", "a", `1`)})
		wantErr(t, fmt.Sprintf("apply with lease %+v", l), err, store.ErrDeposed)
	}
	wantContent(t, st, 0)
	if _, err := st.Lead(t.Context(), "", start, ttl); err == nil {
		t.Error("a holder without a name was accepted")
	}
}

func testResign(t *testing.T, open Open) {
	st, _ := open(t)
	a := lead(t, st, "a", start)
	if err := st.Resign(t.Context(), a); err != nil {
		t.Fatalf("resign: %v", err)
	}
	if err := st.Resign(t.Context(), a); err != nil {
		t.Errorf("resigning twice: %v", err)
	}
	_, err := st.Apply(t.Context(), a, 0, nil)
	wantErr(t, "apply after resigning", err, store.ErrDeposed)
	b := lead(t, st, "b", start.Add(1))
	if b.Epoch <= a.Epoch {
		t.Errorf("epoch went from %d to %d, want it to grow", a.Epoch, b.Epoch)
	}
	apply(t, st, b, 0)
}

func testResignDeposed(t *testing.T, open Open) {
	st, _ := open(t)
	a := lead(t, st, "a", start)
	b := lead(t, st, "b", start.Add(ttl))
	wantErr(t, "resign of a lost lease", st.Resign(t.Context(), a), store.ErrDeposed)
	apply(t, st, b, 0)
}

func testLeaseReopen(t *testing.T, open Open) {
	st, reopen := open(t)
	a := lead(t, st, "a", start)
	st = reopen()
	_, err := st.Lead(t.Context(), "b", start.Add(ttl-1), ttl)
	wantErr(t, "lead after reopening while another is alive", err, store.ErrHeld)
	apply(t, st, a, 0)
	b := lead(t, st, "b", start.Add(ttl))
	if b.Epoch <= a.Epoch {
		t.Errorf("epoch went from %d to %d, want it to grow", a.Epoch, b.Epoch)
	}
	st = reopen()
	_, err = st.Apply(t.Context(), a, 1, nil)
	wantErr(t, "deposed apply after reopening", err, store.ErrDeposed)
	apply(t, st, b, 1)
}

func testConcurrentLead(t *testing.T, open Open) {
	st, _ := open(t)
	const candidates = 8
	errs := make([]error, candidates)
	leases := make([]store.Lease, candidates)
	var wg sync.WaitGroup
	for c := range candidates {
		wg.Go(func() { leases[c], errs[c] = st.Lead(t.Context(), fmt.Sprint(c), start, ttl) })
	}
	wg.Wait()
	leader := -1
	for c, err := range errs {
		switch {
		case err == nil && leader >= 0:
			t.Fatalf("candidates %d and %d both lead", leader, c)
		case err == nil:
			leader = c
		default:
			wantErr(t, "losing candidate", err, store.ErrHeld)
		}
	}
	if leader < 0 {
		t.Fatalf("nobody leads: %v", errs)
	}
	apply(t, st, leases[leader], 0)
}
