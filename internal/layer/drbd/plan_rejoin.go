package drbd

import (
	"fmt"
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
)

// rejoin makes connections again that DRBD or an administrator has cut off, as far as
// that is wanted. Own data is given up only with such an order for that very peer,
// only while the connection is cut off, and never while something uses it here. It
// comes before adjust, which would connect without that word.
func (p *planner) rejoin() error {
	s := p.o.State
	if s == nil {
		return nil
	}
	if p.retract(s); p.stop {
		return nil
	}
	if p.restart(s); p.stop {
		return nil
	}
	if p.trust(s); p.stop {
		return nil
	}
	for _, n := range p.w.Resource.linked() {
		discard := slices.Contains(p.w.Discard, n.NodeID)
		l, ok := s.Connections[n.NodeID]
		if !ok || l.Connection != StandAlone || !discard && !slices.Contains(p.w.Reconnect, n.NodeID) {
			continue
		}
		if !discard && slices.Contains(p.w.Refused, n.NodeID) {
			p.wait("The connection to %s was cut off again at once; it is tried again in a while.", n.Name)
			continue
		}
		// A disk that waits for a peer to be compared with cannot be waited for.
		if late := p.detached(); late >= 0 && (discard || !slices.Contains(p.unready, late)) {
			p.wait("The connection to %s can be made again once the disk of volume %d is attached.", n.Name, late)
			continue
		}
		if !discard {
			p.out.Rejoins = append(p.out.Rejoins, n.NodeID)
			p.again()
			p.cmd(provider.EffectModify, "connect to "+n.Name+" again, without any earlier word to give data up",
				"drbdsetup", "del-peer", p.w.Resource.FullName(), fmt.Sprint(n.NodeID))
			continue
		}
		argv := []string{"drbdsetup", "connect", p.w.Resource.FullName(), fmt.Sprint(n.NodeID)}
		if s.Used() {
			return fault.New(v1.FailInUse, "Resource '%s' on this node cannot give up its data for that of %s.", p.w.Resource.FullName(), n.Name).
				Because("it is in use on this node").
				Fix("Unmount it or stop what uses it.").Ref("RscDfn", p.w.Resource.Name)
		}
		p.cmd(provider.EffectDestroy, fmt.Sprintf("connect to %s again and take its data; what was written only on this node is given up", n.Name),
			append(argv, "--discard-my-data")...)
		p.out.Steps[len(p.out.Steps)-1].Destructive = true
	}
	return nil
}

// retract takes connections out of the kernel that were told to give up the own data,
// once nobody wants that any more. DRBD does not show that word and keeps it, also when
// the connection is cut off and made again without it: it goes with the connection alone.
// That is made anew when the controller has heard of it.
func (p *planner) retract(s *State) {
	for _, n := range p.w.Resource.linked() {
		if !slices.Contains(p.w.Retract, n.NodeID) {
			continue
		}
		l, there := s.Connections[n.NodeID]
		if there && l.Connection == Connected {
			continue
		}
		p.stop = true
		if !there {
			continue
		}
		p.forgetApplied()
		for _, verb := range []string{"disconnect", "del-peer"} {
			p.cmd(provider.EffectModify, fmt.Sprintf("take back that data is given up for that of %s: it could not be reached in time", n.Name),
				"drbdsetup", verb, p.w.Resource.FullName(), fmt.Sprint(n.NodeID))
		}
	}
}

// restart takes the resource out of the kernel where it has no disk, is not in use and is
// connected to no disk that it takes for good: it begins anew, and has seen no data then.
func (p *planner) restart(s *State) {
	if !p.w.Restart || !p.me().Diskless || s.Used() {
		return
	}
	for _, n := range p.w.Resource.linked() {
		if l := s.Connections[n.NodeID]; !n.Diskless && l.Connection == Connected && !p.distrusts(l) {
			return
		}
	}
	for _, v := range p.w.Resource.volumes() {
		if p.attached(v.Number) {
			return
		}
	}
	p.stop, p.out.Restarts = true, true
	p.forgetApplied()
	p.cmd(provider.EffectModify, "begin anew, as no replica has the data any more that was seen here", "drbdsetup", "down", p.w.Resource.FullName())
}

// distrusts tells whether a volume of a connected peer is not taken for good here.
func (p *planner) distrusts(l Link) bool {
	return slices.ContainsFunc(p.w.Resource.volumes(), func(v Volume) bool { return l.Volumes[v.Number].Disk != DiskUpToDate })
}

// detached is a volume whose disk should be attached and is not; −1 for none.
func (p *planner) detached() int {
	for _, v := range p.w.Resource.volumes() {
		if !p.me().Diskless && !v.NoDisk && !p.w.SkipDisk && !p.attached(v.Number) {
			return v.Number
		}
	}
	return -1
}
