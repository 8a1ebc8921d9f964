package lvm_test

import (
	"context"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/lvm"
	"github.com/holdfast-storage/holdfast/internal/provider/providertest"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// lvmOf finds the LVM that a harness has put on a machine.
type lvmOf map[*sim.Machine]*sim.LVM

func (l lvmOf) setup(t testing.TB, pool provider.Pool) (*sim.Machine, provider.Pool) {
	m := sim.NewMachine("n1")
	m.AddDisk("/dev/vdb", "b", providertest.PoolKiB<<9)
	m.AddDisk("/dev/vdc", "c", providertest.PoolKiB<<9)
	l[m] = sim.NewLVM(m)
	if err := l[m].AddVG("lab", "/dev/vdb", "/dev/vdc"); err != nil {
		t.Fatal(err)
	}
	if pool.Kind == v1.ProviderKindLvmThin {
		if err := l[m].AddThinPool("lab", "pool"); err != nil {
			t.Fatal(err)
		}
	}
	return m, pool
}

func (l lvmOf) plant(thin string, tags ...string) func(*sim.Machine, provider.Pool, string) error {
	return func(m *sim.Machine, _ provider.Pool, name string) error {
		return l[m].PlantLV("lab", thin, name, 8<<20, tags...)
	}
}

func TestContractThick(t *testing.T) {
	l := lvmOf{}
	providertest.Run(t, providertest.Harness{
		Kind: v1.ProviderKindLvm, Provider: lvm.New(),
		Setup:   func(t testing.TB) (*sim.Machine, provider.Pool) { return l.setup(t, thick()) },
		Missing: func(p provider.Pool) provider.Pool { p.Backing = "gone"; return p },
		Foreign: map[string]func(*sim.Machine, provider.Pool, string) error{
			"volume without tag":     l.plant(""),
			"volume with other tags": l.plant("", "backup", "holdfast.uuid.aaaaaaaa-2222-4333-8444-555555555555"),
			"volume with two tags": l.plant("", "holdfast.uuid.11111111-2222-4333-8444-000000000007r_00000",
				"holdfast.uuid.aaaaaaaa-2222-4333-8444-555555555555"),
		},
		Fill: func(m *sim.Machine, _ provider.Pool) { l[m].FillVG("lab") },
	})
}

func TestContractThin(t *testing.T) {
	l := lvmOf{}
	providertest.Run(t, providertest.Harness{
		Kind: v1.ProviderKindLvmThin, Provider: lvm.New(),
		Setup:   func(t testing.TB) (*sim.Machine, provider.Pool) { return l.setup(t, thin()) },
		Missing: func(p provider.Pool) provider.Pool { p.Backing = "lab/gone"; return p },
		Foreign: map[string]func(*sim.Machine, provider.Pool, string) error{
			"volume without tag": l.plant("pool"),
			"other identity":     l.plant("pool", "holdfast.uuid.aaaaaaaa-2222-4333-8444-555555555555"),
		},
	})
}

// One look costs two commands and a volume one, whatever its kind.
func TestCommandCount(t *testing.T) {
	for _, pool := range []provider.Pool{thick(), thin()} {
		l := lvmOf{}
		m, pool := l.setup(t, pool)
		obs, err := lvm.New().Scan(context.Background(), m, []provider.Pool{pool})
		if err != nil {
			t.Fatal(err)
		}
		if c := m.Commands(); len(c) != 2 {
			t.Errorf("%s: a scan runs %v", pool.Kind, c)
		}
		m.ForgetCommands()
		steps, err := lvm.New().Plan(pool, obs.Pools[pool.Name], vol("r_00000", uuidA, 8192), nil)
		if err != nil || len(steps) != 1 {
			t.Fatalf("%s: %v, %v", pool.Kind, steps, err)
		}
		if err := provider.Execute(context.Background(), m, steps[0]); err != nil {
			t.Fatal(err)
		}
		if c := m.Commands(); len(c) != 1 || m.DeviceSize("/dev/lab/r_00000") != 8<<20 {
			t.Errorf("%s: a volume takes %v", pool.Kind, c)
		}
	}
}

// An old signature in the space of a new volume must not come to life.
func TestNewVolumeHasNoSignature(t *testing.T) {
	l := lvmOf{}
	m, pool := l.setup(t, thick())
	create := func(name, uuid string) {
		t.Helper()
		obs := observe(t, m, pool)
		steps, err := lvm.New().Plan(pool, obs.Pools[pool.Name], vol(name, uuid, 8192), nil)
		if err != nil {
			t.Fatal(err)
		}
		carryOut(t, m, steps)
	}
	create("old_00000", uuidA)
	if err := m.SetMark("/dev/lab/old_00000", "drbd-md", "stale"); err != nil {
		t.Fatal(err)
	}
	obs := observe(t, m, pool)
	steps, err := lvm.New().PlanDelete(pool, vol("old_00000", uuidA, 0), have(obs, pool.Name, "old_00000"))
	if err != nil {
		t.Fatal(err)
	}
	carryOut(t, m, steps)
	create("new_00000", uuidB)
	if got := m.Mark("/dev/lab/new_00000", "drbd-md"); got != "" {
		t.Errorf("the new volume has DRBD metadata: %s", got)
	}
}

func observe(t *testing.T, m *sim.Machine, pool provider.Pool) provider.Observation {
	t.Helper()
	obs, err := lvm.New().Scan(context.Background(), m, []provider.Pool{pool})
	if err != nil {
		t.Fatal(err)
	}
	return obs
}

func carryOut(t *testing.T, m *sim.Machine, steps []provider.Step) {
	t.Helper()
	for _, s := range steps {
		if err := provider.Execute(context.Background(), m, s); err != nil {
			t.Fatal(err)
		}
	}
}
