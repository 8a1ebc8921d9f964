package agent

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/file"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// counted is a finisher that is done at once and notes for what.
type counted struct{ asked *[]string }

func (counted) Name() string { return "counted" }

func (c counted) Finish(_ context.Context, _ run.Host, f layer.Finish) (layer.Finished, error) {
	*c.asked = append(*c.asked, f.Resource.Fingerprint)
	return layer.Finished{Done: true}, nil
}

// TestFinishedOncePerInstruction: a finisher is asked once for an instruction, and
// again when that one comes back after another: then something is to be undone.
func TestFinishedOncePerInstruction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		top := &plain{kind: v1.LayerTypeDrbd}
		a, _ := stackedAgent(t, top, &plain{kind: v1.LayerTypeLuks})
		a.cfg.Finishers = []layer.Finisher{counted{&asked}}
		apply(t, a, link.Set{Full: true, Pools: pool(), Resources: []link.Resource{stackedReplica("plain", false)}})
		for _, fingerprint := range []string{"plain", "limited", "plain"} {
			apply(t, a, link.Set{Resources: []link.Resource{stackedReplica(fingerprint, false)}})
			time.Sleep(time.Minute)
			top.tell("r")
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		if want := []string{"plain", "limited", "plain"}; !slices.Equal(asked, want) {
			t.Errorf("asked for %q, want %q", asked, want)
		}
	})
}

// stubborn is a layer whose step leads nowhere and tells of itself.
type stubborn struct {
	*plain
	steps int
}

func (s *stubborn) Plan(in layer.Input) (layer.Output, error) {
	out, err := s.plain.Plan(in)
	if err == nil && len(out.Steps) == 0 {
		s.steps++
		s.tell(in.Resource.Name)
		out.Steps = append(out.Steps, layer.Step{Step: provider.Step{Why: "try in vain", Effect: provider.EffectCreate,
			Write: &run.File{Path: s.path(in.Resource), Data: []byte("x")}}})
	}
	return out, err
}

// TestStepsThatLeadNowhere: what a resource's own steps stir up does not drive it in
// circles; it is tried again after a pause, and what there is of it is reported.
func TestStepsThatLeadNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		top := &stubborn{plain: &plain{kind: v1.LayerTypeDrbd}}
		m := sim.NewMachine("n1")
		m.MountFS("/pool", sim.FileSystem{Type: "xfs", CapacityBytes: 1 << 30})
		m.MakeDir("/state")
		a := New(Config{Host: m.Process(), Providers: []provider.Provider{file.New()},
			Layers: []layer.Layer{top, &plain{kind: v1.LayerTypeLuks}}, Log: slog.New(slog.DiscardHandler), Workers: 2})
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		wg.Go(func() { a.Run(ctx) })
		defer func() { cancel(); wg.Wait() }()
		synctest.Wait()
		apply(t, a, link.Set{Full: true, Pools: pool(), Resources: []link.Resource{stackedReplica("up", false)}})
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if most := maxRounds * 12; top.steps < 2*maxRounds || top.steps > most {
			t.Errorf("%d steps in ten seconds, want %d to %d", top.steps, 2*maxRounds, most)
		}
		rep := a.out.resources["r"]
		if rep.Progress != progressFailed || len(rep.Volumes) != 1 || rep.Volumes[0].UsableKiB == 0 {
			t.Errorf("reported as %+v", rep)
		}
	})
}
