package sim

import (
	"strings"
	"testing"
)

// A node that comes back with old data and hears of a primary node through a third one
// alone cannot be used, also where that third one has no disk any more and nobody has
// written since.
func TestDRBDWeakNodeIsOutdated(t *testing.T) {
	lab := newDRBDLab(t, 3, 3)
	lab.setup(true)
	lab.adjust()
	lab.net.Isolate("n1")
	lab.put(1, "new")
	if err := lab.m[1].Hold(drbdDev); err != nil {
		t.Fatal(err)
	}
	lab.d[2].FailDisk("web", 0)
	lab.net.Heal("n1", "n3")
	if got := lab.state(0); !strings.HasPrefix(got, "Outdated ") {
		t.Errorf("n1 is %q", got)
	}
	if err := lab.m[0].SetMark(drbdDev, MarkData, "other"); err == nil {
		t.Error("n1 can be written with old data")
	}
	lab.net.HealAll()
	lab.lower("new", "new")
}

// The loss of the connection to a primary node makes a node weak as well, and meeting
// it again with the same data makes that good.
func TestDRBDLostPrimaryOutdates(t *testing.T) {
	lab := newDRBDLab(t, 3, 3)
	lab.setup(true)
	lab.adjust()
	if err := lab.m[1].Hold(drbdDev); err != nil {
		t.Fatal(err)
	}
	lab.d[2].FailDisk("web", 0)
	lab.net.Cut("n1", "n2")
	if got := lab.state(0); !strings.HasPrefix(got, "Outdated ") {
		t.Errorf("n1 is %q", got)
	}
	lab.net.HealAll()
	if got := lab.state(0); !strings.HasPrefix(got, "UpToDate ") {
		t.Errorf("n1 is %q", got)
	}
}
