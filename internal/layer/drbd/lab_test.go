package drbd_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

const (
	labSecret  = "dGhlc2VjcmV0b2Z3ZWI="
	labRes     = "/var/lib/linstor.d/web.res"
	labDevice  = "/dev/drbd1000"
	labLower   = "/dev/vg/web_00000"
	labNetKiB  = 64 << 10
	labDay0    = "A0B0C0D0E0F01234"
	labRandom  = "1122334455667788"
	labUnknown = -1
)

// lab is a simulated cluster whose nodes have thin pools and the DRBD layer.
type lab struct {
	t     *testing.T
	net   *sim.Network
	nodes []*labNode
	spec  link.DRBD
}

// labNode is one node with a satellite that walks over two layers: thin volumes of
// LVM, made by hand here, and DRBD.
type labNode struct {
	lab   *lab
	m     *sim.Machine
	drbd  *sim.DRBD
	layer *drbd.Layer
	// process is the satellite's; it is a new one after a crash.
	process *sim.Process
	spec    link.Resource
	made    map[int]bool
}

// newLab makes n1, n2 … of which the first ones have disks. The first is the winner
// where others may skip the first resync.
func newLab(t *testing.T, nodes, disks int, skip bool) *lab {
	l := &lab{t: t, net: sim.NewNetwork(), spec: link.DRBD{Secret: labSecret, Options: []link.DRBDOption{{Name: "quorum", Value: "off"}},
		Volumes: []link.DRBDVolume{{Number: 0, Minor: 1000, Peers: 7, Day0: labDay0, Random: labRandom}}}}
	for i := range nodes {
		name := fmt.Sprintf("n%d", i+1)
		l.spec.Nodes = append(l.spec.Nodes, link.DRBDNode{Name: "node-" + name, Uname: name, NodeID: i, Diskless: i >= disks, Address: fmt.Sprintf("10.0.0.%d", i+1), Port: 7000})
		m := sim.NewMachine(name)
		m.AddDisk("/dev/vdb", "b", 1<<30)
		lvm := sim.NewLVM(m)
		if err := lvm.AddVG("vg", "/dev/vdb"); err != nil {
			t.Fatal(err)
		}
		if err := lvm.AddThinPool("vg", "pool"); err != nil {
			t.Fatal(err)
		}
		n := &labNode{lab: l, m: m, drbd: sim.NewDRBD(m, l.net), layer: drbd.New(), made: map[int]bool{}}
		n.spec = link.Resource{Name: "web", Stack: []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage}, Diskless: i >= disks,
			Volumes: []link.Volume{{Number: 0, UUID: "u", Pool: "p", SizeKiB: labNetKiB, Create: true}}}
		n.restart()
		l.nodes = append(l.nodes, n)
	}
	for i, n := range l.nodes {
		n.spec.DRBD = l.copyFor(map[bool]map[bool]string{true: {true: "winner", false: "skip"}, false: {true: "winner", false: "full"}}[skip][i == 0])
	}
	return l
}

// copyFor is the instruction for DRBD with a way to begin.
func (l *lab) copyFor(start string) *link.DRBD {
	d := l.spec
	d.Nodes = append([]link.DRBDNode{}, d.Nodes...)
	d.Volumes = append([]link.DRBDVolume{}, d.Volumes...)
	d.Volumes[0].Start = start
	return &d
}

// each changes the instruction of all nodes.
func (l *lab) each(change func(d *link.DRBD)) {
	for _, n := range l.nodes {
		change(n.spec.DRBD)
	}
}

func (n *labNode) restart() {
	n.m.Restart()
	n.process = n.m.Process()
	n.layer = drbd.New()
}

// must runs a tool by hand, beside the satellite.
func (n *labNode) must(argv ...string) {
	n.lab.t.Helper()
	if strings.HasPrefix(argv[0], "lv") {
		argv = slices.Insert(argv, 1, "--config", `devices { filter=["r|^/dev/drbd.*|"] }`)
	}
	if _, err := run.Must(context.Background(), n.m.Observer(), run.Command(argv...)); err != nil {
		n.lab.t.Fatal(err)
	}
}

// storage makes or activates the thin volumes, and answers them.
func (n *labNode) storage() map[int]layer.Device {
	out := map[int]layer.Device{}
	for _, v := range n.spec.Volumes {
		if n.spec.Diskless && !v.Drop || v.Delete || n.spec.Delete {
			continue
		}
		kib, err := n.layer.LowerKiB(&n.spec, &v, v.SizeKiB)
		if err != nil {
			n.lab.t.Fatal(err)
		}
		name := fmt.Sprintf("web_%05d", v.Number)
		path := "/dev/vg/" + name
		if n.m.DeviceSize(path) <= 0 && !n.made[labUnknown] {
			n.must("lvcreate", "--yes", "--name", name, "--virtualsize", fmt.Sprintf("%dk", kib), "--thinpool", "pool", "vg")
			n.made[labUnknown] = true
		}
		out[v.Number] = layer.Device{Path: path, SizeKiB: n.m.DeviceSize(path) >> 10, Present: n.m.DeviceSize(path) > 0, Thin: true, ZeroFilled: true}
	}
	return out
}

func (n *labNode) input(down bool) layer.Input {
	in := layer.Input{Resource: &n.spec, Lower: n.storage(), MayMake: map[int]bool{}, Down: down, Whole: n.spec.Delete}
	for _, v := range n.spec.Volumes {
		if down == (v.Delete || n.spec.Delete) {
			in.Volumes = append(in.Volumes, v)
			in.MayMake[v.Number] = v.Create && !n.made[v.Number]
		}
	}
	return in
}

// plan looks at the machine and plans.
func (n *labNode) plan(in layer.Input) (layer.Input, layer.Output, error) {
	seen, err := n.layer.Scan(context.Background(), n.process)
	if err != nil {
		return in, layer.Output{}, err
	}
	in.Observed = seen
	if in.Probed, err = n.layer.Probe(context.Background(), n.process, in); err != nil {
		return in, layer.Output{}, err
	}
	out, err := n.layer.Plan(in)
	n.noSecret(out, err)
	for v := range out.Made {
		n.made[v] = true
	}
	return in, out, err
}

// noSecret looks at everything that is shown to people.
func (n *labNode) noSecret(out layer.Output, err error) {
	n.lab.t.Helper()
	var shown strings.Builder
	for _, s := range out.Steps {
		shown.WriteString(s.String() + s.Why)
	}
	fmt.Fprint(&shown, out.Waiting, out.DRBD, err)
	if f, ok := fault.As(err); ok {
		fmt.Fprintf(&shown, "%+v", f.RC())
	}
	if strings.Contains(shown.String(), labSecret) {
		n.lab.t.Fatalf("the secret is shown: %s", shown.String())
	}
}

// round plans and executes once; done tells that nothing was left to do.
func (n *labNode) round() (done bool, out layer.Output, err error) {
	in, out, err := n.plan(n.input(n.spec.Delete))
	if err == nil && len(out.Keep) > 0 {
		// The satellite asks again for disks that are kept.
		in.Keep = out.Keep
		in, out, err = n.plan(in)
	}
	if err != nil {
		return false, out, err
	}
	for _, s := range out.Steps {
		if err := provider.Execute(context.Background(), n.process, s.Step); err != nil {
			n.noSecret(layer.Output{Steps: n.layer.Recover(in)}, err)
			return false, out, err
		}
	}
	return len(out.Steps) == 0, out, nil
}

// settle goes on until there is nothing left to do.
func (n *labNode) settle() layer.Output {
	n.lab.t.Helper()
	for range 8 {
		done, out, err := n.round()
		if err != nil {
			n.lab.t.Fatalf("%s: %v", n.m.Name(), err)
		}
		if done {
			return out
		}
	}
	n.lab.t.Fatalf("%s: there is always something left to do", n.m.Name())
	return layer.Output{}
}

// settle lets all nodes reach their goals.
func (l *lab) settle() []layer.Output {
	l.t.Helper()
	for _, n := range l.nodes {
		n.settle()
	}
	var out []layer.Output
	for _, n := range l.nodes {
		out = append(out, n.settle())
	}
	return out
}

// disks are the states of the first volume's disks.
func disks(outs []layer.Output) string {
	var all []string
	for _, o := range outs {
		all = append(all, o.Volumes[0].DiskState)
	}
	return strings.Join(all, " ")
}

// commands are those that the satellite has run, in short.
func (n *labNode) commands() []string {
	var out []string
	for _, r := range n.m.Commands() {
		if r.Argv[0] != "lvcreate" && r.Argv[0] != "lvextend" && r.Argv[0] != "lvchange" {
			out = append(out, r.String())
		}
	}
	return out
}

// execute plans once with an input and carries it out.
func (n *labNode) execute(in layer.Input) layer.Output {
	n.lab.t.Helper()
	_, out, err := n.plan(in)
	if err != nil {
		n.lab.t.Fatal(err)
	}
	for _, s := range out.Steps {
		if err := provider.Execute(context.Background(), n.process, s.Step); err != nil {
			n.lab.t.Fatal(err)
		}
	}
	return out
}
