//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-storage/holdfast/test/lab/wire"
)

const (
	rootDevice = "/dev/vda"
	newRoot    = "/sysroot"
	labDir     = "/run/lab"
)

// boot takes the machine from the initial RAM disk to the shell script on the
// root file system. It returns only when it failed.
func boot() error {
	if err := mountKernelFilesystems(); err != nil {
		return err
	}
	if probing() {
		return answerProbe()
	}
	if err := loadModules("/modules"); err != nil {
		return err
	}
	if err := waitFor(rootDevice); err != nil {
		return err
	}
	if err := mount(rootDevice, newRoot, "ext4", unix.MS_NOATIME); err != nil {
		return err
	}
	if err := carryOver(); err != nil {
		return err
	}
	if err := switchRoot(); err != nil {
		return err
	}
	init := filepath.Join(labDir, "init")
	env := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=linux"}
	return fmt.Errorf("start %s: %w", init, unix.Exec("/bin/sh", []string{"sh", init}, env))
}

func mountKernelFilesystems() error {
	for _, m := range []struct{ dir, kind string }{{"/dev", "devtmpfs"}, {"/proc", "proc"}, {"/sys", "sysfs"}} {
		if err := mount(m.kind, m.dir, m.kind, 0); err != nil {
			return err
		}
	}
	return nil
}

func mount(source, dir, kind string, flags uintptr) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make mount point: %w", err)
	}
	if err := unix.Mount(source, dir, kind, flags, ""); err != nil {
		return fmt.Errorf("mount %s on %s: %w", source, dir, err)
	}
	return nil
}

func probing() bool {
	line, err := os.ReadFile("/proc/cmdline")
	return err == nil && strings.Contains(string(line), wire.ProbeArgument)
}

func answerProbe() error {
	console, err := os.OpenFile("/dev/console", os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("open console: %w", err)
	}
	fmt.Fprintln(console, wire.ProbeMarker)
	return fmt.Errorf("restart: %w", unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART))
}

// loadModules loads the files of a folder in the order of their names, which is
// the order of their dependencies.
func loadModules(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.ko"))
	if err != nil {
		return fmt.Errorf("list modules: %w", err)
	}
	for _, path := range files {
		if err := loadModule(path); err != nil {
			return err
		}
	}
	return nil
}

func loadModule(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open module: %w", err)
	}
	defer f.Close()
	if err := unix.FinitModule(int(f.Fd()), "", 0); err != nil && err != unix.EEXIST {
		return fmt.Errorf("load module %s: %w", path, err)
	}
	return nil
}

func waitFor(path string) error {
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("device %s did not appear within a minute", path)
}

// carryOver copies what the running system needs of the RAM disk and frees the rest.
func carryOver() error {
	if err := mount("tmpfs", newRoot+"/run", "tmpfs", 0); err != nil {
		return err
	}
	if err := os.MkdirAll(newRoot+labDir, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", labDir, err)
	}
	for _, c := range []struct{ from, to string }{{"/init", "agent"}, {"/lab-init", "init"}} {
		if err := copyFile(c.from, filepath.Join(newRoot+labDir, c.to)); err != nil {
			return err
		}
	}
	for _, path := range []string{"/init", "/lab-init", "/modules"} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("free %s: %w", path, err)
		}
	}
	return nil
}

func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	if _, err := io.Copy(dst, src); err != nil {
		dst.Close()
		return fmt.Errorf("copy %s to %s: %w", from, to, err)
	}
	if err := dst.Close(); err != nil {
		return fmt.Errorf("copy %s to %s: %w", from, to, err)
	}
	return nil
}

func switchRoot() error {
	for _, dir := range []string{"/dev", "/proc", "/sys"} {
		if err := unix.Mount(dir, newRoot+dir, "", unix.MS_MOVE, ""); err != nil {
			return fmt.Errorf("move %s to the root file system: %w", dir, err)
		}
	}
	if err := os.Chdir(newRoot); err != nil {
		return fmt.Errorf("enter root file system: %w", err)
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("move root file system: %w", err)
	}
	if err := unix.Chroot("."); err != nil {
		return fmt.Errorf("change root: %w", err)
	}
	return os.Chdir("/")
}
