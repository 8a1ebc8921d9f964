package agent

import (
	"context"
	"maps"
	"slices"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// plannedStep is a step with what it belongs to.
type plannedStep struct {
	provider.Step
	volume int
	layer  v1.LayerType
	// snapshot is the identity of the snapshot's device that the step is about.
	snapshot string
	// explain turns the tool's complaint into the user's words; nil knows none.
	explain func(run.Cmd, run.Result) error
}

// resourcePlan is what has to be done for one resource, and how it stands.
type resourcePlan struct {
	spec    link.Resource
	steps   []plannedStep
	volumes []link.VolumeReport
	// made has what was seen complete, by identity: its grant to be made has ended.
	made  []string
	inUse *bool
	// waiting says what has to happen elsewhere.
	waiting []string
	drbd    *link.DRBDReport
	// snapshots say how those of the instruction stand.
	snapshots []link.SnapshotReport
	// recover has the way back for layers of which a step fails.
	recover map[v1.LayerType]func() []plannedStep
	// err is the first volume's trouble; other volumes go on.
	err error
}

// keepAttaching leaves only what brings up existing devices.
func (p *resourcePlan) keepAttaching() {
	var keep []plannedStep
	for _, s := range p.steps {
		// Above the storage, what is modified is configuration.
		if s.Effect == provider.EffectAttach || s.Effect == provider.EffectModify && s.layer != v1.LayerTypeStorage {
			keep = append(keep, s)
		}
	}
	if len(keep) != len(p.steps) {
		keep = nil
	}
	p.steps = keep
}

// destructive tells whether a step takes something away. Detaching counts, for a
// device's name may be another's by now.
func (p *resourcePlan) destructive() bool {
	for _, s := range p.steps {
		if s.Destructive || s.Effect == provider.EffectDestroy || s.Effect == provider.EffectDetach {
			return true
		}
	}
	return false
}

// goal is the progress of a resource for which nothing is left to do here.
func (p *resourcePlan) goal() string {
	switch {
	case len(p.waiting) > 0:
		return progressWorking
	case p.spec.Delete:
		return progressGone
	}
	return progressReady
}

func (p *resourcePlan) report(progress string, err error) link.ResourceReport {
	if err == nil {
		err = p.err
	}
	if err != nil && progress != progressWorking {
		progress = progressFailed
	}
	rep := link.ResourceReport{Name: p.spec.Name, Fingerprint: p.spec.Fingerprint, Progress: progress,
		Problem: problem(err), InUse: p.inUse, Volumes: p.volumes, DRBD: p.drbd, Snapshots: slices.Clone(p.snapshots)}
	if rep.InUse == nil {
		no := false
		rep.InUse = &no
	}
	switch {
	case progress == progressWorking && len(p.steps) > 0:
		rep.Doing = p.steps[0].Why
		rep.Problem = nil
	case progress == progressWorking && len(p.waiting) > 0:
		rep.Doing = p.waiting[0]
	}
	return rep
}

// Plan says what the agent would do if it got a set; nothing is changed.
func (a *Agent) Plan(ctx context.Context, set link.Set) []link.PlanStep {
	a.mu.Lock()
	pools := map[string]link.Pool{}
	maps.Copy(pools, a.pools)
	a.mu.Unlock()
	for _, p := range set.Pools {
		pools[p.Name] = p
	}
	var out []link.PlanStep
	for _, spec := range set.Resources {
		out = append(out, a.planSteps(ctx, spec, pools)...)
	}
	return out
}

func (a *Agent) planSteps(ctx context.Context, spec link.Resource, pools map[string]link.Pool) []link.PlanStep {
	p := a.planResource(ctx, spec, true, a.observeFor(ctx, spec, pools, a.freshNeed(spec, pools)), nil)
	var out []link.PlanStep
	for _, s := range p.steps {
		out = append(out, link.PlanStep{Resource: spec.Name, Volume: s.volume, Layer: s.layer,
			Command: s.String(), Why: s.Why, Effect: string(s.Effect), Destructive: s.Destructive})
	}
	if p.err != nil {
		out = append(out, link.PlanStep{Resource: spec.Name, Problem: problem(p.err)})
	}
	return out
}
