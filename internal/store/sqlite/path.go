package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/store"
)

// prepare makes the directory and refuses a path that cannot be a database.
func prepare(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return unreachable(path, err)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return unreachable(path, err)
	case !info.Mode().IsRegular():
		return unreachable(path, fmt.Errorf("it is not a regular file but %s", info.Mode().Type()))
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return unreachable(path, err)
	}
	if err := errors.Join(f.Chmod(0o600), f.Close()); err != nil {
		return unreachable(path, err)
	}
	return nil
}

// unreachable is the one kind of fault that keeps a database from opening.
func unreachable(path string, err error) error {
	f := fault.New(v1.FailSQL, "The database %s cannot be opened.", path).Because("%v", err).Wrap(err)
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, store.ErrFull):
		return f.Fix("Free some space on the file system of %s, then start again; nothing is lost.", filepath.Dir(path))
	case errors.Is(err, fs.ErrPermission):
		return f.Fix("Give the controller's user read and write access to %s and its directory.", path)
	case errors.Is(err, syscall.EROFS):
		return f.Fix("Mount the file system of %s writable.", filepath.Dir(path))
	}
	return f.Fix("Name a file in a directory that the controller may write to; its directory is made if missing.")
}

// syncDir makes renames in the directory of a file durable.
func syncDir(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
