package rules

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/auto"
	"github.com/holdfast-storage/holdfast/internal/object/placing"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

func (c *cluster) tend() {
	c.t.Helper()
	c.do(func(tx *model.Tx) error { auto.Tend(tx); return Retry(tx) })
}

func (c *cluster) evacuate(node string, targets, others []string) []v1.ApiCallRc {
	c.t.Helper()
	var out []v1.ApiCallRc
	c.do(func(tx *model.Tx) error {
		n, _ := tx.Nodes.Get(node)
		out = auto.BeginEvacuation(tx, n, targets, others)
		return nil
	})
	return out
}

func (c *cluster) online(node string, is bool) {
	c.t.Helper()
	c.do(func(tx *model.Tx) error { setOnline(tx, node, is); return nil })
}

// TestEvacuate: replicas move to other nodes, once, and go when their data is safe.
func TestEvacuate(t *testing.T) {
	c := newCluster(t, 4, 2)
	c.setProps(map[string]string{replication.KeyTiebreaker: "False"})
	c.add("n0", model.Diskful)
	c.add("n1", model.Diskful)
	c.settle()
	if out := c.evacuate("n0", nil, []string{"n2"}); len(out) > 0 {
		t.Errorf("unexpected: %v", out)
	}
	c.expect("n0=disk, n1=disk, n3=disk")
	c.tend()
	c.expect("n0=disk, n1=disk, n3=disk")
	c.report("n3", "Inconsistent")
	c.expect("n0=disk, n1=disk, n3=disk")
	c.settle()
	c.expect("n1=disk, n3=disk")
}

// TestEvacuateWithoutPlace: the user is told, and it goes on when there is a place.
func TestEvacuateWithoutPlace(t *testing.T) {
	c := newCluster(t, 2, 2)
	c.add("n0", model.Diskful)
	c.add("n1", model.Diskful)
	c.settle()
	out := c.evacuate("n0", nil, nil)
	if len(out) != 1 || out[0].RetCode != v1.WarnNotEvacuating || out[0].Cause == "" {
		t.Fatalf("the user is told %v", out)
	}
	c.do(func(tx *model.Tx) error { c.addNode(tx, "n2"); return nil })
	c.tend()
	c.settle()
	c.expect("n1=disk, n2=disk")
}

// TestEvacuationTakenBack: a target that is not complete goes again.
func TestEvacuationTakenBack(t *testing.T) {
	c := newCluster(t, 3, 2)
	c.setProps(map[string]string{replication.KeyTiebreaker: "False"})
	c.add("n0", model.Diskful)
	c.add("n1", model.Diskful)
	c.settle()
	c.evacuate("n0", nil, nil)
	c.report("n2", "Inconsistent")
	c.do(func(tx *model.Tx) error { n, _ := tx.Nodes.Get("n0"); auto.Restore(tx, n); return nil })
	c.settle()
	c.expect("n0=disk, n1=disk")
}

// TestEvict: an absent node is given up after its time, its replicas are made
// elsewhere, and come back with it.
func TestEvict(t *testing.T) {
	c := newCluster(t, 4, 2)
	c.setProps(map[string]string{replication.KeyTiebreaker: "False"})
	c.add("n0", model.Diskful)
	c.add("n1", model.Diskful)
	c.settle()
	c.online("n0", false)
	c.now = c.now.Add(59 * time.Minute)
	c.tend()
	c.expect("n0=disk, n1=disk")
	c.now = c.now.Add(2 * time.Minute)
	c.tend()
	c.expect("n0=disk inactive, n1=disk, n2=disk")
	c.tend()
	c.expect("n0=disk inactive, n1=disk, n2=disk")
	c.online("n0", true)
	c.do(func(tx *model.Tx) error { n, _ := tx.Nodes.Get("n0"); auto.Restore(tx, n); return nil })
	c.expect("n0=disk, n1=disk, n2=disk")
}

// TestEvictNotTooMany: when half of the cluster is away, nobody is given up.
func TestEvictNotTooMany(t *testing.T) {
	c := newCluster(t, 4, 2)
	c.add("n0", model.Diskful)
	c.add("n1", model.Diskful)
	c.settle()
	c.online("n0", false)
	c.online("n3", false)
	c.now = c.now.Add(24 * time.Hour)
	c.tend()
	if n, _ := c.w.Nodes.Get("n0"); n.Evicted {
		t.Error("a node was evicted while half of the cluster was away")
	}
}

// TestAutoDiskful: a diskless replica in use gets a disk after its time, and a surplus
// one goes when that disk is complete.
func TestAutoDiskful(t *testing.T) {
	c := newCluster(t, 3, 2)
	c.setProps(map[string]string{"DrbdOptions/auto-diskful": "5"})
	c.add("n0", model.Diskful)
	c.add("n1", model.Diskful)
	c.do(func(tx *model.Tx) error {
		r, _ := tx.Resources.Get("d", "n1")
		replication.SetProp(tx, r, replication.KeyDiskfulBy, replication.ByAutoPlacer)
		return nil
	})
	c.settle()
	c.use("n2", true)
	c.now = c.now.Add(4 * time.Minute)
	c.tend()
	c.expect("n0=disk, n1=disk, n2=diskless")
	c.now = c.now.Add(2 * time.Minute)
	c.tend()
	c.expect("n0=disk, n1=disk, n2=diskless DISK_ADD_REQUESTED")
	c.settle()
	c.expect("n0=disk, n1=disk, n2=disk")
	c.tend()
	// What is deleted becomes the tiebreaker of the other two.
	c.settle()
	c.expect("n0=disk, n1=tiebreaker, n2=disk")
}

// good lists the copies that are up to date and stay.
func good(w *model.World) map[string]bool {
	out := map[string]bool{}
	for _, r := range replication.Replicas(w, "d") {
		if replication.HasDisk(r) && replication.UpToDate(w, r) {
			out[r.Node] = true
		}
	}
	return out
}

// automatic runs something that nobody has asked for, and checks that it leaves the
// last good copy and makes no more replicas than are wanted.
func (c *cluster) automatic(what string, want int, run func()) {
	c.t.Helper()
	before, staying := c.w, replication.Staying(c.w, "d")
	run()
	after := good(c.w)
	for node := range good(before) {
		r, ok := c.w.Resources.Get("d", node)
		// A removal that is only requested has touched nothing.
		kept := ok && r.Deleting == nil && r.Diskless == model.Diskful && r.Toggle != model.ToggleRemoving
		if kept || len(after) > 0 {
			continue
		}
		c.t.Fatalf("%s took the last good copy, on %s: %s", what, node, c.kinds())
	}
	if now := replication.Staying(c.w, "d"); now > max(want, staying) {
		c.t.Fatalf("%s made %d replicas of %d, %d are wanted: %s", what, now, staying, want, c.kinds())
	}
}

// TestAutomatismsProperty: whatever users do and nodes suffer, what happens by itself
// keeps the last good copy and does not make too many.
func TestAutomatismsProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const want = 2
		nodes := rapid.IntRange(2, 5).Draw(rt, "nodes")
		c := newCluster(t, nodes, want)
		pick := func() string { return "n" + string(rune('0'+rapid.IntRange(0, nodes-1).Draw(rt, "node"))) }
		state := rapid.SampledFrom([]string{"UpToDate", "UpToDate", "UpToDate", "Inconsistent", "Failed", "Diskless"})
		for range rapid.IntRange(5, 40).Draw(rt, "steps") {
			c.now = c.now.Add(time.Duration(rapid.IntRange(1, 90).Draw(rt, "minutes")) * time.Minute)
			n := pick()
			_, has := c.w.Resources.Get("d", n)
			switch op := rapid.IntRange(0, 12).Draw(rt, "op"); {
			case op <= 3:
				c.automatic("a report", want, func() { c.report(n, state.Draw(rt, "state")) })
			case op == 4:
				c.automatic("the task", want, c.tend)
			case op == 5:
				c.automatic("the balancing", want, func() { c.do(func(tx *model.Tx) error { placing.Balance(tx); return nil }) })
			case op == 6 && !has:
				kind := rapid.SampledFrom([]model.Disklessness{model.Diskful, model.DRBDDiskless}).Draw(rt, "kind")
				if node, _ := c.w.Nodes.Get(n); !node.Evacuating && !node.Evicted {
					_ = c.tryAdd(n, kind) // refused while the last copy goes
				}
			case op == 6:
				c.delete(n)
			case op == 7 && has:
				c.automatic("taking a disk", want, func() { _ = c.takeDisk(n) })
			case op == 8 && has && c.replica(n).Diskless != model.Diskful && c.replica(n).Deleting == nil:
				_ = c.giveDisk(n, "")
			case op == 9:
				c.automatic("coming and going", want, func() { c.online(n, rapid.Bool().Draw(rt, "online")) })
			case op == 10:
				c.automatic("evacuating", want, func() { c.evacuate(n, nil, nil) })
			case op == 11:
				c.do(func(tx *model.Tx) error { node, _ := tx.Nodes.Get(n); auto.Restore(tx, node); return nil })
			case op == 12 && has:
				if _, known := c.w.ResourceStatus.Get("d", n); known {
					c.use(n, rapid.Bool().Draw(rt, "used"))
				}
			}
		}
	})
}
