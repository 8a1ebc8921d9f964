package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/internal/store"
)

func testEmpty(t *testing.T, open Open) {
	st, reopen := open(t)
	wantContent(t, st, 0)
	wantContent(t, reopen(), 0)
}

func testBatch(t *testing.T, open Open) {
	st, _ := open(t)
	l := lead(t, st, "a", start)
	apply(t, st, l, 0, put("node", "n1", `{"a":1}`), put("node", "n2", `{}`), put("rsc", "n1", `1`))
	wantContent(t, st, 1, rec("node", "n1", 1, `{"a":1}`), rec("node", "n2", 1, `{}`), rec("rsc", "n1", 1, `1`))
	apply(t, st, l, 1, put("node", "n1", `{"a":2}`), del("node", "n2"))
	wantContent(t, st, 2, rec("node", "n1", 2, `{"a":2}`), rec("rsc", "n1", 1, `1`))
}

func testBatchOrder(t *testing.T, open Open) {
	st, _ := open(t)
	l := lead(t, st, "a", start)
	apply(t, st, l, 0, put("k", "a", `1`), put("k", "a", `2`), put("k", "b", `1`), del("k", "b"),
		del("k", "c"), put("k", "c", `3`))
	wantContent(t, st, 1, rec("k", "a", 1, `2`), rec("k", "c", 1, `3`))
}

func testEmptyBatch(t *testing.T, open Open) {
	st, reopen := open(t)
	apply(t, st, lead(t, st, "a", start), 0)
	wantContent(t, reopen(), 1)
}

func testSorted(t *testing.T, open Open) {
	st, reopen := open(t)
	apply(t, st, lead(t, st, "a", start), 0,
		put("b", "a", `1`), put("a", "z", `1`), put("a", "Z", `1`), put("a", "zz", `1`), put("a", "é", `1`), put("B", "a", `1`))
	want := []store.Record{rec("B", "a", 1, `1`), rec("a", "Z", 1, `1`), rec("a", "z", 1, `1`),
		rec("a", "zz", 1, `1`), rec("a", "é", 1, `1`), rec("b", "a", 1, `1`)}
	wantContent(t, st, 1, want...)
	wantContent(t, reopen(), 1, want...)
}

func testDeleteMissing(t *testing.T, open Open) {
	st, _ := open(t)
	l := lead(t, st, "a", start)
	apply(t, st, l, 0, put("k", "a", `1`))
	apply(t, st, l, 1, del("k", "b"), del("other", "a"))
	wantContent(t, st, 2, rec("k", "a", 1, `1`))
}

func testReopen(t *testing.T, open Open) {
	st, reopen := open(t)
	rev := uint64(0)
	for i := range 5 {
		l := lead(t, st, fmt.Sprintf("process-%d", i), start.Add(ttl*time.Duration(2*i)))
		rev = apply(t, st, l, rev, put("k", fmt.Sprint(i), fmt.Sprint(i)), del("k", fmt.Sprint(i-2)))
		st = reopen()
		want := []store.Record{rec("k", fmt.Sprint(i), rev, fmt.Sprint(i))}
		if i > 0 {
			want = []store.Record{rec("k", fmt.Sprint(i-1), rev-1, fmt.Sprint(i-1)), want[0]}
		}
		wantContent(t, st, rev, want...)
	}
}

func testUnicode(t *testing.T, open Open) {
	st, reopen := open(t)
	keys := []string{"plain", "with space", "a/b", "a:b", `quote"'`, "100%", "a\tb\nc", "Größe", "日本語",
		"🗄️", "e\u0301", "é", "\u202eabc", "'; DROP TABLE object; --", "nul\x00inside", strings.Repeat("長", 500)}
	var cs []store.Change
	for i, k := range keys {
		cs = append(cs, put("kind "+k, k, fmt.Sprint(i)))
	}
	apply(t, st, lead(t, st, "a", start), 0, cs...)
	snap := mustLoad(t, reopen())
	got := map[string]string{}
	for _, r := range snap.Records {
		got[r.Kind+"|"+r.Key] = string(r.Data)
	}
	for i, k := range keys {
		if got["kind "+k+"|"+k] != fmt.Sprint(i) {
			t.Errorf("key %q came back as %q, want %d", k, got["kind "+k+"|"+k], i)
		}
	}
	if len(snap.Records) != len(keys) || len(snap.Bad) != 0 {
		t.Errorf("%d records and %v bad, want %d and none", len(snap.Records), snap.Bad, len(keys))
	}
}

func testBytes(t *testing.T, open Open) {
	st, reopen := open(t)
	data := "{\n \"b\" : 1e3, \"a\":\"<é\\u00e9&>\",\t\"b\":[ ] }"
	apply(t, st, lead(t, st, "a", start), 0, put("k", "a", data), put("k", "null", `null`))
	want := []store.Record{rec("k", "a", 1, data), rec("k", "null", 1, `null`)}
	wantContent(t, st, 1, want...)
	wantContent(t, reopen(), 1, want...)
}

func testLargeBatch(t *testing.T, open Open) {
	st, reopen := open(t)
	const n = 20_000
	l := lead(t, st, "a", start)
	rng := rand.New(rand.NewPCG(1, 2))
	var cs []store.Change
	for i := range n {
		cs = append(cs, put("k", fmt.Sprintf("%05d", i), `"`+strings.Repeat("x", rng.IntN(300))+`"`))
	}
	cs = append(cs, put("k", "huge", `"`+strings.Repeat("y", 3<<20)+`"`))
	rng.Shuffle(len(cs), func(i, j int) { cs[i], cs[j] = cs[j], cs[i] })
	apply(t, st, l, 0, cs...)
	sizes := map[string]int{}
	for _, c := range cs {
		sizes[c.Key] = len(c.Data)
	}
	snap := mustLoad(t, reopen())
	if len(snap.Records) != n+1 || snap.Rev != 1 {
		t.Fatalf("%d records at revision %d, want %d at 1", len(snap.Records), snap.Rev, n+1)
	}
	for _, r := range snap.Records {
		if len(r.Data) != sizes[r.Key] || r.Rev != 1 {
			t.Fatalf("record %s has %d bytes of revision %d, want %d of 1", r.Key, len(r.Data), r.Rev, sizes[r.Key])
		}
	}
}

func testOwnership(t *testing.T, open Open) {
	st, _ := open(t)
	data := []byte(`"mine"`)
	apply(t, st, lead(t, st, "a", start), 0, store.Change{Kind: "k", Key: "a", Data: data})
	copy(data, `"XXXX"`)
	snap := mustLoad(t, st)
	copy(snap.Records[0].Data, `"YYYY"`)
	wantContent(t, st, 1, rec("k", "a", 1, `"mine"`))
}

func testBadChange(t *testing.T, open Open) {
	st, _ := open(t)
	l := lead(t, st, "a", start)
	for name, bad := range map[string]store.Change{
		"no kind":         put("", "a", `1`),
		"no key":          put("k", "", `1`),
		"key is not text": put("k", "a\xff", `1`),
		"data is no JSON": put("k", "a", `{"a":`),
		"data is empty":   {Kind: "k", Key: "a", Data: []byte{}},
	} {
		if _, err := st.Apply(t.Context(), l, 0, []store.Change{put("k", "first", `1`), bad}); err == nil {
			t.Errorf("%s: was accepted", name)
		}
		wantContent(t, st, 0)
	}
	apply(t, st, l, 0, put("k", "a", `1`))
}

func testCancelled(t *testing.T, open Open) {
	st, _ := open(t)
	l := lead(t, st, "a", start)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := st.Apply(ctx, l, 0, []store.Change{put("k", "a", `1`)}); err == nil {
		t.Error("a cancelled batch was accepted")
	}
	wantContent(t, st, 0)
	apply(t, st, l, 0, put("k", "a", `1`))
}

func mustLoad(t *testing.T, st store.Store) store.Snapshot {
	t.Helper()
	snap, err := st.Load(t.Context())
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return snap
}
