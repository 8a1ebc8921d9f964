package file

import (
	"context"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/providertest"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

const poolDir = "/srv/pool"

func setup(kind v1.ProviderKind) func(testing.TB) (*sim.Machine, provider.Pool) {
	return func(testing.TB) (*sim.Machine, provider.Pool) {
		m := sim.NewMachine("n1")
		m.MountFS(poolDir, sim.FileSystem{Type: "xfs", CapacityBytes: providertest.PoolKiB << 10, Reflink: true})
		return m, provider.Pool{Name: "p1", Kind: kind, Backing: poolDir}
	}
}

func harness(kind v1.ProviderKind) providertest.Harness {
	h := providertest.Harness{
		Kind: kind, Provider: New(), Setup: setup(kind),
		Missing: func(p provider.Pool) provider.Pool {
			p.Backing = "/srv/nothing"
			return p
		},
		Foreign: foreign,
		Fill:    func(m *sim.Machine, _ provider.Pool) { m.Fill(poolDir, 0) },
	}
	if kind == v1.ProviderKindFileThin {
		h.Fill = nil
	}
	return h
}

// foreign are the look-alikes of a volume.
var foreign = map[string]func(m *sim.Machine, p provider.Pool, name string) error{
	"file without sidecar": func(m *sim.Machine, p provider.Pool, name string) error {
		return m.PlantFile(imagePath(p.Backing, name), 'f', 1<<20)
	},
	"empty file without sidecar": func(m *sim.Machine, p provider.Pool, name string) error {
		return m.PlantFile(imagePath(p.Backing, name), 'f', 0)
	},
	"attached file without sidecar": func(m *sim.Machine, p provider.Pool, name string) error {
		if err := m.PlantFile(imagePath(p.Backing, name), 'f', 1<<20); err != nil {
			return err
		}
		_, err := m.PlantLoop(imagePath(p.Backing, name), 0)
		return err
	},
	"directory": func(m *sim.Machine, p provider.Pool, name string) error {
		return m.PlantFile(imagePath(p.Backing, name), 'd', 0)
	},
	"symbolic link": func(m *sim.Machine, p provider.Pool, name string) error {
		return m.PlantFile(imagePath(p.Backing, name), 'l', 12)
	},
	"sidecar of another volume": func(m *sim.Machine, p provider.Pool, name string) error {
		if err := m.PlantFile(imagePath(p.Backing, name), 'f', 1<<20); err != nil {
			return err
		}
		return m.PlantData(sidecarPath(p.Backing, name), sidecar{UUID: "other", Phase: phaseReady, SizeKiB: 1024}.file("").Data)
	},
	"broken sidecar": func(m *sim.Machine, p provider.Pool, name string) error {
		if err := m.PlantFile(imagePath(p.Backing, name), 'f', 1<<20); err != nil {
			return err
		}
		return m.PlantData(sidecarPath(p.Backing, name), []byte(`{"uuid":`))
	},
	"directory in place of the sidecar": func(m *sim.Machine, p provider.Pool, name string) error {
		return m.PlantFile(sidecarPath(p.Backing, name), 'd', 0)
	},
	"deleted file on a loop device": func(m *sim.Machine, p provider.Pool, name string) error {
		img := imagePath(p.Backing, name)
		if err := m.WriteFile(context.Background(), run.File{Path: img, Data: make([]byte, 8192)}); err != nil {
			return err
		}
		_, err := m.PlantLoop(img, 0)
		m.Unlink(img)
		return err
	},
}

func TestContractThick(t *testing.T) { providertest.Run(t, harness(v1.ProviderKindFile)) }

func TestContractThin(t *testing.T) { providertest.Run(t, harness(v1.ProviderKindFileThin)) }

func TestSnapshotContract(t *testing.T) {
	for _, kind := range []v1.ProviderKind{v1.ProviderKindFile, v1.ProviderKindFileThin} {
		t.Run(string(kind), func(t *testing.T) {
			providertest.Snapshots(t, providertest.SnapshotHarness{
				Harness: providertest.Harness{Kind: kind, Provider: New(), Setup: func(t testing.TB) (*sim.Machine, provider.Pool) {
					m := sim.NewMachine("n1")
					m.MakeDir(poolDir)
					m.MountFS(poolDir, sim.FileSystem{Type: "xfs", CapacityBytes: providertest.PoolKiB << 10, Reflink: true})
					return m, provider.Pool{Name: "p1", Kind: kind, Backing: poolDir}
				}},
				Data: func(m *sim.Machine, p provider.Pool, name string) string {
					return m.FileMark(imagePath(p.Backing, name), sim.MarkData)
				},
				Plant: foreign["file without sidecar"],
			})
		})
	}
}

// Where the file system cannot share blocks, the pool says so before anybody tries.
func TestNoSnapshotsWithoutReflinks(t *testing.T) {
	for kind, can := range map[string]bool{"ext4": false, "tmpfs": false, "xfs": true, "btrfs": true, "zfs": true} {
		m := sim.NewMachine("n1")
		m.MakeDir(poolDir)
		m.MountFS(poolDir, sim.FileSystem{Type: kind, CapacityBytes: 1 << 30})
		pool := provider.Pool{Name: "p1", Kind: v1.ProviderKindFileThin, Backing: poolDir}
		obs, err := New().Scan(context.Background(), m, []provider.Pool{pool})
		if err != nil {
			t.Fatal(err)
		}
		if why := obs.Pools["p1"].NoSnapshots; (why == "") != can {
			t.Errorf("%s: %q", kind, why)
		}
	}
}
