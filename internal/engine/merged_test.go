package engine

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/store"
)

// TestMerged: what changes of a batch have to say about the same record is stored once,
// as the last of them has it, and the others in the order in which they came.
func TestMerged(t *testing.T) {
	var m merged
	m.add(nil)
	m.add([]model.Change{{Kind: "k", Key: "a", Data: []byte("1")}, {Kind: "k", Key: "b", Data: []byte("1")}})
	m.add([]model.Change{{Kind: "k", Key: "c", Data: []byte("2")}, {Kind: "k", Key: "a", Data: []byte("2")}, {Kind: "l", Key: "a", Data: []byte("2")}})
	m.add([]model.Change{{Kind: "k", Key: "c"}, {Kind: "k", Key: "a", Data: []byte("3")}})
	want := []store.Change{{Kind: "k", Key: "a", Data: []byte("3")}, {Kind: "k", Key: "b", Data: []byte("1")},
		{Kind: "k", Key: "c"}, {Kind: "l", Key: "a", Data: []byte("2")}}
	if d := cmp.Diff(want, m.list); d != "" {
		t.Error(d)
	}
}
