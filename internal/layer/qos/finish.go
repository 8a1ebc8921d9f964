package qos

import (
	"context"

	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Finisher sets the limits of volumes.
type Finisher struct{}

// Name implements layer.Finisher.
func (Finisher) Name() string { return "limits" }

// Finish implements layer.Finisher. The limits are those of the device that the
// storage gives, as the User's Guide says, so that replication is limited too.
func (Finisher) Finish(ctx context.Context, h run.Host, f layer.Finish) (layer.Finished, error) {
	targets := []Target{{Volume: f.Volume.Number, Path: f.Data.Path, Props: f.Volume.Props,
		Foreseen: f.Foresee && !f.Data.Present}}
	seen, err := Probe(ctx, h, targets)
	if err != nil {
		return layer.Finished{}, err
	}
	steps, err := Plan(targets, seen)
	return layer.Finished{Steps: steps, Done: !targets[0].limited() && len(steps) == 0}, err
}
