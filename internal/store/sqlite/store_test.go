package sqlite

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/store"
	"github.com/holdfast-storage/holdfast/internal/store/storetest"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func mustOpen(t testing.TB, path string) *DB {
	t.Helper()
	d, err := Open(t.Context(), path, quiet())
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

func mustClose(t testing.TB, d *DB) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (store.Store, func() store.Store) {
		path := filepath.Join(t.TempDir(), "dir", "holdfast.db")
		d := mustOpen(t, path)
		return d, func() store.Store {
			mustClose(t, d)
			d = mustOpen(t, path)
			if did := d.Did(); len(did) > 0 {
				t.Errorf("a sound database was repaired: %q", did)
			}
			return d
		}
	})
}
