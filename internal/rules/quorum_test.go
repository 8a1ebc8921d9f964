package rules

import (
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// TestQuorumGrows: what quorum a resource has as its replicas come, and who breaks
// the tie.
func TestQuorumGrows(t *testing.T) {
	one := newCluster(t, 4, 2)
	one.add("n0", model.Diskful)
	if got := one.prop(replication.KeyQuorum); got != "off" {
		t.Errorf("with one replica quorum is %q", got)
	}
	c := newCluster(t, 4, 2)
	c.addDisks("n0", "n1")
	c.expect("n0=disk, n1=disk, n2=tiebreaker")
	if got := c.prop(replication.KeyQuorum); got != "majority" {
		t.Errorf("with two replicas and a tiebreaker quorum is %q", got)
	}
	for _, code := range []v1.Code{v1.InfoPropSet, v1.InfoTieBreakerCreated} {
		if !c.noted(code) {
			t.Errorf("the caller is not told: %x in %v", uint64(code), c.notes)
		}
	}
	c.settle()
	c.add("n3", model.Diskful)
	// It stays until the third disk takes part.
	c.expect("n0=disk, n1=disk, n2=tiebreaker, n3=disk")
	c.settle()
	c.expect("n0=disk, n1=disk, n3=disk")
}

// TestTwoNodes: without a third node there is a warning, and the tiebreaker comes
// with the node.
func TestTwoNodes(t *testing.T) {
	c := newCluster(t, 2, 2)
	c.addDisks("n0", "n1")
	c.expect("n0=disk, n1=disk")
	if got := c.prop(replication.KeyQuorum); got != "off" || !c.noted(v1.WarnNotEnoughNodesForTieBreaker) {
		t.Errorf("quorum is %q, notes are %v", got, c.notes)
	}
	c.report("n0", "UpToDate")
	if len(c.notes) > 0 {
		t.Errorf("a report is no reason to warn: %v", c.notes)
	}
	c.do(func(tx *model.Tx) error { c.addNode(tx, "n2"); return nil })
	c.do(Retry)
	c.expect("n0=disk, n1=disk, n2=tiebreaker")
}

// TestTiebreakerTakesOver: a replica that is deleted becomes the tiebreaker if one is
// needed, and loses its disk only when another copy is good.
func TestTiebreakerTakesOver(t *testing.T) {
	c := newCluster(t, 3, 3)
	c.setProps(map[string]string{replication.KeyTiebreaker: "False"})
	c.addDisks("n0", "n1", "n2")
	c.setProps(map[string]string{replication.KeyTiebreaker: "True"})
	c.delete("n2")
	c.expect("n0=disk, n1=disk, n2=disk DISK_REMOVE_REQUESTED")
	if !c.noted(v1.InfoTieBreakerTakeover) {
		t.Errorf("the caller is not told: %v", c.notes)
	}
	c.report("n2", "UpToDate")
	c.expect("n0=disk, n1=disk, n2=disk DISK_REMOVE_REQUESTED")
	c.report("n0", "UpToDate")
	c.expect("n0=disk, n1=disk, n2=tiebreaker DISK_REMOVING")
	c.settle()
	c.expect("n0=disk, n1=disk, n2=tiebreaker")
	if v := c.replica("n2").Volumes[0]; v.Pool != model.DefaultDisklessPool {
		t.Errorf("the tiebreaker's volume is in pool %s", v.Pool)
	}
}

// TestTiebreakerInUse: one that is used is an ordinary replica from then on.
func TestTiebreakerInUse(t *testing.T) {
	c := newCluster(t, 3, 2)
	c.addDisks("n0", "n1")
	c.settle()
	c.use("n2", true)
	c.expect("n0=disk, n1=disk, n2=diskless")
	c.use("n2", false)
	c.expect("n0=disk, n1=disk, n2=diskless")
}

// TestQuorumByUser: what a user has set stays, whatever the replicas.
func TestQuorumByUser(t *testing.T) {
	c := newCluster(t, 3, 2)
	c.setProps(map[string]string{replication.KeyQuorum: "off", replication.KeyQuorumSetBy: "user"})
	c.addDisks("n0", "n1")
	c.expect("n0=disk, n1=disk")
	if got := c.prop(replication.KeyQuorum); got != "off" {
		t.Errorf("quorum is %q", got)
	}
	c.setProps(map[string]string{replication.KeyQuorumSetBy: ""})
	c.expect("n0=disk, n1=disk, n2=tiebreaker")
	c.setProps(map[string]string{replication.KeyTiebreaker: "False"})
	c.expect("n0=disk, n1=disk, n2=tiebreaker going")
}

// TestQuorumLeavesStorageAlone: a resource without DRBD gets no properties and no
// further replicas.
func TestQuorumLeavesStorageAlone(t *testing.T) {
	w := oneReplica(t)
	d, _ := w.Definitions.Get("d")
	if len(d.Props) > 0 || w.Resources.Len() != 1 || len(d.Volumes[0].Props) > 0 {
		t.Errorf("the definition has become %+v", d)
	}
}

// TestQuorumStaysUntilReplaced: two copies that get a third one keep their quorum until it is
// there. Without it, one of them that is cut off would go on alone in the meantime.
func TestQuorumStaysUntilReplaced(t *testing.T) {
	c := threeDisks(t)
	c.do(func(tx *model.Tx) error { c.addNode(tx, "n3"); return nil })
	c.linked("n0", "n1", "Connected")
	c.online("n1", false)
	c.add("n3", model.Diskful)
	c.joins("n3", false)
	c.delete("n2")
	c.report("n2", "")
	c.expect("n0=disk, n1=disk, n3=disk")
	if got := c.prop(replication.KeyQuorum); got != "majority" {
		t.Errorf("quorum is %q while a copy is replaced", got)
	}
	c.delete("n3")
	c.report("n3", "")
	c.expect("n0=disk, n1=disk")
	if got := c.prop(replication.KeyQuorum); got != "off" {
		t.Errorf("quorum is %q with two copies and nobody to break the tie", got)
	}
}
