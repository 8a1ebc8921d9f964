package drbd

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// detach lets go of disks that a diskless replica still has.
func (p *planner) detach() error {
	if !p.me().Diskless {
		return nil
	}
	var held []int
	keep := false
	for _, v := range p.w.Resource.volumes() {
		attached := p.attached(v.Number)
		if !attached && !p.unasked(v.Number) {
			continue
		}
		if d, _ := p.device(v.Number); d.Disk == "Detaching" {
			p.wait("Volume %d is being detached.", v.Number)
			p.stop = true
			continue
		}
		held = append(held, v.Number)
		if !attached || !p.o.peerHas(v.Number) {
			keep = true
			p.wait("%s", keptDisk(v.Number))
		}
	}
	if keep && !p.stop {
		p.out.Keep = held
	}
	if p.stop = p.stop || keep; p.stop {
		return nil
	}
	if len(held) > 0 {
		p.leave()
	}
	for _, v := range p.w.Resource.volumes() {
		if p.attached(v.Number) {
			p.cmd(provider.EffectDetach, fmt.Sprintf("detach the disk of volume %d; data is with the peers from now on", v.Number),
				"drbdsetup", "detach", strconv.Itoa(v.Minor), "--diskless=yes")
			// The file names the disk until its metadata tells that it is not the last one.
			p.stop = p.w.MayKeep && !p.w.Foresee
		}
	}
	return nil
}

// unasked tells whether a disk that the kernel does not have was never let go of, which
// shows in the file: after a restart of the host, say, nobody knows whether peers have
// what is on it before DRBD has compared that.
func (p *planner) unasked(volume int) bool {
	return p.w.MayKeep && p.o.Lower[volume].Stored && !listsNone(p.o.File, p.me().Uname, volume)
}

// keptDisk says what a disk waits for that is to be let go of.
func keptDisk(volume int) string {
	return fmt.Sprintf("The disk of volume %d is kept: no connected peer has its data up to date.", volume)
}

// peerHas tells whether a connected peer has all data of a volume. What the metadata of
// a disk says that is not attached counts as far as it can be read: a peer for which it
// has noted writes does not have them.
func (o *Observed) peerHas(volume int) bool {
	if o.State == nil {
		return false
	}
	lacks := map[int]UUID{}
	if d, there := o.State.Devices[volume]; !there || d.Disk == DiskDiskless {
		lacks = o.Lower[volume].Meta.Bitmap
	}
	for _, id := range o.State.goodPeers(volume) {
		if lacks[id] == 0 {
			return true
		}
	}
	return false
}

// apply writes the file and lets DRBD follow it.
func (p *planner) apply() error {
	if !bytes.Equal(Body(p.o.File), Body(p.text)) {
		p.write(p.w.Path(), "write DRBD's configuration of the resource")
	} else if p.applied() && !p.anew {
		return nil
	}
	if !p.anew {
		p.forgetApplied()
	}
	if vols := p.joinsInUse(); len(vols) > 0 {
		p.joinInUse(vols)
		return nil
	}
	argv := append(p.adm(), "adjust")
	why := "make DRBD follow the configuration"
	if p.skipDisk {
		argv, why = append(argv, "--skip-disk"), why+", without its disks"
	}
	p.cmd(provider.EffectAttach, why, append(argv, p.w.Resource.FullName())...)
	if p.joins() {
		p.mayStall()
	}
	p.write(p.w.GoodPath(), "keep a copy of the configuration that DRBD has accepted")
	return nil
}

func (p *planner) write(path, why string) {
	p.out.Steps = append(p.out.Steps, provider.Step{Write: &run.File{Path: path, Data: p.text, Mode: 0o600}, Why: why, Effect: provider.EffectModify})
}

// applied tells whether the kernel follows the file.
func (p *planner) applied() bool {
	s, r := p.o.State, &p.w.Resource
	if s == nil || !bytes.Equal(Body(p.o.Good), Body(p.text)) || len(s.Devices) != len(r.Volumes) {
		return false
	}
	for _, v := range r.Volumes {
		d, ok := s.Devices[v.Number]
		if !ok || d.Disk == DiskDiskless && !p.me().Diskless && !v.NoDisk && !p.skipDisk && !slices.Contains(p.unready, v.Number) {
			return false
		}
	}
	linked := r.linked()
	if len(linked) != len(s.Connections) {
		return false
	}
	for _, n := range linked {
		if _, ok := s.Connections[n.NodeID]; !ok {
			return false
		}
	}
	return true
}

// adm begins a call of drbdadm. It reads the resource's own file alone, because a
// broken file of another resource is none of this one's business.
func (p *planner) adm() []string {
	if p.refersToOthers() {
		return []string{"drbdadm"}
	}
	return []string{"drbdadm", "-c", p.w.Path()}
}

// refersToOthers tells that the file names volumes of other resources.
func (p *planner) refersToOthers() bool { return bytes.Contains(p.text, []byte(" resync-after ")) }

// grow lets DRBD use what the lower device has become.
func (p *planner) grow() error {
	if p.me().Diskless {
		return nil
	}
	for _, v := range p.w.Resource.volumes() {
		g := p.w.Meta[v.Number].Grow
		d, ok := p.device(v.Number)
		if g == nil || !ok || d.SizeKiB >= g.NetKiB {
			continue
		}
		if d.Disk != DiskUpToDate {
			p.wait("Volume %d can grow once its disk is up to date; it is %s.", v.Number, d.Disk)
			continue
		}
		if late := p.notReady(v.Number); late != "" {
			p.wait("Volume %d can grow once %s is connected and up to date.", v.Number, late)
			continue
		}
		argv, why := p.adm(), fmt.Sprintf("let volume %d grow to %d KiB", v.Number, g.NetKiB)
		if g.AssumeClean {
			argv, why = append(argv, "--", "--assume-clean"), why+" without a resync of the new part"
		}
		argv = append(argv, "resize", fmt.Sprintf("%s/%d", p.w.Resource.FullName(), v.Number))
		p.cmd(provider.EffectModify, why, argv...)
	}
	return nil
}

// notReady is the first peer with a disk that a resize has to wait for.
func (p *planner) notReady(volume int) string {
	for _, n := range p.diskfulPeers() {
		l := p.o.State.Connections[n.NodeID]
		if l.Connection != Connected || l.Volumes[volume].Disk != DiskUpToDate {
			return n.Name
		}
	}
	return ""
}

// leaveUsers ends the connections with nodes that use the resource. Such a node refuses to
// lose the only copy that it reaches: it is asked before the nodes that are to have the data
// are left, as they would get nothing of it any more.
func (p *planner) leaveUsers() {
	for _, id := range slices.Sorted(maps.Keys(p.o.State.Connections)) {
		if l := p.o.State.Connections[id]; l.Connection == Connected && l.PeerRole == RolePrimary {
			p.cmd(provider.EffectModify, "leave "+l.Name+", which uses the resource, before the others", "drbdsetup", "disconnect", p.w.Resource.FullName(), fmt.Sprint(id))
		}
	}
}

// planDown takes the resource out of the kernel, and its files away.
func planDown(w *Wanted, o *Observed) (Outcome, error) {
	p := &planner{w: w, o: o}
	name := w.Resource.FullName()
	if o.State != nil {
		if o.State.Used() {
			return Outcome{}, fault.New(v1.FailInUse, "Resource '%s' is in use on this node.", name).
				Because("it is %s, or one of its devices is open", RolePrimary).
				Fix("Unmount it or stop what uses it.").Ref("RscDfn", w.Resource.Name)
		}
		p.leaveUsers()
		p.cmd(provider.EffectDetach, "take the resource out of the kernel", "drbdsetup", "down", name)
	}
	// The file goes last: it is what shows that the resource is ours.
	for _, f := range []struct {
		path string
		text []byte
		why  string
	}{{w.GoodPath(), o.Good, "remove the copy of DRBD's configuration"}, {w.Path(), o.File, "remove DRBD's configuration of the resource"}} {
		if f.text != nil {
			p.out.Steps = append(p.out.Steps, provider.Step{Remove: f.path, Why: f.why, Effect: provider.EffectDestroy})
		}
	}
	return p.out, nil
}

// Released tells whether DRBD has let go of a volume's lower devices, so that the
// layers below may be taken away or changed.
func Released(o Observed, volume int) bool {
	if o.State == nil {
		return true
	}
	d, ok := o.State.Devices[volume]
	return !ok || d.Disk == DiskDiskless
}

// Fallback brings back the last configuration that DRBD has accepted, for when
// the present one is refused: then the resource at least comes up again after a
// restart. None where there is no such copy.
func Fallback(w Wanted, o Observed) []provider.Step {
	if !Ours(o.Good) || bytes.Equal(o.File, o.Good) {
		return nil
	}
	return []provider.Step{{Write: &run.File{Path: w.Path(), Data: o.Good, Mode: 0o600}, Effect: provider.EffectModify,
		Why: "go back to the last configuration that DRBD has accepted"}}
}
