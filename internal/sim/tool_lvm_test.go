package sim_test

import (
	"context"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

const lvmConfig = `devices { filter=["r|^/dev/drbd.*|"] }`

func lvmRun(t *testing.T, m *sim.Machine, tool string, args ...string) run.Result {
	t.Helper()
	r, err := m.Run(context.Background(), run.Command(append([]string{tool, "--config", lvmConfig}, args...)...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func withVG(t *testing.T) *sim.Machine {
	t.Helper()
	m := sim.NewMachine("n1")
	m.AddDisk("/dev/vdb", "b", 1<<30)
	if err := sim.NewLVM(m).AddVG("vg", "/dev/vdb"); err != nil {
		t.Fatal(err)
	}
	return m
}

// Old signatures come back in a new volume, unless lvcreate is told to wipe them.
func TestLVMStaleSignatures(t *testing.T) {
	for wipe, want := range map[string]string{"y": "", "n": "ext4"} {
		m := withVG(t)
		lvmRun(t, m, "lvcreate", "--yes", "--name", "a", "--size", "4096k", "vg")
		if err := m.SetMark("/dev/vg/a", sim.MarkFS, "ext4"); err != nil {
			t.Fatal(err)
		}
		lvmRun(t, m, "lvremove", "--yes", "vg/a")
		lvmRun(t, m, "lvcreate", "--yes", "--wipesignatures", wipe, "--name", "b", "--size", "4096k", "vg")
		if got := m.Mark("/dev/vg/b", sim.MarkFS); got != want {
			t.Errorf("--wipesignatures %s: signature %q, want %q", wipe, got, want)
		}
	}
}

func TestLVMRefusals(t *testing.T) {
	m := withVG(t)
	lvmRun(t, m, "lvcreate", "--yes", "--addtag", "t", "--name", "a", "--size", "1k", "vg")
	if size := m.DeviceSize("/dev/vg/a"); size != 4<<20 {
		t.Errorf("size %d is not a whole extent", size)
	}
	if err := m.Mount("/dev/vg/a", "/mnt"); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		argv []string
		exit int
		said string
	}{
		{[]string{"lvremove", "--yes", "vg/a"}, 5, "is used by another device"},
		{[]string{"lvchange", "-qq", "--activate", "n", "vg/a"}, 5, "in use"},
		{[]string{"lvremove", "--yes", "--select", `lv_tags={"other"}`, "vg/a"}, 0, ""},
		{[]string{"lvextend", "-qq", "--size", "4096k", "vg/a"}, 5, "matches existing size"},
		{[]string{"lvextend", "-qq", "--size", "99999999k", "vg/a"}, 5, "Insufficient free space"},
		{[]string{"lvcreate", "--yes", "--name", "a", "--size", "1k", "vg"}, 5, "already exists"},
		{[]string{"lvcreate", "--yes", "--mirrors", "1", "--name", "b", "--size", "1k", "vg"}, 64, "not modelled"},
		{[]string{"lvremove", "--yes", "vg/none"}, 5, "Failed to find logical volume"},
		{[]string{"vgcreate", "-qq", "other", "/dev/vdb"}, 5, "is already in volume group"},
	} {
		if r := lvmRun(t, m, tc.argv[0], tc.argv[1:]...); r.ExitCode != tc.exit || !strings.Contains(string(r.Stderr), tc.said) {
			t.Errorf("%v: exit %d, %s", tc.argv, r.ExitCode, r.Stderr)
		}
	}
	r, err := m.Run(context.Background(), run.Command("lvs", "vg"))
	if err != nil || r.ExitCode != 64 {
		t.Errorf("lvs without filter: exit %d, %v", r.ExitCode, err)
	}
}
