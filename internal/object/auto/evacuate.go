// Package auto holds what the controller does by itself from time to time: it empties
// evacuated nodes, gives up nodes that stay away, gives disks to diskless replicas in
// use, and takes surplus ones away. All of it is pure and idempotent: called again, it
// goes on where it is, also after the controller was restarted.
//
// Invariant: no more replicas stay than are wanted, and the last copy that is up to
// date never goes.
package auto

import (
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/placing"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// Keys of node properties that keep where the replicas of an evacuated node may go.
const (
	keyTargets = "Internal/Evacuate/Target"
	keyOthers  = "Internal/Evacuate/DoNotTarget"
)

// BeginEvacuation marks a node for being emptied, and begins with it.
func BeginEvacuation(tx *model.Tx, n *model.Node, targets, others []string) []v1.ApiCallRc {
	next := *n
	next.Evacuating = true
	next.Props = replication.WithProp(next.Props, keyTargets, strings.Join(targets, ","))
	next.Props = replication.WithProp(next.Props, keyOthers, strings.Join(others, ","))
	tx.PutNode(&next)
	return Evacuate(tx, &next)
}

// Evacuate does what can be done now to empty a node, and says what stays and why.
func Evacuate(tx *model.Tx, n *model.Node) []v1.ApiCallRc {
	var out []v1.ApiCallRc
	for _, r := range slices.Collect(tx.ResourcesOn(n.Name)) {
		d, ok := tx.Definitions.Get(r.Definition)
		if !ok || r.Deleting != nil || d.Deleting != nil {
			continue
		}
		if why, fix := moveAway(tx, n, d, r); why != "" {
			out = append(out, v1.ApiCallRc{RetCode: v1.WarnNotEvacuating, Message: "Resource '" + r.Definition + "' stays on node '" + n.Name + "'.",
				Cause: why, Correction: fix, ObjRefs: map[string]string{"RscDfn": r.Definition, "Node": n.Name}})
		}
	}
	return out
}

// moveAway begins to move one replica, or says why it stays for now.
func moveAway(tx *model.Tx, n *model.Node, d *model.Definition, r *model.Resource) (why, fix string) {
	const later = "It is tried again by itself."
	switch {
	case !model.HasLayer(r.Stack, v1.LayerTypeDrbd):
		return "it has no replication layer, so there is no other copy to move to", "Copy its data away and delete it."
	case replication.Adding(r):
		if _, err := replication.BeginRemove(tx, r, model.DRBDDiskless); err != nil {
			return err.Error(), later
		}
		return "", ""
	case replication.Removing(r):
		return "", ""
	case r.Diskless != model.Diskful && replication.InUse(tx.World, r), r.Inactive:
		return "it is in use, or inactive", "Use it on another node; it goes as soon as it is let go."
	case r.Diskless != model.Diskful:
		replication.Delete(tx, r)
		return "", ""
	case replication.MigratesTo(replication.Replicas(tx.World, d.Name), n.Name) != nil:
		return "", ""
	}
	if want := replication.Wanted(tx.World, d); want > 0 && replication.Staying(tx.World, d.Name) >= want {
		return dropSurplus(tx, d, r)
	}
	c, err := placing.Instead(tx.World, d, n.Name, list(n.Props[keyTargets]), list(n.Props[keyOthers]))
	if err == nil {
		_, err = placing.AddInstead(tx, d, c, n.Name)
	}
	if err != nil {
		return reason(err), "Add a node or storage, or widen the targets. " + later
	}
	return "", ""
}

// dropSurplus deletes a replica that is not needed any more.
func dropSurplus(tx *model.Tx, d *model.Definition, r *model.Resource) (why, fix string) {
	switch {
	case replication.InUse(tx.World, r):
		return "it is in use", "Use it on another node; it goes as soon as it is let go."
	case replication.OtherUpToDate(tx.World, d.Name, r.Node) == nil:
		return "no other replica that it was last connected with is up to date, so it may have the newest data",
			"Bring it together with the others, and wait until they are up to date; it is then removed by itself. Only for a node that will never come back use 'node lost'."
	}
	replication.Delete(tx, r)
	return "", ""
}

func reason(err error) string {
	if f, ok := fault.As(err); ok {
		return f.Error()
	}
	return err.Error()
}

func list(v string) []string {
	if v == "" {
		return nil
	}
	return strings.Split(v, ",")
}

// Restore takes a node back that was evacuated or evicted. Migrations away from it
// end: targets that are not complete go again.
func Restore(tx *model.Tx, n *model.Node) {
	next := *n
	next.Evacuating, next.Evicted = false, false
	next.Props = replication.WithProp(next.Props, keyTargets, "")
	next.Props = replication.WithProp(next.Props, keyOthers, "")
	tx.PutNode(&next)
	for _, r := range slices.Collect(tx.ResourcesOn(n.Name)) {
		if n.Evicted {
			r = reactivate(tx, r)
		}
		for t := replication.MigratesTo(replication.Replicas(tx.World, r.Definition), n.Name); t != nil; t = replication.MigratesTo(replication.Replicas(tx.World, r.Definition), n.Name) {
			endMigration(tx, r, t)
		}
	}
}

// endMigration keeps the source of a migration. A complete target stays, too; the
// balancing decides which one is surplus.
func endMigration(tx *model.Tx, source, target *model.Resource) {
	target = replication.SetProp(tx, target, replication.KeyMigrateFrom, "")
	switch {
	case !replication.HasDisk(source) || replication.HasDisk(target) && replication.UpToDate(tx.World, target) || replication.InUse(tx.World, target):
	case replication.Adding(target):
		// Taking a disk back that is not complete cannot be refused.
		_, _ = replication.BeginRemove(tx, target, model.DRBDDiskless)
	case replication.OtherUpToDate(tx.World, target.Definition, target.Node) != nil:
		replication.Delete(tx, target)
	}
}
