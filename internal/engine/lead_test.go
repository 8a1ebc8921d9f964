package engine

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/store"
	"github.com/holdfast-storage/holdfast/internal/store/mem"
)

// deaf is a database that does not hear of one controller for a while.
type deaf struct {
	store.Store
	away atomic.Bool
}

func (d *deaf) Lead(ctx context.Context, holder string, now time.Time, ttl time.Duration) (store.Lease, error) {
	if d.away.Load() {
		return store.Lease{}, errors.New("no answer")
	}
	return d.Store.Lead(ctx, holder, now, ttl)
}

// lead opens an engine in a bubble of simulated time; it runs until stop.
func lead(t *testing.T, s store.Store, holder string) (e *Engine, stop func()) {
	t.Helper()
	e, err := Open(t.Context(), Config{Store: s, Holder: holder, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		NewUUID: uuid.NewString, LeaseTTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	return e, func() { cancel(); <-done }
}

// TestDeposedKeepsOff: a controller that was replaced does not take the lease again
// when the other one has died, for it would keep all others away and do nothing.
func TestDeposedKeepsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := mem.NewDisk()
		old := &deaf{Store: disk.Open()}
		a, stopA := lead(t, old, "a")
		defer stopA()
		old.away.Store(true)
		time.Sleep(2 * time.Minute)
		if a.Leading() == nil {
			t.Error("the lease has run out, and the engine says that it leads")
		}
		b := disk.Open()
		if _, err := b.Lead(t.Context(), "b", time.Now(), time.Minute); err != nil {
			t.Fatal(err)
		}
		old.away.Store(false)
		time.Sleep(30 * time.Second)
		if !a.Deposed() || a.Leading() == nil {
			t.Error("the old controller has not noticed that it was replaced")
		}
		time.Sleep(10 * time.Minute) // b dies
		if _, err := disk.Open().Lead(t.Context(), "c", time.Now(), time.Minute); err != nil {
			t.Errorf("the next controller cannot lead: %v", err)
		}
	})
}

// TestLapsedLeaseLoadsAgain: who takes up the lease again after a gap looks at what
// another controller has done in it.
func TestLapsedLeaseLoadsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := mem.NewDisk()
		old := &deaf{Store: disk.Open()}
		a, stopA := lead(t, old, "a")
		defer stopA()
		old.away.Store(true)
		time.Sleep(2 * time.Minute)
		b, stopB := lead(t, disk.Open(), "b")
		if _, err := b.Do(t.Context(), "test", put("meanwhile")); err != nil {
			t.Fatal(err)
		}
		stopB()
		old.away.Store(false)
		time.Sleep(time.Minute)
		if a.Leading() != nil || !has(a.World(), "meanwhile") {
			t.Errorf("leads: %v, knows what has happened: %v", a.Leading(), has(a.World(), "meanwhile"))
		}
	})
}

// TestUnknownOutcomeIsTold: what may have been written is not made a second time,
// and listeners hear of it.
func TestUnknownOutcomeIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := mem.NewDisk()
		e, err := Open(t.Context(), Config{Store: disk.Open(), Holder: "a", Log: slog.New(slog.DiscardHandler), Now: time.Now,
			NewUUID: uuid.NewString, LeaseTTL: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		all := 0
		e.Listen(func(_, _ *model.World, touched model.Touched) {
			if touched.All {
				all++
			}
		})
		disk.Inject(mem.Fault{Err: store.ErrUnknownOutcome, Written: true})
		answers := make(chan error, 2)
		for _, n := range []string{"one", "two"} {
			go func() {
				_, err := e.Do(t.Context(), "test", put(n))
				answers <- err
			}()
		}
		synctest.Wait() // both are waiting and share one commit
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- e.Run(ctx) }()
		for range 2 {
			if err := <-answers; err == nil {
				t.Error("an unknown outcome was reported as success")
			}
		}
		if all != 1 || !has(e.World(), "one") || !has(e.World(), "two") || e.World().Rev != 1 {
			t.Errorf("listeners were told %d times; revision %d", all, e.World().Rev)
		}
		cancel()
		<-done
	})
}
