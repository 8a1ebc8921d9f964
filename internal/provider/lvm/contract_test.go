package lvm_test

import (
	"context"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
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

func TestSnapshotContract(t *testing.T) {
	l := lvmOf{}
	providertest.Snapshots(t, providertest.SnapshotHarness{
		Harness: providertest.Harness{Kind: v1.ProviderKindLvmThin, Provider: lvm.New(),
			Setup: func(t testing.TB) (*sim.Machine, provider.Pool) { return l.setup(t, thin()) }},
		Data: func(m *sim.Machine, _ provider.Pool, name string) string {
			return l[m].VolumeMark("lab", name, sim.MarkData)
		},
		Plant: func(m *sim.Machine, p provider.Pool, name string) error { return l.plant("pool")(m, p, name) },
	})
}

// A snapshot of a thick volume would take space and time of its own; the user is told
// what to use instead.
func TestNoThickSnapshots(t *testing.T) {
	steps, err := lvm.New().PlanSnapshot(thick(), provider.PoolState{}, vol("r_00000", uuidA, 1), nil, vol("r_00000_s1", uuidB, 1), nil)
	if f, is := fault.As(err); len(steps) > 0 || !is || f.Code != v1.FailSnapshotsNotSupported || f.Correction == "" {
		t.Errorf("plan = %v, %v", steps, err)
	}
}

// The very command: inactive, with its identity, and with the user's options.
func TestSnapshotCommand(t *testing.T) {
	obs := scan(t, lab(t), thin())
	pool := thin(lvm.KeySnapshotOptions, "--permission r")
	steps, err := lvm.New().PlanSnapshot(pool, obs.Pools["slim"], vol("r0_00000", uuidA, 1), have(obs, "slim", "r0_00000"), vol("r0_00000_s1", uuidB, 1), nil)
	if err != nil || len(steps) != 1 {
		t.Fatalf("%v, %v", steps, err)
	}
	want := "lvcreate --config 'devices { filter=[\"r|^/dev/drbd.*|\"] }' --yes --snapshot --setactivationskip y --addtag holdfast.uuid." + uuidB +
		" --name r0_00000_s1 --permission r lab/r0_00000"
	if got := steps[0].Cmd.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, bad := range []string{"-k n", "--setactivationskip n", "--name x", "'"} {
		if _, err := lvm.New().PlanSnapshot(thin(lvm.KeySnapshotOptions, bad), obs.Pools["slim"], vol("r0_00000", uuidA, 1),
			have(obs, "slim", "r0_00000"), vol("r0_00000_s1", uuidB, 1), nil); err == nil {
			t.Errorf("options %q are taken", bad)
		}
	}
}
