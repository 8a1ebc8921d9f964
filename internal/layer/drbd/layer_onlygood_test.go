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

// TestLayerStaysWithWhomItsUserNeeds: a node that uses a replica to be deleted and reaches no
// other one keeps it. What is written there still goes to the one that stays, also where that
// connection was ended already.
func TestLayerStaysWithWhomItsUserNeeds(t *testing.T) {
	for what, ended := range map[string]bool{"connected": false, "taken down in part": true} {
		t.Run(what, func(t *testing.T) {
			l := newLab(t, 3, 2, true)
			l.settle()
			n, stays, user := l.nodes[0], l.nodes[1], l.nodes[2]
			l.net.Cut("n2", "n3")
			if err := user.m.Hold(labDevice); err != nil {
				t.Fatal(err)
			}
			if ended {
				n.must("drbdsetup", "disconnect", "web", "1")
				n.must("drbdsetup", "del-peer", "web", "1")
			}
			going := *n.spec.DRBD
			deleteFirst(n)
			if _, _, err := n.round(); err == nil != ended {
				t.Fatalf("what a user needs is taken away: %v", err)
			}
			if err := user.m.SetMark(labDevice, sim.MarkData, "newer"); err != nil {
				t.Fatal(err)
			}
			user.m.Release(labDevice)
			if ended {
				if _, out, err := n.round(); err != nil || out.DRBD == nil || !out.DRBD.Kept {
					t.Fatalf("the only good copy is not kept: %+v, %v", out, err)
				}
				n.spec.Delete, n.spec.Volumes[0].Delete = false, false
				n.spec.DRBD = &going // as the controller has a replica do whose deletion waits
				l.net.HealAll()
				l.settle()
				deleteFirst(n)
			}
			if n.settle(); n.drbd.Running() != nil {
				t.Errorf("the other one has the data, and %v still runs", n.drbd.Running())
			}
			if got := stays.m.Mark(labDevice, sim.MarkData); got != "newer" {
				t.Errorf("what stays reads %q", got)
			}
		})
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
