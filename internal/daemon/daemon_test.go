package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// recorder plays the service manager.
type recorder struct {
	mu     sync.Mutex
	states []string
}

func (r *recorder) notify(s string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.states = append(r.states, s)
	return nil
}

func (r *recorder) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.states)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestReadyWatchdogStopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var r recorder
		var sick atomic.Bool
		m := Manager{Notify: r.notify, Watchdog: 30 * time.Second, Alive: func(context.Context, string) error {
			if sick.Load() {
				return errors.New("hung")
			}
			return nil
		}}
		code := make(chan int, 1)
		goOn := make(chan struct{})
		go func() {
			code <- Supervise(ctx, quiet(), m, func(ctx context.Context, ready func(string)) error {
				<-goOn
				ready("[::]:1")
				ready("[::]:2")
				<-ctx.Done()
				return ctx.Err()
			})
		}()
		synctest.Wait()
		if len(r.got()) != 0 {
			t.Fatalf("told %v before the work was ready", r.got())
		}
		close(goOn)
		time.Sleep(25 * time.Second)
		synctest.Wait()
		if want := []string{"READY=1", "WATCHDOG=1", "WATCHDOG=1"}; !slices.Equal(r.got(), want) {
			t.Fatalf("told %v, want %v", r.got(), want)
		}
		sick.Store(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(r.got()); n != 3 {
			t.Fatalf("a sign of life was sent although the work does not answer: %v", r.got())
		}
		stop()
		if c := <-code; c != ExitOK {
			t.Errorf("exit code %d after a stop, want 0", c)
		}
		if last := r.got()[3:]; !slices.Equal(last, []string{"STOPPING=1"}) {
			t.Errorf("told %v at the end", last)
		}
	})
}

func TestExitCodes(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	tests := map[string]struct {
		err  error
		want int
		log  []string
	}{
		"done":                            {nil, ExitOK, nil},
		"error":                           {errors.New("database is damaged"), ExitCritical, []string{"database is damaged"}},
		"cancelled inside without a stop": {context.Canceled, ExitCritical, nil},
		"port taken": {func() error {
			_, err := net.Listen("tcp", l.Addr().String())
			return fmt.Errorf("listen: %w", err)
		}(), ExitNetwork, []string{l.Addr().String(), fmt.Sprintf("process %d", os.Getpid()), "--help"}},
		"not this host's": {&net.OpError{Op: "listen", Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1}, Err: syscall.EADDRNOTAVAIL},
			ExitNetwork, []string{"192.0.2.1:1", "does not have the address"}},
		"a dial that fails is not about listening": {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, ExitCritical, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			m := Manager{Notify: func(string) error { return nil }}
			got := Supervise(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), m, func(context.Context, func(string)) error { return tt.err })
			if got != tt.want {
				t.Errorf("exit code %d, want %d", got, tt.want)
			}
			for _, want := range tt.log {
				if !strings.Contains(log.String(), want) {
					t.Errorf("log lacks %q: %s", want, log.String())
				}
			}
		})
	}
}

func TestOwnerOfAPort(t *testing.T) {
	// An excerpt of the kernel's table: 3370 is 0D2A, state 0A is LISTEN.
	const table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" +
		"   0: 0100007F:0D2A 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0\n" +
		"   1: 00000000:0D2A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1 0 100 0 0 10 0\n"
	dir := t.TempDir()
	for path, content := range map[string]string{"net/tcp": table, "7/comm": "java\n", "8/comm": "sh\n"} {
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, filepath.Dir(path)), 0o700),
			os.WriteFile(filepath.Join(dir, path), []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"8/fd/1": "socket:[111]", "7/fd/5": "socket:[222]"} {
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, filepath.Dir(link)), 0o700), os.Symlink(target, filepath.Join(dir, link))); err != nil {
			t.Fatal(err)
		}
	}
	p := proc{os.DirFS(dir)}
	if who, ok := p.owner(3370); !ok || who != "java (process 7)" {
		t.Errorf("owner of 3370: %q, %v", who, ok)
	}
	if who, ok := p.owner(3366); ok {
		t.Errorf("owner of a free port: %q", who)
	}
}

func TestWildcard(t *testing.T) {
	yes, no := func() bool { return true }, func() bool { return false }
	tests := []struct {
		addr string
		ipv6 func() bool
		want string
	}{
		{"[::]:3370", yes, "[::]:3370"},
		{"[::]:3370", no, "0.0.0.0:3370"},
		{"[::1]:3370", no, "[::1]:3370"},
		{"10.0.0.1:1", no, "10.0.0.1:1"},
		{"", no, ""},
	}
	for _, tt := range tests {
		if got := wildcard(tt.addr, tt.ipv6); got != tt.want {
			t.Errorf("wildcard(%q) = %q, want %q", tt.addr, got, tt.want)
		}
	}
}

func TestAnswersHTTP(t *testing.T) {
	srv := httptest.NewServer(http.RedirectHandler("https://example.invalid/", http.StatusFound))
	addr := srv.Listener.Addr().String()
	ask := AnswersHTTP("/health")
	if err := ask(t.Context(), addr); err != nil {
		t.Errorf("a redirect is an answer, got %v", err)
	}
	srv.Close()
	if ask(t.Context(), addr) == nil {
		t.Error("a closed server answered")
	}
	if got := loopback("[::]:5"); got != "[::1]:5" {
		t.Errorf("loopback of [::]:5 is %s", got)
	}
	if got := loopback("0.0.0.0:5"); got != "127.0.0.1:5" {
		t.Errorf("loopback of 0.0.0.0:5 is %s", got)
	}
}
