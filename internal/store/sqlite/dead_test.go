package sqlite

import (
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/internal/store"
)

// TestDeadHolder: a controller that was killed on this host is not waited for, one
// on another host is.
func TestDeadHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	open := func() *DB {
		d, err := Open(t.Context(), path, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	now := time.Now()
	d := open()
	if freed, err := d.ResignDead(t.Context()); freed || err != nil {
		t.Fatalf("a new database had a dead holder: %v, %v", freed, err)
	}
	if _, err := d.Lead(t.Context(), "first", now, time.Hour); err != nil {
		t.Fatal(err)
	}
	if freed, err := d.ResignDead(t.Context()); freed || err != nil {
		t.Fatalf("a living holder was taken for dead: %v, %v", freed, err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}

	d = open()
	if freed, err := d.ResignDead(t.Context()); !freed || err != nil {
		t.Fatalf("the dead holder was not found: %v, %v", freed, err)
	}
	lease, err := d.Lead(t.Context(), "second", now, time.Hour)
	if err != nil || lease.Epoch != 2 {
		t.Fatalf("lead gave %+v, %v", lease, err)
	}
	// As if the host were another one.
	d.lock.dead = 0
	if _, err := d.Lead(t.Context(), "third", now, time.Hour); !errors.Is(err, store.ErrHeld) {
		t.Fatalf("a living holder was replaced: %v", err)
	}
	if freed, err := d.ResignDead(t.Context()); freed || err != nil {
		t.Fatalf("another host's holder was taken for dead: %v, %v", freed, err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}
