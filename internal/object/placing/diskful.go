package placing

import (
	"maps"
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/drbdalloc"
	"github.com/holdfast-storage/holdfast/internal/object/mixing"
	"github.com/holdfast-storage/holdfast/internal/object/replica"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/object/show"
	"github.com/holdfast-storage/holdfast/internal/place"
)

// addDiskful puts a diskful replica where the placer wants it: a new one, or a disk
// for the diskless one that is there. with are all nodes of the placement.
func addDiskful(tx *model.Tx, d *model.Definition, c place.Verdict, stack []v1.LayerType, from string, with ...string) ([]v1.ApiCallRc, error) {
	old, ok := tx.Resources.Get(d.Name, c.Node)
	if ok && old.Deleting == nil && old.Diskless != model.Diskful && model.HasLayer(old.Stack, v1.LayerTypeDrbd) {
		return GiveDisk(tx, d, old, replication.Disk{Pool: c.Name, By: replication.ByAutoPlacer, MigrateFrom: from})
	}
	props := map[string]string{replication.KeyPool: c.Name, replication.KeyDiskfulBy: replication.ByAutoPlacer}
	if from != "" {
		props[replication.KeyMigrateFrom] = from
	}
	return replica.Add(tx, replica.New{Definition: d.Name, Node: c.Node, Pool: c.Name, Stack: stack, Props: props,
		DRBD: drbdalloc.Request{With: with}})
}

// GiveDisk orders a disk for a diskless replica, if there is room for it, and says so.
func GiveDisk(tx *model.Tx, d *model.Definition, r *model.Resource, disk replication.Disk) ([]v1.ApiCallRc, error) {
	if r.Toggle == model.ToggleNone || r.Toggle == model.ToggleAddRequested {
		if err := CheckDisk(tx.World, d, r, disk.Pool); err != nil {
			return nil, err
		}
	}
	next, err := replication.BeginAdd(tx, d, r, disk)
	if err != nil {
		return nil, err
	}
	return []v1.ApiCallRc{{RetCode: v1.Modified, Message: "The " + show.ResourceName(d.Name, r.Node) + " gets a disk.",
		ObjRefs: map[string]string{"RscDfn": d.Name, "Node": r.Node, "UUID": next.UUID}}}, nil
}

// takeOut undoes what was placed when the rest could not be.
func takeOut(tx *model.Tx, definition string, placed []place.Verdict) {
	for _, c := range placed {
		if was, ok := tx.Base().Resources.Get(definition, c.Node); ok {
			tx.PutResource(was)
			continue
		}
		tx.DeleteResource(definition, c.Node)
	}
}

// Instead finds the place for a replica that takes over from the one on a node, as if
// that one were gone already. Targets, if any, are the only nodes to use; others are
// never used.
func Instead(w *model.World, d *model.Definition, from string, targets, others []string) (place.Verdict, error) {
	filter := v1.AutoSelectFilter{}
	if g, ok := w.Groups.Get(d.Group); ok {
		filter = g.Filter
	}
	stack := replica.Stack(w, d, nil)
	q, err := Query(w, &filter, stack)
	if err != nil {
		return place.Verdict{}, err
	}
	q.Resource, q.Additional, q.PlaceCount, q.AllowMixing = d.Name, 1, 0, mixing.Allowed(w, d)
	q.MinIOSizeBytes = mixing.KeptBlock(w, d)
	if len(targets) > 0 {
		q.NodeNames = slices.DeleteFunc(slices.Clone(targets), func(n string) bool {
			return len(filter.NodeNameList) > 0 && !slices.ContainsFunc(filter.NodeNameList, func(l string) bool { return model.Key(l) == model.Key(n) })
		})
		if len(q.NodeNames) == 0 {
			q.NodeNames = targets
		}
	}
	if q.VolumeSizesKiB, err = volumeSizes(w, d, stack); err != nil {
		return place.Verdict{}, err
	}
	q.Veto = map[string]string{}
	for _, n := range others {
		if got, ok := w.Nodes.Get(n); ok {
			n = got.Name
		}
		q.Veto[n] = "it was excluded with --do-not-target"
	}
	maps.Copy(q.Veto, adding(w, d.Name))
	deployed := Replicas(w, d.Name)
	for i := range deployed {
		if model.Key(deployed[i].Node) == model.Key(from) {
			deployed[i].Deleting, deployed[i].Leaving = true, !deployed[i].Diskless
		}
	}
	res, err := place.Place(Nodes(w), Pools(w), deployed, q)
	if err != nil {
		return place.Verdict{}, err
	}
	return res.Chosen[0], nil
}

// adding lists the nodes whose replica cannot be given a disk now: it gets one already,
// or nothing runs there.
func adding(w *model.World, definition string) map[string]string {
	out := map[string]string{}
	for _, r := range replication.Replicas(w, definition) {
		switch {
		case r.Toggle != model.ToggleNone:
			out[r.Node] = "its replica is changing between diskful and diskless"
		case r.Inactive:
			out[r.Node] = "its replica is inactive"
		}
	}
	return out
}

// AddInstead puts a diskful replica where Instead found a place; the replica on the
// node it takes over from goes once the new one is complete.
func AddInstead(tx *model.Tx, d *model.Definition, c place.Verdict, from string) ([]v1.ApiCallRc, error) {
	return addDiskful(tx, d, c, replica.Stack(tx.World, d, nil), from)
}
