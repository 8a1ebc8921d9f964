package lvm_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/lvm"
	"github.com/holdfast-storage/holdfast/internal/provider/plantest"
)

const (
	uuidA = "0c4ba6a1-b7bb-4a7b-9fd3-1f1c1a2b3c4d"
	uuidB = "11111111-b7bb-4a7b-9fd3-1f1c1a2b3c4d"
)

func thick(props ...string) provider.Pool {
	return provider.Pool{Name: "fat", Kind: v1.ProviderKindLvm, Backing: "lab", Props: pairs(props)}
}

func thin(props ...string) provider.Pool {
	return provider.Pool{Name: "slim", Kind: v1.ProviderKindLvmThin, Backing: "lab/pool", Props: pairs(props)}
}

func pairs(kv []string) map[string]string {
	m := map[string]string{}
	for p := range slices.Chunk(kv, 2) {
		m[p[0]] = p[1]
	}
	return m
}

func file(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// lab is a host with the recorded volume group.
func lab(t testing.TB) *plantest.Host {
	return &plantest.Host{T: t, Answers: []plantest.Answer{
		{Tool: "vgs", Stdout: file(t, "vgs.json")}, {Tool: "lvs", Stdout: file(t, "lvs.json")},
	}}
}

func scan(t testing.TB, h *plantest.Host, pools ...provider.Pool) provider.Observation {
	t.Helper()
	obs, err := lvm.New().Scan(context.Background(), h, pools)
	if err != nil {
		t.Fatal(err)
	}
	return obs
}

func TestScan(t *testing.T) {
	h := lab(t)
	obs := scan(t, h, thick(), thin())
	got, err := json.MarshalIndent(obs, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	plantest.Golden(t, "scan", strings.Join(h.Asked, "\n")+"\n"+string(got)+"\n")
}

func TestScanWithoutPoolsAsksNothing(t *testing.T) {
	h := &plantest.Host{T: t}
	scan(t, h)
	if len(h.Asked) != 0 {
		t.Errorf("asked %q", h.Asked)
	}
}

func TestScanMissingGroup(t *testing.T) {
	h := lab(t)
	h.Answers[0].Exit = 5
	h.Answers[0].Stderr = "  Volume group \"gone\" not found\n  Cannot process volume group gone\n"
	gone := provider.Pool{Name: "gone", Kind: v1.ProviderKindLvm, Backing: "gone"}
	obs := scan(t, h, thick(), gone)
	if obs.Pools["fat"].Err != nil {
		t.Errorf("the other pool suffers: %v", obs.Pools["fat"].Err)
	}
	var b strings.Builder
	plantest.ShowErr(&b, obs.Pools["gone"].Err)
	plantest.Golden(t, "scan-missing", b.String())
	if strings.Contains(h.Asked[1], "gone") {
		t.Errorf("lvs was asked for the missing group: %s", h.Asked[1])
	}
}

// An answer that may be incomplete must never look like volumes that are gone.
func TestScanUnknown(t *testing.T) {
	for name, change := range map[string]func(h *plantest.Host){
		"vgs not run":   func(h *plantest.Host) { h.Answers[0].Err = errors.New("timed out") },
		"vgs no report": func(h *plantest.Host) { h.Answers[0].Stdout = "" },
		"vgs cut off":   func(h *plantest.Host) { h.Answers[0].Stdout = h.Answers[0].Stdout[:100] },
		"lvs not run":   func(h *plantest.Host) { h.Answers[1].Err = errors.New("timed out") },
		"lvs failed":    func(h *plantest.Host) { h.Answers[1].Exit = 5 },
		"lvs cut off":   func(h *plantest.Host) { h.Answers[1].Stdout = h.Answers[1].Stdout[:300] },
		"lvs empty":     func(h *plantest.Host) { h.Answers[1].Stdout = `{"report":[]}` },
		"lvs strange size": func(h *plantest.Host) {
			h.Answers[1].Stdout = strings.ReplaceAll(h.Answers[1].Stdout, `"268435456"`, `"256.00m"`)
		},
	} {
		h := lab(t)
		change(h)
		if obs, err := lvm.New().Scan(context.Background(), h, []provider.Pool{thick()}); err == nil || obs.Devices != nil {
			t.Errorf("%s: error %v, devices %v", name, err, obs.Devices)
		}
	}
}

func TestScanFaults(t *testing.T) {
	const pool = `"lv_attr":"twi-aotz--"`
	var b strings.Builder
	for _, tc := range []struct{ name, file, old, new string }{
		{"missing PV", "vgs", `"vg_missing_pv_count":"0"`, `"vg_missing_pv_count":"1"`},
		{"partial", "vgs", `"wz--n-"`, `"wz-pn-"`},
		{"exported", "vgs", `"wz--n-"`, `"wzx-n-"`},
		{"read-only", "vgs", `"wz--n-"`, `"rz--n-"`},
		{"check needed", "lvs", `"lv_check_needed":""`, `"lv_check_needed":"check needed"`},
		{"failed", "lvs", pool, `"lv_attr":"twi-aotzF-"`},
		{"out of data", "lvs", pool, `"lv_attr":"twi-aotzD-"`},
		{"metadata read-only", "lvs", pool, `"lv_attr":"twi-aotzM-"`},
		{"partial pool", "lvs", pool, `"lv_attr":"twi-aotzp-"`},
		{"metadata full", "lvs", `"metadata_percent":"12.40"`, `"metadata_percent":"100.00"`},
		{"inactive", "lvs", `"metadata_percent":"12.40"`, `"metadata_percent":""`},
		{"no such pool", "lvs", `"lv_name":"pool"`, `"lv_name":"lake"`},
		{"no thin pool", "lvs", `"segtype":"thin-pool"`, `"segtype":"linear"`},
	} {
		h := lab(t)
		i := map[string]int{"vgs": 0, "lvs": 1}[tc.file]
		if !strings.Contains(h.Answers[i].Stdout, tc.old) {
			t.Fatalf("%s: the sample has no %s", tc.name, tc.old)
		}
		h.Answers[i].Stdout = strings.ReplaceAll(h.Answers[i].Stdout, tc.old, tc.new)
		err := scan(t, h, thin()).Pools["slim"].Err
		if err == nil {
			t.Errorf("%s: no fault", tc.name)
			continue
		}
		b.WriteString("== " + tc.name + "\n")
		plantest.ShowErr(&b, err)
	}
	plantest.Golden(t, "scan-faults", b.String())
}

func TestBadBacking(t *testing.T) {
	for _, p := range []provider.Pool{
		{Name: "p", Kind: v1.ProviderKindLvmThin, Backing: "lab"},
		{Name: "p", Kind: v1.ProviderKindLvmThin, Backing: "lab/../x"},
		{Name: "p", Kind: v1.ProviderKindLvm, Backing: "lab/pool"},
		{Name: "p", Kind: v1.ProviderKindLvm, Backing: ""},
		{Name: "p", Kind: v1.ProviderKindLvm, Backing: "--config"},
	} {
		if obs := scan(t, &plantest.Host{T: t}, p); obs.Pools["p"].Err == nil {
			t.Errorf("backing %q of %s is accepted", p.Backing, p.Kind)
		}
	}
}

// A sound pool that is only inactive is activated first, by the volume that needs it.
func TestInactiveThinPool(t *testing.T) {
	h := lab(t)
	h.Answers[1].Stdout = strings.NewReplacer(`"data_percent":"11.20"`, `"data_percent":""`, `"metadata_percent":"12.40"`, `"metadata_percent":""`).Replace(h.Answers[1].Stdout)
	state := scan(t, h, thin()).Pools["slim"]
	plantest.Golden(t, "inactive-pool", plantest.Show(lvm.New().Plan(thin(), state, vol("new_00000", uuidA, 4096), nil)))
}
