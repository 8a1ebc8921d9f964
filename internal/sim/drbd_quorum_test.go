package sim

import (
	"errors"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// With a tiebreaker, the side that has it goes on, and the other may not write.
func TestDRBDQuorum(t *testing.T) {
	lab := newDRBDLab(t, 3, 2)
	lab.options = "quorum majority; on-no-quorum io-error;"
	lab.setup(true)
	lab.adjust()
	lab.put(0, "one")
	lab.net.Isolate("n2")
	lab.put(0, "two")
	if err := lab.m[1].SetMark(drbdDev, MarkData, "lost"); err == nil {
		t.Error("a write without quorum was accepted")
	}
	res := do(t, lab.m[1], "drbdadm", "primary", "web")
	if exits(t, 17, res); !strings.Contains(string(res.Stderr), "No quorum") {
		t.Errorf("primary without quorum: %s", res.Stderr)
	}
	lab.net.HealAll()
	lab.lower("two", "two")

	// Writes on a node that loses its quorum while it is primary are held.
	lab.options = "quorum majority; on-no-quorum suspend-io;"
	lab.adjust()
	if err := lab.m[0].Hold(drbdDev); err != nil {
		t.Fatal(err)
	}
	lab.net.Isolate("n1")
	if err := lab.m[0].SetMark(drbdDev, MarkData, "held"); !errors.Is(err, ErrSuspended) {
		t.Errorf("a write without quorum: %v", err)
	}
	if got := must(t, lab.m[0], "drbdsetup", "status", "web", "--json"); !strings.Contains(got, `"suspended-quorum": true`) {
		t.Errorf("status: %s", got)
	}
}

// A peer that the configuration leaves out has its vote as long as the metadata has a place
// for it, also after a restart.
func TestDRBDPeerLeftOutHasAVote(t *testing.T) {
	lab := newDRBDLab(t, 2, 2)
	lab.options = "quorum majority; on-no-quorum io-error;"
	lab.setup(true)
	lab.adjust()
	lab.net.Isolate("n2")
	alone, _, _ := strings.Cut(lab.file(1, lab.secret), "    connection {")
	if err := lab.m[1].WriteFile(bg, run.File{Path: drbdDir + "web.res", Data: []byte(alone + "}\n")}); err != nil {
		t.Fatal(err)
	}
	must(t, lab.m[1], "drbdadm", "adjust", "web")
	lab.want("UpToDate Secondary Connecting:Off:DUnknown", "UpToDate Secondary")
	if err := lab.m[1].SetMark(drbdDev, MarkData, "lost"); err == nil {
		t.Error("a write without quorum was accepted")
	}
	must(t, lab.m[1], "drbdsetup", "down", "web")
	must(t, lab.m[1], "drbdadm", "adjust", "web")
	exits(t, 17, do(t, lab.m[1], "drbdadm", "primary", "web"))
	must(t, lab.m[1], "drbdsetup", "forget-peer", "web", "0")
	must(t, lab.m[1], "drbdadm", "primary", "web")
}
