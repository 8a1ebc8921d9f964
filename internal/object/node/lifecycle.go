package node

import (
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// remove marks a node for deletion. It is refused while the node holds volumes,
// so that deleting a node never destroys data by the way.
func remove(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	n, ok := tx.Nodes.Get(r.Param("node"))
	if !ok {
		return []v1.ApiCallRc{object.Missing(show.NodeName(r.Param("node")), "Node", r.Param("node"))}, nil
	}
	var names []string
	for res := range tx.ResourcesOn(n.Name) {
		names = append(names, res.Definition)
	}
	if len(names) > 0 {
		return nil, fault.New(v1.FailExistsVolume, "Node '%s' still holds %d resources and is not deleted.", n.Name, len(names)).
			Because("resources on it: %s", strings.Join(firstFew(names), ", ")).
			Fix("Delete or move them first ('node evacuate %s'), or use 'node lost %s' if the host will never come back.", n.Name, n.Name).
			Ref("Node", n.Name)
	}
	uuid := n.UUID
	tx.DeleteNode(n.Name)
	return []v1.ApiCallRc{object.Deleted(show.NodeName(n.Name), uuid, "Node", n.Name)}, nil
}

func firstFew(names []string) []string {
	if len(names) > 8 {
		return append(slices.Clone(names[:8]), "…")
	}
	return names
}

// lost forgets a node that will never come back, with all that was on it. Nothing
// on the host is touched.
func lost(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	n, err := Find(tx.World, r.Param("node"))
	if err != nil {
		return nil, err
	}
	if show.Online(tx.World, n.Name) {
		return nil, fault.New(v1.FailExistsNodeConnection, "Node '%s' is online and not lost.", n.Name).
			Because("its satellite is connected").
			Fix("Use 'node delete %s', or stop the satellite if you really want to forget what is on it.", n.Name)
	}
	var forgotten []*model.Resource
	for res := range tx.ResourcesOn(n.Name) {
		forgotten = append(forgotten, res)
	}
	for _, res := range forgotten {
		tx.DeleteResource(res.Definition, res.Node)
	}
	uuid := n.UUID
	tx.DeleteNode(n.Name)
	rc := object.Deleted(show.NodeName(n.Name), uuid, "Node", n.Name)
	if len(forgotten) > 0 {
		rc.Correction = "The volumes on the host were not touched; wipe them by hand before the host joins a cluster again."
	}
	return []v1.ApiCallRc{rc}, nil
}

// evacuate marks a node so that no new replica is placed on it.
func evacuate(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	n, err := Find(tx.World, r.Param("node"))
	if err != nil {
		return nil, err
	}
	in, _ := r.Body.(*v1.NodeEvacuate)
	if in != nil {
		for _, t := range append(slices.Clone(in.Target), in.DoNotTarget...) {
			if _, err := Find(tx.World, t); err != nil {
				return nil, err
			}
		}
	}
	next := *n
	next.Evacuating = true
	tx.PutNode(&next)
	out := []v1.ApiCallRc{object.Modified(show.NodeName(n.Name), n.UUID, "Node", n.Name)}
	for res := range tx.ResourcesOn(n.Name) {
		if !model.HasLayer(res.Stack, v1.LayerTypeDrbd) && res.Deleting == nil {
			out = append(out, v1.ApiCallRc{RetCode: v1.WarnNotEvacuating,
				Message:    "Resource '" + res.Definition + "' stays on the node.",
				Cause:      "it has no replication layer, so there is no other copy to move to",
				Correction: "Copy its data away and delete it.",
				ObjRefs:    map[string]string{"RscDfn": res.Definition, "Node": n.Name}})
		}
	}
	return out, nil
}

// restore takes a node back that was evicted or evacuated.
func restore(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	n, err := Find(tx.World, r.Param("node"))
	if err != nil {
		return nil, err
	}
	if !n.Evacuating && !n.Evicted {
		return nil, fault.New(v1.FailInvalidRequest, "Node '%s' is neither evicted nor evacuated.", n.Name).
			Because("only such a node is kept from getting replicas").Fix("There is nothing to restore.")
	}
	in, _ := r.Body.(*v1.NodeRestore)
	next := *n
	next.Evacuating, next.Evicted = false, false
	tx.PutNode(&next)
	if in != nil && in.DeleteResources {
		deleteAll(tx, n.Name)
	}
	return []v1.ApiCallRc{object.Modified(show.NodeName(n.Name), n.UUID, "Node", n.Name)}, nil
}

// deleteAll marks the node's replicas for deletion, but never the last diskful one.
func deleteAll(tx *model.Tx, node string) {
	for _, res := range slices.Collect(tx.ResourcesOn(node)) {
		others := 0
		for o := range tx.Resources.Under(res.Definition) {
			if o.Node != res.Node && o.Diskless == model.Diskful && o.Deleting == nil {
				others++
			}
		}
		if others == 0 && res.Diskless == model.Diskful {
			continue
		}
		next := *res
		now := tx.Now
		next.Deleting = &now
		tx.PutResource(&next)
	}
}
