package physical_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/lvm"
	"github.com/holdfast-storage/holdfast/internal/provider/physical"
	"github.com/holdfast-storage/holdfast/internal/provider/plantest"
	"github.com/holdfast-storage/holdfast/internal/provider/zfs"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

func maker() *physical.Maker { return physical.NewMaker(lvm.New(), zfs.New()) }

func req(kind v1.ProviderKind, devices ...string) v1.PhysicalStorageCreate {
	return v1.PhysicalStorageCreate{ProviderKind: kind, PoolName: "tank", DevicePaths: devices}
}

func with(r v1.PhysicalStorageCreate, change func(r *v1.PhysicalStorageCreate)) v1.PhysicalStorageCreate {
	change(&r)
	return r
}

// empty answers like a node on which nothing has the pool's name.
func empty(t *testing.T) *plantest.Host {
	return &plantest.Host{T: t, Answers: []plantest.Answer{
		{Tool: "lsblk --json --bytes --nodeps --output KNAME,PATH /dev/disk/by-id/ata-1", Stdout: `{"blockdevices":[{"kname":"sda","path":"/dev/sda"}]}`},
		{Tool: "lsblk --json --bytes --nodeps", Exit: 32, Stderr: "not a block device"},
		{Tool: "lsblk", Stdout: file(t, "lsblk.json")},
		{Tool: "vgs", Exit: 5, Stdout: `{"report":[{"vg":[]}]}`, Stderr: `Volume group "x" not found`},
		{Tool: "zpool", Exit: 1, Stderr: "cannot open 'tank': no such pool"},
	}}
}

func TestPlanCreate(t *testing.T) {
	const lvmThin, zfsKind = v1.ProviderKindLvmThin, v1.ProviderKindZfs
	var b strings.Builder
	for _, tc := range []struct {
		name string
		req  v1.PhysicalStorageCreate
	}{
		{"LVM", req(v1.ProviderKindLvm, "/dev/sda")},
		{"LVM_THIN", req(lvmThin, "/dev/sda", "/dev/nvme0n1")},
		{"ZFS mirror by links", with(req(zfsKind, "/dev/disk/by-id/ata-1", "/dev/sde"), func(r *v1.PhysicalStorageCreate) {
			r.ZpoolCreateArguments = []string{"-o ashift=12", "mirror"}
		})},
		{"default name", with(req(lvmThin, "/dev/sda"), func(r *v1.PhysicalStorageCreate) { r.PoolName = "" })},
		{"arguments", with(req(lvmThin, "/dev/sda"), func(r *v1.PhysicalStorageCreate) {
			r.PVCreateArguments, r.VGCreateArguments, r.LVCreateArguments = []string{"--dataalignment", "4m"}, []string{"-s 8m"}, []string{"--chunksize=128k"}
		})},
		{"missing device", req(lvmThin, "/dev/sdx")},
		{"twice", req(lvmThin, "/dev/sda", "/dev/disk/by-id/ata-1")},
		{"file system", req(lvmThin, "/dev/vda")},
		{"physical volume in use", req(lvmThin, "/dev/vdb")},
		{"partition", req(lvmThin, "/dev/sdb1")},
		{"partitioned disk", req(zfsKind, "/dev/sdb")},
		{"empty partition table", req(zfsKind, "/dev/sdc")},
		{"too small", req(lvmThin, "/dev/sdd")},
		{"read-only", req(lvmThin, "/dev/sdf")},
		{"DRBD", req(lvmThin, "/dev/drbd1001")},
		{"loop", req(lvmThin, "/dev/loop0")},
		{"zvol", req(lvmThin, "/dev/zd0")},
		{"swap in memory", req(lvmThin, "/dev/zram0")},
		{"one good, one not", req(lvmThin, "/dev/sda", "/dev/vda")},
		{"no device", req(lvmThin)},
		{"no absolute path", req(lvmThin, "sda")},
		{"path with parent", req(lvmThin, "/dev/../sda")},
		{"other kind", req(v1.ProviderKindSpdk, "/dev/sda")},
		{"RAID level", with(req(lvmThin, "/dev/sda"), func(r *v1.PhysicalStorageCreate) { r.RaidLevel = "RAID5" })},
		{"VDO", with(req(lvmThin, "/dev/sda"), func(r *v1.PhysicalStorageCreate) { r.VDOEnable = true })},
		{"SED", with(req(lvmThin, "/dev/sda"), func(r *v1.PhysicalStorageCreate) { r.Sed = true })},
		{"force", with(req(lvmThin, "/dev/sda"), func(r *v1.PhysicalStorageCreate) { r.VGCreateArguments = []string{"--metadatasize 1m -f"} })},
		{"open quote", with(req(lvmThin, "/dev/sda"), func(r *v1.PhysicalStorageCreate) { r.VGCreateArguments = []string{"'"} })},
	} {
		fmt.Fprintf(&b, "== %s\n", tc.name)
		o, err := maker().Observe(context.Background(), empty(t), tc.req)
		if err != nil {
			plantest.ShowErr(&b, err)
			continue
		}
		b.WriteString(plantest.Show(maker().PlanCreate(tc.req, o)))
		if backing, err := maker().Backing(tc.req); err == nil {
			fmt.Fprintf(&b, "backing: %s\n", backing)
		}
	}
	plantest.Golden(t, "plan", b.String())
}

// makePool plans and carries out until nothing is left to do.
func makePool(h run.Host, r v1.PhysicalStorageCreate) error {
	for range 6 {
		o, err := maker().Observe(context.Background(), h, r)
		if err != nil {
			return err
		}
		steps, err := maker().PlanCreate(r, o)
		if err != nil || len(steps) == 0 {
			return err
		}
		for _, s := range steps {
			if err := provider.Execute(context.Background(), h, s); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("no fixpoint")
}

func machine() *sim.Machine {
	m := sim.NewMachine("n1")
	for _, d := range []string{"b", "c", "d"} {
		m.AddDisk("/dev/vd"+d, d, 2<<30)
	}
	sim.NewLVM(m)
	sim.NewZFS(m)
	return m
}

func kinds() []v1.ProviderKind {
	return []v1.ProviderKind{v1.ProviderKindLvm, v1.ProviderKindLvmThin, v1.ProviderKindZfs, v1.ProviderKindZfsThin}
}

func providerOf(kind v1.ProviderKind) provider.Provider {
	if kind == v1.ProviderKindLvm || kind == v1.ProviderKindLvmThin {
		return lvm.New()
	}
	return zfs.New()
}

// A device pool that was made can be used as a storage pool, and its disks are no
// longer offered.
func TestMakeAndUse(t *testing.T) {
	for _, kind := range kinds() {
		t.Run(string(kind), func(t *testing.T) {
			m := machine()
			r := req(kind, "/dev/vdb", "/dev/disk/by-id/virtio-c")
			if err := makePool(m, r); err != nil {
				t.Fatal(err)
			}
			backing, err := maker().Backing(r)
			if err != nil {
				t.Fatal(err)
			}
			pool := provider.Pool{Name: "p", Kind: kind, Backing: backing}
			obs, err := providerOf(kind).Scan(context.Background(), m, []provider.Pool{pool})
			if err != nil || obs.Pools["p"].Err != nil {
				t.Fatalf("scan: %v, %v", err, obs.Pools["p"].Err)
			}
			if total := obs.Pools["p"].Space.TotalKiB; total < 3<<20 {
				t.Errorf("the pool has only %d KiB", total)
			}
			left, err := physical.List(context.Background(), m)
			if err != nil || len(left) != 1 || left[0].Path != "/dev/vdd" {
				t.Errorf("still offered: %v, %v", left, err)
			}
			m.ForgetCommands()
			if err := makePool(m, r); err != nil || len(m.Changes()) != 0 {
				t.Errorf("a second time: %v, changes %v", err, m.Changes())
			}
			other := with(r, func(r *v1.PhysicalStorageCreate) { r.DevicePaths = []string{"/dev/vdb", "/dev/vdd"} })
			if _, isFault := fault.As(makePool(m, other)); !isFault {
				t.Error("the same pool on other devices is no fault")
			}
		})
	}
}

func TestCrash(t *testing.T) {
	for _, kind := range kinds() {
		for name, f := range map[string]sim.Fault{"killed": {Kind: sim.Crash}, "power loss": {Kind: sim.Power, Lost: -1}, "lost reply": {Kind: sim.Half}} {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				for k := range 3 {
					m := machine()
					m.SetFaults(sim.AfterChange(k, f))
					_ = makePool(m.Process(), req(kind, "/dev/vdb", "/dev/vdc"))
					m.SetFaults(nil)
					if err := makePool(m.Process(), req(kind, "/dev/vdb", "/dev/vdc")); err != nil {
						t.Errorf("after a fault at change %d: %v", k, err)
					}
				}
			})
		}
	}
}

// What is on a disk stays there, whatever it is and however late it came.
func TestDataIsSafe(t *testing.T) {
	signs := map[string]string{"file system": sim.MarkFS, "LUKS": "luks", "DRBD": "drbd-md", "LVM": "lvm", "ZFS": "zfs", "partitions": sim.MarkPartitions}
	for _, kind := range kinds() {
		for what, mark := range signs {
			m := machine()
			if err := m.SetMark("/dev/vdc", mark, "ext4"); err != nil {
				t.Fatal(err)
			}
			if _, isFault := fault.As(makePool(m, req(kind, "/dev/vdb", "/dev/vdc"))); !isFault {
				t.Errorf("%s over %s: no fault", kind, what)
			}
			if len(m.Changes()) != 0 || m.Mark("/dev/vdc", mark) != "ext4" {
				t.Errorf("%s over %s: changed by %v", kind, what, m.Changes())
			}
		}
		// Between the look and the deed the tool's own check holds.
		m := machine()
		r := req(kind, "/dev/vdb")
		o, err := maker().Observe(context.Background(), m, r)
		if err != nil {
			t.Fatal(err)
		}
		steps, err := maker().PlanCreate(r, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.SetMark("/dev/vdb", sim.MarkFS, "xfs"); err != nil {
			t.Fatal(err)
		}
		if err := provider.Execute(context.Background(), m, steps[0]); err == nil || m.Mark("/dev/vdb", sim.MarkFS) != "xfs" {
			t.Errorf("%s over a new file system: %v", kind, err)
		}
	}
}

func TestForeignPoolOfThatName(t *testing.T) {
	m := sim.NewMachine("n1")
	m.AddDisk("/dev/vdb", "b", 2<<30)
	m.AddDisk("/dev/vdc", "c", 2<<30)
	l, z := sim.NewLVM(m), sim.NewZFS(m)
	if err := l.AddVG("tank", "/dev/vdb"); err != nil {
		t.Fatal(err)
	}
	if err := z.AddPool("tank", "/dev/vdb"); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []v1.ProviderKind{v1.ProviderKindLvm, v1.ProviderKindZfs} {
		for _, dev := range []string{"/dev/vdb", "/dev/vdc"} {
			f, isFault := fault.As(makePool(m, req(kind, dev)))
			if !isFault || f.Code != v1.FailExistsStoragePool {
				t.Errorf("%s on %s: %v", kind, dev, f)
			}
		}
	}
	if len(m.Changes()) != 0 {
		t.Errorf("changes: %v", m.Changes())
	}
}

func TestDevicesAreNeverForced(t *testing.T) {
	for _, kind := range kinds() {
		r := req(kind, "/dev/sda", "/dev/nvme0n1")
		o, err := maker().Observe(context.Background(), empty(t), r)
		if err != nil {
			t.Fatal(err)
		}
		steps, err := maker().PlanCreate(r, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range []string{"-f", "-ff", "--force", "-y", "--yes"} {
			if slices.Contains(steps[0].Cmd.Argv, w) {
				t.Errorf("%s: %s", kind, steps[0].Cmd)
			}
		}
	}
}
