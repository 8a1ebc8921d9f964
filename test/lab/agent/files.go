//go:build linux

package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/holdfast-storage/holdfast/test/lab/wire"
)

// handlePut writes a file durably: the host may cut the power right after.
func handlePut(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Query().Get("path")
	mode, err := strconv.ParseUint(r.URL.Query().Get("mode"), 8, 32)
	if err != nil || path == "" {
		http.Error(w, "query needs path and mode (octal)", http.StatusBadRequest)
		return
	}
	if err := putFile(path, os.FileMode(mode), r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
	}
}

func putFile(path string, mode os.FileMode, body io.Reader) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("put %s: %w", path, err)
	}
	tmp := path + ".lab-tmp"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return fmt.Errorf("put %s: %w", path, err)
	}
	defer f.Close()
	if _, err := io.Copy(f, body); err != nil {
		return fmt.Errorf("put %s: %w", path, err)
	}
	if err := f.Chmod(mode); err != nil {
		return fmt.Errorf("put %s: %w", path, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("put %s: %w", path, err)
	}
	// A running program's file cannot be written over, but it can be replaced.
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("put %s: %w", path, err)
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}

func handleGet(w http.ResponseWriter, r *http.Request) {
	f, err := os.Open(r.URL.Query().Get("path"))
	if os.IsNotExist(err) {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	defer f.Close()
	_, _ = io.Copy(w, f) // a torn transfer is seen by the reader
}

func handleClock(w http.ResponseWriter, r *http.Request) {
	var want wire.Clock
	if !decode(w, r, &want) {
		return
	}
	now := unix.NsecToTimespec(time.Unix(0, want.UnixNano).UnixNano())
	if err := unix.ClockSettime(unix.CLOCK_REALTIME, &now); err != nil {
		http.Error(w, "set clock: "+err.Error(), http.StatusUnprocessableEntity)
		return
	}
	if err := stirRandom(want.Entropy); err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
	}
}

// stirRandom feeds the kernel's pool, credited, and has it used at once.
func stirRandom(seed []byte) error {
	f, err := os.OpenFile("/dev/random", os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open random pool: %w", err)
	}
	defer f.Close()
	var pool struct {
		bits, size int32
		data       [64]byte
	}
	pool.size = int32(copy(pool.data[:], seed))
	pool.bits = pool.size * 8
	if err := ioctl(f, unix.RNDADDENTROPY, uintptr(unsafe.Pointer(&pool))); err != nil {
		return fmt.Errorf("stir random pool: %w", err)
	}
	if err := ioctl(f, unix.RNDRESEEDCRNG, 0); err != nil {
		return fmt.Errorf("reseed random generator: %w", err)
	}
	return nil
}

func ioctl(f *os.File, request, argument uintptr) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), request, argument); errno != 0 {
		return errno
	}
	return nil
}
