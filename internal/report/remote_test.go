package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/api/link/v1"
)

func open(t *testing.T, dir string) *Book {
	t.Helper()
	b, err := Open(dir, "ctrl", "Controller", "1", func() time.Time { return time.Unix(1_800_000_000, 0) })
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTake: what a satellite tells is kept once, with its node, and is the same after a
// restart whatever its text says.
func TestTake(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	e := link.ErrorReport{ID: "6ABCDEF0-12345-000001", TimeMS: 1_800_000_123_000, Version: "2", Operation: "work", Resource: "web",
		Message: "It failed.\nNode: other\nModule: Controller", Cause: "disk", Details: "lvcreate …"}
	b.Take("n1", e)
	b.Take("n1", e)
	for name, book := range map[string]*Book{"now": b, "after a restart": open(t, dir)} {
		got := book.List()
		if len(got) != 1 {
			t.Fatalf("%s: %d reports", name, len(got))
		}
		r := got[0]
		if r.NodeName != "n1" || r.Module != "Satellite" || r.Version != "2" || r.OriginMethod != "work" || r.ErrorTime != e.TimeMS ||
			!strings.HasPrefix(r.ExceptionMessage, "It failed.") || !strings.Contains(r.Text, "lvcreate") || r.Filename != "ErrorReport-6ABCDEF0-12345-000001.log" {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestTakeIsBounded: neither an id that is a path, nor a flood or an endless text of one
// node, does any harm to the others' reports.
func TestTakeIsBounded(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	b.Add("call", "", os.ErrInvalid, "")
	for _, id := range []string{"", "../../evil", "6ABCDEF0-12345-000001/../x", "6abcdef0-12345-000001"} {
		b.Take("n1", link.ErrorReport{ID: id, Message: "x"})
	}
	if n := len(b.List()); n != 1 {
		t.Errorf("%d reports with improper ids were kept", n-1)
	}
	b.Take("n2", link.ErrorReport{ID: "6ABCDEF0-22222-000000", Message: strings.Repeat("é", maxText)})
	for i := range maxReports + 10 {
		b.Take("n1", link.ErrorReport{ID: fmt.Sprintf("6ABCDEF0-11111-%06d", i), Message: "x"})
	}
	count := map[string]int{}
	for _, r := range b.List() {
		count[r.NodeName]++
		if len(r.Text) > 2*maxText {
			t.Errorf("%s has %d bytes", r.Filename, len(r.Text))
		}
	}
	if count["n1"] != maxPerNode || count["n2"] != 1 || count["ctrl"] != 1 {
		t.Errorf("reports by node: %v", count)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != maxPerNode+2 {
		t.Errorf("%d files: %v", len(files), err)
	}
}
