package rules

import (
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// replicated lists the replicated definitions that a change may concern, without those that
// are being deleted: they are left alone.
func replicated(tx *model.Tx) []*model.Definition {
	return slices.DeleteFunc(affected(tx), func(d *model.Definition) bool { return d.Deleting != nil })
}

// affected lists the replicated definitions that a change may concern: those it has touched,
// and all with a replica on a node that has come, gone or changed.
func affected(tx *model.Tx) []*model.Definition {
	touched := tx.Touched()
	var out []*model.Definition
	add := func(name string) {
		if d, ok := tx.Definitions.Get(name); ok && replication.Replicated(d) {
			out = append(out, d)
		}
	}
	for key := range touched.Definitions {
		add(key)
	}
	for key := range touched.Nodes {
		if !nodeChanged(tx, key) {
			continue
		}
		for r := range tx.ResourcesOn(key) {
			add(r.Definition)
		}
	}
	if touched.All {
		for d := range tx.Definitions.All {
			add(d.Name)
		}
	}
	slices.SortFunc(out, func(a, b *model.Definition) int { return strings.Compare(model.Key(a.Name), model.Key(b.Name)) })
	return slices.Compact(out)
}

// nodeChanged tells whether a node itself has changed: every new replica touches its
// node, and looking at all others there each time would make spawning slow.
func nodeChanged(tx *model.Tx, node string) bool {
	was, had := tx.Base().Nodes.Get(node)
	is, has := tx.Nodes.Get(node)
	if had != has || was != is {
		return true
	}
	before, _ := tx.Base().NodeStatus.Get(node)
	now, _ := tx.NodeStatus.Get(node)
	return before != now && (before == nil || now == nil || before.State != now.State || before.Host != now.Host)
}

// chosen tells whether what decides about a definition has changed by somebody's
// wish, and not only by a report.
func chosen(tx *model.Tx, d *model.Definition) bool {
	base := tx.Base()
	if was, ok := base.Definitions.Get(d.Name); !ok || was != d {
		return true
	}
	was, _ := base.Groups.Get(d.Group)
	if is, _ := tx.Groups.Get(d.Group); was != is {
		return true
	}
	n := 0
	for r := range tx.Resources.Under(d.Name) {
		n++
		if was, ok := base.Resources.Get(r.Definition, r.Node); !ok || was != r {
			return true
		}
	}
	for range base.Resources.Under(d.Name) {
		n--
	}
	return n != 0 || tx.Touched().All
}
