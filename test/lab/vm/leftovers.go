package vm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// namespaceOf names the namespace after the cache folder: two labs with caches of
// their own do not meet, and a lab knows its leftovers.
func namespaceOf(c Config) netns { return netns("holdfast-lab-" + keyOf(c.CacheDir)[:8]) }

// ErrRunning means that another lab with the same cache folder is running.
var ErrRunning = errors.New("another lab is running with this cache folder")

func lockCache(c Config) (*os.File, error) {
	path := filepath.Join(c.CacheDir, "lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock the cache folder: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s; wait for its end, or set HOLDFAST_LAB_CACHE to another folder", ErrRunning, c.CacheDir)
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return f, nil
}

// removeLeftovers removes what an earlier run that was killed has left. It is
// called with the cache locked, so that run has really ended.
func removeLeftovers(ctx context.Context, c Config) error {
	ns := namespaceOf(c)
	if err := killNoted(runDirOf(c)); err != nil {
		return err
	}
	if ns.exists() {
		if err := killInside(ctx, ns); err != nil {
			return err
		}
		if err := ns.remove(ctx); err != nil {
			return err
		}
	}
	var stale []string
	for _, pattern := range []string{"build-*", "warm-*.tmp", "initrd-*.tmp"} {
		found, err := filepath.Glob(filepath.Join(c.CacheDir, pattern))
		if err != nil {
			return fmt.Errorf("look for leftovers: %w", err)
		}
		stale = append(stale, found...)
	}
	for _, path := range append(stale, runDirOf(c)) {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove leftovers: %w", err)
		}
	}
	return nil
}

// killNoted kills the processes of the pid files, where they still are QEMUs of
// this run folder and not something else that got the number since.
func killNoted(runDir string) error {
	files, err := filepath.Glob(filepath.Join(runDir, "*.pid"))
	if err != nil {
		return fmt.Errorf("look for leftover processes: %w", err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("look for leftover processes: %w", err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
		if err != nil || pid <= 1 {
			continue
		}
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err == nil && strings.HasPrefix(string(line), "qemu-system") && strings.Contains(string(line), runDir) {
			if err := endProcess(pid); err != nil {
				return err
			}
		}
	}
	return nil
}

// killInside kills what still runs in the lab's own namespace.
func killInside(ctx context.Context, ns netns) error {
	out, err := run(ctx, "ip", "netns", "pids", string(ns))
	if err != nil {
		return fmt.Errorf("look for leftover processes: %w", err)
	}
	for word := range strings.FieldsSeq(out) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			return fmt.Errorf("look for leftover processes: %w", err)
		}
		if err := endProcess(pid); err != nil {
			return err
		}
	}
	return nil
}

// endProcess kills a process and waits until it is gone.
func endProcess(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open leftover process %d: %w", pid, err)
	}
	defer unix.Close(fd)
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("end leftover process %d: %w", pid, err)
	}
	const patienceMillis = 10_000
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, patienceMillis)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			return fmt.Errorf("leftover process %d does not end: %w", pid, err)
		}
		return nil
	}
}

// removeDisks frees the room of the machines' disks and keeps the logs.
func removeDisks(runDir string) error {
	var errs []error
	for _, pattern := range []string{"*.qcow2", "*.img", "*.pid"} {
		files, err := filepath.Glob(filepath.Join(runDir, pattern))
		errs = append(errs, err)
		for _, path := range files {
			errs = append(errs, os.Remove(path))
		}
	}
	return errors.Join(errs...)
}

// Clean removes the whole cache and what a killed run has left.
func Clean(ctx context.Context, c Config) error {
	if _, err := os.Stat(c.CacheDir); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	lock, err := lockCache(c)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := removeLeftovers(ctx, c); err != nil {
		return err
	}
	// Only what the lab makes: the folder was named by the user and may hold more.
	for _, pattern := range []string{"image-*", "warm-*", "initrd-*", "accel-*", "agent", "lock"} {
		files, err := filepath.Glob(filepath.Join(c.CacheDir, pattern))
		if err != nil {
			return fmt.Errorf("clean the cache: %w", err)
		}
		for _, path := range files {
			if err := os.RemoveAll(path); err != nil {
				return fmt.Errorf("clean the cache: %w", err)
			}
		}
	}
	return nil
}
