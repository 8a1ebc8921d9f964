package providertest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// testCrash stops a creation, a growth and a deletion after each of their changes
// in every way, and wants the next run to get there nevertheless.
func testCrash(t *testing.T, h Harness) {
	faults := map[string]sim.Fault{
		"killed":                         {Kind: sim.Crash},
		"lost reply":                     {Kind: sim.Half},
		"hung":                           {Kind: sim.Hang},
		"power loss":                     {Kind: sim.Power},
		"power loss, newest change lost": {Kind: sim.Power, Lost: 1},
		"power loss, unsynced lost":      {Kind: sim.Power, Lost: -1},
	}
	for what, f := range faults {
		t.Run(what, func(t *testing.T) {
			t.Run("create", func(t *testing.T) {
				crashEverywhere(t, h, f, nil, vol("r_00000", smallKiB), false)
			})
			t.Run("grow", func(t *testing.T) {
				crashEverywhere(t, h, f, []provider.Volume{vol("r_00000", smallKiB)}, vol("r_00000", largeKiB), false)
			})
			t.Run("delete", func(t *testing.T) {
				crashEverywhere(t, h, f, []provider.Volume{vol("r_00000", smallKiB)}, vol("r_00000", smallKiB), true)
			})
			t.Run("create, then delete what is there", func(t *testing.T) { crashThenDelete(t, h, f) })
		})
	}
}

// maxSteps bounds how many changes any operation may need.
const maxSteps = 60

// crashEverywhere repeats an operation with a fault after its kth change for every
// k there is, and goes on after it.
func crashEverywhere(t *testing.T, h Harness, f sim.Fault, first []provider.Volume, want provider.Volume, remove bool) {
	for k := range maxSteps {
		b := newBench(t, h)
		b.prepare(first)
		struck, err := b.strikeAt(k, f, want, remove)
		if !struck {
			if err != nil {
				t.Fatalf("without a fault: %v", err)
			}
			return
		}
		if errors.Is(err, errNoFixpoint) {
			t.Fatalf("fault after change %d: %v", k, err)
		}
		b.restart()
		if err := b.converge(want, remove); err != nil {
			t.Fatalf("after a fault at change %d: %v", k, err)
		}
		b.wantEnd(want, remove, len(first) > 0, fmt.Sprintf("after a fault at change %d", k))
	}
	t.Fatalf("more than %d changes", maxSteps)
}

// crashThenDelete gives up a creation that was cut off.
func crashThenDelete(t *testing.T, h Harness, f sim.Fault) {
	want := vol("r_00000", smallKiB)
	for k := range maxSteps {
		b := newBench(t, h)
		free, _, err := b.scan()
		if err != nil {
			t.Fatal(err)
		}
		struck, _ := b.strikeAt(k, f, want, false)
		if !struck {
			return
		}
		b.restart()
		if err := b.converge(want, true); err != nil {
			t.Fatalf("delete what was cut off after change %d: %v", k, err)
		}
		b.wantEnd(want, true, false, fmt.Sprintf("cut off after change %d", k))
		after, _, err := b.scan()
		if err != nil {
			t.Fatal(err)
		}
		if free.Space.FreeKiB != after.Space.FreeKiB {
			t.Errorf("cut off after change %d: %d KiB are not free again", k, free.Space.FreeKiB-after.Space.FreeKiB)
		}
	}
}

func (b *bench) prepare(first []provider.Volume) {
	b.t.Helper()
	for _, v := range first {
		b.must(v, false)
		if err := b.m.SetMark(b.wantReady(v).Path, sim.MarkData, "precious"); err != nil {
			b.t.Fatal(err)
		}
	}
}

// strikeAt carries an operation out with a fault after its kth change.
func (b *bench) strikeAt(k int, f sim.Fault, want provider.Volume, remove bool) (struck bool, err error) {
	aimed := sim.AfterChange(k, f)
	b.m.SetFaults(sim.FaultFunc(func(p sim.Point) sim.Fault {
		out := aimed.At(p)
		struck = struck || out.Kind != sim.None
		return out
	}))
	err = b.converge(want, remove)
	return struck, err
}

// wantEnd checks the end of an operation.
func (b *bench) wantEnd(want provider.Volume, remove, data bool, when string) {
	b.t.Helper()
	if remove {
		if d := b.find(want.Name); d != nil {
			b.t.Errorf("%s: still there: %+v", when, d)
		}
		return
	}
	d := b.wantReady(want)
	if got := b.m.Mark(d.Path, sim.MarkData); data && got != "precious" {
		b.t.Errorf("%s: data = %q", when, got)
	}
}
