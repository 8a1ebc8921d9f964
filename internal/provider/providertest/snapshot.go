package providertest

import (
	"context"
	"fmt"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// SnapshotHarness is what the contract of snapshots needs to know about a kind of pool
// that takes them.
type SnapshotHarness struct {
	Harness
	// Data reads the user data that a snapshot holds, by its on-disk name; empty where
	// it is not there.
	Data func(m *sim.Machine, pool provider.Pool, name string) string
	// Plant makes something of somebody else's under the on-disk name of a snapshot,
	// guarded with sim's Guard where it can be.
	Plant func(m *sim.Machine, pool provider.Pool, name string) error
}

// Snapshots runs the contract of package provider's Snapshotter.
func Snapshots(t *testing.T, h SnapshotHarness) {
	t.Helper()
	t.Run("take and remove", h.takeAndRemove)
	t.Run("foreign", h.foreignSnapshot)
	t.Run("only of the wanted volume", h.otherSource)
	for what, f := range map[string]sim.Fault{"killed": {Kind: sim.Crash}, "lost reply": {Kind: sim.Half}, "power loss": {Kind: sim.Power, Lost: -1}} {
		t.Run(what, func(t *testing.T) { h.interrupted(t, f) })
	}
	t.Run("full", h.fullForSnapshot)
}

func snapUUID(n int) string { return fmt.Sprintf("77777777-2222-4333-8444-%012d", n) }

// snapBench is a bench with a volume that holds data.
type snapBench struct {
	*bench
	h      SnapshotHarness
	taker  provider.Snapshotter
	source provider.Volume
	snap   provider.Volume
}

func (h SnapshotHarness) bench(t *testing.T) *snapBench {
	t.Helper()
	taker, ok := h.Provider.(provider.Snapshotter)
	if !ok {
		t.Fatalf("%s: the provider takes no snapshots", h.Kind)
	}
	b := &snapBench{bench: newBench(t, h.Harness), h: h, taker: taker, source: vol("r_00000", smallKiB)}
	b.snap = provider.Volume{UUID: snapUUID(1), Name: taker.SnapshotName(b.source.Name, "s1"), SizeKiB: 1}
	b.must(b.source, false)
	b.write("at snapshot")
	return b
}

func (b *snapBench) write(data string) {
	b.t.Helper()
	b.must(b.source, false)
	if err := b.m.SetMark(b.wantReady(b.source).Path, sim.MarkData, data); err != nil {
		b.t.Fatal(err)
	}
}

func (b *snapBench) plan(remove bool) ([]provider.Step, error) {
	state, devices, err := b.scan()
	if err != nil {
		return nil, err
	}
	at := func(name string) *provider.Observed {
		if d, found := devices[name]; found {
			return &d
		}
		return nil
	}
	if remove {
		return b.taker.PlanSnapshotDelete(b.pool, b.snap, at(b.snap.Name))
	}
	return b.taker.PlanSnapshot(b.pool, state, b.source, at(b.source.Name), b.snap, at(b.snap.Name))
}

// reach plans and carries out until nothing is left to do.
func (b *snapBench) reach(remove bool) error {
	for range maxRounds {
		steps, err := b.plan(remove)
		if err != nil || len(steps) == 0 {
			return err
		}
		for _, s := range steps {
			if err := provider.Execute(context.Background(), b.host, s); err != nil {
				return err
			}
		}
	}
	return errNoFixpoint
}

func (b *snapBench) wantData(want string) {
	b.t.Helper()
	if got := b.h.Data(b.m, b.pool, b.snap.Name); got != want {
		b.t.Errorf("the snapshot holds %q, want %q", got, want)
	}
}

func (h SnapshotHarness) takeAndRemove(t *testing.T) {
	b := h.bench(t)
	steps, err := b.plan(false)
	if err != nil || len(steps) == 0 {
		t.Fatalf("plan = %v, %v", steps, err)
	}
	for _, s := range steps {
		if s.Destructive {
			t.Errorf("taking a snapshot is destructive: %s", s)
		}
	}
	if err := b.reach(false); err != nil {
		t.Fatal(err)
	}
	if d := b.find(b.snap.Name); d == nil || d.UUID != b.snap.UUID {
		t.Fatalf("a scan shows the snapshot as %+v", d)
	}
	b.write("later")
	b.wantData("at snapshot")
	b.m.ForgetCommands()
	if err := b.reach(false); err != nil || len(b.m.Changes()) > 0 {
		t.Errorf("taking it again: %v, %v", err, b.m.Changes())
	}
	destructive := false
	steps, err = b.plan(true)
	for _, s := range steps {
		destructive = destructive || s.Destructive
	}
	if err != nil || !destructive {
		t.Errorf("removing it is not destructive: %v, %v", steps, err)
	}
	if err := b.reach(true); err != nil {
		t.Fatal(err)
	}
	b.wantData("")
	if b.find(b.snap.Name) != nil || b.m.Mark(b.wantReady(b.source).Path, sim.MarkData) != "later" {
		t.Error("the snapshot is left, or the volume went with it")
	}
	if err := b.reach(true); err != nil {
		t.Errorf("removing what is gone: %v", err)
	}
}

func (h SnapshotHarness) foreignSnapshot(t *testing.T) {
	b := h.bench(t)
	if err := h.Plant(b.m, b.pool, b.snap.Name); err != nil {
		t.Fatal(err)
	}
	for _, remove := range []bool{false, true} {
		steps, err := b.plan(remove)
		if len(steps) > 0 {
			t.Errorf("remove %v: steps for something foreign: %v", remove, steps)
		}
		wantFault(t, err)
	}
	b.wantUndisturbed()
	// A snapshot of our own with another identity is another one.
	own := h.bench(t)
	if err := own.reach(false); err != nil {
		t.Fatal(err)
	}
	own.snap.UUID = snapUUID(2)
	for _, remove := range []bool{false, true} {
		steps, err := own.plan(remove)
		if len(steps) > 0 {
			t.Errorf("remove %v: steps for another snapshot: %v", remove, steps)
		}
		wantFault(t, err)
	}
	own.wantData("at snapshot")
}

func (h SnapshotHarness) otherSource(t *testing.T) {
	b := h.bench(t)
	good := b.source
	b.source.UUID = snapUUID(9)
	steps, err := b.plan(false)
	if len(steps) > 0 {
		t.Errorf("a snapshot of somebody else's volume: %v", steps)
	}
	wantFault(t, err)
	b.source = good
	b.must(good, true)
	steps, err = b.plan(false)
	if len(steps) > 0 {
		t.Errorf("a snapshot of nothing: %v", steps)
	}
	wantFault(t, err)
}

// interrupted stops the taking and the removal after each of their changes.
func (h SnapshotHarness) interrupted(t *testing.T, f sim.Fault) {
	for _, remove := range []bool{false, true} {
		for k := range maxSteps {
			b := h.bench(t)
			if remove {
				if err := b.reach(false); err != nil {
					t.Fatal(err)
				}
			}
			b.m.SetFaults(sim.AfterChange(k, f))
			before := b.reach(remove)
			b.restart()
			if err := b.reach(remove); err != nil {
				t.Fatalf("remove %v, after a fault at change %d: %v", remove, k, err)
			}
			want := "at snapshot"
			if remove {
				want = ""
			}
			b.wantData(want)
			if before == nil {
				break
			}
		}
	}
}

func (h SnapshotHarness) fullForSnapshot(t *testing.T) {
	b := h.bench(t)
	b.m.SetFaults(sim.FaultFunc(func(p sim.Point) sim.Fault {
		if p.After {
			return sim.Fault{}
		}
		return sim.Fault{Kind: sim.Full}
	}))
	if err := b.reach(false); err == nil {
		t.Error("a snapshot was taken without space")
	}
	b.restart()
	if err := b.reach(false); err != nil {
		t.Fatalf("with space again: %v", err)
	}
	b.wantData("at snapshot")
}
