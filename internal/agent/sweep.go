package agent

import (
	"context"

	"github.com/holdfast-storage/holdfast/internal/provider"
)

// sweeping is how far a scanner is with what its provider has put aside.
type sweeping struct {
	running bool
	// since is the age of the newest scan that knows of all that was swept.
	since uint64
	// failures have what was said of it already, so that every scan need not say it again.
	failures map[string]bool
}

// sweep removes on the side what the provider has put aside when it carried out a
// deletion, and what a scan shows to be free by now. The marks on the device are the
// grant: the resource that had it may be long gone.
func (a *Agent) sweep(s *scanner, sc *scan, pools []provider.Pool) {
	able, ok := s.provider.(provider.Sweeper)
	if !ok || sc.err != nil {
		return
	}
	todo := able.PlanSweep(pools, sc.obs)
	if len(todo) == 0 || a.onlyAttaches() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.swept.running || sc.age < s.swept.since {
		return
	}
	// An agent that has stopped sweeps no more.
	s.swept.running = s.life.start(func() { a.sweepAll(s.life.ctx, s, todo) }) == nil
}

func (a *Agent) onlyAttaches() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.attachOnly
}

func (a *Agent) sweepAll(ctx context.Context, s *scanner, todo [][]provider.Step) {
	swept := false
	failures := map[string]bool{}
	for _, steps := range todo {
		err := a.sweepOne(ctx, steps)
		if err == nil {
			swept = true
			continue
		}
		why := err.Error()
		failures[why] = true
		if ctx.Err() == nil && !s.hasFailed(why) {
			a.cfg.Log.Warn("what was put aside cannot be removed yet; it is tried again", "err", err)
		}
	}
	age := s.bump()
	s.mu.Lock()
	s.swept = sweeping{since: age, failures: failures}
	s.mu.Unlock()
	if swept {
		// The pool has more space now.
		s.refresh()
	}
}

func (s *scanner) hasFailed(why string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.swept.failures[why]
}

func (a *Agent) sweepOne(ctx context.Context, steps []provider.Step) error {
	for _, st := range steps {
		a.cfg.Log.Info("step", "why", st.Why, "op", st.String())
		if err := provider.Execute(ctx, a.cfg.Host, st); err != nil {
			return err
		}
	}
	return nil
}
