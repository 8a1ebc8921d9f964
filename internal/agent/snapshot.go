package agent

import (
	"slices"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
)

// snapshots plans what is said of snapshots, and takes down how they stand. Their steps
// come after those of the volumes, but a volume's trouble does not hold them up.
func (w *walk) snapshots() {
	quiet := len(w.plan.steps) == 0 || w.foresee
	for _, s := range w.spec.Snapshots {
		rep := link.SnapshotReport{Name: s.Name, UUID: s.UUID, Made: !s.Delete && len(s.Volumes) > 0, Gone: s.Delete}
		var steps []plannedStep
		for _, v := range s.Volumes {
			got, err := w.snapshot(s, v, &rep)
			if err != nil {
				rep.Made, rep.Gone, rep.Problem = false, false, problem(err)
				w.fail(err)
				break
			}
			if len(got) > 0 {
				rep.Made, rep.Gone = false, false
			}
			steps = append(steps, got...)
		}
		// All devices of a snapshot are taken in one go, or none.
		if quiet && rep.Problem == nil {
			w.add(steps)
		}
		w.plan.snapshots = append(w.plan.snapshots, rep)
	}
}

// snapshot plans one device of a snapshot.
func (w *walk) snapshot(s link.Snapshot, v link.SnapshotVolume, rep *link.SnapshotReport) ([]plannedStep, error) {
	pc := piece{volume: v.Number, suffix: v.Suffix, pool: v.Pool, uuid: v.UUID, remove: s.Delete}
	pool, prov, obs, err := w.poolOf(pc)
	if err != nil {
		return nil, err
	}
	state, looked := obs.Pools[pool.Name]
	keeper, able := prov.(provider.Snapshotter)
	switch {
	case !looked:
		return nil, fault.New(v1.FailStoragePoolConfigurationError, "The storage pool '%s' has not been looked at yet.", pool.Name).
			Because("the satellite has just been told of it").Fix("Nothing needs to be done; the work goes on by itself.")
	case !able:
		return nil, fault.New(v1.FailSnapshotsNotSupported, "Storage pool '%s' takes no snapshots.", pool.Name).
			Because("pools of kind %s have none", pool.Kind).Fix("Use a pool of another kind for snapshots.").Ref("StorPool", pool.Name)
	}
	source := provider.Volume{UUID: v.Source, Name: StorageName(w.spec.Name, v.Suffix, v.Number), SizeKiB: 1, Props: v.Props}
	snap := provider.Volume{UUID: v.UUID, Name: keeper.SnapshotName(source.Name, s.Name), SizeKiB: 1}
	have := found(obs, pool.Name, snap.Name)
	if have != nil && have.UUID == snap.UUID {
		rep.Volumes = append(rep.Volumes, link.SnapshotVolumeReport{Number: v.Number, Suffix: v.Suffix, Device: have.Name, AllocatedKiB: have.AllocatedKiB})
	}
	if s.Delete {
		return w.forgoSnapshot(pc, prov, keeper, pool, state, snap, have)
	}
	if have == nil && state.Err != nil {
		return nil, state.Err
	}
	if have == nil && (!s.Create || w.made[snap.UUID]) {
		return nil, fault.New(v1.FailNotFoundSnapshot, "Snapshot '%s' of resource '%s' has vanished from storage pool '%s'.", s.Name, w.spec.Name, pool.Name).
			Because("'%s' was there before and is not found in %s any more; one of now would hold other data", snap.Name, pool.Backing).
			Fix("Bring the storage back; if the snapshot is really lost, delete it.")
	}
	steps, err := keeper.PlanSnapshot(pool, state, source, found(obs, pool.Name, source.Name), snap, have)
	if err == nil && len(steps) == 0 {
		w.plan.made = append(w.plan.made, snap.UUID)
	}
	return w.tagSnapshot(pc, prov, steps, snap.UUID), err
}

// forgoSnapshot plans the removal of one device of a snapshot.
func (w *walk) forgoSnapshot(pc piece, prov provider.Provider, keeper provider.Snapshotter, pool provider.Pool, state provider.PoolState, snap provider.Volume, have *provider.Observed) ([]plannedStep, error) {
	if state.Err != nil {
		return nil, state.Err
	}
	if have != nil && have.UUID != snap.UUID && !have.Doubtful {
		// What bears the name is not ours: our snapshot is gone, and this stays.
		return nil, nil
	}
	steps, err := keeper.PlanSnapshotDelete(pool, snap, have)
	return w.tagSnapshot(pc, prov, steps, snap.UUID), err
}

func (w *walk) tagSnapshot(pc piece, prov provider.Provider, steps []provider.Step, uuid string) []plannedStep {
	out := w.tag(pc, prov, steps)
	for i := range out {
		out[i].snapshot = uuid
	}
	return out
}

// blame says of the snapshot that a step belongs to why it is not there.
func (p *resourcePlan) blame(st plannedStep, err error) {
	for i, r := range p.snapshots {
		owns := slices.ContainsFunc(p.spec.Snapshots, func(s link.Snapshot) bool {
			return s.UUID == r.UUID && slices.ContainsFunc(s.Volumes, func(v link.SnapshotVolume) bool { return v.UUID == st.snapshot })
		})
		if owns {
			p.snapshots[i].Problem = problem(err)
		}
	}
}
