package script

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/holdfast-storage/holdfast/internal/sim"
)

// limit bounds every wait; it is never reached where things work.
const limit = 30 * time.Second

// world is what one script has.
type world struct {
	tb   testing.TB
	work string
	// net is the first three parts of the addresses; port is the same for all.
	net  string
	port int

	// network joins hosts with DRBD; nil where hosts have none.
	network *sim.Network

	controller *process
	hosts      map[string]*host
	strangers  []func()
	logFile    *os.File
	log        *slog.Logger
}

type worldKey struct{}

func worldOf(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

func setup(e *testscript.Env, bin string) error {
	w := &world{tb: e.T().(testing.TB), work: e.WorkDir, hosts: map[string]*host{}}
	if err := w.findNetwork(); err != nil {
		return err
	}
	var err error
	if w.logFile, err = os.Create(filepath.Join(e.WorkDir, "satellites.log")); err != nil {
		return err
	}
	w.log = slog.New(slog.NewTextHandler(w.logFile, nil))
	e.Values[worldKey{}] = w
	e.Defer(w.close)
	if err := os.Mkdir(w.path("etc"), 0o755); err != nil {
		return err
	}
	for k, v := range map[string]string{
		"PATH":               bin + string(os.PathListSeparator) + e.Getenv("PATH"),
		"CONTROLLER":         w.controllerAddr(),
		"CONTROLLER_IP":      w.net + "100",
		"PORT":               strconv.Itoa(w.port),
		"DB":                 w.path("holdfast.db"),
		"LS_CONTROLLERS":     w.controllerAddr(),
		"HOME":               e.WorkDir,
		"TZ":                 "UTC",
		"LC_ALL":             "C.UTF-8",
		"COLUMNS":            "110",
		"LS_CLIENT_NO_COLOR": "",
		// Without it each program would take a second to end with the race detector.
		"GORACE": "atexit_sleep_ms=0",
	} {
		e.Setenv(k, v)
	}
	return nil
}

// findNetwork takes a part of 127.0.0.0/8, which is this host altogether, and a port
// below those that the kernel gives out, so that a restarted program finds its
// address free. All have the same number of digits, which keeps tables
// stable, and ports are odd, since sizes are not.
func (w *world) findNetwork() error {
	for range 50 {
		w.net = fmt.Sprintf("127.%d.%d.", 100+rand.IntN(100), 100+rand.IntN(100))
		w.port = 10001 + 2*rand.IntN(10000)
		if l, err := net.Listen("tcp", w.controllerAddr()); err == nil {
			return l.Close()
		}
	}
	return fmt.Errorf("no free address was found")
}

func (w *world) path(name string) string { return filepath.Join(w.work, name) }

func (w *world) controllerAddr() string { return w.net + "100:" + strconv.Itoa(w.port) }

// close ends everything that the script has left running.
func (w *world) close() {
	if w.controller != nil {
		if err := w.controller.stop(); err != nil {
			w.tb.Errorf("at the end of the script: %v", err)
		}
	}
	for _, h := range w.hosts {
		h.stop()
	}
	for _, stop := range w.strangers {
		stop()
	}
	if w.tb.Failed() {
		for _, name := range []string{"controller.log", "satellites.log"} {
			data, _ := os.ReadFile(w.path(name))
			w.tb.Logf("%s:\n%s", name, tail(string(data), 40))
		}
	}
	w.logFile.Close()
}

func tail(s string, lines int) string {
	all := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// poll asks until the answer is yes, or the limit is over.
func poll(every time.Duration, yes func() bool) bool {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for !yes() {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}

// background is a part of the test that runs until it is stopped.
func background(f func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { f(ctx) })
	return func() { cancel(); wg.Wait() }
}
