package filesystem

import (
	"context"

	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Finisher makes file systems on new volumes.
type Finisher struct{}

// Name implements layer.Finisher.
func (Finisher) Name() string { return "file-system" }

// Finish implements layer.Finisher.
func (Finisher) Finish(ctx context.Context, h run.Host, f layer.Finish) (layer.Finished, error) {
	if !f.Ready {
		return layer.Finished{}, nil
	}
	st, err := Probe(ctx, h, f.Volume, f.Top)
	if err != nil {
		return layer.Finished{}, err
	}
	steps, found, err := Plan(f.Resource.Name, f.Volume, f.Top, st)
	return layer.Finished{Steps: steps, FileSystem: found}, err
}
