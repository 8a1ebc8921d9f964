package providertest

import (
	"context"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

func testOtherUUID(t *testing.T, h Harness) {
	b := newBench(t, h)
	mine := vol("r_00000", smallKiB)
	b.must(mine, false)
	path := b.wantReady(mine).Path
	if err := b.m.SetMark(path, sim.MarkData, "precious"); err != nil {
		t.Fatal(err)
	}
	other := vol("r_00000", largeKiB)
	other.UUID = "99999999-2222-4333-8444-555555555555"
	b.m.ForgetCommands()
	for _, remove := range []bool{false, true} {
		steps, err := b.planOne(other, remove)
		if len(steps) != 0 {
			t.Errorf("remove %v: steps for another's volume: %v", remove, steps)
		}
		wantFault(t, err)
	}
	if c := b.m.Changes(); len(c) != 0 {
		t.Errorf("another's volume was changed: %v", c)
	}
	if b.m.Mark(b.wantReady(mine).Path, sim.MarkData) != "precious" {
		t.Error("data of another's volume is gone")
	}
}

func testForeign(t *testing.T, h Harness) {
	if len(h.Foreign) == 0 {
		t.Fatal("the harness plants nothing foreign")
	}
	for what, plantIt := range h.Foreign {
		t.Run(what, func(t *testing.T) {
			b := newBench(t, h)
			if err := plantIt(b.m, b.pool, "r_00000"); err != nil {
				t.Fatal(err)
			}
			for _, want := range []int64{smallKiB, largeKiB} {
				for _, remove := range []bool{false, true, true} {
					steps, err := b.planOne(vol("r_00000", want), remove)
					if len(steps) != 0 {
						t.Errorf("remove %v: steps for something foreign: %v", remove, steps)
					}
					wantFault(t, err)
				}
			}
			// Its neighbours are served all the same.
			b.must(vol("r_00001", smallKiB), false)
			b.wantReady(vol("r_00001", smallKiB))
			b.must(vol("r_00001", smallKiB), true)
			b.wantUndisturbed()
		})
	}
}

// testForeignRace lets somebody take the name between a plan and its steps.
func testForeignRace(t *testing.T, h Harness) {
	for what, plantIt := range h.Foreign {
		t.Run(what, func(t *testing.T) {
			b := newBench(t, h)
			steps, err := b.planOne(vol("r_00000", smallKiB), false)
			if err != nil {
				t.Fatal(err)
			}
			if err := plantIt(b.m, b.pool, "r_00000"); err != nil {
				t.Fatal(err)
			}
			before, err := b.planOne(vol("r_00000", smallKiB), false)
			if err == nil {
				t.Fatalf("the name is taken, and still the plan is %v", before)
			}
			for _, s := range steps {
				if err = provider.Execute(context.Background(), b.host, s); err != nil {
					break
				}
			}
			b.wantUndisturbed()
		})
	}
}

func testMissing(t *testing.T, h Harness) {
	b := newBench(t, h)
	good := b.pool
	b.pool = h.Missing(b.pool)
	state, _, err := b.scan()
	if err != nil {
		t.Fatalf("one missing pool makes the whole scan fail: %v", err)
	}
	wantFault(t, state.Err)
	steps, err := h.Provider.Plan(b.pool, state, vol("r_00000", smallKiB), nil)
	if err == nil || len(steps) != 0 {
		t.Errorf("Plan in a missing pool = %v, %v", steps, err)
	}
	b.pool = good
	b.must(vol("r_00000", smallKiB), false)
}
