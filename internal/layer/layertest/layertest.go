// Package layertest drives a layer in tests as the agent does. It is never part of a
// product.
package layertest

import (
	"context"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// rounds is how often a layer may plan before it is said to make no progress.
const rounds = 12

// Look observes and plans once.
func Look(l layer.Layer, h run.Host, in layer.Input) (layer.Output, error) {
	ctx := context.Background()
	var err error
	if in.Observed, err = l.Scan(ctx, h); err != nil {
		return layer.Output{}, err
	}
	if in.Probed, err = l.Probe(ctx, h, in); err != nil {
		return layer.Output{}, err
	}
	return l.Plan(in)
}

// Settle works round after round until nothing is left, or something fails.
func Settle(t testing.TB, l layer.Layer, h run.Host, in layer.Input) (layer.Output, error) {
	t.Helper()
	for range rounds {
		out, err := Look(l, h, in)
		if err != nil || len(out.Steps) == 0 && len(out.Waiting) == 0 {
			return out, err
		}
		for _, s := range out.Steps {
			if err := provider.Execute(context.Background(), h, s.Step); err != nil {
				return out, err
			}
		}
	}
	t.Fatal("the layer makes no progress")
	return layer.Output{}, nil
}

// Must is Settle where nothing may fail.
func Must(t testing.TB, l layer.Layer, h run.Host, in layer.Input) layer.Output {
	t.Helper()
	out, err := Settle(t, l, h, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Refused checks for a fault whose text holds the words, with a way out.
func Refused(t testing.TB, err error, words string) {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || !strings.Contains(f.Error(), words) || f.Correction == "" {
		t.Errorf("error = %v, want a fault with %q and a correction", err, words)
	}
}
