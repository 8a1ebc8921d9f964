package nvme

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/layer/layertest"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

const (
	testNQN = "nqn.2026-01.org.example:LS-NVMe_r"
	first   = "11111111-2222-4333-8444-555555555555"
)

// pair is a target and an initiator.
type pair struct {
	t              *testing.T
	net            *sim.Network
	target, client *sim.Machine
	identity       string
	volumes        int
	sizeKiB        int64
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{t: t, net: sim.NewNetwork(), target: sim.NewMachine("a"), client: sim.NewMachine("b"), identity: first, volumes: 2, sizeKiB: 1 << 20}
	f := sim.NewFabric(p.net)
	sim.NewNVMe(p.target, f)
	sim.NewNVMe(p.client, f)
	p.target.AddDisk("/dev/vdb", "b", 1<<30)
	p.target.AddDisk("/dev/vdc", "c", 1<<30)
	return p
}

func (p *pair) input(initiator, down bool) layer.Input {
	r := &link.Resource{Name: "r", UUID: "u", NVMe: &link.NVMe{Subsystem: testNQN, Initiator: initiator, Transport: "tcp", Address: "10.0.0.1", Port: 4420, Identity: p.identity}}
	in := layer.Input{Resource: r, Down: down, Whole: down, Lower: map[int]layer.Device{}}
	for i := range p.volumes {
		in.Volumes = append(in.Volumes, link.Volume{Number: i, UUID: "v", SizeKiB: p.sizeKiB})
		if !initiator {
			in.Lower[i] = layer.Device{Path: []string{"/dev/vdb", "/dev/vdc"}[i], SizeKiB: p.sizeKiB, Present: true}
		}
	}
	return in
}

func look(h run.Host, in layer.Input) (layer.Output, error) { return layertest.Look(New(), h, in) }

func (p *pair) settle(h run.Host, in layer.Input) (layer.Output, error) {
	return layertest.Settle(p.t, New(), h, in)
}

func (p *pair) must(h run.Host, in layer.Input) layer.Output {
	p.t.Helper()
	return layertest.Must(p.t, New(), h, in)
}

func (p *pair) mark(m *sim.Machine, dev, want string) {
	p.t.Helper()
	if got := m.Mark(dev, sim.MarkData); got != want {
		p.t.Errorf("%s of %s has %q, want %q", dev, m.Name(), got, want)
	}
}

// TestReadAndWriteOverTheNetwork: an initiator works on the target's data, and all
// traces of both are gone in the end.
func TestReadAndWriteOverTheNetwork(t *testing.T) {
	p := newPair(t)
	p.must(p.target, p.input(false, false))
	out := p.must(p.client, p.input(true, false))
	if d := out.Devices[1]; d.Path != "/dev/nvme0n2" || !d.Present || d.SizeKiB != 1<<20 {
		t.Errorf("device of the initiator: %+v", d)
	}
	if err := p.client.SetMark("/dev/nvme0n2", sim.MarkData, "over the wire"); err != nil {
		t.Fatal(err)
	}
	p.mark(p.target, "/dev/vdc", "over the wire")
	for _, initiator := range []bool{true, false} {
		m := map[bool]*sim.Machine{true: p.client, false: p.target}[initiator]
		if out := p.must(m, p.input(initiator, true)); !out.Released[0] || !out.Released[1] {
			t.Errorf("initiator %v: released %v", initiator, out.Released)
		}
	}
	for _, pattern := range []string{configDir + "/subsystems/*", configDir + "/ports/*"} {
		if left, _ := p.target.Glob(context.Background(), pattern); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	if p.client.DeviceSize("/dev/nvme0n1") >= 0 {
		t.Error("the initiator still has its device")
	}
	p.mark(p.target, "/dev/vdc", "over the wire")
}

// TestCrashAtEveryStep: what a crash leaves is completed or removed by the next look.
func TestCrashAtEveryStep(t *testing.T) {
	for _, kind := range []sim.Kind{sim.Crash, sim.Power, sim.Half} {
		for n := range 20 {
			p := newPair(t)
			broken := func(m *sim.Machine, in layer.Input) {
				m.SetFaults(sim.AfterChange(n, sim.Fault{Kind: kind, Lost: -1}))
				_, _ = p.settle(m.Process(), in)
				m.SetFaults(nil)
				p.must(m.Process(), in)
			}
			broken(p.target, p.input(false, false))
			broken(p.client, p.input(true, false))
			if err := p.client.SetMark("/dev/nvme0n1", sim.MarkData, "data"); err != nil {
				t.Fatal(err)
			}
			broken(p.client, p.input(true, true))
			broken(p.target, p.input(false, true))
			p.mark(p.target, "/dev/vdb", "data")
		}
	}
}

// TestForeign: a subsystem of an earlier resource of the same name is left alone, on
// either side.
func TestForeign(t *testing.T) {
	p := newPair(t)
	p.must(p.target, p.input(false, false))
	p.must(p.client, p.input(true, false))
	p.identity = "99999999-2222-4333-8444-555555555555"
	_, err := look(p.target, p.input(false, false))
	layertest.Refused(t, err, "serial")
	_, err = look(p.client, p.input(true, false))
	layertest.Refused(t, err, "UUID")
	for _, initiator := range []bool{true, false} {
		m := map[bool]*sim.Machine{true: p.client, false: p.target}[initiator]
		if out, err := look(m, p.input(initiator, true)); err != nil || len(out.Steps) > 0 || !out.Released[0] {
			t.Errorf("taking a stranger down: steps %v, released %v, %v", out.Steps, out.Released, err)
		}
	}
}

// TestInUse: a mounted device is not disconnected.
func TestInUse(t *testing.T) {
	p := newPair(t)
	p.must(p.target, p.input(false, false))
	p.must(p.client, p.input(true, false))
	if err := p.client.Mount("/dev/nvme0n1", "/mnt"); err != nil {
		t.Fatal(err)
	}
	_, err := look(p.client, p.input(true, true))
	layertest.Refused(t, err, "mounted")
}

// TestTargetLost: an initiator waits for its target, says so, and goes on by itself.
func TestTargetLost(t *testing.T) {
	p := newPair(t)
	p.must(p.target, p.input(false, false))
	p.must(p.client, p.input(true, false))
	p.target.PowerLoss(0)
	out, err := look(p.client, p.input(true, false))
	if err != nil || len(out.Steps) > 0 || len(out.Waiting) != 1 || !strings.Contains(out.Waiting[0], "connecting") {
		t.Errorf("steps %v, waiting %q, %v", out.Steps, out.Waiting, err)
	}
	p.must(p.target.Process(), p.input(false, false))
	p.must(p.client, p.input(true, false))
}

// TestTargetNotThereYet: a refused connection is said in the user's words.
func TestTargetNotThereYet(t *testing.T) {
	p := newPair(t)
	_, err := p.settle(p.client, p.input(true, false))
	if err == nil {
		t.Fatal("no error")
	}
	layertest.Refused(t, New().Explain(run.Command("nvme", "connect"), run.Result{ExitCode: 1, Stderr: []byte(err.Error())}), "does not answer")
}

// TestGrow: the initiator sees the new size once the target has it.
func TestGrow(t *testing.T) {
	p := newPair(t)
	p.must(p.target, p.input(false, false))
	p.must(p.client, p.input(true, false))
	p.sizeKiB *= 2
	out, err := look(p.client, p.input(true, false))
	if err != nil || len(out.Waiting) == 0 {
		t.Errorf("before the target has grown: waiting %q, %v", out.Waiting, err)
	}
	for _, d := range []string{"/dev/vdb", "/dev/vdc"} {
		if err := p.target.Grow(d, p.sizeKiB<<10); err != nil {
			t.Fatal(err)
		}
	}
	if out := p.must(p.client, p.input(true, false)); out.Devices[0].SizeKiB != p.sizeKiB {
		t.Errorf("size %d KiB", out.Devices[0].SizeKiB)
	}
}

// TestVolumeGoes: one volume of a resource goes, the others stay connected.
func TestVolumeGoes(t *testing.T) {
	p := newPair(t)
	p.must(p.target, p.input(false, false))
	p.must(p.client, p.input(true, false))
	in := p.input(false, true)
	in.Volumes, in.Whole = in.Volumes[1:], false
	p.must(p.target, in)
	p.volumes = 1
	p.must(p.target, p.input(false, false))
	if out := p.must(p.client, p.input(true, false)); !out.Devices[0].Present || p.client.DeviceSize("/dev/nvme0n2") >= 0 {
		t.Errorf("devices %v", out.Devices)
	}
}

// TestCommands are the command lines, word by word.
func TestCommands(t *testing.T) {
	p := newPair(t)
	p.volumes = 1
	var got []string
	note := func(m *sim.Machine, in layer.Input) {
		for range 3 {
			out, err := look(m, in)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range out.Steps {
				got = append(got, strings.TrimSpace(s.String()+" < "+string(s.Cmd.Stdin)))
				if err := provider.Execute(context.Background(), m, s.Step); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	note(p.target, p.input(false, false))
	note(p.client, p.input(true, false))
	note(p.client, p.input(true, true))
	note(p.target, p.input(false, true))
	const sub, port = configDir + "/subsystems/" + testNQN, configDir + "/ports/18500"
	want := []string{
		"modprobe nvmet <",
		"mkdir " + sub + " <",
		"tee " + sub + "/attr_serial < HFcf4c4732fd3b8f8a55",
		"tee " + sub + "/attr_allow_any_host < 1",
		"mkdir " + sub + "/namespaces/1 <",
		"tee " + sub + "/namespaces/1/device_path < /dev/vdb",
		"tee " + sub + "/namespaces/1/device_uuid < 371b02e1-3fba-5d19-b9d5-d3b7961f632f",
		"tee " + sub + "/namespaces/1/enable < 1",
		"mkdir " + port + " <",
		"tee " + port + "/addr_trtype < tcp",
		"tee " + port + "/addr_adrfam < ipv4",
		"tee " + port + "/addr_traddr < 10.0.0.1",
		"tee " + port + "/addr_trsvcid < 4420",
		"ln -s " + sub + " " + port + "/subsystems/" + testNQN + " <",
		"modprobe nvme-tcp <",
		"nvme connect --transport=tcp --traddr=10.0.0.1 --trsvcid=4420 --nqn=" + testNQN + " <",
		"nvme disconnect --nqn=" + testNQN + " <",
		"rm " + port + "/subsystems/" + testNQN + " <",
		"rmdir " + port + " <",
		"tee " + sub + "/namespaces/1/enable < 0",
		"rmdir " + sub + "/namespaces/1 <",
		"rmdir " + sub + " <",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
