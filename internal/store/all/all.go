// Package all knows the store back ends. A new one is a folder below internal/store
// that passes storetest, and a line here.
package all

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/holdfast-storage/holdfast/internal/store"
	"github.com/holdfast-storage/holdfast/internal/store/mem"
	"github.com/holdfast-storage/holdfast/internal/store/sqlite"
)

// Opener opens a store when the controller is ready for it.
type Opener func(context.Context) (store.Store, error)

// SQLite keeps the state in a file and makes the file's directory where it is missing.
func SQLite(path string, log *slog.Logger) Opener {
	return func(ctx context.Context) (store.Store, error) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("make the directory for the database: %w", err)
		}
		return sqlite.Open(ctx, path, log)
	}
}

// Memory keeps the state for as long as the process lives.
func Memory() Opener {
	return func(context.Context) (store.Store, error) { return mem.New(), nil }
}
