package drbd

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// Facts are what the nodes of one resource tell the doctor.
type Facts struct {
	Resource string
	Nodes    []NodeFacts
	// Hidden has the nodes that may have data and were not asked: their replica is inactive
	// or being deleted.
	Hidden []string
}

// NodeFacts are what one node tells. Of a node that does not answer nothing but its
// name counts: nothing is assumed about it.
type NodeFacts struct {
	Node string
	// Diskless nodes have no data of their own.
	Diskless  bool
	Reachable bool
	// Why says why nothing is known of a node that is not reachable.
	Why     string
	Running bool
	Role    string
	Open    bool
	// NoSnapshot is why no snapshot can be taken of the node's data; empty where it can.
	NoSnapshot string
	// Suspended has DRBD's reasons for holding I/O.
	Suspended []string
	// Volumes by number, Links by the peer's name.
	Volumes map[int]VolumeFacts
	Links   map[string]LinkFacts
}

// VolumeFacts are a node's part of a volume.
type VolumeFacts struct {
	Disk   string
	Quorum Truth
	// GI has the identifiers by the peer's name.
	GI map[string]GI
}

// LinkFacts are a node's end of a connection.
type LinkFacts struct {
	State string
	// Since is when it was first seen StandAlone; zero where that is not known.
	Since   time.Time
	Volumes map[int]LinkVolume
	// Kept says why Holdfast keeps the node from the peer; empty where it does not.
	Kept string
}

// LinkVolume is a volume as one end of a connection sees it.
type LinkVolume struct {
	Replication string
	// Disk is the peer's disk as this end takes it; empty where it does not tell.
	Disk         string
	OutOfSyncKiB int64
}

func (n *NodeFacts) used() bool { return n.Role == RolePrimary || n.Open }

// Diagnose says what is wrong with a resource, what can be done about it without
// losing anything, and what the user has to choose.
func Diagnose(f Facts) v1.Diagnosis {
	f.Nodes = slices.SortedFunc(slices.Values(f.Nodes), func(a, b NodeFacts) int { return cmp.Compare(a.Node, b.Node) })
	d := &doctor{facts: f, out: v1.Diagnosis{ResourceName: f.Resource, Findings: []v1.DoctorFinding{},
		SafeActions: []v1.DoctorAction{}, Choices: []v1.DoctorChoice{}}}
	for i := range f.Nodes {
		for j := range f.Nodes[i+1:] {
			if p, ok := meet(&f.Nodes[i], &f.Nodes[i+1+j]); ok {
				d.pairs = append(d.pairs, p)
			}
		}
	}
	d.vouch()
	for i := range f.Nodes {
		d.node(&f.Nodes[i])
	}
	for _, p := range d.pairs {
		d.pair(p)
	}
	d.copies()
	d.trust()
	d.distrust()
	d.last()
	d.choices()
	d.out.Healthy = len(d.out.Findings) == 0
	return d.out
}

type doctor struct {
	facts Facts
	pairs []*pair
	out   v1.Diagnosis
}

func (d *doctor) find(f v1.DoctorFinding) { d.out.Findings = append(d.out.Findings, f) }

// node tells what is wrong with one node alone.
func (d *doctor) node(n *NodeFacts) {
	tell := func(kind, format string, args ...any) {
		d.find(v1.DoctorFinding{Kind: kind, Nodes: []string{n.Node}, Words: fmt.Sprintf(format, args...)})
	}
	switch {
	case !n.Reachable:
		tell(v1.DoctorUnreachable, "%s does not answer (%s). Nothing is assumed about its data.", n.Node, firstOf(n.Why, "unknown reason"))
		return
	case !n.Running:
		tell(v1.DoctorDown, "DRBD on %s does not run the resource.", n.Node)
		return
	}
	for _, why := range n.Suspended {
		tell(v1.DoctorSuspended, "Writes on %s are held: %s.", n.Node, suspendedWords(why))
	}
	for _, nr := range slices.Sorted(maps.Keys(n.Volumes)) {
		v := n.Volumes[nr]
		if v.Quorum == No && !slices.Contains(n.Suspended, "quorum") {
			tell(v1.DoctorSuspended, "%s has no quorum for volume %d: too few nodes see each other, so it may not be used there.", n.Node, nr)
		}
		if n.Diskless || v.Disk == DiskUpToDate || n.syncing(nr) || d.alike(nr) || d.lone() == n {
			continue
		}
		tell(v1.DoctorDisk, "The disk of volume %d on %s is %s: %s.", nr, n.Node, v.Disk, diskWords(v))
	}
}

// syncing tells whether DRBD is making a volume up to date.
func (n *NodeFacts) syncing(nr int) bool {
	for _, l := range n.Links {
		if r := l.Volumes[nr].Replication; l.State == Connected && (strings.HasSuffix(r, "SyncT") || strings.HasSuffix(r, "SyncTarget")) {
			return true
		}
	}
	return false
}

// copies tells whether anybody has good data, and who is getting it.
func (d *doctor) copies() {
	volumes, unused := map[int][]string{}, map[int][]string{}
	asked, good := []string{}, map[int]bool{}
	for i := range d.facts.Nodes {
		n := &d.facts.Nodes[i]
		if n.Diskless || !n.Reachable {
			continue
		}
		asked = append(asked, n.Node)
		for nr, v := range n.Volumes {
			if n.syncing(nr) {
				volumes[nr] = append(volumes[nr], n.Node)
			}
			good[nr] = good[nr] || v.Disk == DiskUpToDate
			if n.Running && (v.Disk == DiskDiskless || v.Disk == diskFailed) {
				unused[nr] = append(unused[nr], n.Node)
			}
		}
	}
	for _, nr := range slices.Sorted(maps.Keys(good)) {
		if len(volumes[nr]) > 0 {
			d.find(v1.DoctorFinding{Kind: v1.DoctorResync, Nodes: volumes[nr],
				Words: fmt.Sprintf("DRBD is bringing volume %d on %s up to date; this ends by itself. Where it stands still for longer than a minute, the satellite there connects anew to the node with the data.", nr, and(volumes[nr]))})
		}
		if !good[nr] && d.alike(nr) {
			d.find(v1.DoctorFinding{Kind: v1.DoctorNoGoodCopy, Nodes: asked, Words: fmt.Sprintf(
				"All copies of volume %d are there, connected and the same, and all are called outdated, so nobody can use them. That comes where a node in use that was cut off is met again in an unlucky order.", nr)})
			continue
		}
		if n := d.lone(); !good[nr] && n != nil {
			d.find(v1.DoctorFinding{Kind: v1.DoctorNoGoodCopy, Nodes: asked, Words: fmt.Sprintf(
				"%s has the last copy of volume %d, and DRBD calls it outdated: it could not see what was written elsewhere. Nobody is left from whom it could get that.", n.Node, nr)})
			continue
		}
		if !good[nr] {
			d.find(v1.DoctorFinding{Kind: v1.DoctorNoGoodCopy, Nodes: asked, Words: fmt.Sprintf(
				"None of the nodes that answer has volume %d up to date. %sBring back the node that was used last; if there is none, a backup is what is left. Holdfast makes no copy good by force.", nr, unusedWords(unused[nr]))})
		}
	}
}

// unusedWords tell of disks that DRBD does not use, where nobody else has good data.
func unusedWords(nodes []string) string {
	if len(nodes) == 0 {
		return ""
	}
	return fmt.Sprintf("The newest data may be on the unused disk of %s alone: do not delete that replica; mend the disk and delete property DrbdOptions/SkipDisk there, so that it is tried again. ", and(nodes))
}

func suspendedWords(why string) string {
	switch why {
	case "quorum":
		return "too few nodes see each other (quorum). They go on once enough nodes are back"
	case "no-data":
		return "no up to date copy can be reached. They go on once one is back"
	case "fencing":
		return "a peer is being fenced"
	case "user":
		return "an administrator has suspended them (drbdadm resume-io ends that)"
	}
	return why
}

// diskWords say what a disk waits for. With quorum, DRBD lets a consistent disk be used after
// it has lost the node that used the volume; DRBD 9.3.3 forgets to if a node without a disk
// takes over in that very moment, and then serves nobody from it. Whoever makes the node
// primary, without force, has DRBD decide again.
func diskWords(v VolumeFacts) string {
	switch v.Disk {
	case DiskOutdated:
		return "it knows that others have newer data, and gets it once it is connected to them"
	case "Inconsistent":
		return "a resync was cut off or has not begun; it goes on once a good copy is connected"
	case "Consistent":
		if v.Quorum == Yes {
			return "DRBD has held it back since the node that used the volume was lost, although enough nodes see each other. It goes on when that node is back, " +
				"or when you stop what uses the volume and run drbdadm primary, and then drbdadm secondary, for the resource here"
		}
		return "it cannot know whether others have newer data until it is connected to them"
	case DiskDiskless, "Failed":
		return "DRBD does not use the disk, because it failed or was detached"
	}
	return "this should pass by itself"
}

// and joins names in words.
func and(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
