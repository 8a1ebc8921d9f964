package agent

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// maxRounds bounds how often one resource is planned in one go; a plan that still
// wants more then makes no progress.
const maxRounds = 12

// reconcile brings one resource to what is wanted and reports what it is then.
func (a *Agent) reconcile(ctx context.Context, it *item, spec link.Resource, seen uint64) link.ResourceReport {
	a.mu.Lock()
	pools, attachOnly := maps.Clone(a.pools), a.attachOnly
	n := maps.Clone(it.need)
	spec = it.withoutNeedlessGrants(spec)
	a.mu.Unlock()
	if n == nil {
		n = need{}
	}
	fresh := need{}
	for range maxRounds {
		obs := a.observeFor(ctx, spec, pools, n)
		p := planResource(spec, false, pools, a.byKind, obs)
		if attachOnly {
			p.keepAttaching()
		}
		if p.err != nil && len(p.steps) == 0 {
			return p.report(progressFailed, p.err)
		}
		a.noteMade(it, p)
		if len(p.steps) == 0 {
			return p.report(p.goal(spec), nil)
		}
		if p.destructive() && !covers(n, fresh) || len(fresh) == 0 && p.destructive() {
			// Nothing is destroyed on the word of an older observation.
			fresh = a.freshNeed(spec, pools)
			n = fresh
			continue
		}
		slow := a.announce(it, seen, p.report(progressWorking, nil))
		err := a.execute(ctx, spec.Name, p.steps, func() bool { return a.outdated(it, seen) })
		slow.Stop()
		n = a.freshNeed(spec, pools)
		fresh = n
		a.remember(it, n)
		if err != nil {
			return p.report(progressFailed, err)
		}
	}
	return link.ResourceReport{Name: spec.Name, Fingerprint: spec.Fingerprint, Progress: progressFailed,
		Problem: problem(fault.New(v1.FailUnknownError, "Resource '%s' does not reach its wanted state.", spec.Name).
			Because("the same steps are needed again and again").
			Fix("Look at the devices by hand; the satellite tries again."))}
}

// slowWork is how long work may take before it is reported that it is under way:
// most is done sooner, and two reports would be one too many.
const slowWork = 150 * time.Millisecond

// announce reports that work is under way if it is not done soon.
func (a *Agent) announce(it *item, seen uint64, rep link.ResourceReport) *time.Timer {
	return time.AfterFunc(slowWork, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if it.running && it.seen == seen && !it.forgotten {
			a.out.resource(rep)
		}
	})
}

// withoutNeedlessGrants takes back the grant to make volumes that were seen already.
func (it *item) withoutNeedlessGrants(spec link.Resource) link.Resource {
	spec.Volumes = slices.Clone(spec.Volumes)
	for i, v := range spec.Volumes {
		if it.made[v.UUID] {
			spec.Volumes[i].Create = false
		}
	}
	return spec
}

func (p *resourcePlan) deletes(number int) bool {
	return slices.ContainsFunc(p.spec.Volumes, func(v link.Volume) bool { return v.Number == number && v.Delete })
}

// forgetMade forgets the volumes that are to be deleted: when the deletion is taken
// back, they may be gone rightly.
func (it *item) forgetMade(spec link.Resource) {
	for _, v := range spec.Volumes {
		if v.Delete {
			delete(it.made, v.UUID)
		}
	}
}

// noteMade remembers the volumes that have been seen with a device.
func (a *Agent) noteMade(it *item, p *resourcePlan) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, v := range p.volumes {
		if v.UsableKiB == 0 || v.DevicePath == "" || p.deletes(v.Number) {
			continue
		}
		if it.made == nil {
			it.made = map[string]bool{}
		}
		it.made[p.uuids[v.Number]] = true
	}
}

func covers(have, want need) bool {
	for s, v := range want {
		if have[s] < v {
			return false
		}
	}
	return true
}

func (a *Agent) remember(it *item, n need) {
	a.mu.Lock()
	defer a.mu.Unlock()
	it.need = n
}

// freshNeed asks for observations that begin from now on.
func (a *Agent) freshNeed(spec link.Resource, pools map[string]link.Pool) need {
	n := need{}
	for _, v := range spec.Volumes {
		if s, ok := a.byKind[pools[v.Pool].Kind]; ok {
			if _, done := n[s]; !done {
				n[s] = s.bump()
			}
		}
	}
	return n
}

type observed struct {
	obs provider.Observation
	err error
}

func (a *Agent) observeFor(ctx context.Context, spec link.Resource, pools map[string]link.Pool, n need) map[*scanner]observed {
	out := map[*scanner]observed{}
	for _, v := range spec.Volumes {
		s, ok := a.byKind[pools[v.Pool].Kind]
		if !ok {
			continue
		}
		if _, done := out[s]; done {
			continue
		}
		obs, err := s.observe(ctx, n[s])
		out[s] = observed{obs, err}
	}
	return out
}

// outdated tells whether there is a newer instruction than the one that is worked on.
func (a *Agent) outdated(it *item, seen uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return it.forgotten || it.seen != seen
}

// execute carries out a plan, but not beyond the moment at which it is outdated: a
// deletion may have been taken back.
func (a *Agent) execute(ctx context.Context, name string, steps []plannedStep, outdated func() bool) error {
	for _, st := range steps {
		if outdated() {
			return errOutdated
		}
		a.cfg.Log.Info("step", "res", name, "vol", st.volume, "layer", st.layer, "why", st.Why, "op", st.String())
		if err := provider.Execute(ctx, a.cfg.Host, st.Step); err != nil {
			return stepFault(name, st, err)
		}
	}
	return nil
}

var errOutdated = errors.New("there is a newer instruction")

func stepFault(name string, st plannedStep, err error) error {
	if f, ok := fault.As(err); ok {
		return f
	}
	var exit *run.ExitError
	if errors.As(err, &exit) && st.explain != nil {
		if known := st.explain(exit.Cmd, exit.Result); known != nil {
			return known
		}
	}
	f := fault.New(v1.FailUnknownError, "A step for volume %d of resource '%s' failed: %s.", st.volume, name, st.Why).
		Because("%v", err).Detail("%s", st.String()).Wrap(err)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return f.Fix("The outcome is not known; the satellite looks again and goes on.")
	}
	return f.Fix("Mend the cause on the node; the satellite tries again by itself.")
}

func problem(err error) *v1.ApiCallRc {
	if err == nil {
		return nil
	}
	f, ok := fault.As(err)
	if !ok {
		f = fault.New(v1.FailUnknownError, "%v", err)
	}
	rc := f.RC()
	return &rc
}
