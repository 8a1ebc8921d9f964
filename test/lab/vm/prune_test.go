package vm

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestKeepNewest(t *testing.T) {
	dir := t.TempDir()
	begin := time.Unix(1_700_000_000, 0)
	for i, name := range []string{"warm-old", "warm-new", "warm-newest", "users-own"} {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		at := begin.Add(time.Duration(i) * time.Hour)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := keepNewest(filepath.Join(dir, "warm-*"), 2); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff([]string{"users-own", "warm-new", "warm-newest"}, got); diff != "" {
		t.Error(diff)
	}
}
