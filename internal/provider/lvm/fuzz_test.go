package lvm_test

import (
	"context"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/lvm"
	"github.com/holdfast-storage/holdfast/internal/provider/plantest"
)

// Whatever the tools print: no panic, and only a device with the one identity is
// ever changed.
func FuzzReports(f *testing.F) {
	f.Add(file(f, "vgs.json"), file(f, "lvs.json"), "r0_00000")
	f.Add(`{"report":[{"vg":[{"vg_name":"lab"}]}]}`, `{"report":[{"lv":[{"vg_name":"lab","lv_name":"a","lv_attr":"V"}]}]}`, "a")
	f.Fuzz(func(t *testing.T, vgs, lvs, name string) {
		h := &plantest.Host{T: t, Answers: []plantest.Answer{{Tool: "vgs", Stdout: vgs}, {Tool: "lvs", Stdout: lvs}}}
		p := lvm.New()
		obs, err := p.Scan(context.Background(), h, []provider.Pool{thick(), thin()})
		if err != nil {
			return
		}
		for _, pool := range []provider.Pool{thick(), thin()} {
			d, found := obs.Devices[pool.Name][name]
			if !found {
				continue
			}
			if d.SizeKiB < 0 || d.AllocatedKiB < 0 {
				t.Fatalf("negative size of %+v", d)
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
