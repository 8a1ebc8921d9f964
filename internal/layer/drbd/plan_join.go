package drbd

import (
	"fmt"
	"slices"

	"github.com/holdfast-storage/holdfast/internal/provider"
)

// joins tells whether applying the configuration attaches a disk of a resource that runs.
func (p *planner) joins() bool { return p.o.State != nil && !p.skipDisk && p.detached() >= 0 }

// joinsInUse lists the volumes that get their disk while users have their data over the network.
func (p *planner) joinsInUse() []int {
	if p.skipDisk || p.o.State == nil || !p.o.State.Used() || p.me().Diskless {
		return nil
	}
	var out []int
	for _, v := range p.w.Resource.volumes() {
		if d, there := p.device(v.Number); there && d.Disk == DiskDiskless && !v.NoDisk && !slices.Contains(p.unready, v.Number) {
			out = append(out, v.Number)
		}
	}
	return out
}

// joinInUse attaches disks under the users of a resource. DRBD may stand still then, see Stall,
// until the peer takes the connection for broken, and the users would fail. They wait until
// the configuration is applied again, once the disk is there.
func (p *planner) joinInUse(volumes []int) {
	p.cmd(provider.EffectModify, "make DRBD follow the configuration, without its disks", p.withoutDisks()...)
	p.userWaits("let the users wait if the connection breaks while a disk is attached")
	for _, n := range volumes {
		p.cmd(provider.EffectAttach, fmt.Sprintf("attach the disk of volume %d", n),
			append(p.adm(), "attach", fmt.Sprintf("%s/%d", p.w.Resource.FullName(), n))...)
		p.mayStall()
	}
	p.stop = true
}

func (p *planner) withoutDisks() []string {
	return append(p.adm(), "adjust", "--skip-disk", p.w.Resource.FullName())
}

// mayStall says of the last step that it attaches a disk, which may stand still.
func (p *planner) mayStall() {
	last := &p.out.Steps[len(p.out.Steps)-1]
	last.Cmd.Patience, last.Lingers = attachPatience, true
}

// failAgain has users fail again as the configuration wants it, where a disk could not be
// attached for which they were to wait.
func failAgain(w *Wanted, o *Observed) []provider.Step {
	p := &planner{w: w, o: o, text: o.Good}
	if len(p.joinsInUse()) == 0 {
		return nil
	}
	p.cmd(provider.EffectModify, "take back that users wait", p.withoutDisks()...)
	return p.out.Steps
}
