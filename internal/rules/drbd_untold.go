package rules

import (
	"slices"

	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// keepFromUntold keeps all replicas from the nodes that cannot be told of a copy that is
// about to come, before it comes: the new copy waits for all others to have heard of this.
func keepFromUntold(tx *model.Tx) error {
	for _, d := range replicated(tx) {
		keepFrom(tx, d)
	}
	return nil
}

func keepFrom(tx *model.Tx, d *model.Definition) {
	if slices.ContainsFunc(replicas(tx, d.Name), comes) {
		for _, r := range replicas(tx, d.Name) {
			hold(tx, r)
		}
		keepFromAway(tx, d)
	}
	for _, r := range replicas(tx, d.Name) {
		hide(tx, r)
	}
}

func keepFromAway(tx *model.Tx, d *model.Definition) {
	rs := replicas(tx, d.Name)
	away := awayFrom(tx.World, rs)
	for _, r := range rs {
		if replication.TakesPart(tx.World, r) {
			setUntold(tx, d.Name, r.Node, merge(r.DRBD.Untold, away))
		}
	}
}

// hold keeps an empty disk from the others as long as one of them has no quorum, or would
// lose it by the vote of a disk that is not there yet. A replica without a disk is met
// first: its vote is there as soon as it counts. One that waits to take part with its disk
// becomes such a one, also where others have been told: it has never been up. It waits with that
// while only some have quorum: it would join those that have to stay apart.
func hold(tx *model.Tx, r *model.Resource) {
	if !comes(r) {
		return
	}
	was, known := tx.Base().Resources.Get(r.Definition, r.Node)
	begins := !known || !begun(was)
	withDisk := desired.Joining(r)
	held := begun(r) && replication.Empty(r) && (begins || withDisk || r.DRBD.Held) && outvotes(tx.World, r)
	meets := held && withDisk && !replication.Divided(tx.World, r.Definition, r.Node)
	if held == r.DRBD.Held && !meets {
		return
	}
	next, own := *r, *r.DRBD
	own.Held, next.DRBD = held, &own
	if meets {
		own.Parted = false
		next.Toggle, next.ToggleTo, next.Diskless = model.ToggleAddRequested, model.Diskful, model.DRBDDiskless
	}
	tx.PutResource(&next)
}

// outvotes tells whether somebody who has the data lacks quorum, or would if the vote of an
// empty disk counted now.
func outvotes(w *model.World, r *model.Resource) bool {
	return len(replication.WithoutQuorum(w, r.Definition, r.Node))+len(replication.Outvoted(w, r)) > 0
}

// begun tells whether a replica waits to take part as a copy.
func begun(r *model.Resource) bool {
	return desired.Joining(r) || r.Toggle == model.ToggleAddRequested && r.Deleting == nil
}

// comes tells whether a replica is a copy that is about to take part, or does so without
// having met all others.
func comes(r *model.Resource) bool {
	if r.DRBD == nil || r.Deleting != nil || r.Inactive {
		return false
	}
	return begun(r) || replication.Adding(r) || len(r.DRBD.Untold) > 0
}

func awayFrom(w *model.World, rs []*model.Resource) []string {
	var out []string
	for _, r := range rs {
		if r.DRBD != nil && !desired.Leaves(r) && !r.Inactive && replication.Away(w, r) {
			out = append(out, r.Node)
		}
	}
	return out
}

// untold are the nodes that a replica still keeps from: those that have not been told, and
// as long as one of them is connected to others also these.
func untold(w *model.World, r *model.Resource) []string {
	if len(r.DRBD.Untold) == 0 || len(replication.Unsettled(w, r.Definition, r.Node)) > 0 {
		return r.DRBD.Untold
	}
	return stillUnaware(w, r.Definition, r.DRBD.Untold)
}

// setUntold stores the nodes that a replica keeps from until they have been told.
func setUntold(tx *model.Tx, definition, node string, nodes []string) {
	r, ok := tx.Resources.Get(definition, node)
	if !ok || r.DRBD == nil {
		return
	}
	nodes = slices.DeleteFunc(slices.Clone(nodes), func(n string) bool { return model.Key(n) == model.Key(node) })
	if slices.Equal(nodes, r.DRBD.Untold) {
		return
	}
	next, own := *r, *r.DRBD
	own.Untold, next.DRBD = nodes, &own
	tx.PutResource(&next)
}
