// Package run is the port through which a node's machine is reached: commands
// and small files, nothing else. Layers and providers see only Host, so the
// same code drives the real machine (run/oshost) and a simulated one (sim).
//
// Invariant: a non-zero exit code is a Result, not an error. An error means that
// the outcome is unknown (not started, timed out, cut off), and the caller has
// to probe again instead of assuming anything.
package run

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Cmd is one command line. It never passes through a shell.
type Cmd struct {
	// Argv is the tool and its arguments. It is logged and shown in plans, so a
	// secret must never be in it.
	Argv []string
	// Stdin is fed to the command and never logged or shown: the way for secrets.
	Stdin []byte
	// Patience is how long the command may go without any progress (CPU time,
	// I/O) before it is given up; zero means the host's default.
	Patience time.Duration
}

// Command builds a Cmd from its words.
func Command(argv ...string) Cmd { return Cmd{Argv: argv} }

// String shows the command as a user would type it, quoting where needed.
func (c Cmd) String() string {
	words := make([]string, len(c.Argv))
	for i, w := range c.Argv {
		words[i] = quote(w)
	}
	return strings.Join(words, " ")
}

func quote(w string) string {
	if w != "" && !strings.ContainsAny(w, " \t\n'\"\\$`|&;<>()*?[]{}!#~") {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}

// Result is what a command that ended has left.
type Result struct {
	Stdout   []byte
	Stderr   []byte
	ExitCode int
}

// Host is the machine of one node.
type Host interface {
	// Run runs one command to its end. See the package invariant for errors.
	Run(ctx context.Context, c Cmd) (Result, error)
	// ReadFile reads a whole file; a missing one is an error that matches fs.ErrNotExist.
	ReadFile(ctx context.Context, path string) ([]byte, error)
	// WriteFile puts a file in place, durably: after a crash the old or the new
	// content is there, never a part of it.
	WriteFile(ctx context.Context, f File) error
	// Remove removes a file; a missing one is no error.
	Remove(ctx context.Context, path string) error
	// Glob lists the paths that match a shell pattern, sorted.
	Glob(ctx context.Context, pattern string) ([]string, error)
}

// File is a small file to be written.
type File struct {
	Path string
	Data []byte
	// Mode is the permission; zero means 0o600.
	Mode uint32
	// Exclusive makes the write fail with fs.ErrExist where the path is taken.
	// Parent directories are never made.
	Exclusive bool
}

// ExitError is a command that ended with a code that the caller did not expect.
type ExitError struct {
	Cmd    Cmd
	Result Result
}

// Error names the command, its code and the last line it complained with.
func (e *ExitError) Error() string {
	msg := strings.TrimSpace(string(e.Result.Stderr))
	if msg == "" {
		msg = strings.TrimSpace(string(e.Result.Stdout))
	}
	if i := strings.LastIndexByte(msg, '\n'); i >= 0 {
		msg = strings.TrimSpace(msg[i+1:])
	}
	return fmt.Sprintf("%s exited with %d: %s", e.Cmd.Argv[0], e.Result.ExitCode, msg)
}

// Must runs a command and turns a non-zero exit into an *ExitError.
func Must(ctx context.Context, h Host, c Cmd) (Result, error) {
	r, err := h.Run(ctx, c)
	if err != nil {
		return r, err
	}
	if r.ExitCode != 0 {
		return r, &ExitError{Cmd: c, Result: r}
	}
	return r, nil
}
