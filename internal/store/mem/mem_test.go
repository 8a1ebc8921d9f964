package mem_test

import (
	"errors"
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/internal/store"
	"github.com/holdfast-storage/holdfast/internal/store/mem"
	"github.com/holdfast-storage/holdfast/internal/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (store.Store, func() store.Store) {
		st := mem.New()
		return st, func() store.Store {
			if err := st.Close(); err != nil {
				t.Fatal(err)
			}
			st = st.Disk().Open()
			return st
		}
	})
}

func TestInjectedFaults(t *testing.T) {
	st := mem.New()
	l, err := st.Lead(t.Context(), "a", time.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	st.Disk().Inject(mem.Fault{Err: store.ErrFull}, mem.Fault{Err: store.ErrUnknownOutcome, Written: true})
	change := []store.Change{{Kind: "k", Key: "a", Data: []byte(`1`)}}
	for _, tc := range []struct {
		want error
		rev  uint64
	}{{store.ErrFull, 0}, {store.ErrUnknownOutcome, 1}, {store.ErrStale, 1}} {
		if _, err := st.Apply(t.Context(), l, 0, change); !errors.Is(err, tc.want) {
			t.Errorf("apply: %v, want %v", err, tc.want)
		}
		snap, err := st.Load(t.Context())
		if err != nil || snap.Rev != tc.rev {
			t.Errorf("revision %d (%v), want %d", snap.Rev, err, tc.rev)
		}
	}
}

func TestSpoiltRecordIsReported(t *testing.T) {
	st := mem.New()
	l, err := st.Lead(t.Context(), "a", time.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Apply(t.Context(), l, 0, []store.Change{{Kind: "k", Key: "a", Data: []byte(`1`)}}); err != nil {
		t.Fatal(err)
	}
	st.Disk().Spoil("k", "a", "bit rot")
	snap, err := st.Load(t.Context())
	if err != nil || len(snap.Records) != 0 || len(snap.Bad) != 1 || snap.Bad[0].Why != "bit rot" {
		t.Errorf("load gave %+v (%v), want the one record as bad", snap, err)
	}
}

func TestClosed(t *testing.T) {
	st := mem.New()
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Load(t.Context()); err == nil {
		t.Error("a closed store was loaded")
	}
}
