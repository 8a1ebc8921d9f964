package devmapper

import (
	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
)

// down takes one volume down. What bears the name but is not ours stays.
func (p *planner) down(v *link.Volume) error {
	d, runs := p.seen[p.Name(p.in.Resource.Name, v.Number)]
	if !runs || d.UUID != p.uuid(v) {
		return p.notRunning(v)
	}
	if d.Open > 0 && !p.in.Foresee {
		return fault.New(v1.FailInUse, "Volume %d of resource '%s' is in use on this node and is not taken down.", v.Number, p.in.Resource.Name).
			Because("%s%s is open", Dir, d.Name).Fix("Unmount it or stop what uses it; the work then goes on by itself.").Ref("RscDfn", p.in.Resource.Name)
	}
	if d.Sectors == 0 {
		p.add(v, remove(d.Name))
		return nil
	}
	if d.Suspended {
		p.add(v, resume("let "+d.Name+" go on", d.Name))
		return nil
	}
	done, err := p.drain(v, d)
	if err != nil {
		return p.fault(v, "%v", err).Fix("Look at the kernel's log (dmesg). Nothing is removed as long as it is unknown whether data would be lost.")
	}
	if done.Clean || p.in.Foresee {
		return p.giveUp(v, d.Name, done.Steps)
	}
	p.add(v, done.Steps...)
	if done.Waiting != "" {
		p.wait("%s", done.Waiting)
	}
	return nil
}

// giveUp removes a device once its cache is written back by the steps before.
func (p *planner) giveUp(v *link.Volume, name string, before []provider.Step) error {
	if !v.Elsewhere {
		p.add(v, append(before, remove(name))...)
		return nil
	}
	part := p.in.Lower[v.Number].Parts[p.Suffixes[0]]
	if !part.Present {
		return p.fault(v, "the part %s that holds its cache is not found", p.Suffixes[0]).
			Fix("Nothing was changed. See whether the storage pool of the cache is there; the satellite looks again.")
	}
	sector, err := p.Start(v)
	if err != nil {
		return err
	}
	p.add(v, append(before, remove(name), forget(part.Path, sector))...)
	return nil
}

// notRunning releases a volume whose device does not run. Where the data outlives the
// replica, a cache that may hold some of it is started first.
func (p *planner) notRunning(v *link.Volume) error {
	part, looked := p.in.Lower[v.Number].Parts[p.Suffixes[0]]
	head, read := p.heads[v.Number]
	switch {
	case !v.Elsewhere, p.in.Released[v.Number]:
	case !looked:
		return p.fault(v, "it is not known whether its cache holds data that was not written back: its storage pool cannot be looked at").
			Fix("Nothing is removed. Bring the storage pool back; the satellite then goes on by itself.")
	case part.SizeKiB > 0 && (!part.Present || !read || head == used):
		p.out.Revive[v.Number] = true
		if p.in.Foresee && part.Present {
			return p.giveUp(v, p.Name(p.in.Resource.Name, v.Number), nil)
		}
		return nil
	}
	p.out.Released[v.Number] = true
	return nil
}

// drain writes back, unless the cache is broken and the data is to be destroyed.
func (p *planner) drain(v *link.Volume, d Device) (Drained, error) {
	if p.Trouble(d) != "" && (v.Delete || v.Drop || p.in.Resource.Delete) && !v.Elsewhere {
		return Drained{Clean: true}, nil
	}
	if n := p.in.Resource.NVMe; n != nil && n.Initiator && v.Delete && !p.in.Resource.Delete {
		// The volume goes everywhere, and the target may not take any data any more.
		return Drained{Clean: true}, nil
	}
	return p.Drain(d)
}
