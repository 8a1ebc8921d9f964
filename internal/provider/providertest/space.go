package providertest

import (
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

func testTooLarge(t *testing.T, h Harness) {
	if h.Fill == nil {
		t.Skip("a thin pool takes volumes of any size")
	}
	b := newBench(t, h)
	b.m.ForgetCommands()
	f := wantFault(t, b.converge(vol("r_00000", 2*PoolKiB), false))
	if f.Code != v1.FailNotEnoughFreeSpace {
		t.Errorf("code = %#x, want that of too little space", uint64(f.Code))
	}
	if c := b.m.Changes(); len(c) != 0 {
		t.Errorf("a volume that does not fit was begun: %v", c)
	}
	grown := vol("r_00001", smallKiB)
	b.must(grown, false)
	f = wantFault(t, b.converge(vol("r_00001", 2*PoolKiB), false))
	if f.Code != v1.FailNotEnoughFreeSpace {
		t.Errorf("code = %#x, want that of too little space", uint64(f.Code))
	}
	b.wantReady(grown)
}

// testFullInTheMiddle lets a creation fail after each of its changes, and the pool
// be full from then on: the volume is complete, or nothing of it is left.
func testFullInTheMiddle(t *testing.T, h Harness) {
	if h.Fill == nil {
		t.Skip("the provider cannot see that a thin pool is full")
	}
	want := vol("r_00000", smallKiB)
	for k := 0; ; k++ {
		b := newBench(t, h)
		struck, seen := false, 0
		b.m.SetFaults(sim.FaultFunc(func(p sim.Point) sim.Fault {
			if p.After && p.Changing {
				seen++
			}
			if !p.After && seen >= k && (p.Op == sim.OpWrite || p.Op == sim.OpRun) {
				struck = true
				return sim.Fault{Kind: sim.Full}
			}
			return sim.Fault{}
		}))
		err := b.converge(want, false)
		if err == nil {
			if k == 0 && struck {
				// Nothing this provider does needs space as far as the model knows.
				t.Fatal("a full pool does not stop the creation")
			}
			return
		}
		b.restart()
		h.Fill(b.m, b.pool)
		if err := b.converge(want, false); err == nil {
			b.wantReady(want)
			continue
		} else {
			wantFault(t, err)
		}
		if d := b.find(want.Name); d != nil {
			t.Errorf("full after %d changes: half-made volume stays: %+v", k, d)
		}
	}
}
