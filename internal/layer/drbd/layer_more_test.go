package drbd_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Metadata on a device of its own leaves the volume's device to the data.
func TestLayerExternalMetadata(t *testing.T) {
	const meta = "/dev/vg/web.meta_00000"
	l := newLab(t, 2, 2, true)
	var outs []layer.Output
	for range 2 {
		outs = nil
		for _, n := range l.nodes {
			n.spec.DRBD.Volumes[0].ExternalMeta = true
			if n.m.DeviceSize(meta) <= 0 {
				n.must("lvcreate", "--yes", "--name", "web.meta_00000", "--virtualsize", "4096k", "--thinpool", "pool", "vg")
			}
			for range 3 {
				in := n.input(false)
				d := in.Lower[0]
				d.Parts = map[string]layer.Device{".meta": {Path: meta, SizeKiB: 4096, Present: true}}
				in.Lower[0] = d
				outs = append(outs, n.execute(in))
			}
		}
	}
	if got := disks(outs); got != strings.TrimSpace(strings.Repeat("UpToDate ", 6)) {
		t.Errorf("disks: %s", got)
	}
	last := outs[len(outs)-1]
	if len(last.Steps) > 0 || last.Devices[0].SizeKiB < labNetKiB || last.Volumes[0].AllocatedKiB != last.Volumes[0].UsableKiB {
		t.Errorf("%+v", last)
	}
}

// Without its part a volume waits, and nothing is written to its device.
func TestLayerWaitsForParts(t *testing.T) {
	l := newLab(t, 2, 2, true)
	n := l.nodes[0]
	n.spec.DRBD.Volumes[0].ExternalMeta = true
	if _, out, err := n.plan(n.input(false)); err != nil || len(out.Steps) > 0 || len(out.Waiting) == 0 {
		t.Errorf("%+v %v", out, err)
	}
}

// A plan for a user has the whole way, although nothing is there yet.
func TestLayerForesees(t *testing.T) {
	l := newLab(t, 2, 2, true)
	n := l.nodes[1]
	in := n.input(false)
	in.Foresee, in.Lower = true, map[int]layer.Device{0: {Foreseen: true, SizeKiB: 65588}}
	n.m.ForgetCommands()
	_, out, err := n.plan(in)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, s := range out.Steps {
		fmt.Fprintf(&b, "%d %s # %s\n", s.Volume, s.Step, s.Why)
	}
	golden(t, "layer-foresee.txt", []byte(b.String()))
	if d := out.Devices[0]; !d.Foreseen || d.Present || d.SizeKiB != labNetKiB {
		t.Errorf("%+v", d)
	}
	if got := n.commands(); len(got) > 4 {
		t.Errorf("commands: %q", got)
	}
}

// A host that has another name than the cluster knows does nothing.
func TestLayerOfAnotherHost(t *testing.T) {
	l := newLab(t, 2, 2, true)
	n := l.nodes[0]
	n.spec.DRBD.Nodes[0].Uname = "other"
	if _, _, err := n.plan(n.input(false)); err == nil || !strings.Contains(err.Error(), "no member") {
		t.Errorf("error: %v", err)
	}
}

// Without numbers nothing is started, and the fault says what to do.
func TestLayerWithoutNumbers(t *testing.T) {
	for want, spoil := range map[string]func(r *link.Resource){
		"no node id":      func(r *link.Resource) { r.DRBD = nil },
		"its volume 0":    func(r *link.Resource) { r.DRBD.Volumes = nil },
		"no minor number": func(r *link.Resource) { r.DRBD.Volumes[0].Minor = -1 },
	} {
		n := newLab(t, 2, 2, true).nodes[0]
		in := n.input(false)
		spoil(in.Resource)
		_, out, err := n.plan(in)
		if want == "its volume 0" {
			_, err = n.layer.LowerKiB(in.Resource, &link.Volume{}, 1<<20)
		}
		f, ok := fault.As(err)
		if !ok || !strings.Contains(f.Cause, want) || f.Correction == "" || len(out.Steps) > 0 {
			t.Errorf("%s: %v, %d steps", want, err, len(out.Steps))
		}
	}
}

// A replica whose numbers are lost can be deleted, but no volume alone: that would take
// the others down with it. What is not ours stays.
func TestLayerWithoutNumbersGoes(t *testing.T) {
	l := newLab(t, 2, 2, true)
	l.settle()
	node := l.nodes[0]
	going := func(whole bool) layer.Input {
		in := node.input(true)
		r := node.spec
		r.DRBD, r.Delete = nil, whole
		in.Resource, in.Volumes, in.Whole = &r, r.Volumes, whole
		return in
	}
	alone := going(false)
	if _, out, err := node.plan(alone); err == nil || len(out.Steps) > 0 {
		t.Errorf("a volume alone: %v, %d steps", err, len(out.Steps))
	}
	node.execute(going(true))
	if out := node.execute(going(true)); len(out.Steps) > 0 || !out.Released[0] {
		t.Errorf("deleted: %+v", out)
	}
	if _, err := node.m.ReadFile(context.Background(), labRes); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is left: %v", err)
	}
	if err := node.m.WriteFile(context.Background(), run.File{Path: labRes, Data: []byte("resource web { }")}); err != nil {
		t.Fatal(err)
	}
	if _, out, err := node.plan(going(true)); err == nil || len(out.Steps) > 0 {
		t.Errorf("another's file: %v, %d steps", err, len(out.Steps))
	}
}

// After a reboot without its disk, a replica stays down: its peers would count its vote as
// if it had the data. It is up when the disk is back, and without it where the user says so.
func TestLayerWithoutItsDisk(t *testing.T) {
	for _, skip := range []bool{false, true} {
		l := newLab(t, 2, 2, true)
		l.settle()
		n := l.nodes[0]
		before, err := n.m.ReadFile(context.Background(), labRes)
		if err != nil {
			t.Fatal(err)
		}
		n.m.PowerLoss(0)
		n.restart()
		n.spec.DRBD.SkipDisk = skip
		var out layer.Output
		for range 4 {
			in := n.input(false)
			in.Lower = nil
			out = n.execute(in)
		}
		if up := len(n.drbd.Running()) == 1; up != skip || !skip && (len(out.Waiting) == 0 || !strings.Contains(out.Waiting[0], "DRBD stays down")) || len(out.Steps) > 0 {
			t.Errorf("skip %v: %+v", skip, out)
		}
		if skip && (out.Volumes[0].DiskState != "Diskless" || out.DRBD.Links[0].State != "Connected") {
			t.Errorf("not used over the network: %+v %+v", out, out.DRBD)
		}
		if after, err := n.m.ReadFile(context.Background(), labRes); err != nil || string(after) != string(before) {
			t.Errorf("the file has changed: %v\n%s", err, after)
		}
		n.spec.DRBD.SkipDisk = false
		n.must("lvchange", "--activate", "y", "vg/web_00000")
		if got := disks(l.settle()); got != "UpToDate UpToDate" {
			t.Errorf("disks: %s", got)
		}
	}
}

// A resource whose only volume goes is taken down as a whole.
func TestLayerDropsTheLastVolume(t *testing.T) {
	l := newLab(t, 2, 2, true)
	l.settle()
	n := l.nodes[0]
	n.spec.Volumes[0].Delete = true
	in := n.input(true)
	if n.execute(in); in.Whole {
		t.Fatal("the test is not about this")
	}
	if out := n.execute(n.input(true)); !out.Released[0] || len(out.Steps) > 0 {
		t.Errorf("%+v", out)
	}
	n.must("lvremove", "--yes", "vg/web_00000")
}

func TestLayerRefusesBadInstructions(t *testing.T) {
	for name, change := range map[string]func(r *link.Resource){
		"no DRBD":      func(r *link.Resource) { r.DRBD = nil },
		"start":        func(r *link.Resource) { r.DRBD.Volumes[0].Start = "somehow" },
		"identifier":   func(r *link.Resource) { r.DRBD.Volumes[0].Day0 = "no" },
		"address":      func(r *link.Resource) { r.DRBD.Nodes[1].Address = "nowhere" },
		"port":         func(r *link.Resource) { r.DRBD.Nodes[0].Port = 70000 },
		"secret":       func(r *link.Resource) { r.DRBD.Secret = "" },
		"no own disks": func(r *link.Resource) { r.DRBD.Volumes = nil },
	} {
		l := newLab(t, 2, 2, true)
		n := l.nodes[0]
		in := n.input(false)
		change(&n.spec)
		if _, out, err := n.plan(in); err == nil || len(out.Steps) > 0 {
			t.Errorf("%s: %+v", name, out)
		}
	}
}
