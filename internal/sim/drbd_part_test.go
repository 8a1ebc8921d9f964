package sim

import "testing"

// A resync that waits for another one goes on when that one ends without its goal.
func TestDRBDPausedResyncGoesOn(t *testing.T) {
	lab := newDRBDLab(t, 3, 3)
	lab.setup(true)
	lab.adjust()
	lab.net.Isolate("n3")
	lab.put(0, "two")
	lab.net.HoldResync(true)
	lab.net.HealAll()
	const target = "Inconsistent Secondary Connected:SyncTarget:UpToDate Connected:PausedSyncT:UpToDate"
	if got := lab.state(2); got != target {
		t.Fatalf("n3 is %q", got)
	}
	must(t, lab.m[0], "drbdsetup", "detach", "1000", "--diskless=yes")
	if got, want := lab.state(2), "Inconsistent Secondary Connected:Established:Diskless Connected:SyncTarget:UpToDate"; got != want {
		t.Errorf("n3 is %q, want %q", got, want)
	}
	lab.net.FinishResync()
	if got := lab.m[2].Mark(lowerDev, MarkData); got != "two" {
		t.Errorf("n3 has %q", got)
	}
}

// A node without data is between two that do not see each other, one of which has gone on: it
// gets the data of the first, and then, as nothing is waited for any more, that of the other.
func TestDRBDResyncFromTwoGenerations(t *testing.T) {
	lab := newDRBDLab(t, 3, 3)
	lab.setup(true)
	lab.adjust()
	lab.net.Isolate("n1")
	lab.net.HoldResync(true)
	lab.anew(2)
	lab.put(0, "one")
	lab.net.Heal("n1", "n3")
	if got, want := lab.state(2), "Inconsistent Secondary Connected:PausedSyncT:UpToDate Connected:SyncTarget:UpToDate"; got != want {
		t.Fatalf("n3 is %q, want %q", got, want)
	}
	lab.net.FinishResync()
	if got := lab.m[2].Mark(lowerDev, MarkData); got != "one" {
		t.Errorf("n3 has %q", got)
	}
}

// A node does not go whose data a primary one without a disk has from nowhere else.
func TestDRBDPrimaryKeepsItsData(t *testing.T) {
	lab := newDRBDLab(t, 3, 2)
	lab.setup(true)
	lab.adjust()
	if err := lab.m[2].Mount(drbdDev, "/mnt"); err != nil {
		t.Fatal(err)
	}
	must(t, lab.m[0], "drbdsetup", "down", "web") // n2 has all
	exits(t, 11, do(t, lab.m[1], "drbdsetup", "disconnect", "web", "2"))
	exits(t, 11, do(t, lab.m[1], "drbdsetup", "down", "web"))
	exits(t, 17, do(t, lab.m[2], "drbdsetup", "disconnect", "web", "1"))
	lab.put(2, "new")
	lab.lower("", "new")
	if err := lab.m[2].Release(drbdDev); err != nil {
		t.Fatal(err)
	}
	must(t, lab.m[1], "drbdsetup", "down", "web")
}

// anew lets a node begin again with metadata that has never been used.
func (l *drbdLab) anew(i int) {
	l.t.Helper()
	must(l.t, l.m[i], "drbdsetup", "down", "web")
	must(l.t, l.m[i], "drbdmeta", "--force", "1000", "v09", lowerDev, "internal", "create-md", "7")
	must(l.t, l.m[i], "drbdadm", "adjust", "web")
}

// A node that has become up to date by a resync offers what it got to a third one, which
// the source cannot reach.
func TestDRBDResyncReachesThirdNode(t *testing.T) {
	lab := newDRBDLab(t, 3, 3)
	lab.setup(true)
	lab.adjust()
	lab.put(1, "old")
	lab.net.Isolate("n2")
	lab.put(1, "newer")
	lab.anew(0)
	lab.lower("old", "newer", "old")
	lab.net.Heal("n1", "n2")
	lab.lower("newer", "newer", "newer")
}

// Outdated data is given to a node that has none, and is outdated there too.
func TestDRBDOutdatedDataIsGiven(t *testing.T) {
	lab := newDRBDLab(t, 2, 2)
	lab.setup(true)
	lab.adjust()
	lab.put(0, "late")
	lab.net.Isolate("n2")
	must(t, lab.m[0], "drbdsetup", "outdate", "1000")
	lab.anew(1)
	lab.net.HealAll()
	lab.want("Outdated Secondary Connected:Established:Outdated", "Outdated Secondary Connected:Established:Outdated")
	lab.lower("late", "late")
}

// The generation decides who has newer data, not what the disks are called.
func TestDRBDOutdatedIsNewer(t *testing.T) {
	lab := newDRBDLab(t, 2, 2)
	lab.setup(true)
	lab.adjust()
	lab.put(0, "older")
	lab.net.Isolate("n2")
	lab.put(0, "newer")
	must(t, lab.m[0], "drbdsetup", "outdate", "1000")
	lab.net.HealAll()
	lab.want("Outdated Secondary Connected:Established:Outdated", "Outdated Secondary Connected:Established:Outdated")
	lab.lower("newer", "newer")
}
