//go:build linux

package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/holdfast-storage/holdfast/test/lab/wire"
)

// handleShell turns the connection into the terminal of an interactive shell.
func handleShell(w http.ResponseWriter, r *http.Request) {
	rows, _ := strconv.ParseUint(r.URL.Query().Get("rows"), 10, 16)
	cols, _ := strconv.ParseUint(r.URL.Query().Get("cols"), 10, 16)
	master, slave, err := openTerminal(uint16(rows), uint16(cols))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer master.Close()
	cmd := exec.Command("/bin/bash", "-i")
	cmd.Dir = "/root"
	cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err = cmd.Start()
	slave.Close()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer func() { _ = cmd.Wait() }()
	conn, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = cmd.Process.Kill()
		return
	}
	defer conn.Close()
	fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", wire.ShellProtocol)
	go func() {
		_, _ = io.Copy(master, buf)
		// The user's side is gone: end what still reads from the terminal.
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGHUP)
	}()
	// Ends with an I/O error once the last process has closed the terminal.
	_, _ = io.Copy(conn, master)
}

func openTerminal(rows, cols uint16) (master, slave *os.File, err error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open terminal: %w", err)
	}
	master = os.NewFile(uintptr(fd), "terminal")
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		master.Close()
		return nil, nil, fmt.Errorf("unlock terminal: %w", err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		master.Close()
		return nil, nil, fmt.Errorf("find terminal: %w", err)
	}
	if rows > 0 && cols > 0 {
		// A wrong size only looks wrong.
		_ = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: cols})
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		master.Close()
		return nil, nil, fmt.Errorf("open terminal's other end: %w", err)
	}
	return master, slave, nil
}
