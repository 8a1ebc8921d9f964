package agent

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// counted is a finisher that is done at once and notes for what.
type counted struct{ asked *[]string }

func (counted) Name() string { return "counted" }

func (c counted) Finish(_ context.Context, _ run.Host, f layer.Finish) (layer.Finished, error) {
	*c.asked = append(*c.asked, f.Resource.Fingerprint)
	return layer.Finished{Done: true}, nil
}

// TestFinishedOncePerInstruction: a finisher is asked once for an instruction, and
// again when that one comes back after another: then something is to be undone.
func TestFinishedOncePerInstruction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		top := &plain{kind: v1.LayerTypeDrbd}
		a, _ := stackedAgent(t, top, &plain{kind: v1.LayerTypeLuks})
		a.cfg.Finishers = []layer.Finisher{counted{&asked}}
		apply(t, a, link.Set{Full: true, Pools: pool(), Resources: []link.Resource{stackedReplica("plain", false)}})
		for _, fingerprint := range []string{"plain", "limited", "plain"} {
			apply(t, a, link.Set{Resources: []link.Resource{stackedReplica(fingerprint, false)}})
			time.Sleep(time.Minute)
			top.tell("r")
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		if want := []string{"plain", "limited", "plain"}; !slices.Equal(asked, want) {
			t.Errorf("asked for %q, want %q", asked, want)
		}
	})
}
