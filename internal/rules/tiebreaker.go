package rules

import (
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/placing"
	"github.com/holdfast-storage/holdfast/internal/object/replica"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// keepTiebreakers makes, moves and removes tiebreakers as quorum needs them.
func keepTiebreakers(tx *model.Tx) error {
	for _, d := range replicated(tx) {
		// A place that was not found is not looked for with every report; Retry does.
		if err := tendTiebreaker(tx, d, chosen(tx, d)); err != nil {
			return err
		}
	}
	return nil
}

// Retry looks at all definitions anew: for places for tiebreakers that could not be
// made before, and for whatever no report has led to. It is for a task that runs from
// time to time.
func Retry(tx *model.Tx) error {
	for _, d := range slices.Collect(tx.Definitions.All) {
		if d.Deleting != nil || !replication.Replicated(d) {
			continue
		}
		keepFrom(tx, d)
		part(tx, d)
		for _, r := range replication.Replicas(tx.World, d.Name) {
			if r.Toggle != model.ToggleNone && r.Deleting == nil {
				advanceToggle(tx, d, r)
			}
			if r.Props[replication.KeyMigrateFrom] != "" && r.Deleting == nil {
				retryMigration(tx, d, r.Node)
			}
		}
		if now, ok := tx.Definitions.Get(d.Name); ok {
			resumeResizes(tx, now)
		}
		if err := tendTiebreaker(tx, d, true); err != nil {
			return err
		}
	}
	return nil
}

// decisions bounds how many follow each other for one definition; promoting one,
// removing a second and keeping a third is the longest way.
const decisions = 8

func tendTiebreaker(tx *model.Tx, d *model.Definition, search bool) error {
	for range decisions {
		in := replication.Quorum(tx.World, d)
		in.Members = eligible(tx, d, in.Members)
		joining := withJoining(tx, d, in.Members)
		got := drbd.Tiebreaker(in)
		if joining && got.Action != drbd.TiebreakerCreate {
			return nil // it is needed until the new disk takes part
		}
		if got.Action == drbd.TiebreakerDelete && adding(tx, d) {
			return nil // until the new disk is there nobody else may break the tie
		}
		if got.Action == drbd.TiebreakerKeep || got.Action == drbd.TiebreakerCreate && !search {
			return nil
		}
		done, err := act(tx, d, got)
		if err != nil || !done {
			return err
		}
	}
	return nil
}

// withJoining counts the replicas that are about to take part as if they did, and tells
// whether there are any: what they need is made before.
func withJoining(tx *model.Tx, d *model.Definition, members []drbd.Member) bool {
	found := false
	for i := range members {
		if r, ok := tx.Resources.Get(d.Name, members[i].Node); ok && desired.Joining(r) {
			members[i].Inactive, found = false, true
		}
	}
	return found
}

// adding tells whether a replica is about to get a disk.
func adding(tx *model.Tx, d *model.Definition) bool {
	return slices.ContainsFunc(replicas(tx, d.Name), func(r *model.Resource) bool { return replication.Adding(r) && r.Deleting == nil })
}

// eligible bars replicas whose deletion was ordered before this change from taking
// over: nobody knows how much of them is still there.
func eligible(tx *model.Tx, d *model.Definition, members []drbd.Member) []drbd.Member {
	for i := range members {
		m := &members[i]
		if !m.Deleting {
			continue
		}
		if was, ok := tx.Base().Resources.Get(d.Name, m.Node); !ok || was.Deleting != nil {
			m.Inactive = true
		}
	}
	return members
}

// act carries out one decision, and tells whether that changed anything.
func act(tx *model.Tx, d *model.Definition, got drbd.TiebreakerDecision) (bool, error) {
	if got.Action == drbd.TiebreakerCreate {
		return createTiebreaker(tx, d, got.Why)
	}
	r, ok := tx.Resources.Get(d.Name, got.Node)
	if !ok {
		return false, nil
	}
	next := *r
	switch got.Action {
	case drbd.TiebreakerPromote:
		next.Diskless = model.DRBDDiskless
		tx.PutResource(&next)
		note(tx, v1.InfoTieBreakerTakeover, d.Name, got.Node, got.Why, "The tiebreaker on node '"+got.Node+"' became an ordinary diskless replica.")
	case drbd.TiebreakerDelete:
		replication.Delete(tx, r)
		note(tx, v1.InfoTieBreakerDeleting, d.Name, got.Node, got.Why, "The tiebreaker of resource '"+d.Name+"' on node '"+got.Node+"' is being deleted.")
	case drbd.TiebreakerTakeOver:
		takeOver(tx, d, r, got)
	default:
		return false, nil
	}
	return true, nil
}

// takeOver keeps a replica that was to be deleted as the tiebreaker.
func takeOver(tx *model.Tx, d *model.Definition, r *model.Resource, got drbd.TiebreakerDecision) {
	next := *r
	next.Deleting = nil
	if !got.ToDiskless && r.Toggle == model.ToggleNone {
		next.Diskless = model.Tiebreaker
		tx.PutResource(&next)
	} else {
		tx.PutResource(&next)
		if _, err := replication.BeginRemove(tx, &next, model.Tiebreaker); err != nil {
			// Without another disk there is no tie to break; the deletion stays.
			tx.PutResource(r)
			return
		}
	}
	note(tx, v1.InfoTieBreakerTakeover, d.Name, r.Node, got.Why, "The replica of resource '"+d.Name+"' on node '"+r.Node+"' becomes the tiebreaker.")
}

func createTiebreaker(tx *model.Tx, d *model.Definition, why string) (bool, error) {
	stack := replica.Stack(tx.World, d, nil)
	c, ok := placing.Tiebreaker(tx.World, d, stack)
	if !ok {
		tx.Note(v1.ApiCallRc{RetCode: v1.WarnNotEnoughNodesForTieBreaker | v1.MaskResource | v1.MaskCreate,
			Message:    "Resource '" + d.Name + "' gets no tiebreaker.",
			Cause:      "every other node is offline, has no DRBD, is not to be placed on, or there is none",
			Details:    why,
			Correction: "Add a node with a satellite and DRBD; it is then used by itself. Without a third vote the loss of one node costs quorum or risks diverging data.",
			ObjRefs:    map[string]string{"RscDfn": d.Name}})
		return false, nil
	}
	if _, err := replica.Add(tx, replica.New{Definition: d.Name, Node: c.Node, Pool: c.Pool, Stack: stack, Diskless: model.Tiebreaker}); err != nil {
		// A change is not refused because its tiebreaker cannot be made, such as for want
		// of a port on that node.
		tx.Note(v1.ApiCallRc{RetCode: v1.WarnNotEnoughNodesForTieBreaker | v1.MaskResource | v1.MaskCreate,
			Message: "Resource '" + d.Name + "' gets no tiebreaker on node '" + c.Node + "'.", Cause: err.Error(), Details: why,
			Correction: "Mend the cause; it is tried again by itself.",
			ObjRefs:    map[string]string{"RscDfn": d.Name, "Node": c.Node}})
		return false, nil
	}
	note(tx, v1.InfoTieBreakerCreated, d.Name, c.Node, why, "A tiebreaker of resource '"+d.Name+"' was created on node '"+c.Node+"'.")
	return true, nil
}

func note(tx *model.Tx, code v1.Code, definition, node, why, message string) {
	tx.Note(v1.ApiCallRc{RetCode: code | v1.MaskResource | v1.MaskModify, Message: message, Cause: why,
		ObjRefs: map[string]string{"RscDfn": definition, "Node": node}})
}
