package sim

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// Events are handed over as they come, until the process or its machine is gone.
func TestStreamOfDRBDEvents(t *testing.T) {
	for name, end := range map[string]struct {
		do   func(m *Machine, cancel func())
		want error
	}{
		"context": {func(_ *Machine, cancel func()) { cancel() }, context.Canceled},
		"crash":   {func(m *Machine, _ func()) { m.Crash() }, ErrCrashed},
		"power":   {func(m *Machine, _ func()) { m.PowerLoss(0) }, ErrPowerLoss},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lab := newDRBDLab(t, 2, 2)
				lab.setup(true)
				lab.adjust()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				process := lab.m[0].Process()
				var got []string
				ended := make(chan error, 1)
				go func() {
					ended <- process.Stream(ctx, run.Command("drbdsetup", "events2", "--statistics"), func(l string) { got = append(got, l) })
				}()
				synctest.Wait()
				if n := len(got); n < 4 || got[n-1] != "exists -" {
					t.Fatalf("at the beginning: %q", got)
				}
				lab.d[0].Events()
				got = nil
				lab.net.Cut("n1", "n2")
				synctest.Wait()
				if want := lab.d[0].Events(); len(want) == 0 || !slices.Equal(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
				end.do(lab.m[0], cancel)
				if err := <-ended; !errors.Is(err, end.want) {
					t.Errorf("error: %v", err)
				}
				lab.m[0].do(func() {
					if n := len(lab.m[0].followers); n > 0 {
						t.Errorf("%d followers are left", n)
					}
				})
			})
		})
	}
}

func TestStreamRefuses(t *testing.T) {
	m := newDRBDLab(t, 1, 1).m[0]
	for _, argv := range [][]string{{"drbdsetup", "status"}, {"drbdsetup", "events2"}, {"drbdsetup", "events2", "--statistics", "--guess"}} {
		if err := m.Stream(bg, run.Command(argv...), func(string) {}); err == nil {
			t.Errorf("%q was followed", argv)
		}
	}
	if err := m.Stream(bg, run.Command("udevadm", "monitor"), func(string) {}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a tool that is not there: %v", err)
	}
}
