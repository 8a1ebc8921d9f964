package drbd_test

import (
	"context"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// becomeDiskless is the instruction that takes the first node's disk away.
func (l *lab) becomeDiskless() *labNode {
	n := l.nodes[0]
	n.spec.Diskless, n.spec.Volumes[0].Drop = true, true
	n.spec.DRBD.Nodes[0].Diskless, n.spec.DRBD.MayKeep = true, true
	return n
}

// newerOnTheFirst is a pair that is cut apart, after which the first node is written to.
func newerOnTheFirst(t *testing.T) (*lab, *labNode) {
	t.Helper()
	l := newLab(t, 2, 2, true)
	l.settle()
	l.net.Cut("n1", "n2")
	n := l.nodes[0]
	if err := n.m.SetMark(labDevice, sim.MarkData, "newer"); err != nil {
		t.Fatal(err)
	}
	return l, n
}

// A disk that is to be removed is kept while nobody else is known to have the data,
// also when the host comes back from a restart, where DRBD knows nothing of it.
func TestLayerKeepsTheLastDiskOverARestart(t *testing.T) {
	l := newLab(t, 2, 2, true)
	l.settle()
	l.net.Cut("n1", "n2")
	n := l.becomeDiskless()
	n.m.PowerLoss(-1)
	n.restart()
	n.must("lvchange", "--activate", "y", "vg/web_00000")
	out := n.settle()
	if out.Released[0] || len(out.Waiting) == 0 || len(n.drbd.Running()) != 1 {
		t.Errorf("the last good disk is let go after a restart: released %v, waiting %q", out.Released, out.Waiting)
	}
	if got := n.drbd.Look("web", 0).Disk; got == "Diskless" || got == "" {
		t.Errorf("the disk is %q; nobody could take the data from it", got)
	}
	l.net.HealAll()
	if out = n.settle(); !out.Released[0] || out.Volumes[0].DiskState != "Diskless" {
		t.Errorf("the other node has the data, and the disk is still kept: %+v", out)
	}
}

// The same without the disk in reach: the node meets its peers, and lets go of nothing
// before one of them has the data.
func TestLayerKeepsADiskOutOfReach(t *testing.T) {
	l := newLab(t, 2, 2, true)
	l.settle()
	l.net.Cut("n1", "n2")
	n := l.becomeDiskless()
	n.m.PowerLoss(-1)
	n.restart()
	out := n.settle()
	if out.Released[0] || len(out.Waiting) == 0 {
		t.Errorf("a disk that is not there at the moment is given up: %+v", out)
	}
	l.net.HealAll()
	if out = n.settle(); out.Released[0] || out.DRBD.Links[0].State != "Connected" {
		t.Errorf("nobody has compared what is on the disk: %+v", out)
	}
	n.must("lvchange", "--activate", "y", "vg/web_00000")
	if out = n.settle(); !out.Released[0] {
		t.Errorf("the other node has the data, and the disk is still kept: %+v", out)
	}
}

// A node without its disk does not meet one that was away when it let go of that: DRBD there
// would count its vote as that of a disk, and go on with what is old.
func TestLayerLeavesThoseAwayBeforeTheDiskGoes(t *testing.T) {
	l := newLab(t, 3, 3, true)
	l.settle()
	states := func(out layer.Output) map[string]string {
		is := map[string]string{}
		for _, link := range out.DRBD.Links {
			is[link.Peer] = link.State
		}
		return is
	}
	l.net.Isolate("n3")
	n := l.becomeDiskless()
	n.execute(n.input(false))
	// Nobody who has the data is seen right after that.
	l.net.Isolate("n2")
	l.net.Heal("n1", "n3")
	for range 2 {
		if out := n.settle(); out.Released[0] || states(out)["node-n3"] != "Connecting" {
			t.Errorf("released %v, the connections are %v", out.Released, states(out))
		}
	}
	l.net.Cut("n1", "n3")
	l.net.Heal("n1", "n2")
	if out := n.settle(); !out.Released[0] {
		t.Fatalf("the disk is kept: %+v", out)
	}
	l.net.Isolate("n2")
	l.net.Heal("n1", "n3")
	for range 2 {
		if got := states(n.settle()); got["node-n3"] != "Connecting" {
			t.Errorf("the connections are %v", got)
		}
	}
	l.net.HealAll()
	if got := states(n.settle()); got["node-n2"] != "Connected" || got["node-n3"] != "Connecting" {
		t.Errorf("the connections are %v", got)
	}
	n.spec.DRBD.MayKeep = false
	l.each(func(d *link.DRBD) { d.Nodes[0].Diskless = true })
	if got := states(l.settle()[0]); got["node-n3"] != "Connected" {
		t.Errorf("it does not meet a node that has been told: %v", got)
	}
}

// A node whose disk is kept follows what changes among its peers: a new one can take
// the data from it, and one that reads over the network is not cut off.
func TestLayerServesPeersFromAKeptDisk(t *testing.T) {
	l := newLab(t, 4, 3, true)
	last := l.nodes[2]
	nodes := l.spec.Nodes
	// At first there are n1, n2 and the diskless n4.
	l.each(func(d *link.DRBD) { d.Nodes = []link.DRBDNode{nodes[0], nodes[1], nodes[3]} })
	for _, i := range []int{0, 1, 3, 0, 1, 3} {
		l.nodes[i].settle()
	}
	n := l.becomeDiskless()
	// The other one with the data is lost, and n3 takes its place.
	l.net.Isolate("n2")
	l.each(func(d *link.DRBD) { d.Nodes = []link.DRBDNode{nodes[0], nodes[2], nodes[3]} })
	n.spec.DRBD.Nodes[0].Diskless = true
	last.spec.DRBD.Volumes[0].Start = "full"
	l.net.HoldResync(true)
	for _, i := range []int{0, 2, 3, 0, 2, 3} {
		if out := l.nodes[i].settle(); out.Released[0] && i == 0 {
			t.Fatalf("the last good disk is let go: %+v", out)
		}
	}
	rep := n.settle().DRBD
	if !rep.Kept {
		t.Error("it does not say that only the disk is waited for")
	}
	for _, link := range rep.Links {
		if link.State != "Connected" {
			t.Errorf("the connection to %s is %s", link.Peer, link.State)
		}
	}
	if got := l.nodes[3].settle().DRBD.Links; len(got) != 2 || got[0].State != "Connected" || got[0].Volumes[0].Disk != "UpToDate" {
		t.Errorf("the diskless node has lost the data: %+v", got)
	}
	l.net.HoldResync(false)
	out := n.settle()
	if !out.Released[0] || last.settle().Volumes[0].DiskState != "UpToDate" {
		t.Errorf("the new node has the data, and the disk is still kept: %+v", out)
	}
}

// What was written while the other node was away is on a disk that has failed since.
// Its metadata tells, so it is not given up for the older data of the other one; the
// user mends it, and its data goes there first.
func TestLayerKeepsAFailedDiskWithNewerData(t *testing.T) {
	l, n := newerOnTheFirst(t)
	n.drbd.FailDisk("web", 0)
	l.becomeDiskless()
	l.net.HealAll()
	n.spec.DRBD.SkipDisk = true
	for _, n := range []*labNode{n, l.nodes[1], n} {
		if out := n.settle(); out.Released[0] {
			t.Fatalf("the newest data is given up: %+v", out)
		}
	}
	// DRBD refuses to show older data to those who have seen the newer one, and cuts the
	// two off: the user joins them once the disk is back.
	n.spec.DRBD.SkipDisk = false
	l.settle()
	n.spec.DRBD.Reconnect, l.nodes[1].spec.DRBD.Reconnect = []int{1}, []int{0}
	out := l.settle()
	if got := l.nodes[1].m.Mark(labLower, sim.MarkData); got != "newer" || !out[0].Released[0] {
		t.Errorf("the other node has %q; released %v", got, out[0].Released)
	}
}

// A failed disk goes when the other node has all: then nothing has to be read from it.
func TestLayerDropsAFailedDisk(t *testing.T) {
	l := newLab(t, 2, 2, true)
	l.settle()
	l.nodes[0].drbd.FailDisk("web", 0)
	n := l.becomeDiskless()
	n.spec.DRBD.SkipDisk = true
	if out := n.settle(); !out.Released[0] {
		t.Errorf("it is kept: %+v", out)
	}
}

// A replica that was inactive has neither files nor a kernel that know of its disk. What
// is on it is compared with what the others have before it goes.
func TestLayerAsksAboutADiskThatWasDown(t *testing.T) {
	l, n := newerOnTheFirst(t)
	in := n.input(false)
	in.Down, in.Whole = true, true
	n.execute(in)
	l.becomeDiskless()
	l.net.HealAll()
	out := l.settle()
	if got := l.nodes[1].m.Mark(labLower, sim.MarkData); got != "newer" || !out[0].Released[0] {
		t.Errorf("the other node has %q; released %v, %q", got, out[0].Released, out[0].Waiting)
	}
}

// A disk whose layers below cannot bring it up any more, such as one whose encryption was
// wiped when its deletion was taken back, goes once a peer has the data.
func TestLayerDropsABrokenDisk(t *testing.T) {
	l := newLab(t, 2, 2, true)
	l.settle()
	l.net.Cut("n1", "n2")
	n := l.becomeDiskless()
	n.m.PowerLoss(-1)
	n.restart()
	look := func() layer.Output {
		in := n.input(false)
		if _, out, err := n.plan(in); err != nil || len(out.Keep) == 0 {
			t.Fatalf("keeps %v, %v", out.Keep, err)
		}
		in.Keep, in.Broken, in.Lower = map[int]bool{0: true}, true, nil
		return n.execute(in)
	}
	look()
	if out := look(); len(out.Steps) > 0 || len(out.Waiting) == 0 {
		t.Fatalf("it does not wait for its peers: %+v", out)
	}
	l.net.HealAll()
	look()
	if out := n.settle(); !out.Released[0] {
		t.Errorf("it is kept although the other node has the data: %+v", out)
	}
}

// A disk that was let go of is not attached again while no peer is there to compare with:
// what was written since is on the failed disk of another node, and together with a third
// one that was away this node would bring back what is old.
func TestLayerComparesADiskThatItHasLetGoOf(t *testing.T) {
	l := newLab(t, 3, 3, true)
	l.settle()
	l.net.Isolate("n3")
	n := l.becomeDiskless()
	if out := n.settle(); !out.Released[0] {
		t.Fatalf("a peer has all, and the disk is kept: %+v", out)
	}
	if err := n.m.SetMark(labDevice, sim.MarkData, "newer"); err != nil {
		t.Fatal(err)
	}
	l.nodes[1].drbd.FailDisk("web", 0)
	n.spec.Diskless, n.spec.Volumes[0].Drop = false, false
	n.spec.DRBD.Nodes[0].Diskless, n.spec.DRBD.MayKeep = false, false
	for range 2 { // also when the third node is back, with what is old
		out := n.settle()
		if got := n.drbd.Look("web", 0).Disk; got != "Diskless" || len(out.Waiting) == 0 || !strings.Contains(out.Waiting[0], "mend its disk") {
			t.Errorf("the disk is %q, waiting for %q", got, out.Waiting)
		}
		l.net.HealAll()
	}
	l.nodes[1].must("drbdadm", "adjust", "web")
	l.nodes[2].must("drbdadm", "adjust", "web")
	n.settle()
	if got := n.drbd.Look("web", 0); got.Disk != "UpToDate" || got.Data != "newer" {
		t.Errorf("with the other disk back it is %+v", got)
	}
}

// Where all others are there, and none of them is good any more, it is compared with theirs.
func TestLayerComparesADiskThatItHasLetGoOfWithOutdatedOnes(t *testing.T) {
	l := newLab(t, 2, 2, true)
	l.settle()
	n, other := l.becomeDiskless(), l.nodes[1]
	if out := n.settle(); !out.Released[0] {
		t.Fatalf("a peer has all, and the disk is kept: %+v", out)
	}
	if err := n.m.SetMark(labDevice, sim.MarkData, "newer"); err != nil {
		t.Fatal(err)
	}
	l.net.Isolate("n2")
	other.must("drbdsetup", "outdate", "1000")
	n.spec.Diskless, n.spec.Volumes[0].Drop = false, false
	n.spec.DRBD.Nodes[0].Diskless, n.spec.DRBD.MayKeep = false, false
	if out := n.settle(); n.drbd.Look("web", 0).Disk != "Diskless" || len(out.Waiting) == 0 {
		t.Fatalf("it is used while the other is away: %+v, %+v", n.drbd.Look("web", 0), out)
	}
	l.net.HealAll()
	n.settle()
	if got := n.drbd.Look("web", 0); got.Disk != "Outdated" || n.m.Mark(labLower, sim.MarkData) != "newer" {
		t.Errorf("it is %+v, with %q on the disk", got, n.m.Mark(labLower, sim.MarkData))
	}
}

// letsGoWhile carries out the first steps of letting go of the disk, with something happening
// between the look at the peers and the first of them.
func (n *labNode) letsGoWhile(happens func()) {
	n.lab.t.Helper()
	_, out, err := n.plan(n.input(false))
	if err != nil || len(out.Steps) != 1 || !strings.Contains(out.Steps[0].String(), "detach") {
		n.lab.t.Fatalf("it is not about to detach: %+v, %v", out.Steps, err)
	}
	happens()
	if err := provider.Execute(context.Background(), n.process, out.Steps[0].Step); err != nil {
		n.lab.t.Fatal(err)
	}
}

// lastWhileItGoes is a pair of which the second disk fails, and something is written, at the very
// moment at which the first one is let go of.
func lastWhileItGoes(t *testing.T) (n, other *labNode) {
	t.Helper()
	l := newLab(t, 2, 2, true)
	l.settle()
	n, other = l.becomeDiskless(), l.nodes[1]
	n.letsGoWhile(func() {
		other.drbd.FailDisk("web", 0)
		if err := n.m.SetMark(labDevice, sim.MarkData, "newer"); err != nil {
			t.Fatal(err)
		}
	})
	return n, other
}

// Such a disk is used again, for nobody else has its data.
func TestLayerTakesBackTheLastDisk(t *testing.T) {
	n, other := lastWhileItGoes(t)
	if out := n.settle(); out.Released[0] || len(out.Waiting) == 0 {
		t.Fatalf("the last good disk is given up: %+v", out)
	}
	if got := n.drbd.Look("web", 0); got.Disk != "UpToDate" || got.Data != "newer" {
		t.Errorf("it is %+v; nobody could take the data from it", got)
	}
	other.must("drbdadm", "adjust", "web")
	out := n.settle()
	if got := other.m.Mark(labLower, sim.MarkData); got != "newer" || !out.Released[0] {
		t.Errorf("the other node has %q; released %v, waiting for %q", got, out.Released, out.Waiting)
	}
}

// The same where the removal is taken back meanwhile.
func TestLayerTakesBackTheRemovalOfTheLastDisk(t *testing.T) {
	n, _ := lastWhileItGoes(t)
	n.spec.Diskless, n.spec.Volumes[0].Drop = false, false
	n.spec.DRBD.Nodes[0].Diskless, n.spec.DRBD.MayKeep = false, false
	n.settle()
	if got := n.drbd.Look("web", 0); got.Disk != "UpToDate" || got.Data != "newer" {
		t.Errorf("it is %+v; nobody could take the data from it", got)
	}
}

// The other node, which had all, goes away at that moment. It may be written to there, so the
// disk is neither given up nor used before the two have met.
func TestLayerWaitsForThoseThatHadAll(t *testing.T) {
	l := newLab(t, 3, 3, true)
	l.settle()
	n := l.becomeDiskless()
	n.letsGoWhile(func() {})
	l.net.Isolate("n1")
	out := n.settle()
	if out.Released[0] || len(out.Waiting) == 0 || n.drbd.Look("web", 0).Disk != "Diskless" {
		t.Errorf("the disk is %q, released %v, waiting for %q", n.drbd.Look("web", 0).Disk, out.Released, out.Waiting)
	}
	l.net.HealAll()
	if out = n.settle(); !out.Released[0] {
		t.Errorf("the others have the data, and the disk is still kept: %+v", out)
	}
}

// The same after a crash that leaves a file which names the disk again, where those that had all
// are no peers any more: that the others lack something says nothing of what was written since.
func TestLayerComparesADiskThatItHasLetGoOfAfterACrash(t *testing.T) {
	l := newLab(t, 3, 3, true)
	l.settle()
	l.net.Isolate("n3")
	n := l.nodes[0]
	if err := n.m.SetMark(labDevice, sim.MarkData, "newer"); err != nil {
		t.Fatal(err)
	}
	n.m.Release(labDevice)
	l.becomeDiskless()
	if out := n.settle(); !out.Released[0] {
		t.Fatalf("a peer has all, and the disk is kept: %+v", out)
	}
	n.spec.Diskless, n.spec.Volumes[0].Drop = false, false
	n.spec.DRBD.Nodes[0].Diskless, n.spec.DRBD.MayKeep = false, false
	_, out, err := n.plan(n.input(false))
	if err != nil || len(out.Steps) == 0 || out.Steps[0].Write == nil {
		t.Fatalf("it does not begin with the file: %+v, %v", out.Steps, err)
	}
	if err := provider.Execute(context.Background(), n.process, out.Steps[0].Step); err != nil {
		t.Fatal(err)
	}
	l.net.Isolate("n2")
	nodes := l.spec.Nodes
	l.each(func(d *link.DRBD) { d.Nodes = []link.DRBDNode{nodes[0], nodes[2]} })
	if out := n.settle(); n.drbd.Look("web", 0).Disk != "Diskless" || len(out.Waiting) == 0 {
		t.Errorf("the disk is %q, waiting for %q", n.drbd.Look("web", 0).Disk, out.Waiting)
	}
}
