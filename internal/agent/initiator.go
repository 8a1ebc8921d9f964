package agent

import (
	"slices"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/layer"
)

// initiator tells whether the replica reaches its data over NVMe. What it has in pools
// are parts of the layers above.
func (w *walk) initiator() bool { return w.spec.NVMe != nil && w.spec.NVMe.Initiator }

// lowest are the devices of the pools as they are, without any plan for them.
func (w *walk) lowest(vols []link.Volume) map[int]layer.Device {
	out := map[int]layer.Device{}
	for _, v := range vols {
		var d layer.Device
		if !w.initiator() {
			var looked bool
			if d, looked = w.asItIs(piece{volume: v.Number, pool: v.Pool, uuid: v.UUID, remove: true}); !looked {
				continue
			}
		}
		d.Parts = map[string]layer.Device{}
		for _, p := range v.Parts {
			pc := piece{volume: v.Number, suffix: p.Suffix, pool: p.Pool, uuid: v.UUID + p.Suffix, remove: true}
			if part, looked := w.asItIs(pc); looked {
				d.Parts[p.Suffix] = part
			}
		}
		out[v.Number] = d
	}
	return out
}

// asItIs is the device of a piece as it was seen, and whether it could be looked at.
func (w *walk) asItIs(pc piece) (layer.Device, bool) {
	pool, prov, obs, err := w.poolOf(pc)
	if err != nil {
		return layer.Device{}, false
	}
	have := found(obs, pool.Name, StorageName(w.spec.Name, pc.suffix, pc.volume))
	if state, looked := obs.Pools[pool.Name]; w.initiator() && have == nil && (!looked || state.Err != nil) {
		return layer.Device{}, false
	}
	return w.device(pc, prov, pool, have, false), true
}

// let has the volumes that a layer has released before under this instruction, and noteLet
// remembers them, where it looks at parts for that: they go after it, step by step.
func (w *walk) let(l stacked, vols []link.Volume) map[int]bool {
	out := map[int]bool{}
	for _, v := range vols {
		out[v.Number] = v.Elsewhere && w.made[w.letKey(l, v)]
	}
	return out
}

func (w *walk) noteLet(l stacked, vols []link.Volume) {
	for _, v := range vols {
		if v.Elsewhere {
			w.plan.made = append(w.plan.made, w.letKey(l, v))
		}
	}
}

// letKey is like that of a finisher: it counts under one instruction only.
func (w *walk) letKey(l stacked, v link.Volume) string {
	return v.UUID + "/released-" + string(l.layer.Kind()) + "/" + w.spec.Fingerprint
}

// revived brings up the stack of volumes that are to go and may hold data in a cache
// that has to get to the target first. Nothing is made for that.
func (w *walk) revived() *resourcePlan {
	spec := w.spec
	spec.Delete, spec.Inactive, spec.Volumes = false, false, nil
	spec.Stack = spec.Stack[slices.Index(spec.Stack, w.reviving):]
	for _, v := range w.spec.Volumes {
		if !w.revive[v.Number] {
			continue
		}
		v.Delete, v.Elsewhere, v.Create, v.Format = false, false, false, false
		parts, err := w.partsOf(&spec, &v)
		if err != nil {
			w.fail(err)
			return w.plan
		}
		v.Parts = parts
		spec.Volumes = append(spec.Volumes, v)
	}
	again := &walk{a: w.a, ctx: w.ctx, spec: spec, view: w.view, made: w.made, foresee: w.foresee, bare: true}
	p := again.all()
	p.spec, p.made, p.steps = w.spec, nil, append(p.steps, w.plan.steps...)
	p.waiting = append(p.waiting, "What is in the cache has to be written to the NVMe target before it goes.")
	for i, rep := range w.plan.volumes {
		if w.revive[rep.Number] {
			continue
		}
		p.volumes = slices.Insert(p.volumes, min(i, len(p.volumes)), rep)
	}
	return p
}

// partsOf are the parts that the layers of a stack use.
func (w *walk) partsOf(spec *link.Resource, v *link.Volume) ([]link.Part, error) {
	var out []link.Part
	for _, kind := range spec.Stack {
		l, known := w.a.layers[kind]
		if !known {
			continue
		}
		uses, err := l.layer.Parts(spec, v, v.SizeKiB)
		if err != nil {
			return nil, err
		}
		for _, p := range v.Parts {
			if slices.ContainsFunc(uses, func(u link.Part) bool { return u.Suffix == p.Suffix }) {
				out = append(out, p)
			}
		}
	}
	return out, nil
}
