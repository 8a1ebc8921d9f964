package devmapper

import (
	"context"
	"fmt"
	"slices"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Kind is one kind of cached device.
type Kind struct {
	Layer v1.LayerType
	// Target is the name of the kernel's target, Module that of its module.
	Target, Module string
	// Prefix begins the names of the devices, Mark their UUIDs.
	Prefix, Mark string
	// Suffixes are the parts that a device is made with; the superblock is on the first.
	Suffixes []string
	// Magic tells whether 4 KiB are the target's superblock.
	Magic func(head []byte) bool
	// Start is the sector of the first part at which the superblock is.
	Start func(v *link.Volume) (int64, error)
	// Table is the wanted table, without size and target.
	Table func(v *link.Volume, lower layer.Device) (string, error)
	// Drain brings a running device to where it can be removed without loss.
	Drain func(d Device) (Drained, error)
	// Outdated tells whether a running device needs its table anew; nil for never.
	Outdated func(v *link.Volume, d Device) bool
	// Trouble says what the kernel reports to be wrong with a device; empty for nothing.
	Trouble func(d Device) string
}

// Drained is how far a cache is written back.
type Drained struct {
	// Steps write back; the device may be removed right after them if Clean is set.
	Steps []provider.Step
	Clean bool
	// Waiting says what is waited for while it is not clean.
	Waiting string
}

// state is what is at the beginning of a cache.
type state int

const (
	blank state = iota
	used
	other
)

// Name is the name of a volume's device: linstor_cache_rsc_00000.
func (k *Kind) Name(resource string, volume int) string {
	return fmt.Sprintf("%s%s_%05d", k.Prefix, resource, volume)
}

// Probe looks at the superblocks of caches whose devices do not run; when they are taken
// down, where the data outlives the replica.
func (k *Kind) Probe(ctx context.Context, h run.Host, in layer.Input) (map[int]state, error) {
	out := map[int]state{}
	seen, _ := in.Observed.(map[string]Device)
	for i := range in.Volumes {
		v := &in.Volumes[i]
		part := in.Lower[v.Number].Parts[k.Suffixes[0]]
		if _, runs := seen[k.Name(in.Resource.Name, v.Number)]; runs || !part.Present || in.Down && !v.Elsewhere {
			continue
		}
		sector, err := k.Start(v)
		if err != nil {
			return nil, err
		}
		head, err := Head(ctx, h, part.Path, sector)
		if err != nil {
			return nil, err
		}
		out[v.Number] = other
		switch {
		case k.Magic(head):
			out[v.Number] = used
		case !slices.ContainsFunc(head, func(b byte) bool { return b != 0 }):
			out[v.Number] = blank
		}
	}
	return out, nil
}

// Plan is the plan of a cache layer.
func (k *Kind) Plan(in layer.Input) (layer.Output, error) {
	seen, ok := in.Observed.(map[string]Device)
	if !ok {
		return layer.Output{}, fmt.Errorf("plan layer %s: nothing was observed", k.Layer)
	}
	p := &planner{Kind: k, in: in, seen: seen, out: layer.Output{Devices: map[int]layer.Device{}, Volumes: map[int]link.LayerReport{},
		Released: map[int]bool{}, Made: map[int]bool{}, Revive: map[int]bool{}}}
	p.heads, _ = in.Probed.(map[int]state)
	err := layer.Each(in, &p.out, p.up, p.down, func(v *link.Volume) bool {
		return p.seen[k.Name(in.Resource.Name, v.Number)].Open > 0
	})
	return p.out, err
}

type planner struct {
	*Kind
	in    layer.Input
	seen  map[string]Device
	heads map[int]state
	out   layer.Output
}

func (p *planner) add(v *link.Volume, steps ...provider.Step) {
	for _, s := range steps {
		p.out.Steps = append(p.out.Steps, layer.Step{Step: s, Volume: v.Number})
	}
}

func (p *planner) wait(format string, args ...any) {
	p.out.Waiting = append(p.out.Waiting, fmt.Sprintf(format, args...))
}

func (p *planner) uuid(v *link.Volume) string { return p.Mark + v.UUID }

func (p *planner) fault(v *link.Volume, format string, args ...any) *fault.Fault {
	return fault.New(v1.FailInvalidResourceState, "The layer %s of volume %d of resource '%s' cannot be used.", p.Layer, v.Number, p.in.Resource.Name).
		Because(format, args...).Ref("RscDfn", p.in.Resource.Name)
}

// foreign refuses a device that bears the name but not the identity.
func (p *planner) foreign(v *link.Volume, d Device) error {
	if d.UUID == p.uuid(v) {
		return nil
	}
	return fault.New(v1.FailExistsVolume, "The device %s%s is not that of volume %d of resource '%s'.", Dir, d.Name, v.Number, p.in.Resource.Name).
		Because("its UUID in the device mapper is '%s', and '%s' is wanted", d.UUID, p.uuid(v)).
		Fix("Rename or remove that device if nothing needs it, or use another name for the resource.").Ref("RscDfn", p.in.Resource.Name)
}

// up brings one volume up.
func (p *planner) up(v *link.Volume) error {
	name := p.Name(p.in.Resource.Name, v.Number)
	lower := p.in.Lower[v.Number]
	d, runs := p.seen[name]
	if runs {
		if err := p.foreign(v, d); err != nil {
			return err
		}
		return p.running(v, d, lower)
	}
	if lower.Foreseen || p.in.Foresee && p.foreseen(lower) {
		return p.foresee(v, lower)
	}
	if missing := p.missing(lower); missing != "" {
		p.wait("%s of volume %d is not there yet.", missing, v.Number)
		return nil
	}
	return p.start(v, name, lower)
}

// missing names a device that is needed and not there; empty for none.
func (p *planner) missing(lower layer.Device) string {
	if !lower.Present {
		return "The device below the layer " + string(p.Layer)
	}
	for _, s := range p.Suffixes {
		if !lower.Parts[s].Present {
			return "The part " + s
		}
	}
	return ""
}

func (p *planner) foreseen(lower layer.Device) bool {
	return slices.ContainsFunc(p.Suffixes, func(s string) bool { return lower.Parts[s].Foreseen })
}

// foresee says how a device will be started whose storage is yet to be made.
func (p *planner) foresee(v *link.Volume, lower layer.Device) error {
	name := p.Name(p.in.Resource.Name, v.Number)
	table, err := p.table(v, lower)
	if err != nil {
		return err
	}
	p.add(v, create(provider.EffectCreate, name, p.uuid(v), table))
	p.out.Devices[v.Number] = layer.Device{Path: Dir + name, SizeKiB: lower.SizeKiB, Foreseen: true, Parts: lower.Parts}
	return nil
}

func (p *planner) table(v *link.Volume, lower layer.Device) (string, error) {
	rest, err := p.Table(v, lower)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("0 %d %s %s", sectors(lower), p.Target, rest), nil
}

// sectors is the size of the device above; whole 4 KiB blocks only.
func sectors(lower layer.Device) int64 { return lower.SizeKiB * 2 &^ 7 }

// start starts a device that does not run.
func (p *planner) start(v *link.Volume, name string, lower layer.Device) error {
	table, err := p.table(v, lower)
	if err != nil {
		return err
	}
	head, looked := p.heads[v.Number]
	if !looked {
		return p.fault(v, "the beginning of its cache was not looked at").Fix("Nothing needs to be done; the satellite looks again.")
	}
	effect := provider.EffectAttach
	if head != used {
		if !p.in.MayMake[v.Number] {
			return p.fault(v, "its cache %s has no superblock any more, and may have held data that was not written back",
				lower.Parts[p.Suffixes[0]].Path).
				Fix("Find out who has overwritten the cache. If the data is really lost, delete the resource on this node and create it again.")
		}
		effect = provider.EffectCreate
	}
	sector, err := p.Start(v)
	if err != nil {
		return err
	}
	// Storage is made with zeroes at its beginning; further in may be what an
	// earlier volume has left.
	if head == other || sector > 0 && p.in.MayMake[v.Number] && head != blank {
		effect = provider.EffectCreate
		p.add(v, ZeroHead(lower.Parts[p.Suffixes[0]].Path, sector))
	}
	p.add(v, create(effect, name, p.uuid(v), table))
	return nil
}

// running looks after a device that is there.
func (p *planner) running(v *link.Volume, d Device, lower layer.Device) error {
	if d.Sectors == 0 {
		// A crash of dmsetup create leaves a device without a table, and it is removed.
		if d.Open > 0 {
			return p.fault(v, "its device %s has no table and is open", d.Name).Fix("Find out with dmsetup info what uses it.")
		}
		p.add(v, remove(d.Name))
		return nil
	}
	p.out.Made[v.Number] = true
	rep := link.LayerReport{Layer: p.Layer, DevicePath: Dir + d.Name, BackingPath: lower.Path,
		AllocatedKiB: lower.AllocatedKiB, UsableKiB: d.Sectors / 2, DiskState: "Created"}
	trouble := p.Trouble(d)
	if trouble != "" {
		rep.DiskState = "Failed"
	}
	p.out.Volumes[v.Number] = rep
	dev := layer.Device{Path: Dir + d.Name, SizeKiB: d.Sectors / 2, Present: !d.Suspended, Open: d.Open > 0, Parts: lower.Parts,
		Thin: lower.Thin, ZeroFilled: lower.ZeroFilled, AllocatedKiB: lower.AllocatedKiB}
	for _, s := range p.Suffixes {
		dev.ZeroFilled = dev.ZeroFilled && lower.Parts[s].ZeroFilled
	}
	p.out.Devices[v.Number] = dev
	switch {
	case trouble != "":
		return p.fault(v, "%s", trouble).Fix("Look at the kernel's log (dmesg) and at the devices below. The device is left as it is.")
	case p.missing(lower) == "" && sectors(lower) > d.Sectors:
		table, err := p.table(v, lower)
		if err != nil {
			return err
		}
		if dev.Present = p.in.Foresee; dev.Present {
			dev.SizeKiB = sectors(lower) / 2
		}
		p.out.Devices[v.Number] = dev
		p.add(v, Reload(fmt.Sprintf("grow %s to %d KiB", d.Name, sectors(lower)/2), d.Name, table)...)
	case d.Suspended:
		p.add(v, resume("let "+d.Name+" go on", d.Name))
	case p.missing(lower) == "" && p.Outdated != nil && p.Outdated(v, d):
		table, err := p.table(v, lower)
		if err != nil {
			return err
		}
		p.add(v, Reload("let "+d.Name+" cache again", d.Name, table)...)
	}
	return nil
}
