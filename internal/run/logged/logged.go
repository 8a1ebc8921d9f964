// Package logged writes the commands of a machine to a log.
package logged

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// Host is a host whose commands are written to a log at debug level, with how long
// they took and how they ended; what they read and wrote is not.
func Host(h run.Host, log *slog.Logger) run.Host {
	l := host{Host: h, log: log}
	if s, ok := h.(run.Streamer); ok {
		return streamingHost{host: l, streamer: s}
	}
	return l
}

type host struct {
	run.Host
	log *slog.Logger
}

// Run runs one command to its end.
func (l host) Run(ctx context.Context, c run.Cmd) (run.Result, error) {
	if !l.log.Enabled(ctx, slog.LevelDebug) {
		return l.Host.Run(ctx, c)
	}
	begin := time.Now()
	r, err := l.Host.Run(ctx, c)
	attrs := []slog.Attr{slog.String("command", c.String()), slog.Duration("took", time.Since(begin)), slog.Int("exit", r.ExitCode)}
	if err != nil {
		attrs = append(attrs, slog.String("err", err.Error()))
	}
	l.log.LogAttrs(ctx, slog.LevelDebug, "command", attrs...)
	return r, err
}

type streamingHost struct {
	host
	streamer run.Streamer
}

// Stream follows a command that does not end.
func (l streamingHost) Stream(ctx context.Context, c run.Cmd, line func(string)) error {
	err := l.streamer.Stream(ctx, c, line)
	if !errors.Is(err, context.Canceled) {
		l.log.DebugContext(ctx, "followed command ended", "command", c.String(), "err", err)
	}
	return err
}
