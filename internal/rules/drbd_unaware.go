package rules

import (
	"slices"

	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// noteUnaware writes down which nodes with a disk are away when another one loses its
// own. DRBD counts the vote of every connected peer that it takes for one with a disk, so
// a node that comes back with old data and an old configuration would have a majority.
func noteUnaware(tx *model.Tx, definition, node string) {
	r, ok := tx.Resources.Get(definition, node)
	if !ok || r.DRBD == nil {
		return
	}
	var away []string
	for _, o := range replication.Replicas(tx.World, definition) {
		if !desired.Leaves(o) && hasMetadata(o) && replication.Apart(tx.World, definition, node, o.Node) {
			away = append(away, o.Node)
		}
	}
	setUnaware(tx, r, away)
}

// meetAware lets a replica without a disk connect to the nodes that know by now that it
// has none, and keeps one whose disk has failed from those that may have old data. It lets
// all connect to the nodes that have been told of a new copy.
func meetAware(tx *model.Tx) error {
	for _, d := range replicated(tx) {
		// The instruction of one that keeps from nobody any more may be what it has
		// reported on before: no report comes then that would have the others look again.
		for range replicas(tx, d.Name) {
			if !meetAll(tx, d.Name) {
				break
			}
		}
	}
	return nil
}

// meetAll tells whether a replica keeps from fewer nodes now.
func meetAll(tx *model.Tx, definition string) (freed bool) {
	// Those without a disk go by what is found of those whose disk has failed.
	for _, disk := range []bool{true, false} {
		for _, r := range replicas(tx, definition) {
			if r.DRBD != nil && replication.HasDisk(r) == disk {
				freed = meet(tx, r) || freed
			}
		}
	}
	return freed
}

func meet(tx *model.Tx, r *model.Resource) (freed bool) {
	if now := untold(tx.World, r); !slices.Equal(now, r.DRBD.Untold) {
		setUntold(tx, r.Definition, r.Node, now)
		freed = true
	}
	r, _ = tx.Resources.Get(r.Definition, r.Node)
	if now := unaware(tx, r); !slices.Equal(now, r.DRBD.Unaware) {
		setUnaware(tx, r, now)
	}
	return freed
}

// unaware are the nodes that a replica must not connect to now.
func unaware(tx *model.Tx, r *model.Resource) []string {
	switch {
	case replication.HasDisk(r) && skipsDisk(r):
		return unproven(tx, r)
	case replication.HasDisk(r):
		return unheard(tx.World, r)
	}
	return merge(stillUnaware(tx.World, r.Definition, r.DRBD.Unaware), unprovenByVote(tx.World, r))
}

// unheard are the nodes that are to get a disk and have not heard of it, which a replica that
// was away meanwhile must not connect to. It counts the vote of that disk, and nothing keeps
// a node that has not heard from a copy with old data.
func unheard(w *model.World, r *model.Resource) []string {
	var out []string
	away := replication.Away(w, r)
	for _, o := range replication.Replicas(w, r.Definition) {
		if sameNode(o, r) || !replication.Adding(o) || !away && !slices.Contains(r.DRBD.Unaware, o.Node) {
			continue
		}
		if !knowsAll(w, o.Definition, o.Node) {
			out = append(out, o.Node)
		}
	}
	return out
}

// merge is the union of two lists of nodes, in a stable order.
func merge(a, b []string) []string {
	out := append(slices.Clone(a), b...)
	slices.Sort(out)
	return slices.Compact(out)
}

func stillUnaware(w *model.World, definition string, nodes []string) []string {
	return slices.DeleteFunc(slices.Clone(nodes), func(node string) bool { return knowsAll(w, definition, node) })
}

// knowsAll tells whether a node follows its newest instruction, or need not any more.
func knowsAll(w *model.World, definition, node string) bool {
	r, ok := w.Resources.Get(definition, node)
	if !ok || r.DRBD == nil || desired.Leaves(r) {
		return true
	}
	return replication.Follows(w, r) && online(w, node)
}

func setUnaware(tx *model.Tx, r *model.Resource, nodes []string) {
	next, own := *r, *r.DRBD
	own.Unaware = nodes
	next.DRBD = &own
	tx.PutResource(&next)
}
