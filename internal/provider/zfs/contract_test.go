package zfs_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/providertest"
	"github.com/holdfast-storage/holdfast/internal/provider/zfs"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

func TestContract(t *testing.T) {
	for _, kind := range []v1.ProviderKind{v1.ProviderKindZfs, v1.ProviderKindZfsThin} {
		t.Run(string(kind), func(t *testing.T) {
			on := map[*sim.Machine]*sim.ZFS{}
			h := providertest.Harness{
				Kind: kind, Provider: zfs.New(),
				Setup: func(t testing.TB) (*sim.Machine, provider.Pool) {
					m := sim.NewMachine("n1")
					m.AddDisk("/dev/vdb", "b", providertest.PoolKiB<<10)
					on[m] = sim.NewZFS(m)
					if err := on[m].AddPool("tank", "/dev/vdb"); err != nil {
						t.Fatal(err)
					}
					on[m].AddDataset("tank/volumes", nil)
					return m, provider.Pool{Name: "p", Kind: kind, Backing: "tank/volumes"}
				},
				Missing: func(p provider.Pool) provider.Pool { p.Backing = "gone"; return p },
				Foreign: map[string]func(*sim.Machine, provider.Pool, string) error{
					"volume without property": func(m *sim.Machine, p provider.Pool, name string) error {
						on[m].PlantVolume(p.Backing+"/"+name, 8<<20, nil)
						return nil
					},
					"volume with another identity": func(m *sim.Machine, p provider.Pool, name string) error {
						on[m].PlantVolume(p.Backing+"/"+name, 8<<20, map[string]string{"holdfast:uuid": "aaaaaaaa-2222-4333-8444-555555555555"})
						return nil
					},
					"volume that inherits the identity": func(m *sim.Machine, p provider.Pool, name string) error {
						on[m].AddDataset(p.Backing, map[string]string{"holdfast:uuid": "11111111-2222-4333-8444-000000000007" + name})
						on[m].PlantVolume(p.Backing+"/"+name, 8<<20, nil)
						return nil
					},
					"file system": func(m *sim.Machine, p provider.Pool, name string) error {
						on[m].PlantDataset(p.Backing + "/" + name)
						return nil
					},
				},
			}
			if kind == v1.ProviderKindZfs {
				h.Fill = func(m *sim.Machine, _ provider.Pool) { on[m].Fill("tank") }
			}
			providertest.Run(t, h)
		})
	}
}

// One look costs two commands; a volume takes one and the wait for its device.
func TestCommandCount(t *testing.T) {
	m := sim.NewMachine("n1")
	m.AddDisk("/dev/vdb", "b", 1<<30)
	if err := sim.NewZFS(m).AddPool("tank", "/dev/vdb"); err != nil {
		t.Fatal(err)
	}
	obs, err := zfs.New().Scan(context.Background(), m, []provider.Pool{thick()})
	if err != nil {
		t.Fatal(err)
	}
	if c := m.Commands(); len(c) != 2 {
		t.Errorf("a scan runs %v", c)
	}
	steps, err := zfs.New().Plan(thick(), obs.Pools["fat"], vol("r_00000", uuidA, 8192), nil)
	if err != nil || len(steps) != 2 {
		t.Errorf("a volume takes %v, %v", steps, err)
	}
}

// A snapshot that somebody took after the look stops the deletion all the same.
func TestSnapshotIsKept(t *testing.T) {
	m := sim.NewMachine("n1")
	m.AddDisk("/dev/vdb", "b", 1<<30)
	z := sim.NewZFS(m)
	if err := z.AddPool("tank", "/dev/vdb"); err != nil {
		t.Fatal(err)
	}
	z.PlantVolume("tank/r_00000", 8<<20, map[string]string{"holdfast:uuid": uuidA})
	pool := thick(zfs.KeyDeleteStrategy, "Delete")
	look := func() ([]provider.Step, error) {
		obs, err := zfs.New().Scan(context.Background(), m, []provider.Pool{pool})
		if err != nil {
			t.Fatal(err)
		}
		return zfs.New().PlanDelete(pool, vol("r_00000", uuidA, 0), have(obs, "fat", "r_00000"))
	}
	steps, err := look()
	if err != nil || len(steps) != 2 {
		t.Fatalf("%v, %v", steps, err)
	}
	z.Snapshot("tank/r_00000", "s")
	for _, s := range steps {
		err = provider.Execute(context.Background(), m, s)
	}
	var exit *run.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("destroy with a snapshot: %v", err)
	}
	if err := zfs.New().Explain(exit.Cmd, exit.Result); !errors.Is(err, zfs.ErrDependents) {
		t.Errorf("explained as %v", err)
	}
	if steps, err := look(); err == nil {
		t.Errorf("planned %v over a snapshot", steps)
	}
}

// A volume can be removed right after it was made, although udev looks at a new
// device and zfs calls it busy meanwhile.
func TestRemoveWhileUdevLooks(t *testing.T) {
	m := sim.NewMachine("n1")
	m.AddDisk("/dev/vdb", "b", 1<<30)
	if err := sim.NewZFS(m).AddPool("tank", "/dev/vdb"); err != nil {
		t.Fatal(err)
	}
	ctx, p := context.Background(), zfs.New()
	carryOut := func(steps []provider.Step, err error) {
		t.Helper()
		for _, s := range steps {
			err = errors.Join(err, provider.Execute(ctx, m, s))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	look := func() provider.Observation {
		t.Helper()
		obs, err := p.Scan(ctx, m, []provider.Pool{thick()})
		if err != nil {
			t.Fatal(err)
		}
		return obs
	}
	want := vol("r_00000", uuidA, 8192)
	carryOut(p.Plan(thick(), look().Pools["fat"], want, nil))
	r, err := m.Run(ctx, run.Command("zfs", "destroy", "tank/r_00000"))
	if err != nil || !errors.Is(p.Explain(run.Command("zfs", "destroy", "tank/r_00000"), r), zfs.ErrInUse) {
		t.Fatalf("without waiting: %v, %s", err, r.Stderr)
	}
	carryOut(p.PlanDelete(thick(), want, have(look(), "fat", "r_00000")))
	if d := have(look(), "fat", "r_00000"); d != nil {
		t.Errorf("left: %+v", d)
	}
}

func TestSnapshotContract(t *testing.T) {
	for _, kind := range []v1.ProviderKind{v1.ProviderKindZfs, v1.ProviderKindZfsThin} {
		t.Run(string(kind), func(t *testing.T) {
			on := map[*sim.Machine]*sim.ZFS{}
			providertest.Snapshots(t, providertest.SnapshotHarness{
				Harness: providertest.Harness{Kind: kind, Provider: zfs.New(), Setup: func(t testing.TB) (*sim.Machine, provider.Pool) {
					m := sim.NewMachine("n1")
					m.AddDisk("/dev/vdb", "b", providertest.PoolKiB<<10)
					on[m] = sim.NewZFS(m)
					if err := on[m].AddPool("tank", "/dev/vdb"); err != nil {
						t.Fatal(err)
					}
					return m, provider.Pool{Name: "p", Kind: kind, Backing: "tank"}
				}},
				Data: func(m *sim.Machine, p provider.Pool, name string) string {
					return on[m].SnapshotMark(p.Backing+"/"+name, sim.MarkData)
				},
				// It shows the identity of its volume, which it inherits.
				Plant: func(m *sim.Machine, p provider.Pool, name string) error {
					volume, snap, _ := strings.Cut(name, "@")
					on[m].Snapshot(p.Backing+"/"+volume, snap)
					return nil
				},
			})
		})
	}
}

// Options that reach beyond the volume, or take the identity away, are refused.
func TestSnapshotOptions(t *testing.T) {
	want, have := vol("r_00000", uuidA, 1), &provider.Observed{Pool: "fat", Name: "r_00000", UUID: uuidA}
	snap := provider.Volume{Name: "r_00000@s1", UUID: "77777777-2222-4333-8444-555555555555"}
	for _, bad := range []string{"-r", "-R", "-o holdfast:uuid=x", "-oholdfast:uuid=x", "tank/other@s1", "'"} {
		pool := thick()
		pool.Props = map[string]string{zfs.KeySnapshotOptions: bad}
		if steps, err := zfs.New().PlanSnapshot(pool, provider.PoolState{}, want, have, snap, nil); err == nil {
			t.Errorf("options %q are taken: %v", bad, steps)
		}
	}
	for _, name := range []string{"r_00000", "r_00000@", "r_00000@a,b", "r_00000@%", "r_00000@-r"} {
		odd := snap
		odd.Name = name
		if steps, err := zfs.New().PlanSnapshotDelete(thick(), odd, &provider.Observed{Name: name, UUID: snap.UUID}); err == nil {
			t.Errorf("the name %q is taken: %v", name, steps)
		}
	}
}
