package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/store"
	"github.com/holdfast-storage/holdfast/internal/store/mem"
)

func start(t *testing.T, disk *mem.Disk, holder string, now func() time.Time) *Engine {
	t.Helper()
	e, err := Open(t.Context(), Config{Store: disk.Open(), Holder: holder, Log: slog.New(slog.DiscardHandler), Now: now,
		NewUUID: uuid.NewString, LeaseTTL: time.Minute})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	return e
}

func put(name string) func(*model.Tx) error {
	return func(tx *model.Tx) error {
		tx.PutKeyValueStore(&model.KeyValueStore{Name: name, Props: map[string]string{"k": "v"}})
		return nil
	}
}

func has(w *model.World, name string) bool {
	_, ok := w.KeyValueStores.Get(name)
	return ok
}

// TestFailedChangeLeavesNoTrace: an error or a panic of one change touches neither
// the state nor the changes beside it.
func TestFailedChangeLeavesNoTrace(t *testing.T) {
	e := start(t, mem.NewDisk(), "a", time.Now)
	refused := errors.New("refused")
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			name := fmt.Sprintf("kv%02d", i)
			_, err := e.Do(t.Context(), "test", func(tx *model.Tx) error {
				_ = put(name)(tx)
				switch i % 3 {
				case 1:
					return refused
				case 2:
					panic("bug")
				}
				return nil
			})
			var p *PanicError
			if i%3 == 0 && err != nil || i%3 == 1 && !errors.Is(err, refused) || i%3 == 2 && !errors.As(err, &p) {
				t.Errorf("change %d answered %v", i, err)
			}
		})
	}
	wg.Wait()
	for i := range 50 {
		if got := has(e.World(), fmt.Sprintf("kv%02d", i)); got != (i%3 == 0) {
			t.Errorf("after change %d its object exists: %v", i, got)
		}
	}
}

// TestFullDisk: what cannot be stored is refused with the way out, and nothing of
// it is seen; the next change is taken again.
func TestFullDisk(t *testing.T) {
	disk := mem.NewDisk()
	e := start(t, disk, "a", time.Now)
	disk.Inject(mem.Fault{Err: store.ErrFull})
	_, err := e.Do(t.Context(), "test", put("lost"))
	if f, ok := fault.As(err); !ok || f.Correction == "" || !errors.Is(err, store.ErrFull) {
		t.Fatalf("a full disk answered %v", err)
	}
	if has(e.World(), "lost") {
		t.Error("a change that was not stored is seen")
	}
	if _, err := e.Do(t.Context(), "test", put("kept")); err != nil || !has(e.World(), "kept") {
		t.Errorf("the next change answered %v", err)
	}
}

// TestUnknownOutcome: after a write that may or may not have happened the engine
// shows what the database really holds.
func TestUnknownOutcome(t *testing.T) {
	for _, written := range []bool{true, false} {
		disk := mem.NewDisk()
		e := start(t, disk, "a", time.Now)
		disk.Inject(mem.Fault{Err: store.ErrUnknownOutcome, Written: written})
		if _, err := e.Do(t.Context(), "test", put("maybe")); err == nil {
			t.Error("an unknown outcome was reported as success")
		}
		if has(e.World(), "maybe") != written {
			t.Errorf("written %v, seen %v", written, !written)
		}
		if _, err := e.Do(t.Context(), "test", put("next")); err != nil {
			t.Errorf("the next change answered %v", err)
		}
	}
}

// TestDeposed: a controller whose lease another one has taken changes nothing more.
func TestDeposed(t *testing.T) {
	disk := mem.NewDisk()
	var mu sync.Mutex
	clock := time.Unix(1000, 0)
	now := func() time.Time { mu.Lock(); defer mu.Unlock(); return clock }
	first := start(t, disk, "a", now)
	if _, err := first.Do(t.Context(), "test", put("before")); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	clock = clock.Add(time.Hour)
	mu.Unlock()
	second := start(t, disk, "b", now)
	if second.Epoch() <= first.Epoch() || !has(second.World(), "before") {
		t.Errorf("the second reigns with epoch %d after %d", second.Epoch(), first.Epoch())
	}
	if _, err := first.Do(t.Context(), "test", put("after")); err == nil || !first.Deposed() {
		t.Errorf("the deposed controller answered %v", err)
	}
	if _, err := second.Do(t.Context(), "test", put("own")); err != nil || has(second.World(), "after") {
		t.Errorf("the new controller answered %v", err)
	}
}

// TestRestart: everything acknowledged is there again.
func TestRestart(t *testing.T) {
	disk := mem.NewDisk()
	e := start(t, disk, "a", time.Now)
	for i := range 20 {
		if _, err := e.Do(t.Context(), "test", put(fmt.Sprintf("kv%02d", i))); err != nil {
			t.Fatal(err)
		}
	}
	snap, err := disk.Open().Load(t.Context())
	if err != nil || snap.Rev != e.World().Rev {
		t.Fatalf("stored revision %d, seen %d: %v", snap.Rev, e.World().Rev, err)
	}
	if n := len(e.Journal()); n != 20 {
		t.Errorf("the journal has %d entries, want 20", n)
	}
}
