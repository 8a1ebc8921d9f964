package sqlite

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/internal/store"
)

const benchRows = 60_000

func benchDB(b *testing.B) (*DB, store.Lease) {
	b.Helper()
	d := mustOpen(b, filepath.Join(b.TempDir(), "holdfast.db"))
	l, err := d.Lead(b.Context(), "bench", time.Unix(0, 0), 0)
	if err != nil {
		b.Fatal(err)
	}
	cs := make([]store.Change, benchRows)
	for i := range cs {
		cs[i] = store.Change{Kind: "resource", Key: fmt.Sprintf("pvc-%08x/node-%d", i*7919%benchRows, i%3), Data: benchData(i)}
	}
	if _, err := d.Apply(b.Context(), l, 0, cs); err != nil {
		b.Fatal(err)
	}
	return d, l
}

func benchData(i int) []byte {
	return fmt.Appendf(nil, `{"i":%d,"pad":%q}`, i, strings.Repeat("x", 200+i%600))
}

func BenchmarkApply8(b *testing.B) {
	d, l := benchDB(b)
	rev := uint64(1)
	cs := make([]store.Change, 8)
	for b.Loop() {
		for j := range cs {
			i := (int(rev)*8 + j) * 37 % benchRows
			cs[j] = store.Change{Kind: "resource", Key: fmt.Sprintf("pvc-%08x/node-%d", i*7919%benchRows, i%3), Data: benchData(i + 1)}
		}
		var err error
		if rev, err = d.Apply(b.Context(), l, rev, cs); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad60k(b *testing.B) {
	d, _ := benchDB(b)
	for b.Loop() {
		if snap, err := d.Load(b.Context()); err != nil || len(snap.Records) != benchRows {
			b.Fatal(len(snap.Records), err)
		}
	}
}

// BenchmarkOpen60k is a start: examine, open and the first Load.
func BenchmarkOpen60k(b *testing.B) {
	d, _ := benchDB(b)
	path := d.path
	mustClose(b, d)
	for b.Loop() {
		d, err := Open(b.Context(), path, quiet())
		if err != nil {
			b.Fatal(err)
		}
		if snap, err := d.Load(b.Context()); err != nil || len(snap.Records) != benchRows {
			b.Fatal(len(snap.Records), err)
		}
		mustClose(b, d)
	}
}
