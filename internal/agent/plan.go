package agent

import (
	"context"
	"fmt"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// plannedStep is a step with what it belongs to.
type plannedStep struct {
	provider.Step
	volume int
	layer  v1.LayerType
	// explain turns the tool's complaint into the user's words; nil knows none.
	explain func(run.Cmd, run.Result) error
}

// resourcePlan is what has to be done for one resource, and how it stands.
type resourcePlan struct {
	spec    link.Resource
	steps   []plannedStep
	volumes []link.VolumeReport
	uuids   map[int]string
	inUse   *bool
	// foresee asks for the whole way instead of the next round of steps.
	foresee bool
	// err is the first volume's trouble; other volumes go on.
	err error
}

// planResource plans all volumes of a resource. It is pure: it looks only at the
// observations.
func planResource(spec link.Resource, foresee bool, pools map[string]link.Pool, byKind map[v1.ProviderKind]*scanner, obs map[*scanner]observed) *resourcePlan {
	p := &resourcePlan{spec: spec, foresee: foresee, uuids: map[int]string{}}
	for _, v := range spec.Volumes {
		p.uuids[v.Number] = v.UUID
		if err := p.planVolume(v, pools, byKind, obs); err != nil && p.err == nil {
			p.err = err
		}
	}
	return p
}

func (p *resourcePlan) planVolume(v link.Volume, pools map[string]link.Pool, byKind map[v1.ProviderKind]*scanner, obs map[*scanner]observed) error {
	pool, ok := pools[v.Pool]
	if !ok {
		return fault.New(v1.FailNotFoundStoragePool, "Volume %d of resource '%s' is in the storage pool '%s', which this node does not have.",
			v.Number, p.spec.Name, v.Pool).Fix("Create the storage pool, or delete the resource on this node.")
	}
	s, ok := byKind[pool.Kind]
	if !ok {
		return unsupportedKind(pool.Kind)
	}
	o := obs[s]
	if o.err != nil {
		return fault.New(v1.FailStoragePoolConfigurationError, "The storage of pool '%s' could not be looked at.", v.Pool).
			Because("%v", o.err).Fix("Nothing is changed as long as the state is unknown; mend the cause on the node.").Wrap(o.err)
	}
	return p.planStorage(v, provider.Pool{Name: pool.Name, Kind: pool.Kind, Backing: pool.Backing, Props: pool.Props}, s.provider, o.obs)
}

func (p *resourcePlan) planStorage(v link.Volume, pool provider.Pool, prov provider.Provider, obs provider.Observation) error {
	state, looked := obs.Pools[pool.Name]
	if !looked && pool.Kind != v1.ProviderKindDiskless {
		return fault.New(v1.FailStoragePoolConfigurationError, "The storage pool '%s' has not been looked at yet.", pool.Name).
			Because("the satellite has just been told of it").Fix("Nothing needs to be done; the work goes on by itself.")
	}
	want := provider.Volume{UUID: v.UUID, Name: StorageName(p.spec.Name, "", v.Number), SizeKiB: v.SizeKiB, Props: v.Props, MayMake: v.Create}
	have := found(obs, pool.Name, want.Name)
	if pool.Kind == v1.ProviderKindDiskless {
		p.volumes = append(p.volumes, link.VolumeReport{Number: v.Number, UsableKiB: v.SizeKiB, DiskState: "Diskless", Gone: v.Delete})
		return nil
	}
	if state.Err != nil && (have == nil || v.Delete) {
		p.volumes = append(p.volumes, volumeReport(v, have, false))
		return state.Err
	}
	steps, err := p.storageSteps(v, pool, prov, state, want, have)
	if err != nil {
		p.volumes = append(p.volumes, volumeReport(v, have, false))
		return err
	}
	var explain func(run.Cmd, run.Result) error
	if e, ok := prov.(provider.Explainer); ok {
		explain = e.Explain
	}
	for _, st := range steps {
		p.steps = append(p.steps, plannedStep{Step: st, volume: v.Number, layer: v1.LayerTypeStorage, explain: explain})
	}
	p.volumes = append(p.volumes, volumeReport(v, have, v.Delete && len(steps) == 0))
	if have != nil && have.Open {
		yes := true
		p.inUse = &yes
	}
	return nil
}

func (p *resourcePlan) storageSteps(v link.Volume, pool provider.Pool, prov provider.Provider, state provider.PoolState, want provider.Volume, have *provider.Observed) ([]provider.Step, error) {
	if v.Delete {
		if have != nil && have.UUID != want.UUID && !have.Doubtful {
			// What bears the name is not ours: our volume is gone, and this stays.
			return nil, nil
		}
		if have != nil && have.UUID == want.UUID && have.Open {
			return nil, fault.New(v1.FailInUse, "Volume %d of resource '%s' is in use on this node and is not removed.", v.Number, p.spec.Name).
				Because("%s is open", have.Path).Fix("Unmount it or stop what uses it; the deletion then goes on by itself.")
		}
		if f, ok := prov.(provider.Foreseer); ok && p.foresee {
			return f.ForeseeDelete(pool, want, have)
		}
		return prov.PlanDelete(pool, want, have)
	}
	if have == nil && !v.Create {
		return nil, fault.New(v1.FailNotFoundVolume, "Volume %d of resource '%s' has vanished from storage pool '%s'.", v.Number, p.spec.Name, pool.Name).
			Because("'%s' was there before and is not found in %s any more; an empty volume in its place would hide the loss", want.Name, pool.Backing).
			Fix("Bring the storage back (mount it, activate it, plug the disk in); if the data is really lost, delete the resource on this node and create it again.")
	}
	return prov.Plan(pool, state, want, have)
}

func found(obs provider.Observation, pool, name string) *provider.Observed {
	if d, ok := obs.Devices[pool][name]; ok {
		return &d
	}
	return nil
}

// StorageName is the on-disk name of a volume: rsc_00000, or rsc.meta_00000.
func StorageName(resource, suffix string, number int) string {
	return fmt.Sprintf("%s%s_%05d", resource, suffix, number)
}

func volumeReport(v link.Volume, have *provider.Observed, gone bool) link.VolumeReport {
	rep := link.VolumeReport{Number: v.Number, Gone: gone}
	if have == nil || have.UUID != v.UUID || gone {
		return rep
	}
	rep.DevicePath, rep.AllocatedKiB, rep.UsableKiB = have.Path, have.AllocatedKiB, have.SizeKiB
	if have.Path != "" {
		rep.DiskState = "Created"
	}
	rep.Layers = []link.LayerReport{{Layer: v1.LayerTypeStorage, DevicePath: have.Path,
		AllocatedKiB: have.AllocatedKiB, UsableKiB: have.SizeKiB, DiskState: rep.DiskState}}
	return rep
}

// keepAttaching leaves only what brings up existing devices.
func (p *resourcePlan) keepAttaching() {
	var keep []plannedStep
	for _, s := range p.steps {
		if s.Effect == provider.EffectAttach {
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

// goal is the progress of a resource for which nothing is left to do.
func (p *resourcePlan) goal(spec link.Resource) string {
	if spec.Delete {
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
		Problem: problem(err), InUse: p.inUse, Volumes: p.volumes}
	if rep.InUse == nil {
		no := false
		rep.InUse = &no
	}
	if progress == progressWorking && len(p.steps) > 0 {
		rep.Doing = p.steps[0].Why
		rep.Problem = nil
	}
	return rep
}

// Plan says what the agent would do if it got a set; nothing is changed.
func (a *Agent) Plan(ctx context.Context, set link.Set) []link.PlanStep {
	a.mu.Lock()
	pools := map[string]link.Pool{}
	for n, p := range a.pools {
		pools[n] = p
	}
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
	p := planResource(spec, true, pools, a.byKind, a.observeFor(ctx, spec, pools, a.freshNeed(spec, pools)))
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
