//go:build linux

package oshost

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/holdfast-storage/holdfast/internal/run"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func quick() *Host {
	return &Host{Patience: 100 * time.Millisecond, Poll: 5 * time.Millisecond, Grace: 2 * time.Second}
}

func sh(script string, args ...string) run.Cmd {
	return run.Command(append([]string{"sh", "-c", script, "sh"}, args...)...)
}

func TestRunGivesOutputAndCode(t *testing.T) {
	res, err := New().Run(t.Context(), sh(`echo out; echo err >&2; exit 3`))
	if err != nil {
		t.Fatal(err)
	}
	if string(res.Stdout) != "out\n" || string(res.Stderr) != "err\n" || res.ExitCode != 3 {
		t.Errorf("result = %q %q %d", res.Stdout, res.Stderr, res.ExitCode)
	}
}

func TestRunUsesNoShell(t *testing.T) {
	words := []string{"echo", "$HOME", "a b", "*", "; exit 9"}
	res, err := New().Run(t.Context(), run.Command(words...))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(res.Stdout), strings.Join(words[1:], " ")+"\n"; got != want {
		t.Errorf("stdout = %q, want %q", got, want)
	}
}

func TestRunEnvironmentAndStdin(t *testing.T) {
	t.Setenv("LANG", "de_DE.UTF-8")
	t.Setenv("LC_MESSAGES", "de_DE.UTF-8")
	c := sh(`cat; echo "$LC_ALL/$LANG/$LC_MESSAGES"; pwd`)
	c.Stdin = []byte("secret\n")
	res, err := New().Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(res.Stdout), "secret\nC//\n/\n"; got != want {
		t.Errorf("stdout = %q, want %q", got, want)
	}
}

func TestRunStdinThatNobodyReads(t *testing.T) {
	c := sh(`exit 0`)
	c.Stdin = bytes.Repeat([]byte("x"), 1<<20)
	if _, err := New().Run(t.Context(), c); err != nil {
		t.Errorf("unread input is an error: %v", err)
	}
}

func TestRunErrorsMeanUnknown(t *testing.T) {
	done, cancel := context.WithCancel(t.Context())
	cancel()
	small := &Host{MaxOutput: 10}
	for name, c := range map[string]struct {
		h    *Host
		ctx  context.Context
		cmd  run.Cmd
		want error
	}{
		"no such tool":    {New(), t.Context(), run.Command("holdfast-no-such-tool"), exec.ErrNotFound},
		"context over":    {New(), done, sh("exit 0"), context.Canceled},
		"too much output": {small, t.Context(), sh("echo 12345678901234567890"), ErrOutputTooLong},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := c.h.Run(c.ctx, c.cmd); !errors.Is(err, c.want) {
				t.Errorf("error = %v, want %v", err, c.want)
			}
		})
	}
	t.Run("empty command", func(t *testing.T) {
		if _, err := New().Run(t.Context(), run.Cmd{}); err == nil {
			t.Error("no error")
		}
	})
	t.Run("killed by somebody", func(t *testing.T) {
		if _, err := New().Run(t.Context(), sh("kill -9 $$")); err == nil || !strings.Contains(err.Error(), "signal") {
			t.Errorf("error = %v", err)
		}
	})
}

func TestRunGivesUpOnACommandThatStandsStill(t *testing.T) {
	dir := t.TempDir()
	pidFile := filepath.Join(dir, "pid")
	// The grandchild is in the group, so it must die too.
	_, err := quick().Run(t.Context(), sh(`sleep 600 & echo $! > "$1"; wait`, pidFile))
	if !errors.Is(err, ErrNoProgress) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error = %v, want no progress", err)
	}
	wantDead(t, pidFile)
}

func TestRunKillsAStubbornGroup(t *testing.T) {
	h := quick()
	h.Grace = 50 * time.Millisecond
	pidFile := filepath.Join(t.TempDir(), "pid")
	_, err := h.Run(t.Context(), sh(`trap "" TERM; echo $$ > "$1"; while :; do sleep 600; done`, pidFile))
	if !errors.Is(err, ErrNoProgress) || errors.Is(err, ErrUnkillable) {
		t.Fatalf("error = %v, want no progress", err)
	}
	h.Wait()
	wantDead(t, pidFile)
}

func TestRunStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	pidFile := filepath.Join(t.TempDir(), "pid")
	go func() {
		defer cancel()
		for {
			if data, err := os.ReadFile(pidFile); err == nil && len(data) > 0 || t.Context().Err() != nil {
				return
			}
		}
	}()
	_, err := New().Run(ctx, sh(`echo $$ > "$1"; exec sleep 600`, pidFile))
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error = %v, want canceled", err)
	}
	wantDead(t, pidFile)
}

func TestRunPatienceOfTheCommandCounts(t *testing.T) {
	h := &Host{Poll: 5 * time.Millisecond, Grace: 2 * time.Second}
	c := run.Command("sleep", "600")
	c.Patience = 50 * time.Millisecond
	if _, err := h.Run(t.Context(), c); !errors.Is(err, ErrNoProgress) {
		t.Errorf("error = %v, want no progress", err)
	}
}

func TestRunLetsASlowCommandWork(t *testing.T) {
	h := &Host{Patience: time.Second, Poll: 20 * time.Millisecond}
	// The leader only waits; its child is what works, for longer than the patience.
	res, err := h.Run(t.Context(), sh(`timeout 2.5 yes > /dev/null; echo $?`))
	if err != nil {
		t.Fatalf("a working command was given up: %v", err)
	}
	if got := string(res.Stdout); got != "124\n" {
		t.Errorf("stdout = %q", got)
	}
}

func TestRunDoesNotWaitForADaemonLeftBehind(t *testing.T) {
	h := &Host{Grace: 50 * time.Millisecond}
	pidFile := filepath.Join(t.TempDir(), "pid")
	res, err := h.Run(t.Context(), sh(`setsid sleep 600 & echo $! > "$1"; echo started`, pidFile))
	if err != nil || string(res.Stdout) != "started\n" {
		t.Errorf("result = %q, %v", res.Stdout, err)
	}
	killFrom(t, pidFile)
}

func TestUnkillableDoesNotBlock(t *testing.T) {
	p := exec.Command("sleep", "600")
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	h := &Host{Grace: time.Millisecond}
	never := make(chan error)
	if err := h.kill(p.Process.Pid, never, ErrNoProgress); !errors.Is(err, ErrUnkillable) || !errors.Is(err, ErrNoProgress) {
		t.Errorf("error = %v", err)
	}
	if err := p.Wait(); err == nil {
		t.Error("the process was not even signalled")
	}
}

func TestActivitySeesWorkAndOnlyWork(t *testing.T) {
	p := exec.Command("cat")
	in, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	echo := func() {
		if _, err := in.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	echo()
	begin := time.Unix(1000, 0)
	pr := newProgress(p.Process.Pid, begin)
	echo()
	if still := pr.look(begin.Add(time.Minute)); still != 0 {
		t.Errorf("after work: stood still for %s", still)
	}
	echo() // whatever cat does after its write is over when the next byte comes back
	pr.look(begin.Add(time.Minute))
	in.Close()
	if err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	pr.look(begin.Add(2 * time.Minute)) // its end is a change, too
	if still := pr.look(begin.Add(3 * time.Minute)); still != time.Minute {
		t.Errorf("an ended process stood still for %s, want 1m", still)
	}
}

func wantDead(t *testing.T, pidFile string) {
	t.Helper()
	pid := readPid(t, pidFile)
	// A zombie that init has not collected yet is dead enough.
	for deadline := time.Now().Add(20 * time.Second); ; {
		data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) || bytes.Contains(data, []byte(") Z ")) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d still lives", pid)
		}
	}
}

func killFrom(t *testing.T, pidFile string) {
	t.Helper()
	if err := syscall.Kill(readPid(t, pidFile), syscall.SIGKILL); err != nil {
		t.Errorf("kill: %v", err)
	}
}

func readPid(t *testing.T, pidFile string) int {
	t.Helper()
	data, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}
