package lvm_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/lvm"
	"github.com/holdfast-storage/holdfast/internal/provider/plantest"
)

func vol(name, uuid string, sizeKiB int64, props ...string) provider.Volume {
	return provider.Volume{Name: name, UUID: uuid, SizeKiB: sizeKiB, Props: pairs(props)}
}

// have finds a device of the recorded scan; nil for none.
func have(obs provider.Observation, pool, name string, change ...func(*provider.Observed)) *provider.Observed {
	o, ok := obs.Devices[pool][name]
	if !ok {
		return nil
	}
	o.Notes = maps.Clone(o.Notes)
	for _, f := range change {
		f(&o)
	}
	return &o
}

func inactive(o *provider.Observed)  { o.Path = "" }
func closed(o *provider.Observed)    { o.Open = false }
func suspended(o *provider.Observed) { o.Notes["suspended"] = "true" }

func TestPlan(t *testing.T) {
	obs := scan(t, lab(t), thick(), thin())
	var b strings.Builder
	for _, tc := range []struct {
		name   string
		pool   provider.Pool
		want   provider.Volume
		change []func(*provider.Observed)
	}{
		{name: "new thin volume", pool: thin(), want: vol("db_00000", uuidA, 10241)},
		{name: "new thin volume with options", pool: thin(lvm.KeyCreateOptions, "--readahead 512"),
			want: vol("db_00000", uuidA, 4096, lvm.KeyCreateOptions, "--errorwhenfull 'y'")},
		{name: "new thick volume", pool: thick(), want: vol("db.meta_00000", uuidA, 10241)},
		{name: "new thick volume with type", pool: thick(lvm.KeyCreateType, "raid1"), want: vol("db_00000", uuidA, 4096)},
		{name: "own wiping and type in options", pool: thick(lvm.KeyCreateType, "raid1", lvm.KeyCreateOptions, "-Wn -Zn --type raid10 -i 2"),
			want: vol("db_00000", uuidA, 4096)},
		{name: "there", pool: thin(), want: vol("r0_00000", uuidA, 262144)},
		{name: "larger than wanted", pool: thin(), want: vol("r0_00000", uuidA, 1000)},
		{name: "inactive", pool: thin(), want: vol("r0_00000", uuidA, 262144), change: []func(*provider.Observed){inactive}},
		{name: "grow", pool: thin(), want: vol("r0_00000", uuidA, 262145)},
		{name: "grow inactive thick", pool: thick(), want: vol("fat_00000", uuidB, 20000), change: []func(*provider.Observed){inactive}},
		{name: "grow suspended", pool: thick(), want: vol("fat_00000", uuidB, 20000), change: []func(*provider.Observed){suspended}},
		{name: "foreign without tag", pool: thin(), want: vol("luks0", uuidA, 4096)},
		{name: "foreign identity", pool: thin(), want: vol("r0_00000", uuidB, 999999)},
		{name: "two tags", pool: thick(), want: vol("two_00000", uuidB, 4096)},
		{name: "same name in other pool of the group", pool: thick(), want: vol("r0_00000", uuidA, 4096)},
		{name: "thin pool of that name", pool: thin(), want: vol("pool", uuidA, 4096)},
		{name: "no room", pool: thick(), want: vol("db_00000", uuidA, 1<<30)},
		{name: "no room to grow", pool: thick(), want: vol("fat_00000", uuidB, 1<<30)},
		{name: "reserved prefix", pool: thin(), want: vol("snapshot1_00000", uuidA, 4096)},
		{name: "reserved part", pool: thin(), want: vol("db_tmeta_00000", uuidA, 4096)},
		{name: "option as name", pool: thin(), want: vol("-y", uuidA, 4096)},
		{name: "no UUID", pool: thin(), want: vol("db_00000", "", 4096)},
		{name: "no size", pool: thin(), want: vol("db_00000", uuidA, 0)},
		{name: "options that rename", pool: thin(lvm.KeyCreateOptions, "-n x"), want: vol("db_00000", uuidA, 4096)},
		{name: "options that retag", pool: thin(lvm.KeyCreateOptions, "--addt=x"), want: vol("db_00000", uuidA, 4096)},
		{name: "options with open quote", pool: thin(lvm.KeyCreateOptions, "-x 'y"), want: vol("db_00000", uuidA, 4096)},
		{name: "unknown type", pool: thick(lvm.KeyCreateType, "thin-pool"), want: vol("db_00000", uuidA, 4096)},
	} {
		fmt.Fprintf(&b, "== %s\n", tc.name)
		b.WriteString(plantest.Show(lvm.New().Plan(tc.pool, obs.Pools[tc.pool.Name], tc.want,
			have(obs, tc.pool.Name, tc.want.Name, tc.change...))))
	}
	plantest.Golden(t, "plan", b.String())
}

func TestPlanDelete(t *testing.T) {
	obs := scan(t, lab(t), thick(), thin())
	var b strings.Builder
	for _, tc := range []struct {
		name   string
		pool   provider.Pool
		want   provider.Volume
		change []func(*provider.Observed)
	}{
		{name: "gone", pool: thin(), want: vol("db_00000", uuidA, 0)},
		{name: "active", pool: thin(), want: vol("r0_00000", uuidA, 0), change: []func(*provider.Observed){closed}},
		{name: "inactive", pool: thick(), want: vol("fat_00000", uuidB, 0), change: []func(*provider.Observed){inactive}},
		{name: "open", pool: thin(), want: vol("r0_00000", uuidA, 0)},
		{name: "suspended", pool: thick(), want: vol("fat_00000", uuidB, 0), change: []func(*provider.Observed){suspended}},
		{name: "origin of foreign snapshots", pool: thick(), want: vol("base_00000", uuidA, 0)},
		{name: "foreign without tag", pool: thin(), want: vol("luks0", uuidA, 0), change: []func(*provider.Observed){closed}},
		{name: "other identity", pool: thick(), want: vol("fat_00000", uuidA, 0)},
		{name: "in another pool", pool: thick(), want: vol("r0_00000", uuidA, 0), change: []func(*provider.Observed){closed}},
		{name: "no UUID", pool: thin(), want: vol("luks0", "", 0), change: []func(*provider.Observed){closed}},
	} {
		fmt.Fprintf(&b, "== %s\n", tc.name)
		b.WriteString(plantest.Show(lvm.New().PlanDelete(tc.pool, tc.want, have(obs, tc.pool.Name, tc.want.Name, tc.change...))))
	}
	plantest.Golden(t, "delete", b.String())
}

// A pool that is broken stops what needs it, and nothing else.
func TestPlanInBrokenPool(t *testing.T) {
	h := lab(t)
	h.Answers[0].Stdout = strings.ReplaceAll(h.Answers[0].Stdout, `"vg_missing_pv_count":"0"`, `"vg_missing_pv_count":"1"`)
	obs := scan(t, h, thin())
	for _, tc := range []struct {
		want  provider.Volume
		steps int
		fails bool
	}{
		{want: vol("new_00000", uuidA, 4096), fails: true},
		{want: vol("r0_00000", uuidA, 4096)},
		{want: vol("r0_00000", uuidA, 999999), fails: true},
		{want: vol("snap1", uuidB, 4096), steps: 1},
	} {
		steps, err := lvm.New().Plan(thin(), obs.Pools["slim"], tc.want, have(obs, "slim", tc.want.Name))
		if len(steps) != tc.steps || (err != nil) != tc.fails {
			t.Errorf("%s of %d KiB: %d steps, error %v", tc.want.Name, tc.want.SizeKiB, len(steps), err)
		}
	}
}

func TestPVSelection(t *testing.T) {
	pvs := `{"report":[{"pv":[{"pv_name":"/dev/vdc","vg_name":"lab"},{"pv_name":"/dev/sdz","vg_name":"other"},{"pv_name":"[unknown]","vg_name":"lab"}]}]}`
	var b strings.Builder
	for _, line := range []string{"--sort pv_name", "--select 'pv_size > 1g' -O -pv_free", "--select=pv_tags=x", "-o pv_all", "--config x", "--sort", "'"} {
		h := lab(t)
		h.Answers = append(h.Answers, plantest.Answer{Tool: "pvs", Stdout: pvs})
		obs := scan(t, h, thick(lvm.KeyPVSelection, line))
		fmt.Fprintf(&b, "== %s\n", line)
		if len(h.Asked) == 3 {
			fmt.Fprintf(&b, "asked: %s\n", h.Asked[2])
		}
		b.WriteString(plantest.Show(lvm.New().Plan(thick(lvm.KeyPVSelection, line), obs.Pools["fat"], vol("db_00000", uuidA, 4096), nil)))
		b.WriteString(plantest.Show(lvm.New().Plan(thick(lvm.KeyPVSelection, line), obs.Pools["fat"], vol("fat_00000", uuidB, 20000), have(obs, "fat", "fat_00000"))))
	}
	h := lab(t)
	h.Answers = append(h.Answers, plantest.Answer{Tool: "pvs", Stdout: `{"report":[{"pv":[]}]}`})
	obs := scan(t, h, thick(lvm.KeyPVSelection, "--select pv_tags=x"))
	b.WriteString("== selects nothing\n")
	b.WriteString(plantest.Show(lvm.New().Plan(thick(), obs.Pools["fat"], vol("db_00000", uuidA, 4096), nil)))
	plantest.Golden(t, "pv-selection", b.String())
}

func TestExplain(t *testing.T) {
	var b strings.Builder
	for said := range strings.SplitSeq(file(t, "complaints.txt"), "\n--\n") {
		steps, err := lvm.New().Plan(thin(), provider.PoolState{Space: provider.Space{GranularityKiB: 4096}}, vol("db_00000", uuidA, 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		err = lvm.New().Explain(*steps[0].Cmd, result(said))
		fmt.Fprintf(&b, "== %s\n", strings.TrimSpace(said))
		if err == nil {
			b.WriteString("unknown\n")
			continue
		}
		plantest.ShowErr(&b, err)
	}
	plantest.Golden(t, "complaints", b.String())
}

// The rules rest on these facts about properties, so they are tested against the catalogue.
func TestPropertyKeys(t *testing.T) {
	data, err := os.ReadFile("../../../../shared/facts/data/consts.json")
	if err != nil {
		t.Skipf("no catalogue of constants: %v", err)
	}
	for _, key := range []string{lvm.KeyCreateOptions, lvm.KeyCreateType, lvm.KeyPVSelection} {
		name, found := strings.CutPrefix(key, "StorDriver/")
		if !found || !strings.Contains(string(data), `"value": "`+name+`"`) {
			t.Errorf("property %s is not in the catalogue", key)
		}
	}
}

func TestKinds(t *testing.T) {
	var got []v1.ProviderKind
	for _, k := range lvm.New().Kinds() {
		got = append(got, k.Kind)
	}
	if d := cmp.Diff([]v1.ProviderKind{v1.ProviderKindLvm, v1.ProviderKindLvmThin}, got); d != "" {
		t.Error(d)
	}
}

func TestDevicePool(t *testing.T) {
	const gib = int64(1 << 30)
	disks := func(sizes ...int64) (out []provider.BlockDevice) {
		for i, s := range sizes {
			out = append(out, provider.BlockDevice{Path: fmt.Sprintf("/dev/vd%c", 'b'+i), SizeBytes: s})
		}
		return out
	}
	mine := provider.DevicePoolState{Exists: true, Ours: true}
	var b strings.Builder
	for _, tc := range []struct {
		name string
		want provider.DevicePool
		have provider.DevicePoolState
	}{
		{name: "LVM", want: provider.DevicePool{Kind: v1.ProviderKindLvm, Name: "fat", Devices: disks(gib, 2*gib)}},
		{name: "LVM_THIN on one disk", want: provider.DevicePool{Kind: v1.ProviderKindLvmThin, Name: "slim", Devices: disks(gib)}},
		{name: "LVM_THIN on three equal disks", want: provider.DevicePool{Kind: v1.ProviderKindLvmThin, Name: "slim", Devices: disks(1000*gib, 1001*gib, 1000*gib)}},
		{name: "LVM_THIN on unequal disks", want: provider.DevicePool{Kind: v1.ProviderKindLvmThin, Name: "slim", Devices: disks(10000*gib, 20000*gib)}},
		{name: "arguments", want: provider.DevicePool{Kind: v1.ProviderKindLvmThin, Name: "slim", Devices: disks(gib, gib), Args: provider.DevicePoolArgs{
			PV: []string{"--dataalignment", "4m"}, VG: []string{"-s", "8m", "-Zy"}, LV: []string{"-i1", "--poolmetadatasize=64m", "-L", "500m"}}}},
		{name: "done LVM", want: provider.DevicePool{Kind: v1.ProviderKindLvm, Name: "fat", Devices: disks(gib)}, have: mine},
		{name: "half done LVM_THIN", want: provider.DevicePool{Kind: v1.ProviderKindLvmThin, Name: "slim", Devices: disks(gib)}, have: mine},
		{name: "done LVM_THIN", want: provider.DevicePool{Kind: v1.ProviderKindLvmThin, Name: "slim", Devices: disks(gib)},
			have: provider.DevicePoolState{Exists: true, Ours: true, Notes: map[string]string{"thin": "pool"}}},
		{name: "other volume in the way", want: provider.DevicePool{Kind: v1.ProviderKindLvmThin, Name: "slim", Devices: disks(gib)},
			have: provider.DevicePoolState{Exists: true, Ours: true, Notes: map[string]string{"thin": "other"}}},
		{name: "foreign group", want: provider.DevicePool{Kind: v1.ProviderKindLvm, Name: "fat", Devices: disks(gib)}, have: provider.DevicePoolState{Exists: true}},
		{name: "bad name", want: provider.DevicePool{Kind: v1.ProviderKindLvm, Name: "a b", Devices: disks(gib)}},
		{name: "reserved name", want: provider.DevicePool{Kind: v1.ProviderKindLvmThin, Name: "snapshots", Devices: disks(gib)}},
		{name: "force", want: provider.DevicePool{Kind: v1.ProviderKindLvm, Name: "fat", Args: provider.DevicePoolArgs{PV: []string{"-ff"}}}},
		{name: "hidden yes", want: provider.DevicePool{Kind: v1.ProviderKindLvm, Name: "fat", Args: provider.DevicePoolArgs{VG: []string{"-vy"}}}},
		{name: "abbreviated force", want: provider.DevicePool{Kind: v1.ProviderKindLvm, Name: "fat", Args: provider.DevicePoolArgs{VG: []string{"--forc"}}}},
		{name: "config", want: provider.DevicePool{Kind: v1.ProviderKindLvm, Name: "fat", Args: provider.DevicePoolArgs{VG: []string{"--config", "x"}}}},
		{name: "one more device", want: provider.DevicePool{Kind: v1.ProviderKindLvm, Name: "fat", Args: provider.DevicePoolArgs{VG: []string{"/dev/sda"}}}},
		{name: "LV arguments for LVM", want: provider.DevicePool{Kind: v1.ProviderKindLvm, Name: "fat", Args: provider.DevicePoolArgs{LV: []string{"-i2"}}}},
		{name: "RAID type of a thin pool", want: provider.DevicePool{Kind: v1.ProviderKindLvmThin, Name: "slim", Args: provider.DevicePoolArgs{LV: []string{"--type", "raid1"}}}},
		{name: "zpool arguments", want: provider.DevicePool{Kind: v1.ProviderKindLvm, Name: "fat", Args: provider.DevicePoolArgs{Zpool: []string{"mirror"}}}},
	} {
		fmt.Fprintf(&b, "== %s\n", tc.name)
		b.WriteString(plantest.Show(lvm.New().PlanDevicePool(tc.want, tc.have)))
	}
	plantest.Golden(t, "device-pool", b.String())
}

func TestScanDevicePool(t *testing.T) {
	p := lvm.New()
	for _, tc := range []struct {
		name, pool, vgs string
		exit            int
		stderr          string
		want            provider.DevicePoolState
		fails           bool
	}{
		{name: "none", pool: "x", vgs: `{"report":[{"vg":[]}]}`, exit: 5, stderr: `  Volume group "linstor_x" not found`},
		{name: "unreadable", pool: "x", vgs: `{"report":[{"vg":[]}]}`, exit: 5, stderr: "  Can't get lock for linstor_x.", fails: true},
		{name: "ours", pool: "pool", vgs: strings.ReplaceAll(file(t, "vgs.json"), `"lab"`, `"linstor_pool"`),
			want: provider.DevicePoolState{Exists: true, Ours: true, Devices: []string{"/dev/vdc", "/dev/vdb"}, Notes: map[string]string{"thin": "pool"}}},
		{name: "not ours", pool: "r0_00000", vgs: strings.ReplaceAll(file(t, "vgs.json"), `"lab"`, `"linstor_r0_00000"`),
			want: provider.DevicePoolState{Exists: true, Devices: []string{"/dev/vdc", "/dev/vdb"}, Notes: map[string]string{"thin": "other"}}},
	} {
		h := &plantest.Host{T: t, Answers: []plantest.Answer{
			{Tool: "vgs", Stdout: tc.vgs, Stderr: tc.stderr, Exit: tc.exit},
			{Tool: "lvs", Stdout: strings.ReplaceAll(file(t, "lvs.json"), `"vg_name":"lab"`, `"vg_name":"linstor_`+tc.pool+`"`)},
		}}
		got, err := p.ScanDevicePool(context.Background(), h, v1.ProviderKindLvmThin, tc.pool)
		if d := cmp.Diff(tc.want, got); d != "" || (err != nil) != tc.fails {
			t.Errorf("%s: error %v, %s", tc.name, err, d)
		}
	}
	if b := p.Backing(v1.ProviderKindLvmThin, "x"); b != "linstor_x/x" {
		t.Errorf("backing %s", b)
	}
	if b := p.Backing(v1.ProviderKindLvm, "x"); b != "x" {
		t.Errorf("backing %s", b)
	}
}
