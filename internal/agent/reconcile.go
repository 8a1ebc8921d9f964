package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	forgetFinished(it.made, spec.Fingerprint)
	pools, attachOnly := maps.Clone(a.pools), a.attachOnly
	n, made := maps.Clone(it.need), maps.Clone(it.made)
	a.mu.Unlock()
	if n == nil {
		n = need{}
	}
	fresh := need{}
	var p *resourcePlan
	for range maxRounds {
		p = a.planResource(ctx, spec, false, a.observeFor(ctx, spec, pools, n), made)
		if attachOnly {
			p.keepAttaching()
		}
		if p.err != nil && len(p.steps) == 0 {
			return p.report(progressFailed, p.err)
		}
		made = a.noteMade(it, p)
		if len(p.steps) == 0 {
			return p.report(p.goal(), nil)
		}
		if p.destructive() && !covers(n, fresh) || len(fresh) == 0 && p.destructive() {
			// Nothing is destroyed on the word of an older observation.
			fresh = a.freshNeed(spec, pools)
			n = fresh
			continue
		}
		slow := a.announce(it, seen, p.report(progressWorking, nil))
		err := a.execute(ctx, spec.Name, p, func() bool { return a.outdated(it, seen) })
		slow.Stop()
		n, fresh = a.needAfter(p, n, fresh, spec, pools)
		a.remember(it, n)
		if err != nil {
			return p.report(progressFailed, err)
		}
	}
	// The report says what is there: without it the controller would take the replica for
	// one that has nothing, and change its mind.
	return p.report(progressFailed, fault.New(v1.FailUnknownError, "Resource '%s' does not reach its wanted state.", spec.Name).
		Because("the same steps are needed again and again").
		Fix("Look at the devices by hand; the satellite tries again."))
}

// needAfter says what has to be looked at again after steps: what they have touched.
// A step that takes something away may have changed anything.
func (a *Agent) needAfter(p *resourcePlan, n, fresh need, spec link.Resource, pools map[string]link.Pool) (need, need) {
	touched := map[v1.LayerType]bool{}
	for _, s := range p.steps {
		touched[s.layer] = true
	}
	if p.destructive() || touched[v1.LayerTypeStorage] {
		all := a.freshNeed(spec, pools)
		return all, all
	}
	n = maps.Clone(n)
	for kind := range touched {
		if l, ok := a.layers[kind]; ok {
			n[l.scanner] = l.bump()
		}
	}
	return n, fresh
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

// forgetMade forgets the volumes that are to be deleted: when the deletion is taken
// back, they may be gone rightly.
func (it *item) forgetMade(spec link.Resource) {
	for _, v := range spec.Volumes {
		if v.Delete || v.Drop {
			maps.DeleteFunc(it.made, func(key string, _ bool) bool { return strings.HasPrefix(key, v.UUID) })
		}
	}
}

// forgetFinished drops what finishers had done under other instructions: when one comes
// back, something else was wanted in between.
func forgetFinished(made map[string]bool, fingerprint string) {
	maps.DeleteFunc(made, func(key string, _ bool) bool {
		return strings.Count(key, "/") == 2 && !strings.HasSuffix(key, "/"+fingerprint)
	})
}

// noteMade remembers what has been seen complete, and answers all that is known.
func (a *Agent) noteMade(it *item, p *resourcePlan) map[string]bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, key := range p.made {
		if it.made == nil {
			it.made = map[string]bool{}
		}
		it.made[key] = true
	}
	return maps.Clone(it.made)
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

// scannersOf are those that look at what a resource is made of.
func (a *Agent) scannersOf(spec link.Resource, pools map[string]link.Pool) []*scanner {
	var out []*scanner
	add := func(s *scanner) {
		if s != nil && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, v := range spec.Volumes {
		add(a.byKind[pools[v.Pool].Kind])
		for _, p := range v.Parts {
			add(a.byKind[pools[p.Pool].Kind])
		}
	}
	for _, s := range spec.Snapshots {
		for _, v := range s.Volumes {
			add(a.byKind[pools[v.Pool].Kind])
		}
	}
	for _, kind := range spec.Stack {
		add(a.layers[kind].scanner)
	}
	return out
}

// freshNeed asks for observations that begin from now on.
func (a *Agent) freshNeed(spec link.Resource, pools map[string]link.Pool) need {
	n := need{}
	for _, s := range a.scannersOf(spec, pools) {
		n[s] = s.bump()
	}
	return n
}

// observeFor looks at what a resource is made of.
func (a *Agent) observeFor(ctx context.Context, spec link.Resource, pools map[string]link.Pool, n need) view {
	out := view{pools: pools, storage: map[*scanner]*scan{}, layers: map[v1.LayerType]*scan{}}
	for _, s := range a.scannersOf(spec, pools) {
		sc := s.observe(ctx, n[s])
		if s.provider != nil {
			out.storage[s] = sc
		}
		for kind, l := range a.layers {
			if l.scanner == s {
				out.layers[kind] = sc
			}
		}
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
func (a *Agent) execute(ctx context.Context, name string, p *resourcePlan, outdated func() bool) error {
	for _, st := range p.steps {
		if outdated() {
			return errOutdated
		}
		err := a.step(ctx, name, st)
		if st.Lingers && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			a.cfg.Log.Warn("a step stands still; looking at how far it has come", "res", name, "vol", st.volume, "layer", st.layer, "why", st.Why, "err", err)
			return nil
		}
		if err != nil {
			a.goBack(ctx, name, p, st.layer)
			err = stepFault(name, st, err)
			p.blame(st, err)
			return err
		}
	}
	return nil
}

func (a *Agent) step(ctx context.Context, name string, st plannedStep) error {
	a.cfg.Log.Info("step", "res", name, "vol", st.volume, "layer", st.layer, "why", st.Why, "op", st.String())
	return provider.Execute(ctx, a.cfg.Host, st.Step)
}

// goBack restores what worked before a layer's step failed.
func (a *Agent) goBack(ctx context.Context, name string, p *resourcePlan, kind v1.LayerType) {
	way := p.recover[kind]
	if way == nil {
		return
	}
	for _, st := range way() {
		if err := a.step(ctx, name, st); err != nil {
			a.cfg.Log.Warn("the way back after a failed step failed too", "res", name, "layer", kind, "err", err)
			return
		}
	}
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
	what := fmt.Sprintf("volume %d of resource '%s'", st.volume, name)
	if st.volume < 0 {
		what = fmt.Sprintf("resource '%s'", name)
	}
	f := fault.New(v1.FailUnknownError, "A step for %s failed: %s.", what, st.Why).
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
