package nvme

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/provider"
)

// firstPort and lastPort are the numbers of the ports that the layer makes.
const (
	firstPort = 18500
	lastPort  = 18999
)

func (p *planner) dir() string { return configDir + "/subsystems/" + p.n.Subsystem }

// set writes a file of the kernel. It has to be opened as it is, which a durable
// write does not do.
func (p *planner) set(volume int, e provider.Effect, why, file, value string) {
	p.step(volume, e, why, value+"\n", "tee", file)
}

func (p *planner) mkdir(volume int, why, dir string) {
	p.step(volume, provider.EffectAttach, why, "", "mkdir", dir)
}

// targetUp offers the volumes. What is missing is made in the order in which the
// kernel wants it; a crash leaves a beginning that is completed.
func (p *planner) targetUp() error {
	// The kernel does not tell whether an initiator uses a volume.
	no := false
	p.out.InUse = &no
	if !p.seen.loaded {
		p.step(0, provider.EffectAttach, "load the kernel's NVMe target", "", "modprobe", "nvmet")
		if !p.in.Foresee {
			return nil
		}
	}
	sub := p.seen.subsystems[p.n.Subsystem]
	if err := p.foreign(sub); err != nil {
		return err
	}
	const why = "offer the resource by NVMe"
	if sub == nil {
		p.mkdir(0, why, p.dir())
		sub = &subsystem{}
	}
	if sub.serial != p.serial() {
		p.set(0, provider.EffectAttach, why, p.dir()+"/attr_serial", p.serial())
	}
	if !sub.anyHost {
		p.set(0, provider.EffectAttach, why, p.dir()+"/attr_allow_any_host", "1")
	}
	for i := range p.in.Volumes {
		p.namespaceUp(&p.in.Volumes[i], sub.namespaces[nsid(p.in.Volumes[i].Number)])
	}
	return p.portUp()
}

// foreign refuses a subsystem of the name that is not ours. An empty one may be what
// a crash has left.
func (p *planner) foreign(sub *subsystem) error {
	if sub == nil || sub.serial == p.serial() || len(sub.namespaces) == 0 && !p.linked() {
		return nil
	}
	return fault.New(v1.FailExistsResource, "The NVMe subsystem '%s' on this node is not that of resource '%s'.", p.n.Subsystem, p.in.Resource.Name).
		Because("its serial number is '%s', and '%s' is wanted", sub.serial, p.serial()).
		Fix("Remove it if nothing needs it, or use another name for the resource.").Ref("RscDfn", p.in.Resource.Name)
}

func (p *planner) linked() bool {
	for _, port := range p.seen.ports {
		if slices.Contains(port.links, p.n.Subsystem) {
			return true
		}
	}
	return false
}

func (p *planner) namespaceUp(v *link.Volume, have *namespace) {
	lower := p.in.Lower[v.Number]
	if !lower.Present && !lower.Foreseen {
		p.wait("The device below the layer NVME of volume %d is not there yet.", v.Number)
		return
	}
	dir := p.dir() + "/namespaces/" + strconv.Itoa(nsid(v.Number))
	why := fmt.Sprintf("offer volume %d by NVMe", v.Number)
	if have == nil {
		p.mkdir(v.Number, why, dir)
		have = &namespace{}
	}
	want := namespace{path: lower.Path, uuid: p.namespaceUUID(v.Number), enabled: true}
	if have.enabled && *have != want {
		p.set(v.Number, provider.EffectModify, why, dir+"/enable", "0")
		have = &namespace{path: have.path, uuid: have.uuid}
	}
	if have.path != want.path {
		p.set(v.Number, provider.EffectAttach, why, dir+"/device_path", want.path)
	}
	if have.uuid != want.uuid {
		p.set(v.Number, provider.EffectAttach, why, dir+"/device_uuid", want.uuid)
	}
	if !have.enabled {
		p.set(v.Number, provider.EffectAttach, why, dir+"/enable", "1")
	}
	if *have != want {
		return
	}
	p.out.Made[v.Number] = true
	p.out.Volumes[v.Number] = link.LayerReport{Layer: v1.LayerTypeNvme, DevicePath: lower.Path, BackingPath: lower.Path,
		AllocatedKiB: lower.AllocatedKiB, UsableKiB: lower.SizeKiB, DiskState: "Created"}
	p.out.Devices[v.Number] = layer.Device{Path: lower.Path, SizeKiB: lower.SizeKiB, Present: true, Parts: lower.Parts,
		Thin: lower.Thin, ZeroFilled: lower.ZeroFilled, AllocatedKiB: lower.AllocatedKiB}
}

func (p *planner) wantedPort() port {
	out := port{transport: p.n.Transport, address: p.n.Address, family: "ipv4", service: strconv.Itoa(p.n.Port)}
	if strings.Contains(p.n.Address, ":") {
		out.family = "ipv6"
	}
	return out
}

// portUp lets the subsystem be reached. Only one port can have an address; it is
// shared, whoever made it.
func (p *planner) portUp() error {
	want := p.wantedPort()
	const why = "let initiators reach the resource by NVMe"
	number, have := p.findPort(want)
	if number < 0 {
		return fault.New(v1.FailPoolExhaustedTCPPort, "There is no number left for a port of the kernel's NVMe target.").
			Because("%d to %d are taken", firstPort, lastPort).Fix("Remove ports that nothing uses below %s/ports.", configDir)
	}
	dir := configDir + "/ports/" + strconv.Itoa(number)
	if have == nil {
		p.mkdir(0, why, dir)
		have = &port{}
	}
	for _, a := range []struct{ file, have, want string }{
		{"addr_trtype", have.transport, want.transport}, {"addr_adrfam", have.family, want.family},
		{"addr_traddr", have.address, want.address}, {"addr_trsvcid", have.service, want.service},
	} {
		if a.have != a.want {
			p.set(0, provider.EffectAttach, why, dir+"/"+a.file, a.want)
		}
	}
	if !slices.Contains(have.links, p.n.Subsystem) {
		p.step(0, provider.EffectAttach, why, "", "ln", "-s", p.dir(), dir+"/subsystems/"+p.n.Subsystem)
	}
	p.leavePorts(number)
	return nil
}

// findPort gives the port with the address, one of ours that a crash has left half
// made, or a free number; −1 for none.
func (p *planner) findPort(want port) (int, *port) {
	free := -1
	for _, n := range slices.Sorted(maps.Keys(p.seen.ports)) {
		have := p.seen.ports[n]
		if have.transport == want.transport && have.address == want.address && have.service == want.service {
			return n, have
		}
	}
	for n := firstPort; n <= lastPort; n++ {
		have := p.seen.ports[n]
		if have == nil && free < 0 {
			free = n
		}
		if have != nil && len(have.links) == 0 {
			return n, have
		}
	}
	return free, nil
}

// leavePorts takes the subsystem off all ports but one, and removes those of ours
// that serve nothing any more; keep is −1 for none.
func (p *planner) leavePorts(keep int) {
	for _, n := range slices.Sorted(maps.Keys(p.seen.ports)) {
		have := p.seen.ports[n]
		if n == keep || !slices.Contains(have.links, p.n.Subsystem) {
			continue
		}
		dir := configDir + "/ports/" + strconv.Itoa(n)
		const why = "offer the resource by NVMe no longer"
		p.step(0, provider.EffectDetach, why, "", "rm", dir+"/subsystems/"+p.n.Subsystem)
		if n >= firstPort && n <= lastPort && len(have.links) == 1 {
			p.step(0, provider.EffectDetach, why, "", "rmdir", dir)
		}
	}
}

// targetDown offers volumes no longer. A subsystem that is not ours stays.
func (p *planner) targetDown() error {
	sub := p.seen.subsystems[p.n.Subsystem]
	if sub != nil && p.foreign(sub) == nil {
		if p.in.Whole {
			p.leavePorts(-1)
		}
		for _, v := range p.in.Volumes {
			p.namespaceDown(v.Number, sub.namespaces[nsid(v.Number)])
		}
		if p.in.Whole && len(p.out.Steps) == 0 || p.in.Foresee {
			p.subsystemDown(sub)
		}
		if len(p.out.Steps) > 0 {
			return nil
		}
	}
	for _, v := range p.in.Volumes {
		p.out.Released[v.Number] = true
	}
	return nil
}

func (p *planner) namespaceDown(volume int, have *namespace) {
	if have == nil {
		return
	}
	dir := p.dir() + "/namespaces/" + strconv.Itoa(nsid(volume))
	why := fmt.Sprintf("offer volume %d by NVMe no longer", volume)
	if have.enabled {
		p.set(volume, provider.EffectDetach, why, dir+"/enable", "0")
	}
	p.step(volume, provider.EffectDetach, why, "", "rmdir", dir)
}

// subsystemDown removes the subsystem with what is left in it.
func (p *planner) subsystemDown(sub *subsystem) {
	for _, n := range slices.Sorted(maps.Keys(sub.namespaces)) {
		known := slices.ContainsFunc(p.in.Volumes, func(v link.Volume) bool { return nsid(v.Number) == n })
		if !known {
			p.namespaceDown(n-1, sub.namespaces[n])
		}
	}
	p.step(0, provider.EffectDetach, "offer the resource by NVMe no longer", "", "rmdir", p.dir())
}
