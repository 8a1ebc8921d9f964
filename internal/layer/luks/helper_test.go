package luks_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/layer/luks"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

const (
	lv      = "/dev/vg/web_00000"
	mapped  = "/dev/mapper/Linstor-Crypt-web_00000"
	uuid    = "11111111-2222-4333-8444-555555555555"
	other   = "99999999-2222-4333-8444-555555555555"
	keyOne  = "hush-one"
	keyTwo  = "hush-two"
	lowKiB  = 128 << 10
	headKiB = 16 << 10
)

// bench is a machine with one volume of a pool, and what is wanted of it.
type bench struct {
	t    *testing.T
	m    *sim.Machine
	luks *sim.LUKS
	// volume and resource are what is wanted.
	volume   link.Volume
	resource link.Resource
	lowKiB   int64
	mayMake  bool
	down     bool
}

func newBench(t *testing.T) *bench {
	t.Helper()
	m := sim.NewMachine("n1")
	m.AddDisk("/dev/vdb", "b", 1<<30)
	if err := sim.NewLVM(m).AddVG("vg", "/dev/vdb"); err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, m: m, luks: sim.NewLUKS(m), lowKiB: lowKiB, mayMake: true,
		volume:   link.Volume{UUID: uuid, SizeKiB: lowKiB - headKiB, LUKS: &link.LUKS{Passphrase: keyOne}},
		resource: link.Resource{Name: "web", Stack: []v1.LayerType{v1.LayerTypeLuks, v1.LayerTypeStorage}}}
	b.lvm("lvcreate", "--yes", "--name", "web_00000", "--size", fmt.Sprint(lowKiB, "k"), "vg")
	return b
}

func (b *bench) lvm(tool string, args ...string) {
	b.t.Helper()
	b.do("", append([]string{tool, "--config", `devices { filter=["r|^/dev/drbd.*|"] }`}, args...)...)
}

func (b *bench) do(stdin string, argv ...string) {
	b.t.Helper()
	r, err := b.m.Observer().Run(context.Background(), run.Cmd{Argv: argv, Stdin: []byte(stdin)})
	if err != nil || r.ExitCode != 0 {
		b.t.Fatalf("%v: %v, exit %d: %s", argv, err, r.ExitCode, r.Stderr)
	}
}

// activate is what the storage layer does after a reboot.
func (b *bench) activate() { b.lvm("lvchange", "--activate", "y", "vg/web_00000") }

func (b *bench) input() layer.Input {
	b.resource.Volumes = []link.Volume{b.volume}
	return layer.Input{Resource: &b.resource, Volumes: b.resource.Volumes, Down: b.down, Whole: b.down, MayMake: map[int]bool{0: b.mayMake},
		Lower: map[int]layer.Device{0: {Path: lv, SizeKiB: b.lowKiB, Present: true, AllocatedKiB: b.lowKiB, Thin: true,
			Parts: map[string]layer.Device{".meta": {Path: "/dev/vg/web.meta_00000"}}}}}
}

// plan looks once and plans.
func (b *bench) plan() (layer.Output, error) {
	b.t.Helper()
	in := b.input()
	var err error
	l := luks.New()
	if in.Observed, err = l.Scan(context.Background(), b.m); err != nil {
		return layer.Output{}, err
	}
	if in.Probed, err = l.Probe(context.Background(), b.m, in); err != nil {
		return layer.Output{}, err
	}
	out, err := l.Plan(in)
	b.quiet(out, err)
	if out.Made[0] {
		b.mayMake = false
	}
	return out, err
}

// quiet checks that no passphrase shows in a plan.
func (b *bench) quiet(out layer.Output, err error) {
	b.t.Helper()
	text := fmt.Sprint(out.Waiting, out.Volumes, err)
	for _, s := range out.Steps {
		text += s.String() + s.Why
	}
	b.secretFree(text)
}

func (b *bench) secretFree(text string) {
	b.t.Helper()
	if strings.Contains(text, "hush") {
		b.t.Errorf("a passphrase shows in: %s", text)
	}
}

var errTurns = errors.New("no end of steps")

// settle plans and executes until there is nothing to do.
func (b *bench) settle() (layer.Output, error) {
	b.t.Helper()
	for range 8 {
		out, err := b.plan()
		if err != nil || len(out.Steps) == 0 {
			return out, err
		}
		for _, s := range out.Steps {
			err := provider.Execute(context.Background(), b.m, s.Step)
			if exit, ok := errors.AsType[*run.ExitError](err); ok {
				if explained := luks.New().Explain(exit.Cmd, exit.Result); explained != nil {
					err = explained
				}
			}
			if err != nil {
				b.secretFree(fmt.Sprintf("%v %+v", err, err))
				return out, err
			}
		}
	}
	return layer.Output{}, errTurns
}

func (b *bench) must() layer.Output {
	b.t.Helper()
	out, err := b.settle()
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// records checks that the machine's record of commands holds no passphrase.
func (b *bench) records() {
	b.t.Helper()
	var all bytes.Buffer
	for _, r := range b.m.Commands() {
		fmt.Fprintln(&all, r)
	}
	b.secretFree(all.String())
}
