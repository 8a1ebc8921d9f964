package node

import (
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/auto"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/object/show"
	"github.com/holdfast-storage/holdfast/internal/object/snapshotting"
)

// remove marks a node for deletion. It is refused while the node holds volumes,
// so that deleting a node never destroys data by the way.
func remove(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	n, ok := tx.Nodes.Get(r.Param("node"))
	if !ok {
		return []v1.ApiCallRc{object.Missing(show.NodeName(r.Param("node")), "Node", r.Param("node"))}, nil
	}
	var names []string
	var voters []*model.Resource
	for res := range tx.ResourcesOn(n.Name) {
		if res.Diskless == model.Tiebreaker && res.Toggle == model.ToggleNone {
			voters = append(voters, res)
			continue
		}
		names = append(names, res.Definition)
	}
	if len(names) > 0 {
		return nil, fault.New(v1.FailExistsVolume, "Node '%s' still holds %d resources and is not deleted.", n.Name, len(names)).
			Because("resources on it: %s", strings.Join(firstFew(names), ", ")).
			Fix("Delete or move them first ('node evacuate %s'), or use 'node lost %s' if the host will never come back.", n.Name, n.Name).
			Ref("Node", n.Name)
	}
	if kept := snapshotting.On(tx.World, n.Name); len(kept) > 0 {
		return nil, fault.New(v1.FailExistsSnapshot, "Node '%s' still holds %d snapshots and is not deleted.", n.Name, len(kept)).
			Because("one of them is %s", show.SnapshotName(kept[0].Definition, kept[0].Name)).
			Fix("Delete them first ('snapshot list -n %s' shows them), or use 'node lost %s' if the host will never come back.", n.Name, n.Name).
			Ref("Node", n.Name)
	}
	uuid := n.UUID
	if len(voters) > 0 {
		return leave(tx, n, voters)
	}
	tx.DeleteNode(n.Name)
	return []v1.ApiCallRc{object.Deleted(show.NodeName(n.Name), uuid, "Node", n.Name)}, nil
}

// leave removes a node that holds tiebreakers only: the rules have made them, and make
// them elsewhere. The node goes with the last of them.
func leave(tx *model.Tx, n *model.Node, voters []*model.Resource) ([]v1.ApiCallRc, error) {
	if !show.Online(tx.World, n.Name) {
		return nil, fault.New(v1.FailNotConnected, "Node '%s' is offline and holds %d tiebreakers.", n.Name, len(voters)).
			Because("its satellite cannot take them down: %s", show.WhyOffline(tx.World, n.Name)).
			Fix("Start the satellite, or use 'node lost %s' if the host will never come back.", n.Name).Ref("Node", n.Name)
	}
	next := *n
	now := tx.Now
	next.Deleting = &now
	tx.PutNode(&next)
	for _, r := range voters {
		replication.Delete(tx, r)
	}
	return []v1.ApiCallRc{object.Deleted(show.NodeName(n.Name), n.UUID, "Node", n.Name)}, nil
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
	snapshotting.ForgetNode(tx, n.Name)
	uuid := n.UUID
	tx.DeleteNode(n.Name)
	rc := object.Deleted(show.NodeName(n.Name), uuid, "Node", n.Name)
	if len(forgotten) > 0 {
		rc.Correction = "The volumes on the host were not touched; wipe them by hand before the host joins a cluster again."
	}
	return []v1.ApiCallRc{rc}, nil
}

// evacuate marks a node so that no new replica is placed on it, and begins to move
// away what is there; a task goes on with it.
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
	var targets, others []string
	if in != nil {
		targets, others = in.Target, in.DoNotTarget
	}
	if n.Evicted {
		return nil, fault.New(v1.FailInvalidRequest, "Node '%s' is evicted and cannot be evacuated.", n.Name).
			Because("it was given up, and its replicas are placed elsewhere already").
			Fix("Use 'node restore %s' first, or 'node lost %s'.", n.Name, n.Name).Ref("Node", n.Name)
	}
	out := []v1.ApiCallRc{object.Modified(show.NodeName(n.Name), n.UUID, "Node", n.Name)}
	return append(out, auto.BeginEvacuation(tx, n, targets, others)...), nil
}

// evict gives a node up that is offline, without waiting for the automatism.
func evict(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	n, err := Find(tx.World, r.Param("node"))
	if err != nil {
		return nil, err
	}
	if show.Online(tx.World, n.Name) {
		return nil, fault.New(v1.FailInUse, "Node '%s' is online and is not evicted.", n.Name).
			Because("its satellite is connected").Fix("Use 'node evacuate %s' to move its resources away.", n.Name).Ref("Node", n.Name)
	}
	if !n.Type.HasSatellite() {
		return nil, fault.New(v1.FailInvalidNodeType, "Node '%s' has no satellite and cannot be evicted.", n.Name).
			Because("its type is %s", n.Type).Fix("There is nothing to evict.").Ref("Node", n.Name)
	}
	if n.Evicted {
		return []v1.ApiCallRc{object.Info(v1.InfoNoop, "Node '"+n.Name+"' is evicted already.")}, nil
	}
	auto.Evict(tx, n)
	return []v1.ApiCallRc{object.Modified(show.NodeName(n.Name), n.UUID, "Node", n.Name)}, nil
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
	auto.Restore(tx, n)
	if in != nil && in.DeleteResources {
		deleteAll(tx, n.Name)
	}
	return []v1.ApiCallRc{object.Modified(show.NodeName(n.Name), n.UUID, "Node", n.Name)}, nil
}

// deleteAll marks the node's replicas for deletion, but never the last diskful one nor
// the last copy that is up to date.
func deleteAll(tx *model.Tx, node string) {
	for _, res := range slices.Collect(tx.ResourcesOn(node)) {
		others := 0
		for o := range tx.Resources.Under(res.Definition) {
			if o.Node != res.Node && o.Diskless == model.Diskful && o.Deleting == nil && !replication.Removing(o) {
				others++
			}
		}
		last := others == 0 || replication.UpToDate(tx.World, res) && replication.OtherUpToDate(tx.World, res.Definition, node) == nil
		if last && res.Diskless == model.Diskful {
			continue
		}
		replication.Delete(tx, res)
	}
}
