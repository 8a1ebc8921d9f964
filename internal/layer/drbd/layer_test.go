package drbd_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

const threeUp = "UpToDate UpToDate UpToDate"

// Replicas on storage that reads as zeroes come up without a resync.
func TestLayerBringsUpWithoutResync(t *testing.T) {
	l := newLab(t, 3, 3, true)
	l.net.HoldResync(true) // a resync would never end
	outs := l.settle()
	if got := disks(outs); got != threeUp {
		t.Fatalf("disks: %s", got)
	}
	for i, o := range outs {
		d := o.Devices[0]
		if !d.Present || d.Path != labDevice || d.SizeKiB < labNetKiB || d.Open || !d.Thin {
			t.Errorf("n%d offers %+v", i+1, d)
		}
		v := o.Volumes[0]
		if v.DevicePath != labDevice || v.BackingPath != labLower || v.UsableKiB != d.SizeKiB || v.AllocatedKiB <= v.UsableKiB {
			t.Errorf("n%d reports %+v", i+1, v)
		}
		if !o.Made[0] || !o.DRBDVolumes[0].MetaReady || o.DRBDVolumes[0].Minor != 1000 || *o.InUse {
			t.Errorf("n%d: made %v, volume %+v", i+1, o.Made, o.DRBDVolumes[0])
		}
		if len(o.DRBD.Links) != 2 || !*o.DRBD.MayPromote || o.DRBD.PromotionScore == 0 || o.DRBD.Role != "Secondary" {
			t.Fatalf("n%d: %+v", i+1, o.DRBD)
		}
	}
	want := link.DRBDLink{Peer: "node-n2", NodeID: 1, State: "Connected", Role: "Secondary",
		Volumes: []link.DRBDPeerVolume{{Replication: "Established", Disk: "UpToDate", DonePercent: -1}}}
	if got := outs[0].DRBD.Links[0]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("link %+v, want %+v", got, want)
	}
}

// Without knowing what is on the disks, all is copied from the winner.
func TestLayerBringsUpWithResync(t *testing.T) {
	l := newLab(t, 3, 3, false)
	l.net.HoldResync(true)
	outs := l.settle()
	if got := disks(outs); got != "UpToDate Inconsistent Inconsistent" {
		t.Fatalf("disks: %s", got)
	}
	if p := outs[0].DRBD.Links[0].Volumes[0]; p.Replication != "SyncSource" || p.OutOfSyncKiB < labNetKiB || p.DonePercent < 0 {
		t.Errorf("the winner sees %+v", p)
	}
	l.net.HoldResync(false)
	if got := disks(l.settle()); got != threeUp {
		t.Errorf("after the resync: %s", got)
	}
}

// A crash after any change, or a loss of power, is healed by looking and planning
// again.
func TestLayerSurvivesCrashes(t *testing.T) {
	for _, kind := range []sim.Kind{sim.Crash, sim.Half, sim.Power} {
		for n := 1; ; n++ {
			l := newLab(t, 2, 2, true)
			first := l.nodes[0]
			first.m.SetFaults(sim.AfterChange(n, sim.Fault{Kind: kind, Lost: -1}))
			struck := false
			for done := false; !done && !struck; {
				var err error
				done, _, err = first.round()
				struck = err != nil
			}
			first.m.SetFaults(nil)
			first.restart()
			if kind == sim.Power {
				first.must("lvchange", "--activate", "y", "vg/web_00000")
			}
			if got := disks(l.settle()); got != "UpToDate UpToDate" {
				t.Fatalf("fault %v after change %d: disks %s", kind, n, got)
			}
			if !struck {
				if n < 8 {
					t.Errorf("only %d changes were struck", n-1)
				}
				break
			}
		}
	}
}

func TestLayerTakesDown(t *testing.T) {
	l := newLab(t, 2, 2, true)
	l.settle()
	n := l.nodes[0]
	if err := n.m.Hold(labDevice); err != nil {
		t.Fatal(err)
	}
	n.spec.Delete = true
	if _, _, err := n.round(); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a resource in use is taken down: %v", err)
	}
	if err := n.m.Release(labDevice); err != nil {
		t.Fatal(err)
	}
	out := n.settle()
	if !out.Released[0] {
		t.Error("the lower device is not released")
	}
	if files, err := n.m.Glob(context.Background(), "/var/lib/linstor.d/*.res"); err != nil || len(files) > 0 {
		t.Errorf("left: %v %v", files, err)
	}
	n.must("lvremove", "--yes", "vg/web_00000")
}

// A replica that becomes diskless lets go of its disk only while a peer has the
// data.
func TestLayerTogglesToDiskless(t *testing.T) {
	l := newLab(t, 2, 2, true)
	l.settle()
	l.each(func(d *link.DRBD) { d.Nodes[0].Diskless = true })
	n := l.nodes[0]
	n.spec.Diskless, n.spec.Volumes[0].Drop = true, true
	l.net.Cut("n1", "n2")
	out := n.settle()
	if out.Released[0] || len(out.Waiting) == 0 {
		t.Errorf("the last good disk is let go: %+v", out)
	}
	l.net.HealAll()
	out = n.settle()
	if !out.Released[0] || out.Made[0] || out.Volumes[0].DiskState != "Diskless" || !out.Devices[0].Present {
		t.Errorf("released %v, made %v, %+v", out.Released, out.Made, out.Volumes[0])
	}
	n.must("lvremove", "--yes", "vg/web_00000")
	n.spec.Volumes[0].Drop = false
	if got := disks(l.settle()); got != "Diskless UpToDate" {
		t.Errorf("disks: %s", got)
	}
}

func TestLayerGrows(t *testing.T) {
	l := newLab(t, 2, 2, true)
	was := l.settle()[0].Devices[0].SizeKiB
	for i, n := range l.nodes {
		n.spec.Volumes[0].SizeKiB = 2 * labNetKiB
		kib, err := n.layer.LowerKiB(&n.spec, &n.spec.Volumes[0], 2*labNetKiB)
		if err != nil {
			t.Fatal(err)
		}
		n.must("lvextend", "--size", fmt.Sprintf("%dk", kib), "vg/web_00000")
		if i == 0 {
			n.spec.DRBD.Volumes[0].GrowKiB, n.spec.DRBD.Volumes[0].GrowClean = 2*labNetKiB, true
		}
	}
	for i, o := range l.settle() {
		if got := o.Devices[0].SizeKiB; got < 2*labNetKiB || got <= was {
			t.Errorf("n%d has %d KiB, before %d", i+1, got, was)
		}
	}
}

// A volume that goes leaves the configuration; then its device is free.
func TestLayerDropsAVolume(t *testing.T) {
	l := newLab(t, 2, 2, true)
	for _, n := range l.nodes {
		second := n.spec.DRBD.Volumes[0]
		second.Number, second.Minor = 1, 1001
		n.spec.DRBD.Volumes = append(n.spec.DRBD.Volumes, second)
		n.spec.Volumes = append(n.spec.Volumes, link.Volume{Number: 1, UUID: "v", SizeKiB: labNetKiB, Create: true})
		n.must("lvcreate", "--yes", "--name", "web_00001", "--virtualsize", "65588k", "--thinpool", "pool", "vg")
	}
	l.nodes[0].made[labUnknown], l.nodes[1].made[labUnknown] = false, false
	l.settle()
	n := l.nodes[0]
	n.spec.Volumes[1].Delete = true
	if _, out, err := n.plan(n.input(true)); err != nil || out.Released[1] || len(out.Steps) > 0 {
		t.Errorf("before: %+v %v", out, err)
	}
	n.settle()
	if _, out, err := n.plan(n.input(true)); err != nil || !out.Released[1] {
		t.Errorf("after: %+v %v", out, err)
	}
	n.must("lvremove", "--yes", "vg/web_00001")
}

func TestLayerRefusesAForeignResource(t *testing.T) {
	l := newLab(t, 2, 1, true)
	n := l.nodes[0]
	other := *n.spec.DRBD
	other.Secret = "c29tZWJvZHkgZWxzZQ=="
	mine := n.spec.DRBD
	n.spec.DRBD = &other
	n.settle()
	for _, f := range []string{labRes, "/var/lib/linstor.d/.backup/web.res"} {
		if err := n.m.Remove(context.Background(), f); err != nil {
			t.Fatal(err)
		}
	}
	n.spec.DRBD = mine
	if _, _, err := n.round(); err == nil || !strings.Contains(err.Error(), "not Holdfast's") {
		t.Errorf("error: %v", err)
	}
	// It is not in the way of a deletion, but its disk is.
	n.spec.Delete = true
	if _, out, err := n.round(); err != nil || len(out.Steps) > 0 {
		t.Errorf("steps %v, error %v", out.Steps, err)
	}
	in := n.input(true)
	in.Lower = map[int]layer.Device{0: {Path: labLower}}
	if _, out, _ := n.plan(in); out.Released[0] {
		t.Error("a disk of another resource is released")
	}
	in.Lower = map[int]layer.Device{0: {Path: "/dev/vg/else"}}
	if _, out, _ := n.plan(in); !out.Released[0] {
		t.Error("a disk that nobody uses is not released")
	}
	// With the secret that the nodes share it is ours.
	n.spec.Delete, n.spec.DRBD = false, &other
	n.settle()
}

// Data that is not DRBD's is never overwritten, and what cannot be looked at neither.
func TestLayerKeepsDataOfOthers(t *testing.T) {
	l := newLab(t, 2, 2, true)
	n := l.nodes[0]
	n.storage()
	n.must("mkfs.ext4", labLower)
	if _, _, err := n.round(); err == nil || !strings.Contains(err.Error(), "ext4") {
		t.Errorf("error: %v", err)
	}
	n.must("wipefs", "--all", labLower)
	n.m.Register("blkid", func(*sim.Machine, run.Cmd) run.Result {
		return run.Result{ExitCode: 2, Stderr: []byte("blkid: error: " + labLower + ": Input/output error")}
	})
	if _, _, err := n.round(); err == nil || !strings.Contains(err.Error(), "could not be found out") {
		t.Errorf("error: %v", err)
	}
}

// When DRBD refuses a configuration, the last good one takes its place.
func TestLayerRecovers(t *testing.T) {
	l := newLab(t, 2, 2, true)
	l.settle()
	n := l.nodes[0]
	good, err := n.m.ReadFile(context.Background(), labRes)
	if err != nil {
		t.Fatal(err)
	}
	n.spec.DRBD.Options = []link.DRBDOption{{Name: "quorum", Value: "majority"}}
	in, out, err := n.plan(n.input(false))
	if err != nil || len(out.Steps) == 0 {
		t.Fatal(out.Steps, err)
	}
	steps := n.layer.Recover(in)
	if len(steps) != 1 || steps[0].Write == nil || steps[0].Write.Path != labRes || string(steps[0].Write.Data) != string(good) {
		t.Errorf("steps: %v", steps)
	}
}

// The bitmap of a peer that is gone is freed once.
func TestLayerForgetsPeers(t *testing.T) {
	l := newLab(t, 3, 3, true)
	l.settle()
	gone := l.nodes[2]
	gone.spec.Delete = true
	gone.settle()
	l.nodes = l.nodes[:2]
	l.each(func(d *link.DRBD) { d.Nodes, d.Forget = d.Nodes[:2], []int{2} })
	l.settle()
	forgets := slices.DeleteFunc(l.nodes[0].commands(), func(c string) bool { return !strings.Contains(c, "forget-peer") })
	if len(forgets) != 1 {
		t.Errorf("forgets: %q", forgets)
	}
}

// TestLayerBudget counts the commands of making three replicas. A bare script needs
// the same but for the looks.
func TestLayerBudget(t *testing.T) {
	l := newLab(t, 3, 3, true)
	for _, n := range l.nodes {
		if _, err := n.layer.Scan(context.Background(), n.process); err != nil {
			t.Fatal(err)
		}
		n.m.ForgetCommands()
	}
	l.settle()
	var b strings.Builder
	for i, want := range []int{1 + 3 + 1, 1 + 1 + 1, 1 + 1 + 1} {
		n := l.nodes[i]
		changes, looks := 0, map[string]int{}
		for _, r := range n.m.Commands() {
			switch {
			case strings.HasPrefix(r.Argv[0], "lv"):
			case r.Changing:
				changes++
			default:
				looks[r.Argv[0]]++
			}
		}
		if changes != want {
			t.Errorf("%s: %d changing commands, want %d", n.m.Name(), changes, want)
		}
		if looks["drbdmeta"] > 1 || looks["blkid"] > 1 || looks["drbdsetup"] > 4 {
			t.Errorf("%s: looks %v", n.m.Name(), looks)
		}
		fmt.Fprintf(&b, "%s\n    %s\n", n.m.Name(), strings.Join(n.commands(), "\n    "))
	}
	golden(t, "commands-three-replicas.txt", []byte(b.String()))
}

// A node that has settled is looked at with one command, however often.
func TestLayerAtRest(t *testing.T) {
	l := newLab(t, 2, 2, true)
	l.settle()
	n := l.nodes[0]
	n.m.ForgetCommands()
	n.settle()
	if got := n.commands(); len(got) != 1 || !strings.HasPrefix(got[0], "drbdsetup events2") {
		t.Errorf("commands: %q", got)
	}
}
