package zfs_test

import (
	"context"
	"fmt"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/plantest"
	"github.com/holdfast-storage/holdfast/internal/provider/zfs"
	"github.com/holdfast-storage/holdfast/internal/run"
)

func TestPlan(t *testing.T) {
	const key = zfs.KeyCreateOptions
	obs := scan(t, lab(t), thick(), thin())
	var b strings.Builder
	for _, tc := range []struct {
		name string
		pool provider.Pool
		want provider.Volume
	}{
		{name: "new thick volume", pool: thick(), want: vol("new_00000", uuidA, 10241)},
		{name: "new thin volume", pool: thin(), want: vol("new_00000", uuidA, 10241)},
		{name: "options", pool: thin(key, "-b 64k -o compression=lz4"), want: vol("new_00000", uuidA, 10241)},
		{name: "options of the volume win", pool: thin(key, "-b 64k"), want: vol("new_00000", uuidA, 10241, key, "-o volblocksize=1M")},
		{name: "attached option values", pool: thin(), want: vol("new_00000", uuidA, 10241, key, "-ovolblocksize=128K -ocompression=off")},
		{name: "there", pool: thick(), want: vol("db_00000", uuidA, 131072)},
		{name: "larger than wanted", pool: thick(), want: vol("db_00000", uuidA, 1)},
		{name: "grow by its own block size", pool: thick(), want: vol("db_00000", uuidA, 131073)},
		{name: "grow thin", pool: thin(), want: vol("own", uuidA, 1<<30)},
		{name: "no room", pool: thick(), want: vol("new_00000", uuidA, 1<<30)},
		{name: "no room to grow", pool: thick(), want: vol("db_00000", uuidA, 1<<30)},
		{name: "foreign without property", pool: thick(), want: vol("plain", uuidA, 1)},
		{name: "foreign identity", pool: thick(), want: vol("db_00000", uuidC, 999999)},
		{name: "inherited identity", pool: thin(), want: vol("inherits", uuidC, 999999)},
		{name: "file system of that name", pool: thick(), want: vol("home", uuidC, 1)},
		{name: "key not loaded", pool: thick(), want: vol("vault_00000", uuidA, 1)},
		{name: "bad name", pool: thick(), want: vol("a/b", uuidA, 1)},
		{name: "snapshot as name", pool: thick(), want: vol("v0@s1", uuidA, 1)},
		{name: "long name", pool: thick(), want: vol(strings.Repeat("x", 251), uuidA, 1)},
		{name: "no UUID", pool: thick(), want: vol("new_00000", "", 1)},
		{name: "no size", pool: thick(), want: vol("new_00000", uuidA, 0)},
		{name: "options with size", pool: thin(key, "-V 5g"), want: vol("new_00000", uuidA, 1)},
		{name: "options with identity", pool: thin(key, "-o holdfast:uuid=x"), want: vol("new_00000", uuidA, 1)},
		{name: "options with dataset", pool: thin(key, "tank/other"), want: vol("new_00000", uuidA, 1)},
		{name: "options with bad block size", pool: thin(key, "-b 9000"), want: vol("new_00000", uuidA, 1)},
		{name: "options with open quote", pool: thin(key, "'"), want: vol("new_00000", uuidA, 1)},
	} {
		fmt.Fprintf(&b, "== %s\n", tc.name)
		b.WriteString(plantest.Show(zfs.New().Plan(tc.pool, obs.Pools[tc.pool.Name], tc.want, have(obs, tc.pool.Name, tc.want.Name))))
	}
	plantest.Golden(t, "plan", b.String())
}

// What a thick volume takes is what refreservation of ZFS says, to the KiB.
func TestThickVolumeTakesMoreThanItsSize(t *testing.T) {
	for _, tc := range []struct {
		block            string
		sizeKiB, needKiB int64
	}{
		{"8K", 16, 2113536 >> 10},
		{"8K", 16 << 10, 19398656 >> 10},
		{"8K", 64 << 10, 71303168 >> 10},
		{"64K", 64 << 10, 69206016 >> 10},
	} {
		pool := thick(zfs.KeyCreateOptions, "-b "+tc.block)
		plan := func(freeKiB int64) error {
			state := provider.PoolState{Space: provider.Space{TotalKiB: 1 << 30, FreeKiB: freeKiB, GranularityKiB: 8}}
			_, err := zfs.New().Plan(pool, state, vol("new_00000", uuidA, tc.sizeKiB), nil)
			return err
		}
		if err := plan(tc.needKiB); err != nil {
			t.Errorf("%d KiB do not fit into %d KiB: %v", tc.sizeKiB, tc.needKiB, err)
		}
		if err := plan(tc.needKiB - 1); err == nil {
			t.Errorf("%d KiB fit into less than %d KiB", tc.sizeKiB, tc.needKiB)
		}
	}
}

func TestPlanDelete(t *testing.T) {
	obs := scan(t, lab(t), thick(), thin())
	var b strings.Builder
	for _, tc := range []struct {
		name string
		pool provider.Pool
		want provider.Volume
	}{
		{name: "gone", pool: thick(), want: vol("new_00000", uuidA, 0)},
		{name: "there", pool: thick(), want: vol("db_00000", uuidA, 0)},
		{name: "snapshots and clones", pool: thick(), want: vol("v0", uuidA, 0)},
		{name: "snapshots and clones, strategy Delete", pool: thick(zfs.KeyDeleteStrategy, "Delete"), want: vol("v0", uuidA, 0)},
		{name: "the definition's strategy wins", pool: thick(zfs.KeyDeleteStrategy, "Delete"), want: vol("v0", uuidA, 0, zfs.KeyDeleteStrategy, "Rename")},
		{name: "foreign without property", pool: thick(), want: vol("plain", uuidA, 0)},
		{name: "foreign identity", pool: thick(), want: vol("db_00000", uuidC, 0)},
		{name: "inherited identity", pool: thin(), want: vol("inherits", uuidC, 0)},
		{name: "file system", pool: thick(), want: vol("home", uuidC, 0)},
		{name: "no UUID", pool: thick(), want: vol("plain", "", 0)},
	} {
		fmt.Fprintf(&b, "== %s\n", tc.name)
		b.WriteString(plantest.Show(zfs.New().PlanDelete(tc.pool, tc.want, have(obs, tc.pool.Name, tc.want.Name))))
	}
	plantest.Golden(t, "delete", b.String())
}

func TestPoolGranularity(t *testing.T) {
	for line, want := range map[string]int64{"": 16, "-b 8K": 8, "-o volblocksize=131072": 128} {
		if got := scan(t, lab(t), thin(zfs.KeyCreateOptions, line)).Pools["slim"].Space.GranularityKiB; got != want {
			t.Errorf("%q: granularity %d KiB, want %d", line, got, want)
		}
	}
	if err := scan(t, lab(t), thin(zfs.KeyCreateOptions, "-b x")).Pools["slim"].Err; err == nil {
		t.Error("a bad option line is no fault of the pool")
	}
}

func TestExplain(t *testing.T) {
	var b strings.Builder
	for said := range strings.SplitSeq(file(t, "complaints.txt"), "\n--\n") {
		err := zfs.New().Explain(run.Command("zfs", "create", "x"), run.Result{ExitCode: 1, Stderr: []byte(said)})
		fmt.Fprintf(&b, "== %s\n", strings.TrimSpace(said))
		if err == nil {
			b.WriteString("unknown\n")
			continue
		}
		plantest.ShowErr(&b, err)
	}
	plantest.Golden(t, "complaints", b.String())
}

func TestPropertyKey(t *testing.T) {
	data, err := os.ReadFile("../../../../shared/facts/data/consts.json")
	if err != nil {
		t.Skipf("no catalogue of constants: %v", err)
	}
	for _, key := range []string{zfs.KeyCreateOptions, zfs.KeyDeleteStrategy} {
		name, found := strings.CutPrefix(key, "StorDriver/")
		if !found || !strings.Contains(string(data), `"value": "`+path.Base(name)+`"`) {
			t.Errorf("property %s is not in the catalogue", key)
		}
	}
}

func TestDevicePool(t *testing.T) {
	disks := []provider.BlockDevice{{Path: "/dev/vdb", SizeBytes: 1 << 31}, {Path: "/dev/vdc", SizeBytes: 1 << 31}}
	pool := func(name string, zpool ...string) provider.DevicePool {
		return provider.DevicePool{Kind: v1.ProviderKindZfs, Name: name, Devices: disks, Args: provider.DevicePoolArgs{Zpool: zpool}}
	}
	lvmArgs := pool("tank")
	lvmArgs.Args.VG = []string{"-s", "8m"}
	var b strings.Builder
	for _, tc := range []struct {
		name string
		want provider.DevicePool
		have provider.DevicePoolState
	}{
		{name: "plain", want: pool("tank")},
		{name: "mirror with options", want: pool("tank", "-o", "ashift=12", "mirror", "-O", "compression=lz4", "-m", "/tank")},
		{name: "raidz with mount point as property", want: pool("tank", "raidz2", "-O", "mountpoint=legacy")},
		{name: "done", want: pool("tank"), have: provider.DevicePoolState{Exists: true, Ours: true}},
		{name: "foreign", want: pool("tank"), have: provider.DevicePoolState{Exists: true}},
		{name: "force", want: pool("tank", "-f")},
		{name: "hidden force", want: pool("tank", "-df")},
		{name: "two levels", want: pool("tank", "mirror", "raidz")},
		{name: "log device", want: pool("tank", "log", "/dev/vdd")},
		{name: "one more device", want: pool("tank", "/dev/vdd")},
		{name: "own mark", want: pool("tank", "-O", "holdfast:pool=x")},
		{name: "LVM arguments", want: lvmArgs},
		{name: "reserved name", want: pool("mirror1")},
		{name: "bad name", want: pool("1tank")},
	} {
		fmt.Fprintf(&b, "== %s\n", tc.name)
		b.WriteString(plantest.Show(zfs.New().PlanDevicePool(tc.want, tc.have)))
	}
	plantest.Golden(t, "device-pool", b.String())
}

func TestScanDevicePool(t *testing.T) {
	vdevs := "tank\t1.88G\t21.5M\t1.85G\t-\t-\t0%\t1%\t1.00x\tONLINE\t-\n\tmirror-0\t1.88G\t21.5M\n\t/dev/vdb1\t-\t-\n\t/dev/vdc1\t-\t-\n"
	for _, tc := range []struct {
		name    string
		answers []plantest.Answer
		want    provider.DevicePoolState
		fails   bool
	}{
		{name: "none", answers: []plantest.Answer{{Tool: "zpool", Exit: 1, Stderr: "cannot open 'tank': no such pool\n"}}},
		{name: "unknown", answers: []plantest.Answer{{Tool: "zpool", Exit: 1, Stderr: "internal error\n"}}, fails: true},
		{name: "ours", answers: []plantest.Answer{{Tool: "zpool", Stdout: vdevs}, {Tool: "zfs", Stdout: "tank\n"}},
			want: provider.DevicePoolState{Exists: true, Ours: true, Devices: []string{"/dev/vdb1", "/dev/vdc1"}}},
		{name: "not ours", answers: []plantest.Answer{{Tool: "zpool", Stdout: vdevs}, {Tool: "zfs", Stdout: "-\n"}},
			want: provider.DevicePoolState{Exists: true, Devices: []string{"/dev/vdb1", "/dev/vdc1"}}},
	} {
		got, err := zfs.New().ScanDevicePool(context.Background(), &plantest.Host{T: t, Answers: tc.answers}, v1.ProviderKindZfs, "tank")
		if (err != nil) != tc.fails {
			t.Errorf("%s: error %v", tc.name, err)
		}
		if d := cmp.Diff(tc.want, got); err == nil && d != "" {
			t.Errorf("%s: %s", tc.name, d)
		}
	}
}

// Whatever the tools print: no panic, and only a device with the one identity is
// ever changed.
func FuzzReports(f *testing.F) {
	f.Add(file(f, "zpool-list.txt"), file(f, "zfs-list.txt"), "db_00000")
	f.Fuzz(func(t *testing.T, zpool, list, name string) {
		h := &plantest.Host{T: t, Answers: []plantest.Answer{{Tool: "zpool", Stdout: zpool}, {Tool: "zfs", Stdout: list}}}
		p := zfs.New()
		obs, err := p.Scan(context.Background(), h, []provider.Pool{thick(), thin()})
		if err != nil {
			return
		}
		for _, pool := range []provider.Pool{thick(), thin()} {
			d, found := obs.Devices[pool.Name][name]
			if !found {
				continue
			}
			want := provider.Volume{Name: name, UUID: uuidA, SizeKiB: 1 << 40}
			for what, plan := range map[string]func() ([]provider.Step, error){
				"plan":   func() ([]provider.Step, error) { return p.Plan(pool, obs.Pools[pool.Name], want, &d) },
				"delete": func() ([]provider.Step, error) { return p.PlanDelete(pool, want, &d) },
			} {
				if steps, err := plan(); d.UUID != uuidA && (err == nil || len(steps) > 0) {
					t.Fatalf("%s touches foreign %+v: %v", what, d, steps)
				}
			}
		}
	})
}
