package drbd

import (
	"slices"
	"strconv"

	"github.com/holdfast-storage/holdfast/internal/provider"
)

// trust calls the own disks up to date where all copies are called outdated. DRBD does
// that for a node that becomes primary by force; it is secondary again at once. The other
// copies are cut off for that moment: DRBD 9.3 begins a resync with the peers that are
// connected to such a node, which may never hear of that, and all stand still.
func (p *planner) trust(s *State) {
	if !p.w.Trust || p.me().Diskless {
		return
	}
	name := p.w.Resource.FullName()
	secondary := func() {
		p.cmd(provider.EffectModify, "give the role of primary up again", "drbdsetup", "secondary", name)
	}
	if s.Role == RolePrimary && !s.open() {
		// What gave it that role was cut off in the middle.
		secondary()
		return
	}
	if s.Used() || !p.allOutdated(s) {
		return
	}
	copies := slices.DeleteFunc(p.w.Resource.linked(), func(n Node) bool { return n.Diskless })
	for _, n := range copies {
		p.cmd(provider.EffectModify, "cut the connection to "+n.Name+" off, so that DRBD compares the data when it is made again",
			"drbdsetup", "disconnect", name, strconv.Itoa(n.NodeID))
	}
	p.cmd(provider.EffectModify, "call the data up to date: all copies are connected and the same, and all are called outdated",
		"drbdsetup", "primary", name, "--force")
	secondary()
	for _, n := range copies {
		p.cmd(provider.EffectModify, "connect to "+n.Name+" again, which takes over that the data is up to date",
			"drbdsetup", "connect", name, strconv.Itoa(n.NodeID))
	}
	p.stop = true
}

// allOutdated tells whether this node and all its peers with a disk are connected, in
// nobody's use, and call a volume outdated; other volumes may be up to date everywhere. It
// may be the only one with a disk.
func (p *planner) allOutdated(s *State) bool {
	outdated := false
	for _, v := range p.w.Resource.volumes() {
		d, ok := s.Devices[v.Number]
		if !ok || d.Disk != DiskOutdated && d.Disk != DiskUpToDate {
			return false
		}
		outdated = outdated || d.Disk == DiskOutdated
	}
	for _, n := range p.w.Resource.linked() {
		l := s.Connections[n.NodeID]
		if l.Connection != Connected || l.PeerRole == RolePrimary {
			return false
		}
		if n.Diskless {
			continue
		}
		for number, d := range s.Devices {
			if v := l.Volumes[number]; v.Replication != "Established" || v.Disk != d.Disk || v.OutOfSyncKiB != 0 {
				return false
			}
		}
	}
	return outdated
}
