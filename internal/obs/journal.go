package obs

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
)

// journal writes text lines with the priority in front as sd-daemon(3) defines
// it, and without time and level, since the journal keeps both itself.
type journal struct {
	out  *journalOut
	text slog.Handler
}

// journalOut is shared by all handlers that With and WithGroup make.
type journalOut struct {
	mu  sync.Mutex
	w   io.Writer
	buf bytes.Buffer
}

func newJournal(w io.Writer, opts *slog.HandlerOptions) *journal {
	out := &journalOut{w: w}
	o := *opts
	o.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
			return slog.Attr{}
		}
		return a
	}
	return &journal{out: out, text: slog.NewTextHandler(&out.buf, &o)}
}

// Enabled implements slog.Handler.
func (j *journal) Enabled(ctx context.Context, l slog.Level) bool { return j.text.Enabled(ctx, l) }

// WithAttrs implements slog.Handler.
func (j *journal) WithAttrs(as []slog.Attr) slog.Handler {
	return &journal{out: j.out, text: j.text.WithAttrs(as)}
}

// WithGroup implements slog.Handler.
func (j *journal) WithGroup(name string) slog.Handler {
	return &journal{out: j.out, text: j.text.WithGroup(name)}
}

// Handle implements slog.Handler: one record is one write, so lines never mix.
func (j *journal) Handle(ctx context.Context, r slog.Record) error {
	j.out.mu.Lock()
	defer j.out.mu.Unlock()
	j.out.buf.Reset()
	j.out.buf.WriteString(priority(r.Level))
	if err := j.text.Handle(ctx, r); err != nil {
		return err
	}
	_, err := j.out.w.Write(j.out.buf.Bytes())
	return err
}

func priority(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "<3>"
	case l >= slog.LevelWarn:
		return "<4>"
	case l >= slog.LevelInfo:
		return "<6>"
	}
	return "<7>"
}
