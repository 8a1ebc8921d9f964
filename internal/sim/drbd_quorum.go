package sim

import (
	"maps"
	"strconv"
)

func (r *drbdRes) quorumMatters() bool {
	return r.options["quorum"] != "" && r.options["quorum"] != "off"
}

func (r *drbdRes) suspendedQuorum() bool {
	if r.role() != rolePrimary || !r.quorumMatters() || r.options["on-no-quorum"] == "io-error" {
		return false
	}
	for _, v := range r.vols {
		if !v.quorum {
			return true
		}
	}
	return false
}

// hasQuorum counts votes as the kernel does: those of disks, and where exactly half of
// them are there and were enough before, those of diskless nodes. A connected peer that
// is to have a disk is there, whatever has become of that disk. A node without a disk
// follows a peer that has the data and quorum.
func (v *drbdVol) hasQuorum() bool {
	if !v.res.quorumMatters() {
		return true
	}
	n := v.votes()
	switch q := v.res.options["quorum"]; q {
	case "all":
		return n.quorate || n.present == n.voters
	case "majority":
		half := n.voters > 0 && n.voters%2 == 0 && n.present == n.voters/2 && n.disklessHere > n.diskless/2
		return n.quorate || n.present > n.voters/2 || half && v.quorum
	default:
		least, err := strconv.Atoi(q)
		return err == nil && (n.quorate || n.present >= least)
	}
}

// votes are what decides about quorum.
type votes struct {
	voters, present        int
	diskless, disklessHere int
	quorate                bool
}

func (v *drbdVol) votes() (n votes) {
	bare := v.md == nil
	switch {
	case !bare:
		n.voters, n.present = 1, 1
	case v.client:
		n.diskless, n.disklessHere = 1, 1
	default:
		n.voters = 1
	}
	for _, l := range v.res.links {
		p := l.vols[v.nr]
		if p == nil {
			continue
		}
		disk := l.peerDisk(v.nr)
		if !bare && !p.bitmap && disk == diskUnknown && !v.md.Exists[l.peerID] {
			continue // A node without a disk counts once it was there.
		}
		n.peer(p.bitmap, bare, disk)
		if bare && disk == diskUpToDate && l.peer().vols[v.nr].quorum {
			n.quorate = true
		}
	}
	if !bare {
		n.unlinked(v)
	}
	return n
}

// unlinked adds the votes of peers that the configuration leaves out: those that the
// metadata knows of count until they are forgotten.
func (n *votes) unlinked(v *drbdVol) {
	known := maps.Clone(v.md.Exists)
	for id := range v.md.Slots {
		known[id] = true
	}
	for id := range known {
		if l := v.res.links[id]; id != v.res.nodeID && (l == nil || l.vols[v.nr] == nil) {
			n.peer(v.md.Seen[id], false, diskUnknown)
		}
	}
}

// peer adds the vote of a peer that is to have a disk, or not.
func (n *votes) peer(diskful, bare bool, disk string) {
	here := disk != diskUnknown
	switch {
	case !diskful || here && bare && disk == diskDiskless:
		n.diskless++
		if here {
			n.disklessHere++
		}
	default:
		n.voters++
		if here {
			n.present++
		}
	}
}
