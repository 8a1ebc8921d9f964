package providertest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// maxRounds is how often a plan may need another look at the machine.
const maxRounds = 12

// errNoFixpoint is a plan that wants the same again and again.
var errNoFixpoint = errors.New("no fixpoint reached")

// bench is one machine with one pool under test.
type bench struct {
	t    *testing.T
	h    Harness
	m    *sim.Machine
	pool provider.Pool
	host run.Host
}

func newBench(t *testing.T, h Harness) *bench {
	t.Helper()
	m, pool := h.Setup(t)
	return &bench{t: t, h: h, m: m, pool: pool, host: m.Process()}
}

func vol(name string, sizeKiB int64) provider.Volume {
	return provider.Volume{UUID: "11111111-2222-4333-8444-" + fmt.Sprintf("%012x", len(name)) + name, Name: name, SizeKiB: sizeKiB}
}

// restart stands for the program being started again after a crash.
func (b *bench) restart() {
	b.m.SetFaults(nil)
	b.host = b.m.Process()
}

func (b *bench) scan() (provider.PoolState, map[string]provider.Observed, error) {
	obs, err := b.h.Provider.Scan(context.Background(), b.host, []provider.Pool{b.pool})
	if err != nil {
		return provider.PoolState{}, nil, err
	}
	return obs.Pools[b.pool.Name], obs.Devices[b.pool.Name], nil
}

// planOne plans one volume on a fresh scan.
func (b *bench) planOne(want provider.Volume, remove bool) ([]provider.Step, error) {
	state, devices, err := b.scan()
	if err != nil {
		return nil, err
	}
	var have *provider.Observed
	if d, found := devices[want.Name]; found {
		have = &d
	}
	if remove {
		return b.h.Provider.PlanDelete(b.pool, want, have)
	}
	return b.h.Provider.Plan(b.pool, state, want, have)
}

// converge plans and carries out until nothing is left to do.
func (b *bench) converge(want provider.Volume, remove bool) error {
	for range maxRounds {
		steps, err := b.planOne(want, remove)
		if err != nil || len(steps) == 0 {
			return err
		}
		for _, s := range steps {
			if err := provider.Execute(context.Background(), b.host, s); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("%s: %w", want.Name, errNoFixpoint)
}

func (b *bench) must(want provider.Volume, remove bool) {
	b.t.Helper()
	if err := b.converge(want, remove); err != nil {
		b.t.Fatalf("converge %s (remove %v): %v", want.Name, remove, err)
	}
}

// find gives the observed device, nil for none.
func (b *bench) find(name string) *provider.Observed {
	b.t.Helper()
	_, devices, err := b.scan()
	if err != nil {
		b.t.Fatalf("scan: %v", err)
	}
	if d, found := devices[name]; found {
		return &d
	}
	return nil
}

// wantReady checks that a volume is there as it was wanted.
func (b *bench) wantReady(want provider.Volume) *provider.Observed {
	b.t.Helper()
	d := b.find(want.Name)
	switch {
	case d == nil:
		b.t.Fatalf("%s is not there", want.Name)
	case d.UUID != want.UUID:
		b.t.Fatalf("%s has UUID %q, want %q", want.Name, d.UUID, want.UUID)
	case d.SizeKiB < want.SizeKiB:
		b.t.Fatalf("%s has %d KiB, want %d", want.Name, d.SizeKiB, want.SizeKiB)
	case b.m.DeviceSize(d.Path) < want.SizeKiB*1024:
		b.t.Fatalf("%s: device %q has %d bytes, want %d KiB", want.Name, d.Path, b.m.DeviceSize(d.Path), want.SizeKiB)
	}
	return d
}

func (b *bench) wantUndisturbed() {
	b.t.Helper()
	for _, d := range b.m.Disturbed() {
		b.t.Errorf("somebody else's %s", d)
	}
}

// wantFault checks that an error tells the user what to do.
func wantFault(t *testing.T, err error) *fault.Fault {
	t.Helper()
	f, is := fault.As(err)
	if !is {
		t.Fatalf("error is no fault: %v", err)
	}
	if f.Message == "" || f.Cause == "" || f.Correction == "" {
		t.Errorf("fault lacks message, cause or correction: %+v", f)
	}
	return f
}
