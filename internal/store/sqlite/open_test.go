package sqlite

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/store"
)

func seed(t *testing.T, d *DB, n int) store.Lease {
	t.Helper()
	l, err := d.Lead(t.Context(), "seed", time.Unix(0, 0), 0)
	if err != nil {
		t.Fatal(err)
	}
	var cs []store.Change
	for i := range n {
		cs = append(cs, store.Change{Kind: "node", Key: fmt.Sprintf("n%05d", i), Data: fmt.Appendf(nil, `{"i":%d}`, i)})
	}
	snap, err := d.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Apply(t.Context(), l, snap.Rev, cs); err != nil {
		t.Fatal(err)
	}
	return l
}

func mustExec(t *testing.T, d *DB, text string, args ...any) {
	t.Helper()
	if _, err := d.conn.c.ExecContext(t.Context(), text, args...); err != nil {
		t.Fatal(err)
	}
}

func TestFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(dir, "with ?&%20 #.db")
	d := mustOpen(t, path)
	seed(t, d, 1)
	mustClose(t, d)
	mustClose(t, mustOpen(t, path))
	for name, want := range map[string]os.FileMode{dir: 0o700, path: 0o600, path + ".lock": 0o600, siblings(path, "backup")[0]: 0o600} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v, want mode %v", name, info, err, want)
		}
	}
}

func TestSecondProcessIsToldWhoHoldsIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "holdfast.db")
	d := mustOpen(t, path)
	_, err := Open(t.Context(), path, quiet())
	f, ok := fault.As(err)
	if !ok || !errors.Is(err, store.ErrHeld) || !strings.Contains(f.Cause, fmt.Sprintf("Process %d (", os.Getpid())) {
		t.Errorf("second open: %v", err)
	}
	mustClose(t, d)
	mustOpen(t, path)
}

func TestUnreachablePath(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"a directory": dir, "parent is a file": filepath.Join(file, "x.db")} {
		_, err := Open(t.Context(), path, quiet())
		if f, ok := fault.As(err); !ok || f.Cause == "" || f.Correction == "" {
			t.Errorf("%s: got %v, want a fault with cause and correction", name, err)
		}
	}
}

func TestBadRowsAreKeptAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "holdfast.db")
	d := mustOpen(t, path)
	seed(t, d, 100)
	var s summer
	mustExec(t, d, "UPDATE object SET data = x'7b7d' WHERE key = 'n00007'")
	mustExec(t, d, "UPDATE object SET data = ?, sum = ? WHERE key = 'n00008'", []byte("{"), s.object("node", "n00008", 1, []byte("{")))
	mustExec(t, d, "UPDATE object SET data = 'text' WHERE key = 'n00009'")
	mustClose(t, d)
	for range 2 {
		d = mustOpen(t, path)
		snap, err := d.Load(t.Context())
		if err != nil || len(snap.Records) != 97 || len(snap.Bad) != 3 || snap.Rev != 1 {
			t.Fatalf("%d records, bad %v, revision %d (%v)", len(snap.Records), snap.Bad, snap.Rev, err)
		}
		mustClose(t, d)
	}
	d = mustOpen(t, path)
	var kept []byte
	if err := d.conn.c.QueryRowContext(t.Context(), "SELECT data FROM quarantine WHERE key = 'n00008'").Scan(&kept); err != nil || string(kept) != "{" {
		t.Errorf("quarantine holds %q (%v), want the original bytes", kept, err)
	}
	l, err := d.Lead(t.Context(), "next", time.Unix(9, 0), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Apply(t.Context(), l, 1, []store.Change{{Kind: "node", Key: "n00008", Data: []byte(`{}`)}}); err != nil {
		t.Fatal(err)
	}
	if snap, err := d.Load(t.Context()); err != nil || len(snap.Bad) != 2 || len(snap.Records) != 98 {
		t.Errorf("after writing one anew: bad %v (%v)", snap.Bad, err)
	}
}

func TestOlderCopyIsNoticed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "holdfast.db")
	d := mustOpen(t, path)
	seed(t, d, 5)
	old, err := d.CopyTo(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	seed(t, d, 6)
	mustClose(t, d)
	if err := os.Rename(old, path); err != nil {
		t.Fatal(err)
	}
	d = mustOpen(t, path)
	snap, err := d.Load(t.Context())
	if err != nil || len(snap.Records) != 5 || len(snap.Bad) == 0 || !strings.Contains(snap.Bad[0].Why, "revisions 2 to 2") || snap.Rev <= 2 {
		t.Errorf("%d records at revision %d, bad %v (%v)", len(snap.Records), snap.Rev, snap.Bad, err)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "holdfast.db")
	d := mustOpen(t, path)
	if err := d.conn.writeMeta(t.Context(), metaSchema, 99); err != nil {
		t.Fatal(err)
	}
	mustClose(t, d)
	_, err := Open(t.Context(), path, quiet())
	if f, ok := fault.As(err); !ok || !strings.Contains(f.Cause, "99") || f.Correction == "" {
		t.Errorf("got %v, want a fault that names the version", err)
	}
}

func TestUpgradeKeepsACopy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "holdfast.db")
	d := mustOpen(t, path)
	seed(t, d, 5)
	mustClose(t, d)
	next := options{now: time.Now, migrations: append(migrations(), migration{version: 2, statements: []string{"CREATE TABLE more (a)"}})}
	broken := options{now: time.Now, migrations: append(migrations(), migration{version: 2, statements: []string{"CREATE TABLE more (a)", "nonsense"}})}
	if d, err := open(t.Context(), path, quiet(), broken); err == nil {
		mustClose(t, d)
		t.Fatal("a migration that fails was taken for done")
	}
	d, err := open(t.Context(), path, quiet(), next)
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, d, "SELECT a FROM more")
	if snap, err := d.Load(t.Context()); err != nil || len(snap.Records) != 5 || len(snap.Bad) > 0 {
		t.Errorf("%d records, bad %v (%v)", len(snap.Records), snap.Bad, err)
	}
	mustClose(t, d)
	copies := siblings(path, "before-v2")
	if len(copies) == 0 {
		t.Fatal("no copy was kept")
	}
	if snap, err := mustOpen(t, copies[0]).Load(t.Context()); err != nil || len(snap.Records) != 5 {
		t.Errorf("the copy holds %d records (%v)", len(snap.Records), err)
	}
}

func TestBackupsDailyAndFive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "holdfast.db")
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	opt := options{now: func() time.Time { return now }, migrations: migrations()}
	d := mustOpen(t, path)
	seed(t, d, 5)
	mustClose(t, d)
	for range 20 {
		now = now.Add(13 * time.Hour)
		d, err := open(t.Context(), path, quiet(), opt)
		if err != nil {
			t.Fatal(err)
		}
		mustClose(t, d)
	}
	got := siblings(path, "backup")
	if len(got) != backupsKept {
		t.Fatalf("backups are %q, want %d", got, backupsKept)
	}
	newest, err1 := ageOf(got[0])
	oldest, err2 := ageOf(got[4])
	if err1 != nil || err2 != nil || newest.Sub(oldest) != 4*26*time.Hour {
		t.Errorf("backups are %q, want the newest, 26 h apart", got)
	}
}

func TestTotalLossFallsBackToBackup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "holdfast.db")
	d := mustOpen(t, path)
	seed(t, d, 50)
	mustClose(t, d)
	d = mustOpen(t, path) // makes the backup
	seed(t, d, 60)
	mustClose(t, d)
	for name, b := range map[string][]byte{"empty": nil, "garbage": []byte(strings.Repeat("garbage", 5000))} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		d = mustOpen(t, path)
		snap, err := d.Load(t.Context())
		if err != nil || len(snap.Records) != 50 || len(snap.Bad) == 0 || !strings.Contains(snap.Bad[0].Why, "of revision 1;") || snap.Rev <= 2 {
			t.Errorf("%s: %d records at %d, bad %v (%v)", name, len(snap.Records), snap.Rev, snap.Bad, err)
		}
		mustClose(t, d)
	}
}

func TestFullDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "holdfast.db")
	d := mustOpen(t, path)
	l := seed(t, d, 10)
	mustExec(t, d, "PRAGMA max_page_count = 30")
	big := []store.Change{{Kind: "k", Key: "small", Data: []byte(`1`)}, {Kind: "k", Key: "big", Data: []byte(`"` + strings.Repeat("x", 1<<20) + `"`)}}
	checkFull(t, d, l, big, func() { mustExec(t, d, "PRAGMA max_page_count = 1000000") })
}

// checkFull expects a write to find no space, and the same write to succeed later.
func checkFull(t *testing.T, d *DB, l store.Lease, cs []store.Change, free func()) {
	t.Helper()
	for range 3 {
		if _, err := d.Apply(t.Context(), l, 1, cs); !errors.Is(err, store.ErrFull) {
			t.Fatalf("apply without space: %v, want ErrFull", err)
		}
		if snap, err := d.Load(t.Context()); err != nil || snap.Rev != 1 || len(snap.Records) != 10 || len(snap.Bad) > 0 {
			t.Fatalf("content without space: %d records at %d, bad %v (%v)", len(snap.Records), snap.Rev, snap.Bad, err)
		}
	}
	free()
	if _, err := d.Apply(t.Context(), l, 1, cs); err != nil {
		t.Fatalf("apply with space again: %v", err)
	}
	mustClose(t, d)
	d = mustOpen(t, d.path)
	if snap, err := d.Load(t.Context()); err != nil || snap.Rev != 2 || len(snap.Records) != 12 || len(d.Did()) > 0 {
		t.Errorf("content after all: %d records at %d (%v), %q", len(snap.Records), snap.Rev, err, d.Did())
	}
}

func TestFullFileSystem(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("a file system of limited size cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	d := mustOpen(t, filepath.Join(dir, "holdfast.db"))
	l := seed(t, d, 10)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1600<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	cs := []store.Change{{Kind: "k", Key: "small", Data: []byte(`1`)}, {Kind: "k", Key: "big", Data: []byte(`"` + strings.Repeat("x", 500<<10) + `"`)}}
	checkFull(t, d, l, cs, func() {
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	})
}

// TestWriteErrorLeavesNoDoubtAfterLoad lets the log hit a file size limit, which
// is an I/O error to SQLite.
func TestWriteErrorLeavesNoDoubtAfterLoad(t *testing.T) {
	d := mustOpen(t, filepath.Join(t.TempDir(), "holdfast.db"))
	l := seed(t, d, 2000)
	cs := []store.Change{{Kind: "k", Key: "small", Data: []byte(`1`)}, {Kind: "k", Key: "big", Data: []byte(`"` + strings.Repeat("x", 1<<20) + `"`)}}
	err := withFileLimit(t, size(d.path+"-wal")+100<<10, func() error {
		_, err := d.Apply(t.Context(), l, 1, cs)
		return err
	})
	if !errors.Is(err, store.ErrUnknownOutcome) {
		t.Fatalf("apply with an I/O error: %v, want ErrUnknownOutcome", err)
	}
	if snap, err := d.Load(t.Context()); err != nil || snap.Rev != 1 || len(snap.Records) != 2000 || len(snap.Bad) > 0 {
		t.Fatalf("content after it: %d records at %d, bad %v (%v)", len(snap.Records), snap.Rev, snap.Bad, err)
	}
	if _, err := d.Apply(t.Context(), l, 1, cs); err != nil {
		t.Errorf("apply after it: %v", err)
	}
}

func withFileLimit(t *testing.T, limit int64, f func() error) error {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: uint64(limit), Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	err := f()
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	return err
}
