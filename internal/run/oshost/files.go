//go:build linux

package oshost

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// ReadFile reads a whole file.
func (h *Host) ReadFile(ctx context.Context, path string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// Glob lists the paths that match a shell pattern.
func (h *Host) Glob(ctx context.Context, pattern string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out, err := filepath.Glob(pattern)
	if err != nil {
		return nil, fmt.Errorf("glob %s: %w", pattern, err)
	}
	slices.Sort(out)
	return out, nil
}

// Remove removes a file, never a directory.
func (h *Host) Remove(ctx context.Context, path string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer h.paths.lock(path)()
	// What a crash in the middle of WriteFile has left.
	if err := unlink(temporary(path)); err != nil {
		return err
	}
	if err := unlink(path); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// unlink is os.Remove that leaves directories alone.
func unlink(path string) error {
	if err := unix.Unlink(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &fs.PathError{Op: "remove", Path: path, Err: err}
	}
	return nil
}

// WriteFile puts a file in place, durably.
func (h *Host) WriteFile(ctx context.Context, f run.File) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer h.paths.lock(f.Path)()
	if f.Exclusive {
		// Said early and cheaply; link decides.
		if _, err := os.Lstat(f.Path); err == nil {
			return &fs.PathError{Op: "create", Path: f.Path, Err: unix.EEXIST}
		}
	}
	put := replace
	if f.Exclusive {
		put = create
	}
	if err := put(f); err != nil {
		return err
	}
	return syncDir(filepath.Dir(f.Path))
}

func syncDir(dir string) (err error) {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := d.Close(); err == nil {
			err = cerr
		}
	}()
	if err := d.Sync(); err != nil && !errors.Is(err, unix.EINVAL) {
		return err // EINVAL: the file system has nothing to sync for a directory
	}
	return nil
}
