//go:build linux

package oshost

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// temporary is the name of an unfinished file. It is the same each time, so that
// what a crash has left is overwritten and does not pile up.
func temporary(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".holdfast-new")
}

// replace writes a file beside the one that is there and takes its name over.
func replace(f run.File) error {
	tmp := temporary(f.Path)
	if err := writeTemporary(tmp, f); err != nil {
		return errors.Join(err, unlink(tmp))
	}
	if err := os.Rename(tmp, f.Path); err != nil {
		return errors.Join(err, unlink(tmp))
	}
	return nil
}

// create gives a finished file its name only where that is free. The file has no
// name before, so a crash leaves nothing; a file system that cannot do that gets
// a temporary one.
func create(f run.File) error {
	mode := fs.FileMode(or(f.Mode, 0o600))
	fd, err := unix.Open(filepath.Dir(f.Path), unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, uint32(mode))
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EISDIR) || errors.Is(err, unix.EINVAL) {
		return createNamed(f)
	}
	if err != nil {
		return &fs.PathError{Op: "create", Path: f.Path, Err: err}
	}
	w := os.NewFile(uintptr(fd), f.Path)
	defer w.Close() // synced already; nothing can be lost
	if err := writeSynced(w, f.Data, mode); err != nil {
		return err
	}
	// AT_EMPTY_PATH would need a capability that root in a container may lack.
	err = unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), unix.AT_FDCWD, f.Path, unix.AT_SYMLINK_FOLLOW)
	if err != nil {
		return &fs.PathError{Op: "create", Path: f.Path, Err: err}
	}
	return nil
}

func createNamed(f run.File) error {
	tmp := temporary(f.Path)
	if err := writeTemporary(tmp, f); err != nil {
		return errors.Join(err, unlink(tmp))
	}
	err := unix.Link(tmp, f.Path)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EOPNOTSUPP) {
		// A file system without hard links (vfat, some FUSE): rename can say no, too.
		err = unix.Renameat2(unix.AT_FDCWD, tmp, unix.AT_FDCWD, f.Path, unix.RENAME_NOREPLACE)
	}
	if err != nil {
		err = &fs.PathError{Op: "create", Path: f.Path, Err: err}
	}
	return errors.Join(err, unlink(tmp))
}

func writeTemporary(tmp string, f run.File) error {
	if err := unlink(tmp); err != nil {
		return err
	}
	mode := fs.FileMode(or(f.Mode, 0o600))
	// O_EXCL also refuses a symbolic link that somebody laid out for us.
	w, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	return errors.Join(writeSynced(w, f.Data, mode), w.Close())
}

func writeSynced(w *os.File, data []byte, mode fs.FileMode) error {
	if err := w.Chmod(mode); err != nil { // whatever the umask says
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	return w.Sync()
}
