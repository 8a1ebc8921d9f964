package obs

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func TestJournalLines(t *testing.T) {
	var out bytes.Buffer
	var level slog.LevelVar
	log := New(&out, Journal, &level)
	log.Debug("not shown")
	log.Info("started", "node", "a")
	log.With("res", "r1").WithGroup("g").Warn("two\nlines", "time", "kept")
	log.Error("broken")
	level.Set(slog.LevelDebug)
	log.Debug("shown now")
	want := "<6>msg=started node=a\n" +
		"<4>msg=\"two\\nlines\" res=r1 g.time=kept\n" +
		"<3>msg=broken\n" +
		"<7>msg=\"shown now\"\n"
	if got := out.String(); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func TestJournalLinesNeverMix(t *testing.T) {
	var out bytes.Buffer
	log := New(&out, Journal, slog.LevelInfo)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			l := log.With("worker", i)
			for range 50 {
				l.Info("line")
			}
		})
	}
	wg.Wait()
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 400 {
		t.Fatalf("%d lines, want 400", len(lines))
	}
	for _, l := range lines {
		if !strings.HasPrefix(l, "<6>msg=line worker=") {
			t.Fatalf("broken line %q", l)
		}
	}
}

func TestTextAndJSONCarryTheLevel(t *testing.T) {
	for format, want := range map[Format]string{Text: "level=WARN msg=full", JSON: `"level":"WARN","msg":"full"`} {
		var out bytes.Buffer
		New(&out, format, slog.LevelInfo).Warn("full")
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: %q has no %q", format, out.String(), want)
		}
	}
}

func TestResolve(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	same := fmt.Sprintf("%d:%d", st.Dev, st.Ino)
	tests := []struct {
		format Format
		stream string
		want   Format
	}{
		{Auto, same, Journal},
		{"", same, Journal},
		{Auto, "1:1", Text},
		{Auto, "", Text},
		{JSON, same, JSON},
		{Journal, "", Journal},
	}
	for _, tt := range tests {
		if got := Resolve(tt.format, tt.stream, f); got != tt.want {
			t.Errorf("Resolve(%q, %q) = %q, want %q", tt.format, tt.stream, got, tt.want)
		}
	}
}

func TestLevel(t *testing.T) {
	for name, want := range map[string]slog.Level{"ERROR": slog.LevelError, "warn": slog.LevelWarn,
		"Info": slog.LevelInfo, "DEBUG": slog.LevelDebug, "TRACE": slog.LevelDebug} {
		if got, err := Level(name); err != nil || got != want {
			t.Errorf("Level(%q) = %v, %v; want %v", name, got, err, want)
		}
	}
	if _, err := Level("LOUD"); err == nil || !strings.Contains(err.Error(), "TRACE") {
		t.Errorf("Level(LOUD) = %v, want an error that lists the levels", err)
	}
}
