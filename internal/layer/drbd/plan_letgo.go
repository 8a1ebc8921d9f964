package drbd

import (
	"bytes"
	"slices"
)

// letGo tells whether a disk that is to be used again must wait. It was given up before,
// when peers had all that is on it, so what was written since is on theirs alone. With a
// disk that is attached without any of them to compare with, this node would count among
// those that have the data, and enough such nodes would go on with what is old.
func (p *planner) letGo(volume int) bool {
	l, create := p.o.Lower[volume], p.w.Meta[volume].Create
	if create != nil && (create.Replace != nil || create.Anew && !l.own(p.me())) {
		return false // made anew: nothing old is left
	}
	m := l.Meta
	if !m.Found || m.NodeID != p.me().NodeID || m.Current.plain() == JustCreated || len(p.diskfulPeers()) == 0 {
		return false
	}
	if p.o.State != nil && (len(p.o.State.goodPeers(volume)) > 0 || p.allComparable(volume)) {
		return false
	}
	if p.justLetGo(volume) {
		return p.had(m)
	}
	return p.hasLetGo(volume)
}

// allComparable tells whether all peers that are to have a disk are connected, and all of theirs
// are outdated: nobody who is to have the data can have anything newer than DRBD finds then.
func (p *planner) allComparable(volume int) bool {
	return !slices.ContainsFunc(p.diskfulPeers(), func(n Node) bool {
		l := p.o.State.Connections[n.NodeID]
		return l.Connection != Connected || l.Volumes[volume].Disk != DiskOutdated
	})
}

// justLetGo tells whether the kernel has let go of a disk by its own order, and the file does
// not say so yet: DRBD has followed it before. One that DRBD is yet to follow may name a disk
// that was let go of long ago, and whose peers may be others by now.
func (p *planner) justLetGo(volume int) bool {
	d, ok := p.device(volume)
	applied := bytes.Equal(Body(p.o.Good), Body(p.o.File))
	return ok && d.Disk == DiskDiskless && d.Client == Yes && applied && listsDisk(p.o.File, p.me().Uname, volume)
}

// onlyMissed decides about a disk that was just let go of, and tells whether it stays out of
// use. Between the look at the peers and its end it may have become the only one with the
// data, as the disk of a peer failed. What it says about them does not change any more: if
// there is nobody without a bitmap of what was missed, it has to be used again. If there is,
// others may have been written to since, so it goes when one of those is seen, and must not
// be attached before: its vote would count for what is old.
func (p *planner) onlyMissed(volume int, m Metadata) bool {
	if p.o.peerHas(volume) {
		p.unready = append(p.unready, volume)
		return true
	}
	if !p.had(m) {
		return false
	}
	p.skipDisk = true
	p.wait("%s", keptDisk(volume))
	return true
}

// had tells whether a peer had all that is on a detached disk.
func (p *planner) had(m Metadata) bool {
	return slices.ContainsFunc(p.diskfulPeers(), func(n Node) bool { return slices.Contains(m.Slots, n.NodeID) && m.Bitmap[n.NodeID] == 0 })
}
