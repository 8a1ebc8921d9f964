package providertest

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

func testCreate(t *testing.T, h Harness) {
	b := newBench(t, h)
	state, devices, err := b.scan()
	if err != nil || state.Err != nil {
		t.Fatalf("scan of an empty pool: %v, %v", err, state.Err)
	}
	if len(devices) != 0 {
		t.Errorf("an empty pool shows %v", devices)
	}
	if s := state.Space; s.TotalKiB <= 0 || s.FreeKiB <= 0 || s.FreeKiB > s.TotalKiB || s.GranularityKiB <= 0 {
		t.Errorf("space = %+v", s)
	}
	want := vol("r_00000", smallKiB+1)
	b.must(want, false)
	b.wantReady(want)
}

func testFixpoint(t *testing.T, h Harness) {
	b := newBench(t, h)
	want := vol("r_00000", smallKiB)
	b.must(want, false)
	b.m.ForgetCommands()
	b.must(want, false)
	if c := b.m.Changes(); len(c) != 0 {
		t.Errorf("changes without need: %v", c)
	}
}

func testPure(t *testing.T, h Harness) {
	b := newBench(t, h)
	want := vol("r_00000", smallKiB)
	for range 2 { // absent, then present
		_, devices, err := b.scan()
		if err != nil {
			t.Fatal(err)
		}
		one, err1 := b.planOne(want, false)
		two, err2 := b.planOne(want, false)
		if diff := cmp.Diff(one, two); diff != "" || (err1 == nil) != (err2 == nil) {
			t.Errorf("two plans of the same differ (%v, %v): %s", err1, err2, diff)
		}
		_, after, err := b.scan()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(devices, after); diff != "" {
			t.Errorf("planning has changed the machine: %s", diff)
		}
		b.must(want, false)
	}
}

func testScan(t *testing.T, h Harness) {
	b := newBench(t, h)
	count := func() int {
		b.m.ForgetCommands()
		if _, _, err := b.scan(); err != nil {
			t.Fatal(err)
		}
		if c := b.m.Changes(); len(c) != 0 {
			t.Errorf("a scan changes the machine: %v", c)
		}
		return len(b.m.Commands())
	}
	b.must(vol("r_00000", smallKiB), false)
	one := count()
	for i := 1; i < 12; i++ {
		b.must(vol(fmt.Sprintf("r_%05d", i), smallKiB), false)
	}
	if many := count(); many != one {
		t.Errorf("a scan runs %d commands for one volume and %d for twelve", one, many)
	}
}

func testGrow(t *testing.T, h Harness) {
	b := newBench(t, h)
	b.must(vol("r_00000", smallKiB), false)
	small := b.wantReady(vol("r_00000", smallKiB))
	if err := b.m.SetMark(small.Path, sim.MarkData, "precious"); err != nil {
		t.Fatal(err)
	}
	want := vol("r_00000", largeKiB)
	b.must(want, false)
	large := b.wantReady(want)
	if got := b.m.Mark(large.Path, sim.MarkData); got != "precious" {
		t.Errorf("data after growing = %q", got)
	}
	if large.Path != small.Path {
		t.Errorf("growing moved the device from %s to %s", small.Path, large.Path)
	}
}

func testSmaller(t *testing.T, h Harness) {
	b := newBench(t, h)
	b.must(vol("r_00000", largeKiB), false)
	b.m.ForgetCommands()
	b.must(vol("r_00000", smallKiB), false)
	b.wantReady(vol("r_00000", largeKiB))
	if c := b.m.Changes(); len(c) != 0 {
		t.Errorf("a smaller wish has changed a volume: %v", c)
	}
}

func testDelete(t *testing.T, h Harness) {
	b := newBench(t, h)
	before, _, err := b.scan()
	if err != nil {
		t.Fatal(err)
	}
	stays := vol("r_00001", smallKiB)
	b.must(stays, false)
	b.must(vol("r_00000", smallKiB), false)
	for range 2 { // deleting what is gone is no error
		b.must(vol("r_00000", smallKiB), true)
		if d := b.find("r_00000"); d != nil {
			t.Fatalf("deleted volume is still there: %+v", d)
		}
	}
	b.wantReady(stays)
	b.must(stays, true)
	after, _, err := b.scan()
	if err != nil {
		t.Fatal(err)
	}
	if before.Space.FreeKiB != after.Space.FreeKiB {
		t.Errorf("free space was %d KiB and is %d KiB after all is deleted", before.Space.FreeKiB, after.Space.FreeKiB)
	}
}

func testInUse(t *testing.T, h Harness) {
	for what, hold := range map[string]func(m *sim.Machine, path string) error{
		"mounted":             func(m *sim.Machine, path string) error { return m.Mount(path, "/mnt") },
		"held by a layer":     func(m *sim.Machine, path string) error { return m.HoldAs(path, "drbd1000") },
		"opened by a program": func(m *sim.Machine, path string) error { return m.Hold(path) },
	} {
		t.Run(what, func(t *testing.T) {
			b := newBench(t, h)
			want := vol("r_00000", smallKiB)
			b.prepare([]provider.Volume{want})
			path := b.wantReady(want).Path
			if err := hold(b.m, path); err != nil {
				t.Fatal(err)
			}
			// Whoever calls PlanDelete refuses a device that is seen to be open.
			if d := b.find(want.Name); d == nil || !d.Open {
				if err := b.converge(want, true); err == nil {
					t.Error("a volume in use was deleted")
				}
			}
			if got := b.m.Mark(path, sim.MarkData); got != "precious" {
				t.Errorf("data of a volume in use = %q", got)
			}
			if err := b.m.Release(path); err != nil {
				t.Fatal(err)
			}
			b.must(want, false) // the deletion was called off
			if d := b.wantReady(want); b.m.Mark(d.Path, sim.MarkData) != "precious" {
				t.Error("data is gone after a deletion that was refused")
			}
		})
	}
}

func testReboot(t *testing.T, h Harness) {
	b := newBench(t, h)
	want := vol("r_00000", smallKiB)
	b.must(want, false)
	if err := b.m.SetMark(b.wantReady(want).Path, sim.MarkData, "precious"); err != nil {
		t.Fatal(err)
	}
	b.m.PowerLoss(-1)
	b.restart()
	b.must(want, false)
	if d := b.wantReady(want); b.m.Mark(d.Path, sim.MarkData) != "precious" {
		t.Error("data is gone after a reboot")
	}
}

func testMissingTool(t *testing.T, h Harness) {
	b := newBench(t, h)
	b.m.ForgetCommands()
	if _, _, err := b.scan(); err != nil {
		t.Fatal(err)
	}
	for _, c := range b.m.Commands() {
		b := newBench(t, h)
		b.m.Uninstall(c.Argv[0])
		obs, err := h.Provider.Scan(context.Background(), b.host, []provider.Pool{b.pool})
		if err == nil && obs.Pools[b.pool.Name].Err == nil {
			t.Errorf("without %s a scan says that all is well", c.Argv[0])
		}
	}
}
