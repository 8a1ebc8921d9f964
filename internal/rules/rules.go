// Package rules holds what follows from a change: what has become unnecessary is
// removed, what was observed for the first time is written down. A rule is pure,
// idempotent and looks only at what the change has touched.
package rules

import (
	"iter"
	"slices"

	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/engine"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/snapshotting"
)

// All is the list of rules in the order they run.
func All() []engine.Rule {
	return []engine.Rule{skipFailedDisks, putOffDeletions, keepFromUntold, advanceToggles, finishMigrations, keepTiebreakers, keepQuorum,
		chooseVerify, fitStorage, recordCreation, noteSnapshots, advanceYields, endRejoins, recordFormat, recordData, advanceResizes, reapResources, partLeavers, meetAware, forgetPeers, forgetData, reapVolumes, reapDefinitions, reapNodes, tendKeys}
}

// replicas lists the replicas of a definition; the tx may change while the caller
// walks over the list.
func replicas(tx *model.Tx, definition string) []*model.Resource {
	// Mostly there are two or three, and most rules ask for them.
	return slices.AppendSeq(make([]*model.Resource, 0, 4), iter.Seq[*model.Resource](tx.Resources.Under(definition)))
}

// settledStatus is the status of a replica if it is about the present instruction.
func settledStatus(tx *model.Tx, r *model.Resource) (*model.ResourceStatus, bool) {
	st, ok := tx.ResourceStatus.Get(r.Definition, r.Node)
	if !ok || st.Fingerprint != desired.Resource(tx.World, r).Fingerprint {
		return nil, false
	}
	return st, true
}

// recordCreation notes when a replica was first reported ready, and which of its
// volumes have been seen: the grant to make them ends with that.
func recordCreation(tx *model.Tx) error {
	for _, name := range tx.Touched().Definitions {
		for _, r := range replicas(tx, name) {
			if r.Deleting != nil {
				beginDeletion(tx, r)
				continue
			}
			if !unrecorded(r) {
				continue
			}
			// A report about an earlier replica of that name says nothing of this one.
			if st, ok := settledStatus(tx, r); ok && st.Progress == model.ProgressReady {
				recordReady(tx, r, st)
			}
		}
	}
	return nil
}

// unrecorded tells whether anything about the making of a replica is still to be noted.
func unrecorded(r *model.Resource) bool {
	return r.Created == nil || slices.ContainsFunc(r.Volumes, func(v model.Volume) bool { return !v.Created })
}

func recordReady(tx *model.Tx, r *model.Resource, st *model.ResourceStatus) {
	next := *r
	changed := false
	// Where no grant was given, what is seen is not what was granted: a diskless replica
	// that waits for its disk shows the device of its peers.
	granted := desired.MayMake(r)
	for i, v := range r.Volumes {
		vs, ok := st.Volume(v.Number)
		if !granted || v.Created || !ok || vs.UsableKiB == 0 || !metaReady(r, &vs) {
			continue
		}
		if !changed {
			next.Volumes = slices.Clone(r.Volumes)
		}
		next.Volumes[i].Created, changed = true, true
	}
	if r.Created == nil {
		now := tx.Now
		next.Created, changed = &now, true
	}
	if changed {
		tx.PutResource(&next)
	}
}

// metaReady tells whether DRBD's metadata is on the disk of a replica, if it needs any:
// without it, as while its disk is skipped, it shows the device of its peers.
func metaReady(r *model.Resource, vs *model.VolumeStatus) bool {
	return r.DRBD == nil || desired.Diskless(r) || vs.DRBD != nil && vs.DRBD.MetaReady
}

// beginDeletion counts a deletion that was just ordered, and gives the replica the
// grant to make its volumes again: nobody knows how much is gone when the deletion
// is taken back.
func beginDeletion(tx *model.Tx, r *model.Resource) {
	deletions := 1
	if old, ok := tx.Base().Resources.Get(r.Definition, r.Node); ok && old.UUID == r.UUID {
		if old.Deleting != nil {
			return
		}
		deletions = old.Deletions + 1
	}
	next := *r
	next.Deletions = deletions
	next.Volumes = slices.Clone(r.Volumes)
	for i := range next.Volumes {
		next.Volumes[i].Created = false
	}
	tx.PutResource(&next)
}

// reapResources removes replicas whose satellite has reported them gone.
func reapResources(tx *model.Tx) error {
	for _, name := range tx.Touched().Definitions {
		for _, r := range replicas(tx, name) {
			if r.Deleting == nil {
				continue
			}
			if st, ok := settledStatus(tx, r); ok && st.Progress == model.ProgressGone {
				tx.DeleteResource(r.Definition, r.Node)
			}
		}
	}
	return nil
}

// reapVolumes removes volume definitions that no replica holds any more.
func reapVolumes(tx *model.Tx) error {
	for _, name := range tx.Touched().Definitions {
		d, ok := tx.Definitions.Get(name)
		if !ok {
			continue
		}
		for _, vd := range d.Volumes {
			if vd.Deleting != nil {
				reapVolume(tx, name, vd.Number)
			}
		}
	}
	return nil
}

func reapVolume(tx *model.Tx, definition string, number int) {
	rs := replicas(tx, definition)
	for _, r := range rs {
		if _, has := r.Volume(number); !has {
			continue
		}
		st, ok := settledStatus(tx, r)
		if !ok {
			return
		}
		if v, ok := st.Volume(number); !ok || !v.Gone {
			return
		}
	}
	for _, r := range rs {
		next := *r
		next.Volumes = slices.DeleteFunc(slices.Clone(r.Volumes), func(v model.Volume) bool { return v.Number == number })
		if len(next.Volumes) != len(r.Volumes) {
			tx.PutResource(&next)
		}
	}
	d, _ := tx.Definitions.Get(definition)
	next := *d
	next.Volumes = slices.DeleteFunc(slices.Clone(d.Volumes), func(v model.VolumeDefinition) bool { return v.Number == number })
	tx.PutDefinition(&next)
}

// reapDefinitions removes definitions that are being deleted and have nothing left.
func reapDefinitions(tx *model.Tx) error {
	for _, name := range tx.Touched().Definitions {
		d, ok := tx.Definitions.Get(name)
		if !ok || d.Deleting == nil || len(replicas(tx, name)) > 0 || len(snapshots(tx, name)) > 0 {
			continue
		}
		tx.DeleteDefinition(name)
	}
	return nil
}

// reapNodes removes nodes that are being deleted and hold nothing any more.
func reapNodes(tx *model.Tx) error {
	for _, name := range tx.Touched().Nodes {
		n, ok := tx.Nodes.Get(name)
		if !ok || n.Deleting == nil {
			continue
		}
		empty := true
		for range tx.ResourcesOn(name) {
			empty = false
			break
		}
		if empty && len(snapshotting.On(tx.World, name)) == 0 {
			tx.DeleteNode(name)
		}
	}
	return nil
}
