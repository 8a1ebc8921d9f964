package sim

import (
	"strings"
	"testing"
)

// theirs is a cluster of three nodes with disks, of which n3 has given its own up and
// writes "new" to n1 while n2 is away; then n1's disk fails. Only that one has it.
func theirs(t *testing.T, held bool, away func(*drbdLab)) *drbdLab {
	t.Helper()
	lab := newDRBDLab(t, 3, 3)
	lab.setup(true)
	lab.adjust()
	lab.put(0, "old")
	away(lab)
	must(t, lab.m[2], "drbdsetup", "detach", "1000", "--diskless=yes")
	if held {
		if err := lab.m[2].Hold(drbdDev); err != nil {
			t.Fatal(err)
		}
	}
	lab.put(2, "new")
	lab.lower("new")
	lab.d[0].FailDisk("web", 0)
	return lab
}

func parted(lab *drbdLab) { lab.net.Isolate("n2") }

// unusable is that nothing can be read or written on a node.
func (l *drbdLab) unusable(i int) {
	l.t.Helper()
	if got := l.m[i].Mark(drbdDev, MarkData); got != "" {
		l.t.Errorf("n%d reads %q", i+1, got)
	}
	if err := l.m[i].SetMark(drbdDev, MarkData, "newer"); err == nil {
		l.t.Errorf("n%d writes", i+1)
	}
}

// mended is that n1's disk is taken again, and everybody has what it has.
func (l *drbdLab) mended() {
	l.t.Helper()
	for i := range l.m {
		must(l.t, l.m[i], "drbdadm", "adjust", "web")
	}
	l.lower("new", "new", "new")
	if got := l.m[2].Mark(drbdDev, MarkData); got != "new" {
		l.t.Errorf("n3 reads %q", got)
	}
}

// A primary node that has lost the only current copy does not take an older one, and
// the node that has that does not call it up to date. The node whose disk has failed
// has heard from nobody that the data is older, so it does not connect to it at all.
func TestDRBDPrimaryTakesNoOlderData(t *testing.T) {
	lab := theirs(t, true, parted)
	lab.net.HealAll()
	lab.want("Diskless Secondary StandAlone:Off:DUnknown Connected:Established:Diskless",
		"Consistent Secondary StandAlone:Off:DUnknown Connected:Established:Diskless",
		"Diskless Primary Connected:Established:Diskless Connected:Established:Consistent")
	lab.unusable(2)
	res := do(t, lab.m[2], "drbdadm", "adjust", "web") // its own old disk
	if exits(t, 1, res); !strings.Contains(string(res.Stderr), "(150)") {
		t.Errorf("attach of old data: %s", res.Stderr)
	}
	lab.lower("new", "old", "old")
	lab.mended()
}

// The same, where the machine with the older data comes back from a loss of power.
func TestDRBDPrimaryTakesNoOlderDataAfterPowerLoss(t *testing.T) {
	lab := theirs(t, true, func(lab *drbdLab) { lab.m[1].PowerLoss(0) })
	lab.m[1].Restart()
	lvmDo(t, lab.m[1], "lvchange", "--activate", "y", "vg/web_00000")
	must(t, lab.m[1], "drbdadm", "adjust", "web")
	if got := lab.state(1); !strings.HasPrefix(got, "Consistent ") {
		t.Errorf("n2 is %q", got)
	}
	lab.unusable(2)
	lab.mended()
}

// That older data stays consistent also when the primary node becomes secondary; once
// that one is gone, nobody remembers that there was newer data.
func TestDRBDOlderDataWhenNobodyRemembers(t *testing.T) {
	lab := theirs(t, true, parted)
	lab.net.HealAll()
	if err := lab.m[2].Release(drbdDev); err != nil {
		t.Fatal(err)
	}
	if got, want := lab.state(1), "Consistent Secondary StandAlone:Off:DUnknown Connected:Established:Diskless"; got != want {
		t.Errorf("n2 is %q, want %q", got, want)
	}
	exits(t, 17, do(t, lab.m[1], "drbdadm", "primary", "web"))
	lab.unusable(2)
	must(t, lab.m[2], "drbdsetup", "down", "web")
	exits(t, 0, do(t, lab.m[1], "drbdadm", "primary", "web"))
}

// A secondary node without a disk does not take older data either, but the node that
// has that does not mind.
func TestDRBDSecondaryTakesNoOlderData(t *testing.T) {
	lab := theirs(t, false, parted)
	lab.net.HealAll()
	lab.want("Diskless Secondary StandAlone:Off:DUnknown Connected:Established:Diskless",
		"UpToDate Secondary StandAlone:Off:DUnknown Connected:Established:Diskless",
		"Diskless Secondary Connected:Established:Diskless Connected:Established:Outdated")
	lab.unusable(2)
	lab.mended()
}

// Data that is neither known to be older nor newer is not connected to.
func TestDRBDForeignDataIsNotConnected(t *testing.T) {
	lab := theirs(t, true, parted)
	lab.put(1, "other")
	lab.net.HealAll()
	if got := lab.state(2); got != "Diskless Primary Connected:Established:Diskless StandAlone:Off:DUnknown" {
		t.Errorf("n3 is %q", got)
	}
	lab.unusable(2)
}

// Newer data is taken by a secondary node without a disk; a primary one tries again.
func TestDRBDNewerData(t *testing.T) {
	for _, held := range []bool{false, true} {
		lab := newDRBDLab(t, 3, 2)
		lab.setup(true)
		lab.adjust()
		lab.put(0, "old")
		if held {
			if err := lab.m[2].Hold(drbdDev); err != nil {
				t.Fatal(err)
			}
		}
		lab.net.Isolate("n2")
		lab.net.Isolate("n3")
		lab.put(0, "new")
		lab.net.Heal("n1", "n3")
		want := "Diskless Secondary Connected:Established:UpToDate Connecting:Off:DUnknown"
		if held {
			want = "Diskless Primary Connecting:Off:DUnknown Connecting:Off:DUnknown"
		}
		if got := lab.state(2); got != want {
			t.Errorf("n3 is %q, want %q", got, want)
		}
	}
}

// A node without a disk that meets old data first and then newer says so to the one with the
// old data, which is outdated from then on.
func TestDRBDOldDataIsToldOfNewer(t *testing.T) {
	lab := newDRBDLab(t, 3, 2)
	lab.setup(true)
	lab.net.Isolate("n3")
	lab.adjust()
	lab.put(0, "old")
	lab.net.Cut("n1", "n2")
	lab.put(0, "new")
	lab.net.Heal("n2", "n3")
	if got, want := lab.state(1), "UpToDate Secondary Connecting:Off:DUnknown Connected:Established:Diskless"; got != want {
		t.Errorf("n2 is %q, want %q", got, want)
	}
	lab.net.Heal("n1", "n3")
	if got, want := lab.state(1), "Outdated Secondary Connecting:Off:DUnknown Connected:Established:Diskless"; got != want {
		t.Errorf("n2 is %q, want %q", got, want)
	}
	if got := lab.m[2].Mark(drbdDev, MarkData); got != "new" {
		t.Errorf("n3 reads %q", got)
	}
}
