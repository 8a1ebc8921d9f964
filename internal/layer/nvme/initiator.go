package nvme

import (
	"fmt"
	"strconv"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/provider"
)

// initiatorUp connects to the target.
func (p *planner) initiatorUp() error {
	c := p.seen.connected[p.n.Subsystem]
	path, found := p.path(c)
	if !found {
		if !p.seen.fabrics {
			p.step(0, provider.EffectAttach, "load the kernel's NVMe initiator", "", "modprobe", "nvme-"+p.n.Transport)
		}
		p.step(0, provider.EffectAttach, "connect to the NVMe target", "", "nvme", "connect", "--transport="+p.n.Transport,
			"--traddr="+p.n.Address, "--trsvcid="+strconv.Itoa(p.n.Port), "--nqn="+p.n.Subsystem)
		for i := range p.in.Volumes {
			p.foresee(&p.in.Volumes[i])
		}
		return nil
	}
	if path.state != "live" {
		p.wait("The connection %s to the NVMe target %s is %s.", path.name, p.n.Address, path.state)
	}
	for i := range p.in.Volumes {
		if err := p.remoteVolume(&p.in.Volumes[i], c); err != nil {
			return err
		}
	}
	return nil
}

// path finds the connection to the wanted address.
func (p *planner) path(c *connection) (via, bool) {
	if c == nil {
		return via{}, false
	}
	for _, v := range c.paths {
		if v.transport == p.n.Transport && v.address == p.n.Address && v.service == strconv.Itoa(p.n.Port) {
			return v, true
		}
	}
	return via{}, false
}

func (p *planner) remoteVolume(v *link.Volume, c *connection) error {
	r, there := c.namespaces[nsid(v.Number)]
	if !there {
		p.wait("The NVMe target does not offer volume %d yet.", v.Number)
		p.foresee(v)
		return nil
	}
	if r.uuid != p.namespaceUUID(v.Number) {
		return fault.New(v1.FailExistsVolume, "What the NVMe target offers is not volume %d of resource '%s'.", v.Number, p.in.Resource.Name).
			Because("its UUID is '%s', and '%s' is wanted", r.uuid, p.namespaceUUID(v.Number)).
			Fix("Disconnect '%s' on this node if nothing needs it; the satellite connects again.", p.n.Subsystem).Ref("RscDfn", p.in.Resource.Name)
	}
	if r.sizeKiB < v.SizeKiB && !v.Gross {
		p.wait("Volume %d has %d KiB on the NVMe target, %d KiB are wanted.", v.Number, r.sizeKiB, v.SizeKiB)
	}
	p.out.Made[v.Number] = true
	dev := "/dev/" + r.device
	d := layer.Device{Path: dev, SizeKiB: r.sizeKiB, Present: true, Parts: p.in.Lower[v.Number].Parts}
	if p.in.Foresee && !v.Gross {
		// The target will have grown by then.
		d.SizeKiB = max(d.SizeKiB, v.SizeKiB)
	}
	p.out.Devices[v.Number] = d
	p.out.Volumes[v.Number] = link.LayerReport{Layer: v1.LayerTypeNvme, DevicePath: dev, UsableKiB: r.sizeKiB, DiskState: "Attached"}
	return nil
}

// foresee tells the layers above of a device that will be there, in a plan that is shown.
func (p *planner) foresee(v *link.Volume) {
	if !p.in.Foresee {
		return
	}
	p.out.Devices[v.Number] = layer.Device{Path: fmt.Sprintf("/dev/storage-of/%s/%d.nvme", p.in.Resource.Name, v.Number),
		SizeKiB: v.SizeKiB, Foreseen: true, Parts: p.in.Lower[v.Number].Parts}
}

// initiatorDown disconnects once all volumes go. A single one goes with its target.
func (p *planner) initiatorDown() error {
	c := p.seen.connected[p.n.Subsystem]
	if c != nil && p.owns(c) || p.in.Revived {
		for _, v := range p.in.Volumes {
			r, there := p.namespace(c, v.Number)
			if why := p.busy(r.device); there && why != "" && !p.in.Foresee {
				return fault.New(v1.FailInUse, "Volume %d of resource '%s' is in use on this node and is not disconnected.", v.Number, p.in.Resource.Name).
					Because("/dev/%s: %s", r.device, why).Fix("Unmount it or stop what uses it; the work then goes on by itself.").Ref("RscDfn", p.in.Resource.Name)
			}
		}
		if p.in.Whole {
			p.step(0, provider.EffectDetach, "disconnect from the NVMe target", "", "nvme", "disconnect", "--nqn="+p.n.Subsystem)
			return nil
		}
	}
	for _, v := range p.in.Volumes {
		p.out.Released[v.Number] = true
	}
	return nil
}

// namespace finds a volume on a connection, if there is one.
func (p *planner) namespace(c *connection, volume int) (remote, bool) {
	if c == nil {
		return remote{}, false
	}
	r, there := c.namespaces[nsid(volume)]
	return r, there
}

// owns tells whether a connection is that of the resource: none of its namespaces is
// a stranger's.
func (p *planner) owns(c *connection) bool {
	for n, r := range c.namespaces {
		if r.uuid != p.namespaceUUID(n-1) {
			return false
		}
	}
	return true
}

func (p *planner) busy(device string) string {
	if p.probed == nil {
		return "it is not known who uses it"
	}
	return p.probed.busy[device]
}
