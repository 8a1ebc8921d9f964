// Package daemon is what both daemons share around their work: exit codes,
// signals, and the talk with the service manager.
//
// Invariant: READY=1 is sent once, and only after the work said that it is ready.
// The package must not know what the work is.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sync/errgroup"

	"github.com/holdfast-storage/holdfast/internal/fault"
)

// Exit codes, as LINSTOR's units and scripts know them.
const (
	ExitOK       = 0
	ExitUsage    = 1
	ExitConfig   = 2
	ExitNetwork  = 20
	ExitCritical = 70
)

// Work runs until the context ends and calls ready, with the address it serves,
// once others may use it.
type Work func(ctx context.Context, ready func(addr string)) error

// Manager is the service manager, so that tests can play it.
type Manager struct {
	// Notify sends a state such as READY=1.
	Notify func(state string) error
	// Watchdog is the longest time between two signs of life; 0 asks for none.
	Watchdog time.Duration
	// Alive looks whether the work still answers at the address.
	Alive func(ctx context.Context, addr string) error
}

// Systemd is the service manager that started this process, if one did.
func Systemd(log *slog.Logger, alive func(context.Context, string) error) Manager {
	interval, err := sd.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("the service manager's watchdog cannot be used", "err", err)
	}
	return Manager{Watchdog: interval, Alive: alive, Notify: func(state string) error {
		_, err := sd.SdNotify(false, state)
		return err
	}}
}

// Run does the work until it ends, or SIGTERM or SIGINT comes, and gives the exit
// code. A second signal ends the process at once.
func Run(log *slog.Logger, m Manager, work Work) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	return Supervise(ctx, log, m, work)
}

// Supervise does the work until it or the context ends.
func Supervise(ctx context.Context, log *slog.Logger, m Manager, work Work) int {
	notify := func(state string) {
		if err := m.Notify(state); err != nil {
			log.Warn("the service manager was not told", "op", state, "err", err)
		}
	}
	ready := make(chan string, 1)
	g, gctx := errgroup.WithContext(ctx)
	wctx, cancel := context.WithCancel(gctx)
	g.Go(func() error {
		defer cancel()
		return work(gctx, func(addr string) {
			select {
			case ready <- addr:
			default: // A second listener; the first address is enough.
			}
		})
	})
	g.Go(func() error {
		select {
		case addr := <-ready:
			notify(sd.SdNotifyReady)
			m.watch(wctx, log, addr, notify)
		case <-wctx.Done():
		}
		return nil
	})
	g.Go(func() error {
		<-wctx.Done()
		notify(sd.SdNotifyStopping)
		return nil
	})
	return exitCode(ctx, log, g.Wait())
}

// watch sends signs of life while the work answers.
func (m Manager) watch(ctx context.Context, log *slog.Logger, addr string, notify func(string)) {
	if m.Watchdog <= 0 {
		return
	}
	every := m.Watchdog / 3
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		probe, cancel := context.WithTimeout(ctx, every)
		err := m.Alive(probe, addr)
		cancel()
		switch {
		case err == nil:
			notify(sd.SdNotifyWatchdog)
		case ctx.Err() == nil:
			log.Error("no sign of life is sent, since the daemon does not answer itself", "err", err)
		}
	}
}

func exitCode(ctx context.Context, log *slog.Logger, err error) int {
	switch {
	case err == nil, ctx.Err() != nil && errors.Is(err, context.Canceled):
		log.Info("stopped")
		return ExitOK
	case isListen(err):
		log.Error("the address cannot be used", "why", explainListen(err))
		return ExitNetwork
	}
	attrs := []any{"err", err}
	if f, ok := fault.As(err); ok {
		attrs = append(attrs, "fix", f.Correction)
	}
	log.Error("ended by an error", attrs...)
	return ExitCritical
}

// Fail prints a message for the user, with what can be done, and gives the code
// back.
func Fail(w io.Writer, code int, program string, err error) int {
	fmt.Fprintf(w, "%s: %v\n", program, err)
	if f, ok := fault.As(err); ok {
		for _, line := range []string{f.Correction, f.Details} {
			if line != "" {
				fmt.Fprintf(w, "  %s\n", line)
			}
		}
	}
	return code
}
