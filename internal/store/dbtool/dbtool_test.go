package dbtool_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/store"
	"github.com/holdfast-storage/holdfast/internal/store/dbtool"
	"github.com/holdfast-storage/holdfast/internal/store/sqlite"
)

func open(t *testing.T, path string) *sqlite.DB {
	t.Helper()
	d, err := sqlite.Open(t.Context(), path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// filled makes a database with n records at revision 1, still open.
func filled(t *testing.T, path string, n int) *sqlite.DB {
	t.Helper()
	d := open(t, path)
	l, err := d.Lead(t.Context(), "controller-1", time.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	var cs []store.Change
	for i := range n {
		cs = append(cs, store.Change{Kind: "node", Key: fmt.Sprintf("é<%d>", i), Data: fmt.Appendf(nil, `{ "n": %d }`, i)})
	}
	if _, err := d.Apply(t.Context(), l, 0, cs); err != nil {
		t.Fatal(err)
	}
	return d
}

func load(t *testing.T, path string) store.Snapshot {
	t.Helper()
	d := open(t, path)
	snap, err := d.Load(t.Context())
	if err = errors.Join(err, d.Close()); err != nil {
		t.Fatal(err)
	}
	return snap
}

func TestCheckBesideRunningController(t *testing.T) {
	path := filepath.Join(t.TempDir(), "holdfast.db")
	filled(t, path, 20)
	r, err := dbtool.Check(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK || r.Records != 20 || r.Rev != 1 || r.Kinds["node"] != 20 || r.Holder != "controller-1" {
		t.Errorf("report is %+v", r)
	}
	if want := fmt.Sprintf("Process %d (", os.Getpid()); !strings.HasPrefix(r.InUseBy, want) {
		t.Errorf("in use by %q, want %q", r.InUseBy, want)
	}
	var text bytes.Buffer
	if err := r.WriteText(&text); err != nil || !strings.Contains(text.String(), "sound and complete") {
		t.Errorf("text (%v):\n%s", err, &text)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

func TestRepairAndImportRefuseARunningController(t *testing.T) {
	path := filepath.Join(t.TempDir(), "holdfast.db")
	d := filled(t, path, 3)
	var doc bytes.Buffer
	if _, err := dbtool.Export(t.Context(), path, &doc); err != nil {
		t.Fatal(err)
	}
	_, err1 := dbtool.Repair(t.Context(), path)
	_, err2 := dbtool.Import(t.Context(), path, &doc, true)
	for _, err := range []error{err1, err2} {
		f, ok := fault.As(err)
		if !ok || !errors.Is(err, store.ErrHeld) || !strings.Contains(f.Cause, fmt.Sprint(os.Getpid())) {
			t.Errorf("got %v, want a fault that names the holder", err)
		}
	}
	if snap, err := d.Load(t.Context()); err != nil || len(snap.Records) != 3 {
		t.Errorf("%d records (%v), want 3", len(snap.Records), err)
	}
}

func TestExportImport(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "a.db"), filepath.Join(t.TempDir(), "b.db")
	filled(t, from, 10)
	var doc bytes.Buffer
	if r, err := dbtool.Export(t.Context(), from, &doc); err != nil || !r.OK || r.Records != 10 {
		t.Fatalf("export: %+v, %v", r, err)
	}
	text := doc.Bytes()
	done, err := dbtool.Import(t.Context(), to, bytes.NewReader(text), false)
	if err != nil || done.Records != 10 || done.Copy != "" {
		t.Fatalf("import: %+v, %v", done, err)
	}
	got := load(t, to)
	for i, r := range got.Records {
		if string(r.Data) != fmt.Sprintf(`{ "n": %d }`, i) || r.Rev != got.Rev || got.Rev <= 1 {
			t.Errorf("record %q is %s at %d of %d", r.Key, r.Data, r.Rev, got.Rev)
		}
	}
	if _, err := dbtool.Import(t.Context(), to, bytes.NewReader(text), false); err == nil || load(t, to).Rev != got.Rev {
		t.Errorf("a database with records was replaced without force: %v", err)
	}
	done, err = dbtool.Import(t.Context(), to, bytes.NewReader(text), true)
	if err != nil || done.Rev <= got.Rev {
		t.Fatalf("forced import: %+v, %v", done, err)
	}
	if diff := cmp.Diff(got, load(t, done.Copy)); diff != "" {
		t.Errorf("copy from before the import (-want +got):\n%s", diff)
	}
}

// TestImportBeginsANewEpoch is about a database that is moved to another host: the
// satellites have worked for the old one and refuse what looks older.
func TestImportBeginsANewEpoch(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from.db"), filepath.Join(dir, "to.db")
	d := filled(t, from, 3)
	was, err := d.Lead(t.Context(), "controller-1", time.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var doc bytes.Buffer
		if _, err := dbtool.Export(t.Context(), from, &doc); err != nil {
			t.Fatal(err)
		}
		if _, err := dbtool.Import(t.Context(), to, &doc, true); err != nil {
			t.Fatal(err)
		}
		next := open(t, to)
		lease, err := next.Lead(t.Context(), "controller-2", time.Now(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if lease.Epoch <= was.Epoch {
			t.Fatalf("the next controller leads in epoch %d, the one before in %d", lease.Epoch, was.Epoch)
		}
		if err := errors.Join(next.Resign(t.Context(), lease), next.Close()); err != nil {
			t.Fatal(err)
		}
		was, from, to = lease, to, filepath.Join(dir, "again.db")
	}
}

func TestImportChecksTheWholeDocument(t *testing.T) {
	rec := `{"kind":"k","key":"a","rev":1,"data":1}`
	head := `{"format":"holdfast-database","version":1,"rev":1,"records":[`
	for name, doc := range map[string]string{
		"empty":         ``,
		"cut off":       head + rec,
		"trailing":      head + rec + `]} {}`,
		"other format":  `{"format":"x","version":1,"records":[]}`,
		"newer version": `{"format":"holdfast-database","version":2,"records":[]}`,
		"twice":         head + rec + "," + rec + `]}`,
		"no key":        head + `{"kind":"k","data":1}]}`,
		"no data":       head + `{"kind":"k","key":"a"}]}`,
	} {
		path := filepath.Join(t.TempDir(), "holdfast.db")
		_, err := dbtool.Import(t.Context(), path, strings.NewReader(doc), true)
		if f, ok := fault.As(err); !ok || f.Cause == "" || f.Correction == "" {
			t.Errorf("%s: got %v, want a fault with cause and correction", name, err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: a database was made", name)
		}
	}
}

func TestDamageIsCheckedExportedRepaired(t *testing.T) {
	path := filepath.Join(t.TempDir(), "holdfast.db")
	if err := filled(t, path, 500).Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	clear(b[:100])
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := dbtool.Check(t.Context(), path)
	if err != nil || r.OK || len(r.Damage) == 0 || r.Records != 500 {
		t.Fatalf("check: %+v, %v", r, err)
	}
	var doc bytes.Buffer
	if _, err := dbtool.Export(t.Context(), path, &doc); err != nil || bytes.Count(doc.Bytes(), []byte(`"key"`)) != 500 {
		t.Errorf("export of a damaged database: %v", err)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, b) {
		t.Error("check or export changed the file")
	}
	done, err := dbtool.Repair(t.Context(), path)
	if err != nil || len(done.Done) == 0 {
		t.Fatalf("repair: %+v, %v", done, err)
	}
	r, err = dbtool.Check(t.Context(), path)
	if err != nil || !r.OK || r.Records != 500 || len(r.DamagedFiles) != 1 || r.Quarantined == 0 {
		t.Errorf("check after repair: %+v, %v", r, err)
	}
	if again, err := dbtool.Repair(t.Context(), path); err != nil || len(again.Done)+len(again.Acknowledged) > 0 {
		t.Errorf("second repair: %+v, %v", again, err)
	}
}

func TestNoDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.db")
	_, err1 := dbtool.Check(t.Context(), path)
	_, err2 := dbtool.Repair(t.Context(), path)
	for _, err := range []error{err1, err2} {
		if _, ok := fault.As(err); !ok {
			t.Errorf("got %v, want a fault", err)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a database was made")
	}
}
