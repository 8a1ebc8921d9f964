//go:build linux

// Package oshost is the real machine behind run.Host: it starts processes and
// reads and writes files.
//
// Invariant: no call blocks for ever. A command may take as long as it makes
// progress; one that does not, or whose context ends, is killed with its whole
// process group, and where even that has no effect (a process in
// uninterruptible sleep) the caller gets an error and the process is waited for
// in the background.
//
// It must never use a shell, and never show what is in Cmd.Stdin.
package oshost

import (
	"sync"
	"time"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// Defaults of a Host.
const (
	// DefaultPatience is how long a command may go without progress.
	DefaultPatience = 45 * time.Second
	// DefaultPoll is how often progress is looked for.
	DefaultPoll = time.Second
	// DefaultGrace is how long a process may take to die after each signal.
	DefaultGrace = 5 * time.Second
	// DefaultMaxOutput is how much of each output stream is kept.
	DefaultMaxOutput = 8 << 20
)

// Host is the machine this program runs on. Zero fields mean the defaults.
type Host struct {
	Patience  time.Duration
	Poll      time.Duration
	Grace     time.Duration
	MaxOutput int

	// paths keeps writers of one path apart, for they share its temporary name.
	paths keyedMutex
	// reapers are the goroutines that wait for processes nobody waits for.
	reapers sync.WaitGroup
}

var _ run.Host = (*Host)(nil)

// New makes a Host with the defaults.
func New() *Host { return &Host{} }

// Wait waits for processes that could not be killed. Only tests and an orderly
// end of the program need it.
func (h *Host) Wait() { h.reapers.Wait() }

func or[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
