package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/internal/store"
)

// childEnv names the database for a test binary that plays the controller.
const childEnv = "HOLDFAST_TEST_SQLITE_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		if err := commitForever(path, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// commitForever writes batches whose rows all carry the revision, and prints each
// revision once it is acknowledged.
func commitForever(path string, out io.Writer) error {
	ctx := context.Background()
	d, err := Open(ctx, path, quiet())
	if err != nil {
		return err
	}
	snap, err := d.Load(ctx)
	if err != nil {
		return err
	}
	l, err := d.Lead(ctx, "child", time.Now(), 0)
	if err != nil {
		return err
	}
	for rev := snap.Rev; ; {
		if rev, err = d.Apply(ctx, l, rev, crashBatch(rev+1)); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, rev); err != nil {
			return err
		}
	}
}

// crashRows is how many rows each batch of the child writes.
func crashRows(rev uint64) int { return []int{8, 8, 8, 300}[rev%4] }

func crashBatch(rev uint64) []store.Change {
	var cs []store.Change
	for i := range 300 {
		ch := store.Change{Kind: "row", Key: fmt.Sprintf("%03d", i)}
		if i < crashRows(rev) {
			ch.Data = fmt.Appendf(nil, `{"rev":%d,"pad":%q}`, rev, strings.Repeat("x", i*7))
		}
		cs = append(cs, ch)
	}
	return cs
}

// TestKilled kills a writer at random points: what it was told is written must be
// there, and nothing half-done.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "holdfast.db")
	rng := rand.New(rand.NewPCG(3, 5))
	for kill := range 40 {
		acked := killWriter(t, path, 1+rng.IntN(15), time.Duration(rng.IntN(3000))*time.Microsecond)
		d := mustOpen(t, path)
		if did := d.Did(); len(did) > 0 {
			t.Fatalf("kill %d: a crash was taken for damage: %q", kill, did)
		}
		snap, err := d.Load(t.Context())
		if err != nil || len(snap.Bad) > 0 {
			t.Fatalf("kill %d: load: %v, bad %v", kill, err, snap.Bad)
		}
		if snap.Rev < acked || snap.Rev > acked+1 {
			t.Fatalf("kill %d: at revision %d, but %d was acknowledged", kill, snap.Rev, acked)
		}
		if len(snap.Records) != crashRows(snap.Rev) {
			t.Fatalf("kill %d: %d records at revision %d, want %d", kill, len(snap.Records), snap.Rev, crashRows(snap.Rev))
		}
		for _, r := range snap.Records {
			if r.Rev != snap.Rev || !strings.HasPrefix(string(r.Data), fmt.Sprintf(`{"rev":%d,`, snap.Rev)) {
				t.Fatalf("kill %d: record %s of revision %d in revision %d: batch is torn", kill, r.Key, r.Rev, snap.Rev)
			}
		}
		mustClose(t, d)
	}
}

// killWriter runs a writer, kills it some time after a number of acknowledgements,
// and answers the last one it gave.
func killWriter(t *testing.T, path string, after int, extra time.Duration) uint64 {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var last uint64
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); {
		if last, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
			t.Fatalf("child said %q", lines.Text())
		}
		if n++; n == after {
			for start := time.Now(); time.Since(start) < extra; {
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // it was killed
	if stderr.Len() > 0 || last == 0 {
		t.Fatalf("child failed: %s", stderr.String())
	}
	return last
}

// TestCrashWhileRescuing stops after each step of putting a rescued database into
// its place: the next start must end with the same content.
func TestCrashWhileRescuing(t *testing.T) {
	for stop := range len(swapSteps("", "")) {
		path := filepath.Join(t.TempDir(), "holdfast.db")
		w := populate(t, path)
		files := readFiles(t, path)
		clear(files[""][:16]) // magic gone
		path += "2"
		writeFiles(t, path, files)
		c, _ := carve(image{main: files[""], wal: readWAL(files["-wal"]).pages})
		d := &DB{path: path, log: quiet(), opt: options{now: time.Now, migrations: migrations()}}
		if err := d.build(t.Context(), &c); err != nil {
			t.Fatal(err)
		}
		for _, step := range swapSteps(path, path+".damaged-"+time.Unix(0, 0).UTC().Format(stamp))[:stop] {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		if got := checkRescue(t, path, fmt.Sprintf("stopped before step %d", stop), w); got != len(w.last) {
			t.Errorf("stopped before step %d: %d of %d records", stop, got, len(w.last))
		}
	}
}
