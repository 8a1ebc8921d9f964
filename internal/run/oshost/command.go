//go:build linux

package oshost

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// ErrNoProgress is a command that was killed because it stood still. The outcome
// is unknown. It matches context.DeadlineExceeded, as any other lack of time does.
var ErrNoProgress = fmt.Errorf("no progress: %w", context.DeadlineExceeded)

// ErrUnkillable is a command that did not even die when it was killed; it may
// still change the machine.
var ErrUnkillable = errors.New("the process does not react to being killed")

// ErrOutputTooLong is a command that wrote more than is kept.
var ErrOutputTooLong = errors.New("output is too long")

// Run runs one command to its end.
func (h *Host) Run(ctx context.Context, c run.Cmd) (run.Result, error) {
	if len(c.Argv) == 0 {
		return run.Result{}, errors.New("run: empty command")
	}
	if err := ctx.Err(); err != nil {
		return run.Result{}, fmt.Errorf("run %s: %w", c.Argv[0], err)
	}
	limit := or(h.MaxOutput, DefaultMaxOutput)
	stdout, stderr := &capped{limit: limit}, &capped{limit: limit}
	// Not CommandContext: it would kill the process alone, not its group.
	p := exec.Command(c.Argv[0], c.Argv[1:]...)
	p.Env = environment(os.Environ())
	p.Dir = "/"
	if len(c.Stdin) > 0 {
		p.Stdin = bytes.NewReader(c.Stdin)
	}
	p.Stdout, p.Stderr = stdout, stderr
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// A child left behind may hold the pipes open after the command has ended.
	p.WaitDelay = or(h.Grace, DefaultGrace)
	if err := p.Start(); err != nil {
		return run.Result{}, fmt.Errorf("run %s: %w", c.Argv[0], err)
	}
	ended := make(chan error, 1)
	h.reapers.Go(func() { ended <- p.Wait() })
	err := h.await(ctx, p, ended, or(c.Patience, or(h.Patience, DefaultPatience)))
	if err != nil {
		return run.Result{}, fmt.Errorf("run %s: %w", c.Argv[0], err)
	}
	if stdout.over || stderr.over {
		return run.Result{}, fmt.Errorf("run %s: more than %d bytes: %w", c.Argv[0], limit, ErrOutputTooLong)
	}
	return run.Result{Stdout: stdout.buf, Stderr: stderr.buf, ExitCode: p.ProcessState.ExitCode()}, nil
}

// await waits for the end of a command; nil means that it exited by itself.
func (h *Host) await(ctx context.Context, p *exec.Cmd, ended <-chan error, patience time.Duration) error {
	poll := time.NewTicker(or(h.Poll, DefaultPoll))
	defer poll.Stop()
	seen := newProgress(p.Process.Pid, time.Now())
	for {
		select {
		case err := <-ended:
			return exited(p, err)
		case <-ctx.Done():
			return h.kill(p.Process.Pid, ended, ctx.Err())
		case now := <-poll.C:
			if still := seen.look(now); still >= patience {
				return h.kill(p.Process.Pid, ended, fmt.Errorf("stood still for %s: %w", patience, ErrNoProgress))
			}
		}
	}
}

// exited tells a command that ended by itself from one whose end says nothing.
func exited(p *exec.Cmd, err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil || errors.Is(err, exec.ErrWaitDelay):
	case !errors.As(err, &exit):
		return err
	}
	if ws, is := p.ProcessState.Sys().(syscall.WaitStatus); is && ws.Signaled() {
		return fmt.Errorf("ended by signal: %s", ws.Signal())
	}
	return nil
}

// kill ends a command's process group, first politely. It gives back the reason,
// joined with ErrUnkillable where nothing helped.
func (h *Host) kill(pid int, ended <-chan error, reason error) error {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		// The group may be gone already, or never come back; both show below.
		_ = syscall.Kill(-pid, sig)
		wait := time.NewTimer(or(h.Grace, DefaultGrace))
		select {
		case <-ended:
			wait.Stop()
			// What the leader has left behind in its group.
			_ = syscall.Kill(-pid, syscall.SIGKILL)
			return reason
		case <-wait.C:
		}
	}
	return errors.Join(reason, ErrUnkillable)
}

// environment is the program's own without what would change tools' output.
func environment(all []string) []string {
	out := make([]string, 0, len(all)+2)
	for _, kv := range all {
		if !strings.HasPrefix(kv, "LC_") && !strings.HasPrefix(kv, "LANG") && !strings.HasPrefix(kv, "TZ=") {
			out = append(out, kv)
		}
	}
	return append(out, "LC_ALL=C", "TZ=UTC")
}

// capped keeps the beginning of what is written to it.
type capped struct {
	buf   []byte
	limit int
	over  bool
}

// Write never fails, so that a talkative command is not ended in the middle.
func (w *capped) Write(p []byte) (int, error) {
	room := w.limit - len(w.buf)
	if len(p) > room {
		w.over = true
		w.buf = append(w.buf, p[:max(room, 0)]...)
		return len(p), nil
	}
	w.buf = append(w.buf, p...)
	return len(p), nil
}
