// Package nvme is the layer that gives a volume to other nodes by NVMe over fabrics:
// the target offers it through the kernel's nvmet, initiators connect to it.
//
// Invariants:
//   - A subsystem is ours by its serial number, a namespace by its UUID; both are made
//     of the definition's UUID, so that a later resource of the same name has others.
//   - A port is shared by all subsystems with its address; the layer removes a port
//     only if it made it, which its number tells.
package nvme

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Layer drives NVMe over fabrics; New makes one.
type Layer struct{}

// New makes the layer.
func New() *Layer { return &Layer{} }

// Kind is NVME.
func (*Layer) Kind() v1.LayerType { return v1.LayerTypeNvme }

// Support asks for the tool and the kernel's modules. One transport is enough.
func (*Layer) Support(ctx context.Context, h run.Host) layer.Support {
	var out layer.Support
	if r, err := h.Run(ctx, run.Command("nvme", "version")); err != nil || r.ExitCode != 0 {
		out.Reasons = append(out.Reasons, "the tool nvme cannot be run; install the package nvme-cli")
	}
	loads := func(module string) bool {
		r, err := h.Run(ctx, run.Command("modprobe", "--dry-run", "--quiet", module))
		return err == nil && r.ExitCode == 0
	}
	if !loads("nvmet") {
		out.Reasons = append(out.Reasons, "the running kernel has no module nvmet; install the kernel package that has it")
	}
	var lack []string
	for _, t := range []string{"tcp", "rdma"} {
		if !loads("nvmet-"+t) || !loads("nvme-"+t) {
			lack = append(lack, t)
		}
	}
	switch len(lack) {
	case 1:
		out.Warnings = append(out.Warnings, "NVMe cannot use the transport "+lack[0]+": the kernel has no module nvmet-"+lack[0]+" or nvme-"+lack[0])
	case 2:
		out.Reasons = append(out.Reasons, "the running kernel has the modules of neither transport: nvmet-tcp and nvme-tcp, or nvmet-rdma and nvme-rdma")
	}
	return out
}

// LowerKiB is the same size.
func (*Layer) LowerKiB(_ *link.Resource, _ *link.Volume, sizeKiB int64) (int64, error) {
	return sizeKiB, nil
}

// UpperKiB is the same size.
func (*Layer) UpperKiB(_ *link.Resource, _ *link.Volume, lowerKiB int64) (int64, error) {
	return lowerKiB, nil
}

// Parts needs none.
func (*Layer) Parts(*link.Resource, *link.Volume, int64) ([]link.Part, error) { return nil, nil }

// Plan gives the next steps of a target or an initiator.
func (*Layer) Plan(in layer.Input) (layer.Output, error) {
	s, ok := in.Observed.(*seen)
	if !ok {
		return layer.Output{}, fmt.Errorf("plan layer NVME: nothing was observed")
	}
	n := in.Resource.NVMe
	if n == nil {
		return layer.Output{}, fault.New(v1.FailInvalidConfig, "The NVMe settings of resource '%s' are missing.", in.Resource.Name).
			Because("the controller has not sent them").Fix("Use a controller that knows the layer NVME.")
	}
	p := &planner{in: in, n: n, seen: s, out: layer.Output{Devices: map[int]layer.Device{}, Volumes: map[int]link.LayerReport{},
		Released: map[int]bool{}, Made: map[int]bool{}}}
	p.probed, _ = in.Probed.(*probed)
	if err := p.check(); err != nil && !in.Down {
		return p.out, err
	}
	plan := map[[2]bool]func() error{{false, false}: p.targetUp, {false, true}: p.targetDown,
		{true, false}: p.initiatorUp, {true, true}: p.initiatorDown}[[2]bool{n.Initiator, in.Down}]
	err := plan()
	return p.out, err
}

type planner struct {
	in     layer.Input
	n      *link.NVMe
	seen   *seen
	probed *probed
	out    layer.Output
}

// check refuses settings that would reach the kernel's file names.
func (p *planner) check() error {
	n := p.n
	var what string
	switch {
	case !nqn.MatchString(n.Subsystem):
		what = fmt.Sprintf("the subsystem's name is '%s'", n.Subsystem)
	case n.Identity == "":
		what = "the identity is missing"
	case n.Transport != "tcp" && n.Transport != "rdma" && n.Transport != "loop":
		what = fmt.Sprintf("the transport is '%s', and can be tcp or rdma (property NVMe/TRType)", n.Transport)
	case n.Port < 1 || n.Port > 65535:
		what = fmt.Sprintf("the port is %d, and can be 1 to 65535 (property NVMe/Port)", n.Port)
	case n.Address == "" && n.Initiator:
		what = "no node offers the resource as its NVMe target, or that node has no net interface"
	case n.Address == "" || strings.ContainsAny(n.Address, " \n,/"):
		what = fmt.Sprintf("the target's address is '%s' (net interface, property NVMe/PrefNic)", n.Address)
	default:
		return nil
	}
	return fault.New(v1.FailInvalidConfig, "NVMe cannot be set up for resource '%s'.", p.in.Resource.Name).Because("%s", what).
		Fix("Correct the property or the node's net interface.").Ref("RscDfn", p.in.Resource.Name)
}

var nqn = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,223}$`)

func (p *planner) step(volume int, e provider.Effect, why, stdin string, argv ...string) {
	c := run.Command(argv...)
	if stdin != "" {
		c.Stdin = []byte(stdin)
	}
	p.out.Steps = append(p.out.Steps, layer.Step{Step: provider.Step{Cmd: &c, Why: why, Effect: e}, Volume: volume})
}

func (p *planner) wait(format string, args ...any) {
	p.out.Waiting = append(p.out.Waiting, fmt.Sprintf(format, args...))
}

// serial is the serial number of the resource's subsystem.
func (p *planner) serial() string {
	sum := sha256.Sum256([]byte(p.n.Identity))
	return "HF" + hex.EncodeToString(sum[:9])
}

// namespaceUUID is the identity of a volume on the target and its initiators.
func (p *planner) namespaceUUID(volume int) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s/%d", p.n.Identity, volume)).String()
}

// nsid is the number of a volume's namespace; 0 is none.
func nsid(volume int) int { return volume + 1 }

// complaints are what nvme and the kernel say when something is refused.
var complaints = []struct{ words, message, fix string }{
	{"Connection refused", "The NVMe target does not answer.", "See whether the resource is ready on the target's node, and whether a firewall is between the nodes."},
	{"No route to host", "The NVMe target cannot be reached.", "Check the network between the nodes, and the property NVMe/PrefNic."},
	{"timed out", "The NVMe target does not answer.", "Check the network between the nodes, and the firewall."},
	{"nvme-fabrics", "The kernel's module for NVMe over fabrics is not loaded.", "Run modprobe nvme-fabrics, or install the kernel package that has it."},
	{"Address already in use", "The port of the NVMe target is used by something else.", "Set another port with the property NVMe/Port."},
	{"Cannot assign requested address", "The node does not have the address on which the NVMe target is to listen.", "Correct the node's net interface, or the property NVMe/PrefNic."},
}

// Explain turns a complaint into a fault; nil where it means nothing.
func (*Layer) Explain(c run.Cmd, r run.Result) error {
	said := strings.TrimSpace(string(r.Stderr) + "\n" + string(r.Stdout))
	for _, k := range complaints {
		if strings.Contains(said, k.words) {
			return fault.New(v1.FailUnknownError, "%s", k.message).Because("%s said: %s", c.Argv[0], strings.ReplaceAll(said, "\n", "; ")).Fix("%s", k.fix)
		}
	}
	return nil
}
