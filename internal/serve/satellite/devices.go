package satellite

import (
	"context"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/all"
	"github.com/holdfast-storage/holdfast/internal/provider/physical"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// devices lists and makes device pools on the node.
type devices struct{ host run.Host }

// maxPlans bounds how often a device pool is planned again in one go.
const maxPlans = 8

// Physical implements sat.Physical.
func (d devices) Physical(ctx context.Context, req wire.PhysicalRequest) (wire.PhysicalAnswer, error) {
	if req.Create == nil {
		return d.list(ctx)
	}
	m := physical.NewMaker(all.Providers()...)
	backing, err := m.Backing(*req.Create)
	if err != nil {
		return wire.PhysicalAnswer{}, err
	}
	out := wire.PhysicalAnswer{Backing: backing}
	for range maxPlans {
		steps, err := d.plan(ctx, m, *req.Create)
		if err != nil || len(steps) == 0 {
			return out, err
		}
		for _, s := range steps {
			out.Steps = append(out.Steps, wire.PlanStep{Command: s.String(), Why: s.Why, Effect: string(s.Effect), Destructive: s.Destructive})
		}
		if req.Plan {
			return out, nil
		}
		for _, s := range steps {
			if err := provider.Execute(ctx, d.host, s); err != nil {
				return out, fault.New(v1.FailUnknownError, "Making the device pool failed: %s.", s.Why).
					Because("%v", err).Detail("%s", s.String()).
					Fix("Mend the cause and repeat the command; it goes on where it stopped.").Wrap(err)
			}
		}
	}
	return out, fault.New(v1.FailUnknownError, "The device pool does not reach its wanted state.").
		Because("the same steps are needed again and again").Fix("Look at the devices by hand.")
}

func (d devices) plan(ctx context.Context, m *physical.Maker, req v1.PhysicalStorageCreate) ([]provider.Step, error) {
	o, err := m.Observe(ctx, d.host, req)
	if err != nil {
		return nil, err
	}
	return m.PlanCreate(req, o)
}

func (d devices) list(ctx context.Context) (wire.PhysicalAnswer, error) {
	disks, err := physical.List(ctx, d.host)
	if err != nil {
		return wire.PhysicalAnswer{}, err
	}
	out := wire.PhysicalAnswer{Devices: []wire.PhysicalDevice{}}
	for _, k := range disks {
		n := k.Node()
		out.Devices = append(out.Devices, wire.PhysicalDevice{Device: n.Device, SizeBytes: n.Size, Rotational: n.Rotational,
			Model: n.Model, Serial: n.Serial, WWN: n.WWN})
	}
	return out, nil
}
