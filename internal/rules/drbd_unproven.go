package rules

import (
	"slices"

	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// unproven are the nodes that a replica with a failed disk must not connect to. DRBD
// counts its vote as that of one with the data, but it cannot tell whether a node that it
// meets again has what was written meanwhile. That is left to those with disks. Where there
// is none, a node that was there when the disk failed has it all, and another one has not.
func unproven(tx *model.Tx, r *model.Resource) []string {
	if !skipsDisk(r) {
		return nil
	}
	w := tx.World
	st, known := w.ResourceStatus.Get(r.Definition, r.Node)
	if !known {
		return r.DRBD.Unaware
	}
	if !slices.ContainsFunc(st.Volumes, idle) {
		return nil // what is written here reaches its disks
	}
	fails := failsNow(tx, r, st)
	var out []string
	for _, o := range replication.Replicas(w, r.Definition) {
		if sameNode(o, r) || !holdsData(o) || replication.Linked(w, r.Definition, r.Node, o.Node) {
			continue
		}
		has, others := proven(w, r, o)
		if was := !fails && !slices.Contains(r.DRBD.Unaware, o.Node); has || !others && was {
			continue
		}
		out = append(out, o.Node)
	}
	return out
}

// unprovenByVote are the nodes that a replica without a disk must not connect to because one
// whose disk has failed does not. It would have the vote of that one, and old data to read.
func unprovenByVote(w *model.World, r *model.Resource) []string {
	var out []string
	for _, o := range replication.Replicas(w, r.Definition) {
		if !sameNode(o, r) && replication.HasDisk(o) && o.DRBD != nil && skipsDisk(o) {
			out = append(out, o.DRBD.Unaware...)
		}
	}
	return slices.DeleteFunc(out, func(node string) bool { return model.Key(node) == model.Key(r.Node) })
}

func skipsDisk(r *model.Resource) bool { return replication.IsTrue(r.Props[replication.KeySkipDisk]) }

// failsNow tells whether a disk is reported to have failed that was in use until now, or to
// be left alone from now on.
func failsNow(tx *model.Tx, r *model.Resource, st *model.ResourceStatus) bool {
	was, known := tx.Base().Resources.Get(r.Definition, r.Node)
	before, told := tx.Base().ResourceStatus.Get(r.Definition, r.Node)
	return slices.ContainsFunc(st.Volumes, func(v model.VolumeStatus) bool {
		if !idle(v) || v.DiskState == "" {
			return false
		}
		if !known || !skipsDisk(was) {
			return true
		}
		if !told {
			return false
		}
		old, has := before.Volume(v.Number)
		return has && !idle(old)
	})
}

// idle tells whether DRBD does not use the disk of a volume. Where it does not run there is
// no state.
func idle(v model.VolumeStatus) bool {
	return slices.Contains([]string{"", "Failed", "Diskless"}, v.DiskState)
}

// holdsData tells whether a replica, active or not, has a disk with data that counts.
func holdsData(r *model.Resource) bool {
	return r.DRBD != nil && r.Deleting == nil && r.Diskless == model.Diskful && !skipsDisk(r)
}

func sameNode(a, b *model.Resource) bool { return model.Key(a.Node) == model.Key(b.Node) }

// proven tells whether a node has compared its data with one that this replica is connected
// to, or with all others that have any. Two that this replica has lost cannot vouch for each
// other; one that is to be deleted can as long as it is there. Others tells whether there
// are any to compare with.
func proven(w *model.World, r, o *model.Resource) (has, others bool) {
	all := true
	for _, x := range replication.Replicas(w, r.Definition) {
		if sameNode(x, r) || sameNode(x, o) || x.DRBD == nil || x.Diskless != model.Diskful || skipsDisk(x) {
			continue
		}
		met := replication.Linked(w, o.Definition, o.Node, x.Node)
		if met && replication.Linked(w, r.Definition, r.Node, x.Node) && replication.UpToDate(w, x) && replication.UpToDate(w, o) {
			return true, true
		}
		if holdsData(x) {
			others, all = true, all && met
		}
	}
	return others && all, others
}
