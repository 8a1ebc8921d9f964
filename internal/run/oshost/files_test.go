//go:build linux

package oshost

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/internal/run"
)

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	h := New()
	for _, text := range []string{"first", "second, longer", ""} {
		if err := h.WriteFile(t.Context(), run.File{Path: path, Data: []byte(text)}); err != nil {
			t.Fatal(err)
		}
		got, err := h.ReadFile(t.Context(), path)
		if err != nil || string(got) != text {
			t.Errorf("content = %q, %v, want %q", got, err, text)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v, want 0600", info.Mode(), err)
	}
	if err := h.WriteFile(t.Context(), run.File{Path: path, Mode: 0o666}); err != nil {
		t.Fatal(err)
	}
	if info, err = os.Stat(path); err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("mode = %v, %v, want 0666 in spite of the umask", info.Mode(), err)
	}
	if got := names(t, dir); !cmp.Equal(got, []string{"a"}) {
		t.Errorf("files = %v", got)
	}
}

func TestWriteFileExclusive(t *testing.T) {
	for name, put := range map[string]func(run.File) error{
		"WriteFile":              func(f run.File) error { return New().WriteFile(context.Background(), f) },
		"without unnamed files":  createNamed,
		"link decides, not stat": create,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			f := run.File{Path: filepath.Join(dir, "a"), Data: []byte("mine"), Exclusive: true}
			if err := put(f); err != nil {
				t.Fatal(err)
			}
			other := f
			other.Data = []byte("other")
			if err := put(other); !errors.Is(err, fs.ErrExist) {
				t.Errorf("second write: %v, want fs.ErrExist", err)
			}
			// A dangling link takes the name as well and is not followed.
			link := run.File{Path: filepath.Join(dir, "link"), Exclusive: true}
			if err := os.Symlink(filepath.Join(dir, "target"), link.Path); err != nil {
				t.Fatal(err)
			}
			if err := put(link); !errors.Is(err, fs.ErrExist) {
				t.Errorf("write to a dangling link: %v, want fs.ErrExist", err)
			}
			if data, err := os.ReadFile(f.Path); err != nil || string(data) != "mine" {
				t.Errorf("content = %q, %v", data, err)
			}
			if got := names(t, dir); !cmp.Equal(got, []string{"a", "link"}) {
				t.Errorf("files = %v", got)
			}
		})
	}
}

func TestWriteFileExclusiveHasOneWinner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	h := New()
	var wg sync.WaitGroup
	wins := make(chan string, 16)
	for i := range 16 {
		wg.Go(func() {
			text := strings.Repeat(string(rune('a'+i)), 100)
			err := h.WriteFile(context.Background(), run.File{Path: path, Data: []byte(text), Exclusive: true})
			switch {
			case err == nil:
				wins <- text
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	close(wins)
	if len(wins) != 1 {
		t.Fatalf("%d writers have won", len(wins))
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != <-wins {
		t.Errorf("content = %q, %v", data, err)
	}
}

func TestWriteFileNeverShowsHalf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	h := New()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			text := strings.Repeat(string(rune('a'+i)), 10000)
			for range 5 {
				if err := h.WriteFile(context.Background(), run.File{Path: path, Data: []byte(text)}); err != nil {
					t.Error(err)
				}
				data, err := os.ReadFile(path)
				if err != nil || len(data) != 10000 || strings.Count(string(data), string(data[:1])) != 10000 {
					t.Errorf("read %d bytes, %v", len(data), err)
				}
			}
		})
	}
	wg.Wait()
}

func TestWriteFileNeedsItsDirectory(t *testing.T) {
	for _, exclusive := range []bool{false, true} {
		f := run.File{Path: filepath.Join(t.TempDir(), "no", "a"), Exclusive: exclusive}
		if err := New().WriteFile(t.Context(), f); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("exclusive %v: %v, want fs.ErrNotExist", exclusive, err)
		}
	}
}

func TestWriteFileOverwritesWhatACrashLeft(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := os.WriteFile(temporary(path), []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := New().WriteFile(t.Context(), run.File{Path: path, Data: []byte("whole")}); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); !cmp.Equal(got, []string{"a"}) {
		t.Errorf("files = %v", got)
	}
}

func TestRemove(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	h := New()
	for _, p := range []string{path, temporary(path)} {
		if err := os.WriteFile(p, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // a missing file is no error
		if err := h.Remove(t.Context(), path); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Remove(t.Context(), filepath.Join(dir, "no", "a")); err != nil {
		t.Errorf("a file in a missing directory: %v", err)
	}
	if got := names(t, dir); len(got) != 0 {
		t.Errorf("files = %v", got)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := h.Remove(t.Context(), path); err == nil {
		t.Error("a directory was removed")
	}
}

func TestReadFileAndGlob(t *testing.T) {
	dir := t.TempDir()
	h := New()
	if _, err := h.ReadFile(t.Context(), filepath.Join(dir, "a")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	for _, n := range []string{"b.x", "a.x", ".c.x", "d"} {
		if err := os.WriteFile(filepath.Join(dir, n), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := h.Glob(t.Context(), filepath.Join(dir, "*.x"))
	want := []string{filepath.Join(dir, ".c.x"), filepath.Join(dir, "a.x"), filepath.Join(dir, "b.x")}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("glob = %v, %v", got, err)
	}
	if got, err := h.Glob(t.Context(), filepath.Join(dir, "z*")); err != nil || len(got) != 0 {
		t.Errorf("glob without a match = %v, %v", got, err)
	}
	if _, err := h.Glob(t.Context(), "["); err == nil {
		t.Error("a bad pattern is no error")
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.WriteFile(over, run.File{Path: filepath.Join(dir, "z")}); !errors.Is(err, context.Canceled) {
		t.Errorf("write after the end of the context: %v", err)
	}
}
