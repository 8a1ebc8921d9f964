// Package obs sets up logging for the daemons: one slog.Logger on stderr that is
// made in cmd and handed on, with a level that can be changed while it runs.
//
// Invariant: nothing here is global; slog.SetDefault is never called. The
// package decides how a record looks, never what is logged.
package obs

import (
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"strings"
	"syscall"
)

// Format is how log lines look.
type Format string

// The formats. Auto is Journal where stderr is the journal, else Text.
const (
	Auto    Format = "auto"
	Text    Format = "text"
	JSON    Format = "json"
	Journal Format = "journal"
)

// Formats are all formats, for checks and help texts.
func Formats() []string {
	return []string{string(Auto), string(Text), string(JSON), string(Journal)}
}

// New makes a logger that writes to w. Auto has to be resolved before, see Resolve.
func New(w io.Writer, f Format, level slog.Leveler) *slog.Logger {
	opts := &slog.HandlerOptions{Level: level}
	switch f {
	case JSON:
		return slog.New(slog.NewJSONHandler(w, opts))
	case Journal:
		return slog.New(newJournal(w, opts))
	default:
		return slog.New(slog.NewTextHandler(w, opts))
	}
}

// Resolve turns Auto into Journal or Text. stream is the environment variable
// JOURNAL_STREAM, which systemd sets to device and inode of the journal's socket;
// stderr is where the log goes. Both are compared since the variable is inherited
// by children whose stderr is something else.
func Resolve(f Format, stream string, stderr interface{ Stat() (fs.FileInfo, error) }) Format {
	if f != Auto && f != "" {
		return f
	}
	info, err := stderr.Stat()
	if err != nil {
		return Text
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && stream == fmt.Sprintf("%d:%d", st.Dev, st.Ino) {
		return Journal
	}
	return Text
}

// Level reads one of the names ERROR, WARN, INFO, DEBUG and TRACE. There is
// nothing below debug here, so TRACE is DEBUG.
func Level(name string) (slog.Level, error) {
	switch strings.ToUpper(name) {
	case "ERROR":
		return slog.LevelError, nil
	case "WARN":
		return slog.LevelWarn, nil
	case "INFO":
		return slog.LevelInfo, nil
	case "DEBUG", "TRACE":
		return slog.LevelDebug, nil
	}
	return 0, fmt.Errorf("unknown log level %q; use ERROR, WARN, INFO, DEBUG or TRACE", name)
}

// LevelName is the name of a level, as the API has it.
func LevelName(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "ERROR"
	case l >= slog.LevelWarn:
		return "WARN"
	case l >= slog.LevelInfo:
		return "INFO"
	}
	return "DEBUG"
}
