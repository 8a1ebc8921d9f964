package run

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Logged is a host whose commands are written to a log at debug level, with how long
// they took and how they ended; what they read and wrote is not.
func Logged(h Host, log *slog.Logger) Host {
	l := logged{Host: h, log: log}
	if s, ok := h.(Streamer); ok {
		return loggedStreamer{logged: l, streamer: s}
	}
	return l
}

type logged struct {
	Host
	log *slog.Logger
}

// Run runs one command to its end.
func (l logged) Run(ctx context.Context, c Cmd) (Result, error) {
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

type loggedStreamer struct {
	logged
	streamer Streamer
}

// Stream follows a command that does not end.
func (l loggedStreamer) Stream(ctx context.Context, c Cmd, line func(string)) error {
	err := l.streamer.Stream(ctx, c, line)
	if !errors.Is(err, context.Canceled) {
		l.log.DebugContext(ctx, "followed command ended", "command", c.String(), "err", err)
	}
	return err
}
