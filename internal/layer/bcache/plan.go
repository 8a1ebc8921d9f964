package bcache

import (
	"fmt"
	"slices"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/devmapper"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// The kernel's own values, which apply again once a volume is no longer drained.
const (
	usualPercent = "10"
	usualDelay   = "30"
)

// Plan gives the next steps.
func (Layer) Plan(in layer.Input) (layer.Output, error) {
	s, ok := in.Observed.(*seen)
	if !ok {
		return layer.Output{}, fmt.Errorf("plan layer BCACHE: nothing was observed")
	}
	p := &planner{in: in, seen: s, out: layer.Output{Devices: map[int]layer.Device{}, Volumes: map[int]link.LayerReport{},
		Released: map[int]bool{}, Made: map[int]bool{}}}
	p.heads, _ = in.Probed.(map[int]heads)
	err := layer.Each(in, &p.out, p.up, p.down, func(v *link.Volume) bool {
		set := s.sets[setUUID(v)]
		return set != nil && set.slow != nil && set.slow.busy != ""
	})
	return p.out, err
}

type planner struct {
	in    layer.Input
	seen  *seen
	heads map[int]heads
	out   layer.Output
}

func (p *planner) step(v *link.Volume, e provider.Effect, why, stdin string, argv ...string) *provider.Step {
	c := run.Command(argv...)
	if stdin != "" {
		c.Stdin = []byte(stdin + "\n")
	}
	p.out.Steps = append(p.out.Steps, layer.Step{Step: provider.Step{Cmd: &c, Why: why, Effect: e}, Volume: v.Number})
	return &p.out.Steps[len(p.out.Steps)-1].Step
}

// set writes to a file of the kernel, which has to be opened as it is.
func (p *planner) set(v *link.Volume, e provider.Effect, why, file, value string) {
	p.step(v, e, why, value, "tee", file)
}

func (p *planner) wait(format string, args ...any) {
	p.out.Waiting = append(p.out.Waiting, fmt.Sprintf(format, args...))
}

func (p *planner) fault(v *link.Volume, format string, args ...any) *fault.Fault {
	return fault.New(v1.FailInvalidResourceState, "The layer BCACHE of volume %d of resource '%s' cannot be used.", v.Number, p.in.Resource.Name).
		Because(format, args...).Ref("RscDfn", p.in.Resource.Name)
}

// up brings one volume up.
func (p *planner) up(v *link.Volume) error {
	lower := p.in.Lower[v.Number]
	set := p.seen.sets[setUUID(v)]
	if set != nil && set.slow != nil {
		return p.running(v, set.slow, lower)
	}
	part := lower.Parts[suffix]
	foreseen := lower.Foreseen || p.in.Foresee && part.Foreseen
	switch {
	case foreseen:
	case !lower.Present:
		p.wait("The device below the layer BCACHE of volume %d is not there yet.", v.Number)
		return nil
	case !part.Present:
		p.wait("The part %s of volume %d is not there yet.", suffix, v.Number)
		return nil
	}
	head, looked := p.heads[v.Number]
	if !looked && !foreseen {
		return p.fault(v, "its superblocks were not looked at").Fix("Nothing needs to be done; the satellite looks again.")
	}
	if !p.seen.loaded {
		p.step(v, provider.EffectAttach, "load the kernel's bcache", "", "modprobe", "bcache")
	}
	if err := p.make(v, head, set != nil, lower); err != nil {
		return err
	}
	if foreseen {
		p.out.Devices[v.Number] = layer.Device{SizeKiB: lower.SizeKiB, Foreseen: true, Parts: lower.Parts}
	}
	// The quiet file takes what udev has registered a moment before as done.
	const register = setDir + "/register_quiet"
	if set == nil {
		p.set(v, provider.EffectAttach, fmt.Sprintf("start the cache of volume %d", v.Number), register, part.Path)
	}
	p.set(v, provider.EffectAttach, fmt.Sprintf("start the cached device of volume %d", v.Number), register, lower.Path)
	return nil
}

// make writes the superblocks that are missing. The cache gets its own first: with
// one on the slow device alone, a cache has been lost.
func (p *planner) make(v *link.Volume, head heads, registered bool, lower layer.Device) error {
	needCache, needData := head.cache != ours && !registered, head.data != ours
	cache, data, err := formatting(v)
	if err != nil {
		return err
	}
	switch {
	case needCache && (!needData || !p.in.MayMake[v.Number]):
		return p.fault(v, "its cache %s has no superblock any more, and may have held data that was not written back", lower.Parts[suffix].Path).
			Fix("Find out who has overwritten the cache. If the data is really lost, delete the resource on this node and create it again.")
	case needData && !p.in.MayMake[v.Number]:
		return p.fault(v, "the device %s has no superblock of this volume any more", lower.Path).
			Fix("Nothing was changed. Restore the device; or delete the resource on this node and create it again.")
	}
	for _, d := range []struct {
		need bool
		head super
		path string
		argv []string
	}{{needCache, head.cache, lower.Parts[suffix].Path, cache}, {needData, head.data, lower.Path, data}} {
		if !d.need {
			continue
		}
		if d.head == other {
			// New storage may hold further in what an earlier volume has left.
			clear := devmapper.ZeroHead(d.path, superSector)
			p.out.Steps = append(p.out.Steps, layer.Step{Step: clear, Volume: v.Number})
		}
		s := p.step(v, provider.EffectCreate, "write bcache's superblock on the new device "+d.path, "", append(slices.Clone(d.argv), d.path)...)
		s.Destructive = true
	}
	return nil
}

// running looks after a device that is there.
func (p *planner) running(v *link.Volume, s *slow, lower layer.Device) error {
	p.out.Made[v.Number] = true
	dev := "/dev/" + s.device
	rep := link.LayerReport{Layer: v1.LayerTypeBcache, DevicePath: dev, BackingPath: lower.Path, AllocatedKiB: lower.AllocatedKiB,
		UsableKiB: s.sectors / 2, DiskState: "Created"}
	d := layer.Device{Path: dev, SizeKiB: s.sectors / 2, Present: true, Open: s.busy != "", Parts: lower.Parts, Thin: lower.Thin,
		ZeroFilled: lower.ZeroFilled && lower.Parts[suffix].ZeroFilled, AllocatedKiB: lower.AllocatedKiB}
	if s.state == inconsistent {
		rep.DiskState = "Failed"
	}
	p.out.Volumes[v.Number], p.out.Devices[v.Number] = rep, d
	if s.state == inconsistent {
		return p.fault(v, "the kernel has given it up: the device was written to without its cache").
			Fix("Look at the kernel's log (dmesg). The device is left as it is.")
	}
	if lower.Present {
		upper, err := New().UpperKiB(p.in.Resource, v, lower.SizeKiB)
		if err != nil {
			return err
		}
		if upper > s.sectors/2 {
			return p.grow(v, s, upper)
		}
	}
	if s.percent == "0" {
		p.set(v, provider.EffectModify, "let the cache keep what is written again", s.dir+"/writeback_delay", usualDelay)
		p.set(v, provider.EffectModify, "let the cache keep what is written again", s.dir+"/writeback_percent", usualPercent)
	}
	if want := mode(v); s.mode != want {
		p.set(v, provider.EffectModify, "change how the cache works", s.dir+"/cache_mode", want)
	}
	return nil
}

// inconsistent is the kernel's word for a device that was used without its cache.
const inconsistent = "inconsistent"

// grow stops the device; it is started anew with its new size. The kernel has no
// other way.
func (p *planner) grow(v *link.Volume, s *slow, kib int64) error {
	if s.busy != "" {
		return fault.New(v1.FailInUse, "Volume %d of resource '%s' cannot grow while it is in use on this node.", v.Number, p.in.Resource.Name).
			Because("bcache takes a new size only when its device is started anew, and %s", s.busy).
			Fix("Unmount it or stop what uses it, DRBD above it included; the work then goes on by itself.").Ref("RscDfn", p.in.Resource.Name)
	}
	d := p.out.Devices[v.Number]
	d.Present = false
	p.out.Devices[v.Number] = d
	p.set(v, provider.EffectModify, fmt.Sprintf("stop %s to start it with %d KiB", s.device, kib), s.dir+"/stop", "1")
	return nil
}

// down takes one volume down.
func (p *planner) down(v *link.Volume) error {
	name := setUUID(v)
	set := p.seen.sets[name]
	if set == nil {
		if left := p.heads[v.Number].left; left != "" {
			p.set(v, provider.EffectDetach, "stop the slow device, whose cache is not there", left+"/stop", "1")
			return nil
		}
		p.out.Released[v.Number] = true
		return nil
	}
	if set.slow != nil {
		if done, err := p.drain(v, set.slow); err != nil || !done && !p.in.Foresee {
			return err
		}
		p.set(v, provider.EffectDetach, "remove the cached device "+set.slow.device, set.slow.dir+"/stop", "1")
		if !p.in.Foresee {
			return nil
		}
	}
	p.set(v, provider.EffectDetach, fmt.Sprintf("stop the cache of volume %d", v.Number), setDir+"/"+name+"/stop", "1")
	return nil
}

// drain writes the cache back, and tells whether that is done.
func (p *planner) drain(v *link.Volume, s *slow) (bool, error) {
	if s.busy != "" && !p.in.Foresee {
		return false, fault.New(v1.FailInUse, "Volume %d of resource '%s' is in use on this node and is not taken down.", v.Number, p.in.Resource.Name).
			Because("/dev/%s: %s", s.device, s.busy).Fix("Unmount it or stop what uses it; the work then goes on by itself.").Ref("RscDfn", p.in.Resource.Name)
	}
	given := v.Delete || v.Drop || p.in.Resource.Delete
	switch {
	case s.state == "clean", s.state == inconsistent && given:
		return true, nil
	case s.state == inconsistent:
		return false, p.fault(v, "the kernel has given it up, and its cache may hold data that was not written back").
			Fix("Look at the kernel's log (dmesg). Nothing is removed as long as it is unknown whether data would be lost.")
	case s.mode == "writeback" || s.percent != "0":
		const why = "write the cache back"
		p.set(v, provider.EffectModify, why, s.dir+"/writeback_delay", "0")
		p.set(v, provider.EffectModify, why, s.dir+"/writeback_percent", "0")
		p.set(v, provider.EffectModify, why, s.dir+"/writeback_running", "1")
		p.set(v, provider.EffectModify, why, s.dir+"/cache_mode", "writethrough")
	default:
		p.wait("%s of the cache of %s are yet to be written back.", s.dirty, s.device)
	}
	return false, nil
}
