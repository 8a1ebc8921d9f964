package satellite

import (
	"context"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/agent"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// inspector reads what DRBD on the node knows of a resource.
type inspector struct {
	host  run.Host
	agent *agent.Agent
}

// Inspect implements sat.Inspector.
func (i inspector) Inspect(ctx context.Context, resource string) (wire.InspectAnswer, error) {
	for _, r := range i.agent.Holds().Resources {
		if r.Name == resource {
			return drbd.Inspect(ctx, i.host, &r)
		}
	}
	return wire.InspectAnswer{}, fault.New(v1.FailNotFoundResource, "The satellite was not told of resource '%s'.", resource).
		Because("it has not received the newest instructions yet").Fix("Try again in a moment.")
}
