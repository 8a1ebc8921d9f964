package sqlite

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/internal/store"
)

// written remembers every version that was ever written, and the last one.
type written struct {
	ever map[string]bool
	last map[id]string
	rev  uint64
}

func versionOf(r store.Record) string {
	return fmt.Sprintf("%s|%s|%d|%s", r.Kind, r.Key, r.Rev, r.Data)
}

// populate fills a database with rows small and large, some of them written again
// or deleted, and leaves part of it in the log, as a killed process does.
func populate(t *testing.T, path string) written {
	t.Helper()
	d := mustOpen(t, path)
	l, err := d.Lead(t.Context(), "writer", time.Unix(1, 0), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	w := written{ever: map[string]bool{}, last: map[id]string{}}
	for batch := range 40 {
		var cs []store.Change
		for range 25 {
			at := id{[]string{"node", "resource", "volume"}[rng.IntN(3)], fmt.Sprintf("name-%03d", rng.IntN(400))}
			ch := store.Change{Kind: at.kind, Key: at.key}
			if rng.IntN(5) > 0 {
				ch.Data = fmt.Appendf(nil, `{"batch":%d,"pad":%q}`, batch, strings.Repeat("p", rng.IntN(1+rng.IntN(6000))))
			}
			cs = append(cs, ch)
		}
		if w.rev, err = d.Apply(t.Context(), l, w.rev, cs); err != nil {
			t.Fatal(err)
		}
		for _, ch := range cs {
			v := versionOf(store.Record{Kind: ch.Kind, Key: ch.Key, Rev: w.rev, Data: ch.Data})
			w.ever[v] = true
			w.last[id{ch.Kind, ch.Key}] = v
			if ch.Data == nil {
				delete(w.last, id{ch.Kind, ch.Key})
			}
		}
		if batch == 25 {
			if _, err := d.conn.c.ExecContext(t.Context(), "PRAGMA wal_checkpoint(RESTART)"); err != nil {
				t.Fatal(err)
			}
		}
	}
	return w
}

// readFiles is what a killed process leaves: file, log and sidecar.
func readFiles(t *testing.T, path string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, suffix := range []string{"", "-wal", ".lock"} {
		b, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		out[suffix] = b
	}
	return out
}

// spoil damages one of the files, and says how.
func spoil(rng *rand.Rand, files map[string][]byte) string {
	suffix := []string{"", "", "-wal"}[rng.IntN(3)]
	b := files[suffix]
	at := rng.IntN(len(b))
	if rng.IntN(4) == 0 {
		at = rng.IntN(200) // headers
	}
	n := min(len(b)-at, 1+rng.IntN(1<<rng.IntN(16)))
	switch how := rng.IntN(6); how {
	case 0, 1:
		for range 1 + rng.IntN(20) {
			b[min(len(b)-1, at+rng.IntN(n))] ^= 1 << rng.IntN(8)
		}
		return fmt.Sprintf("bits of %q flipped from %d", suffix, at)
	case 2:
		clear(b[at : at+n])
		return fmt.Sprintf("%d bytes of %q zeroed from %d", n, suffix, at)
	case 3:
		for i := range b[at : at+n] {
			b[at+i] = byte(rng.Uint32())
		}
		return fmt.Sprintf("garbage of %d bytes in %q from %d", n, suffix, at)
	case 4:
		p, q := rng.IntN(len(b)/pageSize), rng.IntN(len(b)/pageSize)
		copy(b[p*pageSize:(p+1)*pageSize], bytes.Clone(b[q*pageSize:(q+1)*pageSize]))
		return fmt.Sprintf("page %d of %q written over page %d", q, suffix, p)
	default:
		files[suffix] = b[:at]
		return fmt.Sprintf("%q cut off at %d", suffix, at)
	}
}

func writeFiles(t *testing.T, path string, files map[string][]byte) {
	t.Helper()
	for suffix, b := range files {
		if err := os.WriteFile(path+suffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDamagedFileAlwaysOpens is what a user relies on after a disk has lied: the
// controller starts, shows only what was really written, and says if any is gone.
func TestDamagedFileAlwaysOpens(t *testing.T) {
	origin := filepath.Join(t.TempDir(), "holdfast.db")
	w := populate(t, origin)
	sound := readFiles(t, origin)
	variants := 120
	if testing.Short() {
		variants = 100
	}
	rescued := 0
	for seed := range uint64(variants) {
		rng := rand.New(rand.NewPCG(7, seed))
		files := map[string][]byte{}
		for suffix, b := range sound {
			files[suffix] = bytes.Clone(b)
		}
		var how []string
		for range 1 + rng.IntN(3) {
			if how = append(how, spoil(rng, files)); len(files[""]) < 2*pageSize || len(files["-wal"]) < 2*pageSize {
				break
			}
		}
		path := filepath.Join(t.TempDir(), "holdfast.db")
		writeFiles(t, path, files)
		rescued += checkRescue(t, path, fmt.Sprintf("seed %d: %q", seed, how), w)
	}
	t.Logf("%d of %d records rescued in all", rescued, variants*len(w.last))
	if all := variants * len(w.last); rescued < all*3/4 {
		t.Errorf("only %d of %d records rescued in all", rescued, all)
	}
}

// checkRescue opens a damaged database twice and answers how many records it has.
func checkRescue(t *testing.T, path, what string, w written) int {
	t.Helper()
	var first store.Snapshot
	for try := range 2 {
		d, err := Open(t.Context(), path, quiet())
		if err != nil {
			t.Fatalf("%s: open: %v", what, err)
		}
		snap, err := d.Load(t.Context())
		if err != nil {
			t.Fatalf("%s: load: %v", what, err)
		}
		if try == 1 {
			if len(d.Did()) > 0 || len(snap.Records) != len(first.Records) || snap.Rev != first.Rev || len(snap.Bad) != len(first.Bad) {
				t.Errorf("%s: second start differs: %q", what, d.Did())
			}
		}
		first = snap
		if try == 1 {
			checkWritable(t, d, snap.Rev, what)
		}
		mustClose(t, d)
	}
	right := 0
	for _, r := range first.Records {
		v := versionOf(r)
		if !w.ever[v] {
			t.Errorf("%s: record %s/%s was never written like that", what, r.Kind, r.Key)
		}
		if w.last[id{r.Kind, r.Key}] == v {
			right++
		}
	}
	complete := right == len(w.last) && len(first.Records) == right
	if !complete && len(first.Bad) == 0 {
		t.Errorf("%s: %d of %d records are right and nothing is reported", what, right, len(w.last))
	}
	if first.Rev < w.rev {
		t.Errorf("%s: revision went back to %d from %d", what, first.Rev, w.rev)
	}
	return right
}

func checkWritable(t *testing.T, d *DB, rev uint64, what string) {
	t.Helper()
	l, err := d.Lead(t.Context(), "next", time.Unix(1e6, 0), time.Hour)
	if err != nil {
		t.Fatalf("%s: lead: %v", what, err)
	}
	if _, err := d.Apply(t.Context(), l, rev, []store.Change{{Kind: "k", Key: "new", Data: []byte(`1`)}}); err != nil {
		t.Fatalf("%s: apply: %v", what, err)
	}
}

func FuzzReadPages(f *testing.F) {
	f.Add([]byte{pageLeaf, 0, 0, 0, 1, 0, 100}, uint16(0))
	f.Add([]byte{pageInterior, 0, 0, 255, 255}, uint16(9))
	f.Fuzz(func(_ *testing.T, b []byte, at uint16) {
		main := make([]byte, 3*pageSize)
		copy(main[pageSize+int(at)%16:], b)
		// No input may make it panic or run away.
		carve(image{main: main, wal: readWAL(b).pages})
	})
}
