// Package plantest helps to test providers by golden files: what a tool printed
// goes in, the exact command lines come out.
//
// Invariant: a Host answers only what it was told to; any other command fails the
// test, so a provider cannot ask more than the test says.
package plantest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Answer is what a command prints and ends with.
type Answer struct {
	// Tool is argv[0], or the beginning of the command line where that says more.
	Tool   string
	Stdout string
	Stderr string
	Exit   int
	// Err makes the outcome unknown.
	Err error
}

// Host is a machine with canned answers.
type Host struct {
	T       testing.TB
	Answers []Answer
	// Asked are the command lines so far.
	Asked []string
}

// Run gives the first answer that fits.
func (h *Host) Run(_ context.Context, c run.Cmd) (run.Result, error) {
	line := c.String()
	h.Asked = append(h.Asked, line)
	for _, a := range h.Answers {
		if strings.HasPrefix(line, a.Tool) {
			return run.Result{Stdout: []byte(a.Stdout), Stderr: []byte(a.Stderr), ExitCode: a.Exit}, a.Err
		}
	}
	h.T.Errorf("unexpected command: %s", line)
	return run.Result{}, errors.New("unexpected command")
}

// ReadFile finds nothing.
func (h *Host) ReadFile(context.Context, string) ([]byte, error) { return nil, fs.ErrNotExist }

// WriteFile must not be called.
func (h *Host) WriteFile(_ context.Context, f run.File) error {
	h.T.Errorf("unexpected write of %s", f.Path)
	return errors.New("unexpected write")
}

// Remove must not be called.
func (h *Host) Remove(_ context.Context, path string) error {
	h.T.Errorf("unexpected removal of %s", path)
	return errors.New("unexpected removal")
}

// Glob finds nothing.
func (h *Host) Glob(context.Context, string) ([]string, error) { return nil, nil }

// Show writes a plan or its fault as text.
func Show(steps []provider.Step, err error) string {
	var b strings.Builder
	if err != nil {
		ShowErr(&b, err)
	}
	if err == nil && len(steps) == 0 {
		b.WriteString("nothing to do\n")
	}
	for _, s := range steps {
		mark := ""
		if s.Destructive {
			mark = " (destructive)"
		}
		fmt.Fprintf(&b, "%s%s: %s\n", s.Effect, mark, s.Why)
		if s.Cmd != nil {
			fmt.Fprintf(&b, "  %s\n", s.Cmd)
		}
	}
	return b.String()
}

// ShowErr writes all parts of a fault.
func ShowErr(b *strings.Builder, err error) {
	f, ok := fault.As(err)
	if !ok {
		fmt.Fprintf(b, "error: %v\n", err)
		return
	}
	fmt.Fprintf(b, "fault %d: %s\n  cause: %s\n  fix: %s\n", f.Code.Number(), f.Message, f.Cause, f.Correction)
}

// Golden compares text with testdata/<name>.golden. The flag -update, if the test
// binary has one, rewrites the file.
func Golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s differs, -update rewrites it:\n%s", path, d)
	}
}
