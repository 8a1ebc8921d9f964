package drbd_test

import (
	"testing"

	"github.com/holdfast-storage/holdfast/internal/sim"
)

// deleteFirst is the instruction that deletes the first replica while the second stays.
func deleteFirst(n *labNode) {
	n.spec.Delete, n.spec.Volumes[0].Delete = true, true
	n.spec.DRBD.Staying = map[int][]int{0: {1}}
}

// TestLayerWaitsWithTheOnlyGoodCopy: what was written after a deletion was asked for, while
// the other node was away, goes there before the replica goes.
func TestLayerWaitsWithTheOnlyGoodCopy(t *testing.T) {
	l, n := newerOnTheFirst(t)
	deleteFirst(n)
	_, out, err := n.plan(n.input(true))
	if err != nil || len(out.Steps) > 0 || len(out.Waiting) == 0 || out.Released[0] {
		t.Fatalf("the only good copy is taken down: %+v, %v", out, err)
	}
	l.net.HealAll()
	l.nodes[1].settle()
	n.settle()
	if n.drbd.Running() != nil {
		t.Errorf("the other node has the data, and %v still runs", n.drbd.Running())
	}
	if got := l.nodes[1].m.Mark(labDevice, sim.MarkData); got != "newer" {
		t.Errorf("what stays reads %q", got)
	}
}

// TestLayerDeletesWhatIsNotWaitedFor: where all replicas go, or the data has diverged, the
// user has decided.
func TestLayerDeletesWhatIsNotWaitedFor(t *testing.T) {
	for what, prepare := range map[string]func(l *lab, n *labNode){
		"all replicas go": func(_ *lab, n *labNode) { n.spec.DRBD.Staying = nil },
		"split brain": func(l *lab, n *labNode) {
			n.m.Release(labDevice)
			if err := l.nodes[1].m.SetMark(labDevice, sim.MarkData, "other"); err != nil {
				t.Fatal(err)
			}
			l.net.HealAll()
		},
		"it has failed": func(_ *lab, n *labNode) { n.drbd.FailDisk("web", 0) },
	} {
		l, n := newerOnTheFirst(t)
		deleteFirst(n)
		prepare(l, n)
		if n.settle(); n.drbd.Running() != nil {
			t.Errorf("%s: %v still runs", what, n.drbd.Running())
		}
	}
}
