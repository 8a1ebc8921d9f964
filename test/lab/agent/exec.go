//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/holdfast-storage/holdfast/test/lab/wire"
)

const notStarted = 127

const daemonLogDir = "/var/log/lab"

func handleExec(w http.ResponseWriter, r *http.Request) {
	var want wire.Exec
	if !decode(w, r, &want) {
		return
	}
	if len(want.Argv) == 0 {
		http.Error(w, "no command given", http.StatusBadRequest)
		return
	}
	cmd := exec.CommandContext(r.Context(), want.Argv[0], want.Argv[1:]...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(want.Stdin), &out, &errs
	cmd.Env = append(os.Environ(), want.Env...)
	// A given-up command must not leave children behind.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	err := cmd.Run()
	code := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exitCode(exit)
	case err != nil:
		fmt.Fprintln(&errs, err)
		code = notStarted
	}
	reply(w, wire.Outcome{Stdout: out.Bytes(), Stderr: errs.Bytes(), ExitCode: code})
}

// exitCode follows the shells: a command ended by a signal has 128 plus its number.
func exitCode(exit *exec.ExitError) int {
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return exit.ExitCode()
}

func handleDaemon(w http.ResponseWriter, r *http.Request) {
	var want wire.Daemon
	if !decode(w, r, &want) {
		return
	}
	pid, err := startDaemon(want)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	reply(w, wire.Started{PID: pid})
}

func startDaemon(want wire.Daemon) (int, error) {
	if len(want.Argv) == 0 || want.Name == "" {
		return 0, errors.New("a daemon needs a name and a command")
	}
	if err := os.MkdirAll(daemonLogDir, 0o755); err != nil {
		return 0, fmt.Errorf("make log folder: %w", err)
	}
	path := filepath.Join(daemonLogDir, want.Name+".log")
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, fmt.Errorf("open log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(want.Argv[0], want.Argv[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), want.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start %s: %w", want.Name, err)
	}
	// The exit is of no interest, but the process has to be reaped.
	go func() { _ = cmd.Wait() }()
	return cmd.Process.Pid, nil
}

func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		http.Error(w, "decode request: "+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func reply(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	// The host is gone when this fails; there is nobody left to tell.
	_ = json.NewEncoder(w).Encode(body)
}
