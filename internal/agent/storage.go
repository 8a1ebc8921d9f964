package agent

import (
	"fmt"
	"slices"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// piece is one device that a pool gives to a volume: its data, or one of its parts.
type piece struct {
	volume  int
	suffix  string
	pool    string
	uuid    string
	sizeKiB int64
	props   map[string]string
	// create and remove are the grants that the controller has given.
	create, remove bool
}

// pieces are the devices that a volume needs from pools; the data comes first. That of
// an NVMe initiator is on another node.
func (w *walk) pieces(v link.Volume) ([]piece, error) {
	data := piece{volume: v.Number, pool: v.Pool, uuid: v.UUID, sizeKiB: v.SizeKiB, props: v.Props, create: v.Create,
		remove: v.Delete || (v.Drop || w.spec.Diskless && w.mayKeep()) && !w.keep[v.Number]}
	parts := map[string]link.Part{}
	for _, p := range v.Parts {
		parts[p.Suffix] = p
	}
	if !data.remove {
		if err := w.measure(&v, &data, parts); err != nil {
			return nil, err
		}
	}
	out := make([]piece, 0, 1+len(v.Parts))
	if !w.initiator() {
		out = append(out, data)
	}
	for _, p := range v.Parts {
		got := parts[p.Suffix]
		out = append(out, piece{volume: v.Number, suffix: p.Suffix, pool: p.Pool, uuid: v.UUID + p.Suffix, sizeKiB: got.SizeKiB,
			props: p.Props, create: v.Create, remove: data.remove})
	}
	return out, nil
}

// measure goes down the stack to find the size that the storage must have.
func (w *walk) measure(v *link.Volume, data *piece, parts map[string]link.Part) error {
	size := v.SizeKiB
	for i := len(w.beyond) - 1; i >= 0 && !v.Gross; i-- {
		var err error
		if size, err = w.beyond[i].layer.LowerKiB(&w.spec, v, size); err != nil {
			return err
		}
	}
	for _, l := range slices.Backward(w.layers) {
		more, err := l.layer.Parts(&w.spec, v, size)
		if err != nil {
			return err
		}
		for _, p := range more {
			if have, ok := parts[p.Suffix]; ok && have.SizeKiB == 0 {
				have.SizeKiB = p.SizeKiB
				parts[p.Suffix] = have
			}
		}
		if v.Gross {
			continue
		}
		if size, err = l.layer.LowerKiB(&w.spec, v, size); err != nil {
			return err
		}
	}
	data.sizeKiB = size
	return nil
}

// planPiece plans one device of a pool. The device is answered as it is observed.
func (w *walk) planPiece(pc piece) (layer.Device, *provider.Observed, []plannedStep, error) {
	pool, prov, obs, err := w.poolOf(pc)
	if err != nil {
		return layer.Device{}, nil, nil, err
	}
	state, looked := obs.Pools[pool.Name]
	if !looked {
		return layer.Device{}, nil, nil, fault.New(v1.FailStoragePoolConfigurationError, "The storage pool '%s' has not been looked at yet.", pool.Name).
			Because("the satellite has just been told of it").Fix("Nothing needs to be done; the work goes on by itself.")
	}
	may := pc.create && !w.made[pc.uuid]
	want := provider.Volume{UUID: pc.uuid, Name: StorageName(w.spec.Name, pc.suffix, pc.volume), SizeKiB: pc.sizeKiB, Props: pc.props, MayMake: may}
	have := found(obs, pool.Name, want.Name)
	if state.Err != nil && (have == nil || pc.remove) {
		return layer.Device{}, have, nil, state.Err
	}
	steps, err := w.pieceSteps(pc, pool, prov, state, want, have)
	if err != nil {
		return layer.Device{}, have, nil, err
	}
	return w.device(pc, prov, pool, have, len(steps) > 0), have, w.tag(pc, prov, steps), nil
}

func (w *walk) tag(pc piece, prov provider.Provider, steps []provider.Step) []plannedStep {
	var explain func(run.Cmd, run.Result) error
	if e, ok := prov.(provider.Explainer); ok {
		explain = e.Explain
	}
	out := make([]plannedStep, 0, len(steps))
	for _, st := range steps {
		out = append(out, plannedStep{Step: st, volume: pc.volume, layer: v1.LayerTypeStorage, explain: explain})
	}
	return out
}

func (w *walk) poolOf(pc piece) (provider.Pool, provider.Provider, provider.Observation, error) {
	var none provider.Observation
	pool, ok := w.view.pools[pc.pool]
	if !ok {
		return provider.Pool{}, nil, none, fault.New(v1.FailNotFoundStoragePool, "Volume %d of resource '%s' is in the storage pool '%s', which this node does not have.",
			pc.volume, w.spec.Name, pc.pool).Fix("Create the storage pool, or delete the resource on this node.")
	}
	s, ok := w.a.byKind[pool.Kind]
	if !ok {
		return provider.Pool{}, nil, none, unsupportedKind(pool.Kind)
	}
	o := w.view.storage[s]
	if o.err != nil {
		return provider.Pool{}, nil, none, fault.New(v1.FailStoragePoolConfigurationError, "The storage of pool '%s' could not be looked at.", pc.pool).
			Because("%v", o.err).Fix("Nothing is changed as long as the state is unknown; mend the cause on the node.").Wrap(o.err)
	}
	return provider.Pool{Name: pool.Name, Kind: pool.Kind, Backing: pool.Backing, Props: pool.Props}, s.provider, o.obs, nil
}

// device is what the layer above is offered.
func (w *walk) device(pc piece, prov provider.Provider, pool provider.Pool, have *provider.Observed, pending bool) layer.Device {
	var d layer.Device
	for _, t := range prov.Kinds() {
		if t.Kind == pool.Kind {
			d.Thin, d.ZeroFilled = t.Thin, t.ZeroFilled
		}
	}
	if have == nil || have.UUID != pc.uuid {
		if pending && w.foresee && !pc.remove {
			// Many providers learn the path only when the device is made.
			d.Foreseen, d.SizeKiB, d.Path = true, pc.sizeKiB, fmt.Sprintf("/dev/storage-of/%s/%d%s", w.spec.Name, pc.volume, pc.suffix)
		}
		return d
	}
	d.Path, d.SizeKiB, d.AllocatedKiB, d.Open = have.Path, have.SizeKiB, have.AllocatedKiB, have.Open
	d.Present = have.Path != "" && !pending
	if have.Path != "" && pending && w.foresee && !pc.remove {
		// It is there, and will have grown.
		d.Present, d.SizeKiB = true, max(have.SizeKiB, pc.sizeKiB)
	}
	return d
}

func (w *walk) pieceSteps(pc piece, pool provider.Pool, prov provider.Provider, state provider.PoolState, want provider.Volume, have *provider.Observed) ([]provider.Step, error) {
	if pc.remove {
		return w.removeSteps(pc, pool, prov, want, have)
	}
	if have == nil && !want.MayMake {
		return nil, fault.New(v1.FailNotFoundVolume, "Volume %d of resource '%s' has vanished from storage pool '%s'.", pc.volume, w.spec.Name, pool.Name).
			Because("'%s' was there before and is not found in %s any more; an empty volume in its place would hide the loss", want.Name, pool.Backing).
			Fix("Bring the storage back (mount it, activate it, plug the disk in); if the data is really lost, delete the resource on this node and create it again.")
	}
	return prov.Plan(pool, state, want, have)
}

func (w *walk) removeSteps(pc piece, pool provider.Pool, prov provider.Provider, want provider.Volume, have *provider.Observed) ([]provider.Step, error) {
	if have != nil && have.UUID != want.UUID && !have.Doubtful {
		// What bears the name is not ours: our volume is gone, and this stays.
		return nil, nil
	}
	if have != nil && have.UUID == want.UUID && have.Open {
		if !w.foresee || len(w.layers) == 0 {
			return nil, fault.New(v1.FailInUse, "Volume %d of resource '%s' is in use on this node and is not removed.", pc.volume, w.spec.Name).
				Because("%s is open", have.Path).Fix("Unmount it or stop what uses it; the deletion then goes on by itself.")
		}
		// The layers above will have let go of it by then.
		closed := *have
		closed.Open = false
		have = &closed
	}
	if f, ok := prov.(provider.Foreseer); ok && w.foresee {
		return f.ForeseeDelete(pool, want, have)
	}
	return prov.PlanDelete(pool, want, have)
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

// storageReport is the storage's view of a piece.
func storageReport(pc piece, have *provider.Observed) (link.LayerReport, bool) {
	if have == nil || have.UUID != pc.uuid {
		return link.LayerReport{}, false
	}
	rep := link.LayerReport{Layer: v1.LayerTypeStorage, DevicePath: have.Path, AllocatedKiB: have.AllocatedKiB, UsableKiB: have.SizeKiB, Suffix: pc.suffix}
	if have.Path != "" {
		rep.DiskState = "Created"
	}
	return rep, true
}
