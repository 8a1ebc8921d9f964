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
	"sync"
	"syscall"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// maxLine is the longest line of a stream that is handed over.
const maxLine = 1 << 20

// maxComplaint is how much of a stream's error output is kept.
const maxComplaint = 4 << 10

var _ run.Streamer = (*Host)(nil)

// Stream follows a command until it or the context ends. It may stand still for
// ever; its process group is killed at the end.
func (h *Host) Stream(ctx context.Context, c run.Cmd, line func(string)) error {
	if len(c.Argv) == 0 {
		return errors.New("run: empty command")
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("run %s: %w", c.Argv[0], err)
	}
	lines, complaint := &lineWriter{line: line}, &capped{limit: maxComplaint}
	defer lines.stop()
	p := exec.Command(c.Argv[0], c.Argv[1:]...)
	p.Env = environment(os.Environ())
	p.Dir = "/"
	if len(c.Stdin) > 0 {
		p.Stdin = bytes.NewReader(c.Stdin)
	}
	p.Stdout, p.Stderr = lines, complaint
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.WaitDelay = or(h.Grace, DefaultGrace)
	if err := p.Start(); err != nil {
		return fmt.Errorf("run %s: %w", c.Argv[0], err)
	}
	ended := make(chan error, 1)
	h.reapers.Go(func() { ended <- p.Wait() })
	select {
	case <-ctx.Done():
		return fmt.Errorf("run %s: %w", c.Argv[0], h.kill(p.Process.Pid, ended, ctx.Err()))
	case err := <-ended:
		// What the leader has left behind in its group.
		_ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL)
		if err = exited(p, err); err != nil {
			return fmt.Errorf("run %s: %w", c.Argv[0], err)
		}
	}
	return fmt.Errorf("run %s: ended with exit code %d: %s", c.Argv[0], p.ProcessState.ExitCode(), strings.TrimSpace(string(complaint.buf)))
}

// lineWriter hands over whole lines, until it is stopped.
type lineWriter struct {
	mu      sync.Mutex
	line    func(string)
	rest    []byte
	skip    bool
	stopped bool
}

// Write never fails. A line that is too long is left out.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(p)
	for !w.stopped {
		head, tail, whole := bytes.Cut(p, []byte{'\n'})
		if len(w.rest)+len(head) > maxLine {
			w.rest, w.skip = nil, true
		}
		if !w.skip {
			w.rest = append(w.rest, head...)
		}
		if !whole {
			break
		}
		if !w.skip {
			w.line(string(w.rest))
		}
		w.rest, w.skip, p = w.rest[:0], false, tail
	}
	return n, nil
}

// stop lets no line come after the stream has ended.
func (w *lineWriter) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
}
