//go:build linux

package oshost_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/run/oshost"
)

func script(text string) run.Cmd { return run.Command("sh", "-c", text) }

// gone waits for a process to end; the kernel may take a moment.
func gone(t *testing.T, pid int) {
	t.Helper()
	for range 1000 {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("process %d is still there", pid)
}

func TestStreamHandsOverLines(t *testing.T) {
	h := oshost.New()
	defer h.Wait()
	var got []string
	err := h.Stream(context.Background(), script(`printf 'one\ntwo\n\nthr'; printf 'ee\nhalf'; echo wrong >&2; exit 3`), func(l string) { got = append(got, l) })
	if want := []string{"one", "two", "", "three"}; !slices.Equal(got, want) {
		t.Errorf("lines %q, want %q", got, want)
	}
	if err == nil || !strings.Contains(err.Error(), "exit code 3: wrong") {
		t.Errorf("error: %v", err)
	}
}

// A stream that stands still is ended by its context, with all that it has started,
// and says nothing afterwards.
func TestStreamEndsWithItsContext(t *testing.T) {
	h := &oshost.Host{Grace: 200 * time.Millisecond, Patience: time.Millisecond, Poll: time.Millisecond}
	defer h.Wait()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var pids []int
	err := h.Stream(ctx, script(`sleep 1000 & echo $!; echo $$; trap '' TERM; wait`), func(l string) {
		pid, err := strconv.Atoi(l)
		if err != nil {
			t.Errorf("line %q", l)
		}
		if pids = append(pids, pid); len(pids) == 2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || len(pids) != 2 {
		t.Fatalf("error %v after %v", err, pids)
	}
	for _, pid := range pids {
		gone(t, pid)
	}
	if err := h.Stream(ctx, script("echo no"), func(string) { t.Error("it has run") }); !errors.Is(err, context.Canceled) {
		t.Errorf("a stream of an ended context: %v", err)
	}
}

func TestStreamWithoutTheTool(t *testing.T) {
	if err := oshost.New().Stream(context.Background(), run.Command("no-such-tool-here"), func(string) {}); err == nil {
		t.Error("no error")
	}
}
