package rules

import (
	"slices"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/model"
)

// TestDisklessKeepsFromTheUnaware: a node that was away while another one lost its disk
// would take that one's vote for one of a disk, and go on with what is old. They do not
// connect before it knows.
func TestDisklessKeepsFromTheUnaware(t *testing.T) {
	c := threeDisks(t)
	c.online("n2", false)
	c.must(c.takeDisk("n1"))
	c.report("n0", "UpToDate")
	c.expect("n0=disk, n1=diskless DISK_REMOVING, n2=disk")
	c.linked("n1", "n2", "Connecting")
	if !c.knows("n1", "n2") {
		t.Error("a node that may have to keep its disk does without a peer")
	}
	c.linkedDropped("n1", "n2")
	c.expect("n0=disk, n1=diskless, n2=disk")
	if c.knows("n1", "n2") || !c.knows("n2", "n1") || !c.knows("n1", "n0") || !c.knows("n0", "n2") {
		t.Error("a node without a disk connects to one that does not know of it")
	}
	c.online("n2", true)
	if c.knows("n1", "n2") {
		t.Error("being there is not to know")
	}
	c.report("n2", "UpToDate")
	if !c.knows("n1", "n2") || len(c.replica("n1").DRBD.Unaware) != 0 {
		t.Error("a node that knows all is left apart")
	}
}

// TestUnawareNodeGivenUp: nobody waits for a replica that is deleted meanwhile, and a node
// that gets a disk again meets everybody.
func TestUnawareNodeGivenUp(t *testing.T) {
	for what, end := range map[string]func(c *cluster){
		"deleted": func(c *cluster) { c.delete("n2") },
		"a disk again": func(c *cluster) {
			c.must(c.giveDisk("n1", ""))
			c.report("n0", "UpToDate")
			c.report("n1", "UpToDate")
		},
	} {
		c := threeDisks(t)
		c.online("n2", false)
		c.must(c.takeDisk("n1"))
		c.linkedDropped("n1", "n2")
		if got := c.replica("n1").DRBD.Unaware; !slices.Equal(got, []string{"n2"}) {
			t.Fatalf("%s: unaware are %v of %s", what, got, c.kinds())
		}
		if end(c); len(c.replica("n1").DRBD.Unaware) != 0 {
			t.Errorf("%s: unaware are %v", what, c.replica("n1").DRBD.Unaware)
		}
	}
}

// TestNodesThatKeepFromEachOtherMeet: one of them is free to meet the other, and its
// instruction is again what it has reported on before. No report comes of that, and the other
// one meets it all the same.
func TestNodesThatKeepFromEachOtherMeet(t *testing.T) {
	c := threeDisks(t)
	c.do(func(tx *model.Tx) error {
		for node, from := range map[string]string{"n0": "n2", "n2": "n0"} {
			next := *c.replica(node)
			own := *next.DRBD
			own.Untold, next.DRBD = []string{from}, &own
			tx.PutResource(&next)
		}
		return nil
	})
	if len(c.replica("n0").DRBD.Untold)+len(c.replica("n2").DRBD.Untold) != 2 {
		t.Fatal("they meet before one of them has heard of it")
	}
	c.report("n0", "UpToDate")
	for _, node := range []string{"n0", "n2"} {
		if from := c.replica(node).DRBD.Untold; len(from) > 0 {
			t.Errorf("%s still keeps from %v", node, from)
		}
	}
}
