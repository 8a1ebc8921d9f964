package agent

import (
	"context"
	"maps"
	"slices"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// view is what one round of planning looks at.
type view struct {
	pools   map[string]link.Pool
	storage map[*scanner]*scan
	layers  map[v1.LayerType]*scan
}

// stacked is a layer with its observations.
type stacked struct {
	layer layer.Layer
	*scanner
}

// walk goes over the stack of one resource: upwards for what stays, downwards for
// what goes. The only I/O is a layer's Probe.
type walk struct {
	a    *Agent
	ctx  context.Context
	spec link.Resource
	view view
	// made has what needs no grant any more, by identity.
	made map[string]bool
	// foresee asks for the whole way instead of the next round of steps.
	foresee bool
	// layers are those above the storage, bottom first. On a diskless replica they
	// begin with the one that reaches the data over the network.
	layers []stacked
	// beyond are the layers that an NVMe target has on its initiators only.
	beyond []stacked
	// base is the index in layers from which on a replica without a disk has layers.
	base    int
	plan    *resourcePlan
	reports map[int]*link.VolumeReport
	// released has the volumes whose storage the layer at base has let go of.
	released map[int]bool
	// keep has the volumes of a diskless replica whose disk is kept in use for now.
	keep map[int]bool
	// revive has the volumes for which the stack must be brought up once more, up to the
	// layer reviving, before they may go.
	revive   map[int]bool
	reviving v1.LayerType
	// bare leaves out what is done for users of the device.
	bare bool
	// broken tells that a layer below the network refuses to bring up what is kept.
	broken bool
}

// planResource plans all volumes of a resource.
func (a *Agent) planResource(ctx context.Context, spec link.Resource, foresee bool, v view, made map[string]bool) *resourcePlan {
	w := &walk{a: a, ctx: ctx, spec: spec, view: v, made: made, foresee: foresee}
	p := w.all()
	if len(w.keep) > 0 && !foresee {
		// The disk is brought up and used like any other, until others have the data.
		again := &walk{a: a, ctx: ctx, spec: spec, view: v, made: made, keep: w.keep}
		p = again.all()
		// It goes in the end; nothing that is there now ends a later grant to make it.
		p.made = nil
	}
	if len(w.revive) > 0 && (len(p.steps) == 0 || foresee) {
		p = w.revived()
	}
	return p
}

// all goes the whole way once.
func (w *walk) all() *resourcePlan {
	p, spec, foresee := &resourcePlan{spec: w.spec}, w.spec, w.foresee
	w.plan, w.reports, w.released = p, map[int]*link.VolumeReport{}, map[int]bool{}
	for _, vol := range spec.Volumes {
		w.reports[vol.Number] = &link.VolumeReport{Number: vol.Number}
	}
	if err := w.arrange(); err != nil {
		p.err = err
	} else {
		w.up()
		if len(p.steps) == 0 || foresee {
			w.down()
		}
	}
	w.snapshots()
	for _, vol := range spec.Volumes {
		p.volumes = append(p.volumes, *w.reports[vol.Number])
	}
	return p
}

// arrange finds the layers of the stack.
func (w *walk) arrange() error {
	for _, kind := range slices.Backward(w.spec.Stack) {
		if kind == v1.LayerTypeStorage {
			continue
		}
		l, ok := w.a.layers[kind]
		if !ok {
			return fault.New(v1.FailSatelliteDoesNotSupportLayer, "This satellite cannot drive the layer %s of resource '%s'.", kind, w.spec.Name).
				Fix("Use layers that 'node info' shows as supported.")
		}
		w.layers = append(w.layers, l)
	}
	if i := slices.IndexFunc(w.layers, func(l stacked) bool { return l.layer.Kind() == v1.LayerTypeNvme }); i >= 0 && w.spec.NVMe != nil && !w.spec.NVMe.Initiator {
		// What is above runs where the device is used, on the initiator.
		w.layers, w.beyond = w.layers[:i+1], w.layers[i+1:]
	}
	if w.spec.Diskless && len(w.keep) == 0 {
		w.base = w.meet()
	}
	return nil
}

// meet is the index of the layer that reaches the data over the network.
func (w *walk) meet() int {
	return max(0, slices.IndexFunc(w.layers, func(l stacked) bool { return w.reachesPeers(l.layer.Kind()) }))
}

// reachesPeers tells whether a layer gives a device without one below.
func (w *walk) reachesPeers(kind v1.LayerType) bool {
	if kind == v1.LayerTypeNvme {
		return w.spec.NVMe != nil && w.spec.NVMe.Initiator
	}
	return kind == v1.LayerTypeDrbd
}

func (w *walk) fail(err error) {
	if err != nil && w.plan.err == nil {
		w.plan.err = err
	}
}

func (w *walk) add(steps []plannedStep) { w.plan.steps = append(w.plan.steps, steps...) }

// up brings up what stays.
func (w *walk) up() {
	var stay []link.Volume
	for _, v := range w.spec.Volumes {
		if !v.Delete && !w.spec.Delete {
			stay = append(stay, v)
		}
	}
	if len(stay) == 0 {
		return
	}
	lower := w.storageUp(stay)
	if w.spec.Inactive {
		return
	}
	data := lower
	for i, l := range w.layers[w.base:] {
		with := stay
		if len(w.keep) > 0 && w.base+i < w.meet() {
			// Below the network there is nothing of the volumes that are not kept.
			with = slices.DeleteFunc(slices.Clone(stay), func(v link.Volume) bool { return !w.keep[v.Number] })
		}
		lower = w.layerUp(l, with, lower)
	}
	if (len(w.plan.steps) == 0 || w.foresee) && !w.bare {
		w.finish(stay, lower, data)
	}
}

// finish does what is left for volumes whose stack is up.
func (w *walk) finish(stay []link.Volume, top, data map[int]layer.Device) {
	for i, v := range stay {
		d := top[v.Number]
		if !d.Present && !d.Foreseen {
			continue
		}
		f := layer.Finish{Resource: &w.spec, Volume: &stay[i], Top: d, Data: data[v.Number], Ready: true, Foresee: w.foresee}
		if f.Data.Path == "" {
			f.Data = d
		}
		rep := w.reports[v.Number]
		if rep.DRBD != nil && !d.Foreseen {
			// Without quorum the device cannot be opened, however good the disk is.
			f.Ready = rep.DiskState == "UpToDate" && (rep.DRBD.Quorum == nil || *rep.DRBD.Quorum)
		}
		for _, fin := range w.a.cfg.Finishers {
			w.finishWith(fin, f, rep)
		}
	}
}

func (w *walk) finishWith(fin layer.Finisher, f layer.Finish, rep *link.VolumeReport) {
	key := f.Volume.UUID + "/" + fin.Name() + "/" + w.spec.Fingerprint
	if w.made[key] {
		return
	}
	done, err := fin.Finish(w.ctx, w.a.cfg.Host, f)
	w.fail(err)
	for _, st := range done.Steps {
		w.plan.steps = append(w.plan.steps, plannedStep{Step: st.Step, volume: st.Volume})
	}
	if done.FileSystem != "" {
		rep.FileSystem = done.FileSystem
	}
	if done.Done {
		w.plan.made = append(w.plan.made, key)
	}
}

// storageUp plans the devices of the pools and answers them by volume.
func (w *walk) storageUp(stay []link.Volume) map[int]layer.Device {
	out := map[int]layer.Device{}
	for _, v := range stay {
		if w.spec.Diskless && !v.Drop && !w.mayKeep() || w.isDiskless(v.Pool) {
			rep := w.reports[v.Number]
			rep.UsableKiB, rep.DiskState = v.SizeKiB, "Diskless"
			if !w.initiator() || len(v.Parts) == 0 {
				continue
			}
		}
		if d, ok := w.volumeUp(v); ok {
			out[v.Number] = d
		}
	}
	return out
}

// absent tells whether the storage of a piece is known not to be there. What cannot be
// looked at may be.
func (w *walk) absent(pc piece, have *provider.Observed) bool {
	pool, _, obs, err := w.poolOf(pc)
	state, looked := obs.Pools[pool.Name]
	if err != nil || !looked || state.Err != nil {
		return false
	}
	return have == nil || have.Remnant || have.UUID != pc.uuid && !have.Doubtful
}

// mayKeep tells that there may be a disk although the replica is to have none.
func (w *walk) mayKeep() bool { return w.spec.DRBD != nil && w.spec.DRBD.MayKeep }

func (w *walk) isDiskless(pool string) bool {
	return w.view.pools[pool].Kind == v1.ProviderKindDiskless
}

func (w *walk) volumeUp(v link.Volume) (layer.Device, bool) {
	pieces, err := w.pieces(v)
	if err != nil {
		w.fail(err)
		return layer.Device{}, false
	}
	var data layer.Device
	for _, pc := range pieces {
		// Storage that is about to go is only looked at here.
		looks := pc
		looks.remove, looks.create = false, pc.create && !pc.remove
		d, have, steps, err := w.planPiece(looks)
		w.noteStorage(v.Number, pc, have, false)
		if pc.remove {
			// It is only offered to the layer that has to let go of it.
			data.Parts, data.Path, data.SizeKiB, data.Present = nil, d.Path, d.SizeKiB, d.Present
			return data, !w.absent(pc, have)
		}
		w.fail(err)
		w.add(steps)
		if pc.suffix == "" {
			data = d
			continue
		}
		if data.Parts == nil {
			data.Parts = map[string]layer.Device{}
		}
		data.Parts[pc.suffix] = d
	}
	return data, true
}

// noteStorage writes down what is there of a piece.
func (w *walk) noteStorage(volume int, pc piece, have *provider.Observed, gone bool) {
	rep := w.reports[volume]
	lr, ok := storageReport(pc, have)
	if !ok || gone {
		return
	}
	rep.Layers = append(rep.Layers, lr)
	rep.AllocatedKiB += lr.AllocatedKiB
	if pc.suffix == "" {
		rep.DevicePath, rep.UsableKiB, rep.DiskState = lr.DevicePath, lr.UsableKiB, lr.DiskState
		if have.Open && len(w.layers) == 0 {
			w.use(true)
		}
	}
	if lr.DevicePath != "" && lr.UsableKiB > 0 && !pc.remove {
		w.plan.made = append(w.plan.made, pc.uuid)
	}
}

func (w *walk) use(yes bool) {
	if w.plan.inUse == nil || yes {
		w.plan.inUse = &yes
	}
}

// layerUp plans one layer and answers what it offers.
func (w *walk) layerUp(l stacked, stay []link.Volume, lower map[int]layer.Device) map[int]layer.Device {
	kind := l.layer.Kind()
	in := layer.Input{Resource: &w.spec, Volumes: stay, Lower: lower, MayMake: map[int]bool{}, Keep: w.keep, Broken: w.broken, Foresee: w.foresee}
	for _, v := range stay {
		// A diskless replica has nothing that could be made, but for the parts of an initiator.
		has := !w.spec.Diskless || w.initiator() && len(v.Parts) > 0
		in.MayMake[v.Number] = v.Create && has && !w.made[madeKey(v.UUID, kind)]
	}
	out, err := w.planLayer(l, in)
	if f, refused := fault.As(err); refused && len(w.keep) > 0 && f.Code == v1.FailUUIDVolume && !w.reachesPeers(kind) {
		// It is to go; the peers must be met all the same.
		w.broken = true
		w.plan.waiting = append(w.plan.waiting, f.Error())
		return nil
	}
	if err != nil {
		w.fail(err)
		return nil
	}
	if len(w.plan.steps) == 0 || w.foresee {
		w.tagLayer(l, out.Steps)
		w.plan.waiting = append(w.plan.waiting, out.Waiting...)
	}
	w.noteLayer(kind, stay, out)
	maps.Copy(w.released, out.Released)
	if len(out.Keep) > 0 {
		w.keep = out.Keep
	}
	return out.Devices
}

// noteLayer lays a layer's view over that of the layers below.
func (w *walk) noteLayer(kind v1.LayerType, stay []link.Volume, out layer.Output) {
	for _, v := range stay {
		rep := w.reports[v.Number]
		lr, known := out.Volumes[v.Number]
		lr.Layer = kind
		rep.Layers = slices.Insert(rep.Layers, 0, lr)
		rep.DevicePath, rep.UsableKiB, rep.DiskState = "", 0, ""
		if known {
			rep.DevicePath, rep.UsableKiB, rep.DiskState = lr.DevicePath, lr.UsableKiB, lr.DiskState
		}
		if d := out.DRBDVolumes[v.Number]; d != nil {
			rep.DRBD = d
		}
		if out.Made[v.Number] {
			w.plan.made = append(w.plan.made, madeKey(v.UUID, kind))
		}
	}
	if out.DRBD != nil {
		w.plan.drbd = out.DRBD
	}
	if out.InUse != nil {
		w.plan.inUse = nil
		w.use(*out.InUse)
	}
}

func madeKey(uuid string, kind v1.LayerType) string { return uuid + "/" + string(kind) }

// planLayer looks closer and plans.
func (w *walk) planLayer(l stacked, in layer.Input) (layer.Output, error) {
	kind := l.layer.Kind()
	seen := w.view.layers[kind]
	if seen == nil || seen.err != nil {
		f := fault.New(v1.FailUnknownError, "The layer %s of resource '%s' could not be looked at.", kind, w.spec.Name).
			Fix("Nothing is changed as long as the state is unknown; mend the cause on the node.")
		if seen != nil {
			f.Because("%v", seen.err).Wrap(seen.err)
		}
		return layer.Output{}, f
	}
	in.Observed = seen.seen
	probed, err := l.layer.Probe(w.ctx, w.a.cfg.Host, in)
	if err != nil {
		return layer.Output{}, err
	}
	in.Probed = probed
	if r, ok := l.layer.(layer.Recoverer); ok {
		if w.plan.recover == nil {
			w.plan.recover = map[v1.LayerType]func() []plannedStep{}
		}
		w.plan.recover[kind] = func() []plannedStep { return tagged(l, r.Recover(in)) }
	}
	return l.layer.Plan(in)
}

func (w *walk) tagLayer(l stacked, steps []layer.Step) { w.add(tagged(l, steps)) }

// tagged says of steps which layer they belong to.
func tagged(l stacked, steps []layer.Step) []plannedStep {
	var out []plannedStep
	var explain func(run.Cmd, run.Result) error
	if e, ok := l.layer.(layer.Explainer); ok {
		explain = e.Explain
	}
	for _, st := range steps {
		out = append(out, plannedStep{Step: st.Step, volume: st.Volume, layer: l.layer.Kind(), explain: explain})
	}
	return out
}

// down takes away what goes, from the top; a layer is asked only after all above it
// have released the devices.
func (w *walk) down() {
	whole := w.spec.Delete || w.spec.Inactive
	var going, dropping []link.Volume
	for _, v := range w.spec.Volumes {
		switch {
		case whole || v.Delete:
			going = append(going, v)
		case v.Drop:
			dropping = append(dropping, v)
		}
	}
	if len(going) > 0 {
		from := w.base
		if slices.ContainsFunc(going, w.mayHaveDisk) {
			from = 0
		}
		going = slices.DeleteFunc(w.layersDown(w.layers[from:], going, whole), func(v link.Volume) bool { return !v.Delete && !w.spec.Delete })
		w.storageDown(going)
	}
	if len(dropping) > 0 {
		w.drop(dropping)
	}
}

// mayHaveDisk tells of a volume of a diskless replica that the layers below the network
// may be up: it was about to lose its disk, or to get one while the former was still there.
func (w *walk) mayHaveDisk(v link.Volume) bool {
	return v.Drop || !w.initiator() && !w.isDiskless(v.Pool)
}

// drop takes the storage, and the layers below the network, from a replica that
// becomes diskless.
func (w *walk) drop(dropping []link.Volume) {
	if !w.foresee {
		dropping = slices.DeleteFunc(dropping, func(v link.Volume) bool { return !w.released[v.Number] })
	}
	if len(dropping) == 0 || len(w.plan.steps) > 0 && !w.foresee {
		return
	}
	if dropping = w.layersDown(w.layers[:w.base], dropping, true); len(dropping) > 0 {
		w.storageDown(dropping)
	}
}

// layersDown takes layers down, the top one first, and answers the volumes that all
// of them have released. Whole tells that nothing of the resource stays in them.
func (w *walk) layersDown(layers []stacked, going []link.Volume, whole bool) []link.Volume {
	for i, l := range slices.Backward(layers) {
		in := layer.Input{Resource: &w.spec, Volumes: going, Down: true, Whole: whole, Foresee: w.foresee, Released: w.let(l, going), Revived: w.foresee && len(w.revive) > 0}
		if i == 0 || w.initiator() {
			in.Lower = w.lowest(going)
		}
		out, err := w.planLayer(l, in)
		if err != nil {
			w.fail(err)
			return nil
		}
		if out.InUse != nil {
			w.use(*out.InUse)
		}
		if out.DRBD != nil {
			w.plan.drbd = out.DRBD
		}
		w.tagLayer(l, out.Steps)
		w.plan.waiting = append(w.plan.waiting, out.Waiting...)
		if len(out.Revive) > 0 && len(w.revive) == 0 {
			w.revive, w.reviving = out.Revive, l.layer.Kind()
		}
		if w.foresee {
			continue
		}
		if len(out.Steps) > 0 || len(w.revive) > 0 {
			return nil
		}
		going = slices.DeleteFunc(slices.Clone(going), func(v link.Volume) bool { return !out.Released[v.Number] })
		w.noteLet(l, going)
		if len(going) == 0 {
			return nil
		}
	}
	return going
}

// storageDown removes the devices of volumes that nothing holds any more.
func (w *walk) storageDown(going []link.Volume) {
	for _, v := range going {
		gone := w.volumeDown(v)
		rep := w.reports[v.Number]
		if v.Drop && !v.Delete && !w.spec.Delete {
			rep.Dropped = gone
			continue
		}
		rep.Gone = gone
		if gone {
			*rep = link.VolumeReport{Number: v.Number, Gone: true}
		}
	}
}

func (w *walk) volumeDown(v link.Volume) bool {
	if w.isDiskless(v.Pool) && !w.initiator() {
		return true
	}
	pieces, err := w.pieces(v)
	if err != nil {
		w.fail(err)
		return false
	}
	gone := true
	for _, pc := range pieces {
		pc.remove = true
		_, have, steps, err := w.planPiece(pc)
		if !v.Drop {
			w.noteStorage(v.Number, pc, have, false)
		}
		w.fail(err)
		w.add(steps)
		gone = gone && err == nil && len(steps) == 0
	}
	return gone
}
