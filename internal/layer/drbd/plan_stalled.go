package drbd

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/holdfast-storage/holdfast/internal/provider"
)

// attachPatience is how long attaching a disk with peers connected may stand still; see
// Stall. Giving up looking does no harm: what DRBD does goes on.
const attachPatience = 15 * time.Second

// unstall waits for what DRBD does by itself with a disk or a bitmap. Where it waits for
// what will not come, one connection is cut off and the configuration applied anew, which
// makes the connection again. DRBD refuses that where a primary would lose its quorum.
func (p *planner) unstall() error {
	if p.o.State == nil {
		return nil
	}
	for _, x := range p.o.Stalled {
		switch {
		case x == held:
		case p.bearable(x):
			p.wait("The resync of volume %d from %s stands still, and the volume is in use here. The connection is made anew once it is not, or once another node has all its data.",
				x.Volume, p.o.State.Connections[x.Peer].Name)
		default:
			p.connectAnew(x)
			return nil
		}
	}
	p.awaitPassing()
	return nil
}

// bearable tells whether a resync that stands still is left alone, as users would have to wait
// for the connection that it needs, while they have all they need as it is.
func (p *planner) bearable(x Stall) bool {
	return x.LeftKiB > 0 && p.o.State.Used() && !p.servedWithout(x.Peer)
}

// connectAnew loses the connection that a stall depends on.
func (p *planner) connectAnew(x Stall) {
	id, what := x.Peer, fmt.Sprintf("a bitmap of volume %d does not come", x.Volume)
	switch {
	case x.LeftKiB > 0:
		what, p.out.Unstalls = fmt.Sprintf("the resync of volume %d stands still", x.Volume), &x
	case x.Peer == ownDisk:
		id, what = p.dispensable(), fmt.Sprintf("the disk of volume %d waits for an answer that was lost", x.Volume)
	}
	l, ok := p.o.State.Connections[id]
	if !ok {
		p.awaitPassing()
		return
	}
	if p.o.State.Used() && !p.servedWithout(id) {
		p.cutInUse(id, l.Name, what)
		return
	}
	p.again()
	p.cmd(provider.EffectModify, fmt.Sprintf("connect to %s anew: %s", l.Name, what), "drbdsetup", "disconnect", p.w.Resource.FullName(), fmt.Sprint(id))
}

// cutInUse makes the connection anew that the users of a resource depend on. They wait
// for that moment instead of failing: DRBD is told so first. Applying the configuration
// again, once the connection is there, takes that back.
func (p *planner) cutInUse(id int, peer, what string) {
	name, node := p.w.Resource.FullName(), fmt.Sprint(id)
	p.forgetApplied()
	p.userWaits("let the users wait while the connection to " + peer + " is made anew")
	p.cmd(provider.EffectModify, fmt.Sprintf("cut the connection to %s off: %s", peer, what), "drbdsetup", "disconnect", name, node, "--force")
	p.cmd(provider.EffectModify, "connect to "+peer+" again", "drbdsetup", "connect", name, node)
	p.stop = true
}

// userWaits has the users of a resource wait for data and quorum instead of failing. Applying
// the configuration again takes that back.
func (p *planner) userWaits(why string) {
	p.cmd(provider.EffectModify, why, "drbdsetup", "resource-options", p.w.Resource.FullName(), "--on-no-data-accessible=suspend-io", "--on-no-quorum=suspend-io")
}

// resume is for a resource whose users wait because a connection was cut off and the
// configuration is yet to be applied again: that would make them fail, so the connections
// come first. If that does not help, the configuration may be what brings them back.
func (p *planner) resume() error {
	s, linked := p.o.State, p.w.Resource.linked()
	if s == nil || !s.Suspended.NoData && !s.Suspended.Quorum || !bytes.Equal(Body(p.o.File), Body(p.text)) || bytes.Equal(Body(p.o.Good), Body(p.text)) ||
		slices.Contains(p.o.Stalled, held) {
		return nil
	}
	for _, n := range linked {
		if _, there := s.Connections[n.NodeID]; !there {
			return nil
		}
	}
	for _, n := range linked {
		if s.Connections[n.NodeID].Connection == StandAlone {
			p.cmd(provider.EffectModify, "connect to "+n.Name+" again, for which the users wait", "drbdsetup", "connect", p.w.Resource.FullName(), fmt.Sprint(n.NodeID))
		}
	}
	p.wait("I/O waits until a peer with the data is connected again.")
	p.stop = true
	return nil
}

// awaitPassing waits for states that pass. A disk that is on its way is not touched.
func (p *planner) awaitPassing() {
	s := p.o.State
	for _, n := range slices.Sorted(maps.Keys(s.Devices)) {
		switch s.Devices[n].Disk {
		case "Attaching":
			p.wait("The disk of volume %d is being attached.", n)
			p.stop = true
		case diskNegotiating:
			p.wait("The data of volume %d is being compared with that of its peers.", n)
			p.stop = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.Connections)) {
		for _, n := range slices.Sorted(maps.Keys(s.Connections[id].Volumes)) {
			if passing(*s)[Stall{Volume: n, Peer: id}] {
				p.wait("Volume %d and its copy on %s exchange what differs.", n, s.Connections[id].Name)
			}
		}
	}
}

// dispensable is the connected peer with a disk that is missed least; −1 for none. The
// loss of any of them makes a disk that negotiates go on with the others.
func (p *planner) dispensable() int {
	best := -1
	for _, id := range slices.Sorted(maps.Keys(p.o.State.Connections)) {
		if l := p.o.State.Connections[id]; l.Connection != Connected || !hasDisk(l) {
			continue
		}
		if best < 0 || !p.servedWithout(best) && p.servedWithout(id) {
			best = id
		}
	}
	return best
}

func hasDisk(l Link) bool {
	for _, v := range l.Volumes {
		if v.Disk != DiskDiskless && v.Disk != "DUnknown" {
			return true
		}
	}
	return false
}

// servedWithout tells whether all volumes keep good data when a connection is cut off.
func (p *planner) servedWithout(id int) bool {
	rest := p.o.State.Clone()
	delete(rest.Connections, id)
	for n, d := range rest.Devices {
		if d.Disk != DiskUpToDate && len(rest.goodPeers(n)) == 0 {
			return false
		}
	}
	return true
}

// again has the configuration applied although DRBD follows it.
func (p *planner) again() {
	if !p.anew {
		p.forgetApplied()
	}
	p.anew = true
}

// forgetApplied notes, so that a crash cannot hide it, that DRBD does not follow the
// configuration until it has been applied again.
func (p *planner) forgetApplied() {
	if p.o.Good != nil && bytes.Equal(Body(p.o.Good), Body(p.text)) {
		p.out.Steps = append(p.out.Steps, provider.Step{Remove: p.w.GoodPath(), Effect: provider.EffectModify,
			Why: "note that DRBD has yet to follow the configuration"})
	}
}
