package rules

import (
	"slices"

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
		if o.Deleting == nil && hasMetadata(o) && replication.Apart(tx.World, definition, node, o.Node) {
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
		for _, r := range replicas(tx, d.Name) {
			if r.DRBD == nil {
				continue
			}
			if now := unaware(tx, r); !slices.Equal(now, r.DRBD.Unaware) {
				setUnaware(tx, r, now)
			}
			if now := untold(tx.World, r); !slices.Equal(now, r.DRBD.Untold) {
				setUntold(tx, d.Name, r.Node, now)
			}
		}
	}
	return nil
}

// unaware are the nodes that a replica must not connect to now.
func unaware(tx *model.Tx, r *model.Resource) []string {
	if replication.HasDisk(r) {
		return unproven(tx, r)
	}
	return stillUnaware(tx.World, r.Definition, r.DRBD.Unaware)
}

func stillUnaware(w *model.World, definition string, nodes []string) []string {
	return slices.DeleteFunc(slices.Clone(nodes), func(node string) bool { return knowsAll(w, definition, node) })
}

// knowsAll tells whether a node follows its newest instruction, or need not any more.
func knowsAll(w *model.World, definition, node string) bool {
	r, ok := w.Resources.Get(definition, node)
	if !ok || r.DRBD == nil || r.Deleting != nil {
		return true
	}
	_, settled := replication.Settled(w, r)
	return settled && online(w, node)
}

func setUnaware(tx *model.Tx, r *model.Resource, nodes []string) {
	next, own := *r, *r.DRBD
	own.Unaware = nodes
	next.DRBD = &own
	tx.PutResource(&next)
}
