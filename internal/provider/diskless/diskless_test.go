package diskless

import (
	"context"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

func TestDisklessNeverTouchesTheMachine(t *testing.T) {
	m := sim.NewMachine("n1")
	p := New()
	pool := provider.Pool{Name: "DfltDisklessStorPool", Kind: v1.ProviderKindDiskless}
	obs, err := p.Scan(context.Background(), m, []provider.Pool{pool})
	if err != nil {
		t.Fatal(err)
	}
	st, found := obs.Pools[pool.Name]
	if !found || st.Err != nil || st.Space.FreeKiB <= 0 {
		t.Errorf("pool state = %+v, found %v", st, found)
	}
	want := provider.Volume{UUID: "u", Name: "r_00000", SizeKiB: 1 << 40}
	steps, err := p.Plan(pool, st, want, nil)
	if len(steps) != 0 || err != nil {
		t.Errorf("Plan = %v, %v", steps, err)
	}
	steps, err = p.PlanDelete(pool, want, nil)
	if len(steps) != 0 || err != nil {
		t.Errorf("PlanDelete = %v, %v", steps, err)
	}
	if c := m.Commands(); len(c) != 0 {
		t.Errorf("commands were run: %v", c)
	}
}

func TestDisklessKind(t *testing.T) {
	k := New().Kinds()
	if len(k) != 1 || k[0].Kind != v1.ProviderKindDiskless || !k[0].Diskless || k[0].Snapshots || len(k[0].Tools) != 0 {
		t.Errorf("kinds = %+v", k)
	}
}
