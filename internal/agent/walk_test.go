package agent

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
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

// plain is a layer that keeps what it has made in a file per volume on the machine.
type plain struct {
	kind v1.LayerType
	// header is what the layer needs of the device below.
	header int64
	// late says what volumes wait for; empty for nothing.
	late func() string

	mu   sync.Mutex
	news func(string)
}

func (p *plain) Kind() v1.LayerType                                  { return p.kind }
func (p *plain) Support(context.Context, run.Host) (s layer.Support) { return s }
func (p *plain) path(r *link.Resource) string {
	return "/state/" + strings.ToLower(string(p.kind)) + "-" + r.Name
}

func (p *plain) Scan(ctx context.Context, h run.Host) (any, error) { return h.Glob(ctx, "/state/*") }

func (p *plain) Probe(context.Context, run.Host, layer.Input) (any, error) { return nil, nil }

func (p *plain) Plan(in layer.Input) (layer.Output, error) {
	there := slices.Contains(in.Observed.([]string), p.path(in.Resource))
	out := layer.Output{Devices: map[int]layer.Device{}, Volumes: map[int]link.LayerReport{}, Released: map[int]bool{}, Made: map[int]bool{}}
	step := func(s provider.Step) { out.Steps = append(out.Steps, layer.Step{Step: s}) }
	for _, v := range in.Volumes {
		switch low := in.Lower[v.Number]; {
		case in.Down && there:
			step(provider.Step{Remove: p.path(in.Resource), Why: "take down " + string(p.kind), Effect: provider.EffectDetach})
		case in.Down:
			out.Released[v.Number] = true
		case p.late != nil && p.late() != "":
			out.Waiting = append(out.Waiting, p.late())
		case !low.Present && !low.Foreseen:
			out.Waiting = append(out.Waiting, "no device below "+string(p.kind))
		case !there && !in.MayMake[v.Number]:
			return out, errors.New("no grant to make " + string(p.kind))
		case !there:
			step(provider.Step{Write: &run.File{Path: p.path(in.Resource), Data: []byte("x")}, Why: "make " + string(p.kind), Effect: provider.EffectCreate})
		default:
			d := layer.Device{Path: "/dev/" + string(p.kind), SizeKiB: low.SizeKiB - p.header, Present: true}
			out.Devices[v.Number], out.Made[v.Number] = d, true
			out.Volumes[v.Number] = link.LayerReport{DevicePath: d.Path, UsableKiB: d.SizeKiB, DiskState: "Up"}
		}
	}
	return out, nil
}

func (p *plain) LowerKiB(_ *link.Resource, _ *link.Volume, n int64) (int64, error) {
	return n + p.header, nil
}
func (p *plain) UpperKiB(_ *link.Resource, _ *link.Volume, n int64) (int64, error) {
	return n - p.header, nil
}
func (p *plain) Parts(*link.Resource, *link.Volume, int64) ([]link.Part, error) { return nil, nil }

func (p *plain) Watch(ctx context.Context, _ run.Host, changed func(string)) error {
	p.mu.Lock()
	p.news = changed
	p.mu.Unlock()
	<-ctx.Done()
	return ctx.Err()
}

func (p *plain) tell(resource string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.news(resource)
}

// stackedAgent tends a machine with two layers above the storage.
func stackedAgent(t *testing.T, top, low *plain) (*Agent, *sim.Machine) {
	t.Helper()
	m := sim.NewMachine("n1")
	m.MountFS("/pool", sim.FileSystem{Type: "xfs", CapacityBytes: 1 << 30})
	m.MakeDir("/state")
	a := New(Config{Host: m.Process(), Providers: []provider.Provider{file.New()}, Layers: []layer.Layer{top, low}, Log: slog.New(slog.DiscardHandler), Workers: 2})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { a.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	return a, m
}

func stackedReplica(fingerprint string, remove bool) link.Resource {
	r := replica("u", fingerprint, remove)
	r.Stack = []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeLuks, v1.LayerTypeStorage}
	return r
}

// TestStackUpAndDown: a stack is built from the storage upwards, with room for what
// each layer needs, and taken away from the top.
func TestStackUpAndDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := stackedAgent(t, &plain{kind: v1.LayerTypeDrbd, header: 64}, &plain{kind: v1.LayerTypeLuks, header: 1024})
		apply(t, a, link.Set{Full: true, Pools: pool(), Resources: []link.Resource{stackedReplica("up", false)}})
		time.Sleep(time.Minute)
		r := last(a)
		if r.Progress != progressReady || r.Volumes[0].DevicePath != "/dev/DRBD" || r.Volumes[0].UsableKiB != 4096 {
			t.Fatalf("after the way up: %+v, %v", r, r.Problem)
		}
		if l := r.Volumes[0].Layers; len(l) != 3 || l[2].UsableKiB != 4096+64+1024 {
			t.Fatalf("layers: %+v", l)
		}
		apply(t, a, link.Set{Resources: []link.Resource{stackedReplica("down", true)}})
		time.Sleep(time.Minute)
		if r := last(a); r.Progress != progressGone || !r.Volumes[0].Gone {
			t.Fatalf("after the way down: %+v, %v", r, r.Problem)
		}
	})
}

// TestStackNeedsGrant: a layer that has vanished is not made anew by itself.
func TestStackNeedsGrant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		low := &plain{kind: v1.LayerTypeLuks}
		a, m := stackedAgent(t, &plain{kind: v1.LayerTypeDrbd}, low)
		apply(t, a, link.Set{Full: true, Pools: pool(), Resources: []link.Resource{stackedReplica("up", false)}})
		time.Sleep(time.Minute)
		if err := m.Process().Remove(t.Context(), "/state/luks-r"); err != nil {
			t.Fatal(err)
		}
		low.tell("r")
		time.Sleep(time.Second)
		if r := last(a); r.Progress != progressFailed || !strings.Contains(r.Problem.Message, "no grant") {
			t.Fatalf("a vanished layer: %+v, %v", r, r.Problem)
		}
	})
}

// TestStackWaits: what waits for others says so, goes on when it hears news, and
// leaves the storage alone until all above have released it.
func TestStackWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := "the peers are not ready"
		top := &plain{kind: v1.LayerTypeDrbd, late: func() string { return late }}
		a, _ := stackedAgent(t, top, &plain{kind: v1.LayerTypeLuks})
		apply(t, a, link.Set{Full: true, Pools: pool(), Resources: []link.Resource{stackedReplica("up", false)}})
		time.Sleep(time.Second)
		if r := last(a); r.Progress != progressWorking || r.Doing != late || r.Volumes[0].DevicePath != "" {
			t.Fatalf("while waiting: %+v, %v", r, r.Problem)
		}
		late = ""
		top.tell("r")
		time.Sleep(time.Second)
		if r := last(a); r.Progress != progressReady {
			t.Fatalf("after the wait: %+v, %v", r, r.Problem)
		}
	})
}

// TestStackForeseen: a plan shows the way through all layers before anything is made.
func TestStackForeseen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := stackedAgent(t, &plain{kind: v1.LayerTypeDrbd}, &plain{kind: v1.LayerTypeLuks})
		apply(t, a, link.Set{Full: true, Pools: pool()})
		time.Sleep(time.Second)
		steps := a.Plan(t.Context(), link.Set{Resources: []link.Resource{stackedReplica("up", false)}})
		var layers []v1.LayerType
		for _, s := range steps {
			if len(layers) == 0 || layers[len(layers)-1] != s.Layer {
				layers = append(layers, s.Layer)
			}
		}
		if !slices.Equal(layers, []v1.LayerType{v1.LayerTypeStorage, v1.LayerTypeLuks}) {
			t.Errorf("the plan goes through %v", layers)
		}
	})
}
