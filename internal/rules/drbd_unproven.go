package rules

import (
	"slices"

	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// unproven are the nodes that a replica whose disk has failed must not connect to. DRBD
// counts its vote as that of one with the data, but it cannot tell whether a node that it
// meets again has what was written meanwhile. That is left to those with disks.
func unproven(w *model.World, r *model.Resource) []string {
	if !replication.IsTrue(r.Props[replication.KeySkipDisk]) {
		return nil
	}
	st, known := w.ResourceStatus.Get(r.Definition, r.Node)
	if !known {
		return r.DRBD.Unaware
	}
	if slices.ContainsFunc(st.Volumes, usesDisk) {
		return nil // what is written here reaches its disk
	}
	var out []string
	for _, o := range replication.Replicas(w, r.Definition) {
		if !sameNode(o, r) && holdsData(o) && !replication.Linked(w, r.Definition, r.Node, o.Node) && !proven(w, r, o) {
			out = append(out, o.Node)
		}
	}
	return out
}

// usesDisk tells whether DRBD uses the disk of a volume. Where it does not run there is no
// state.
func usesDisk(v model.VolumeStatus) bool {
	return !slices.Contains([]string{"", "Failed", "Diskless"}, v.DiskState)
}

// holdsData tells whether a replica, active or not, has a disk with data that counts.
func holdsData(r *model.Resource) bool {
	return r.DRBD != nil && r.Deleting == nil && r.Diskless == model.Diskful && !replication.IsTrue(r.Props[replication.KeySkipDisk])
}

func sameNode(a, b *model.Resource) bool { return model.Key(a.Node) == model.Key(b.Node) }

// proven tells whether a node has compared its data with one that this replica is connected
// to, or with all others that have any. Two that this replica has lost cannot vouch for each
// other.
func proven(w *model.World, r, o *model.Resource) bool {
	all := true
	for _, x := range replication.Replicas(w, r.Definition) {
		if sameNode(x, r) || sameNode(x, o) || !holdsData(x) {
			continue
		}
		met := replication.Linked(w, o.Definition, o.Node, x.Node)
		if met && replication.Linked(w, r.Definition, r.Node, x.Node) && replication.UpToDate(w, x) && replication.UpToDate(w, o) {
			return true
		}
		all = all && met
	}
	return all
}
