package rules

import (
	"cmp"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// keepQuorum writes DRBD's option quorum to the definitions whose replicas have
// changed.
func keepQuorum(tx *model.Tx) error {
	for _, d := range replicated(tx) {
		in := replication.Quorum(tx.World, d)
		if len(in.Members) == 0 {
			continue
		}
		got := drbd.Quorum(in)
		ends := got.Value == drbd.QuorumOff && in.Current == drbd.QuorumMajority
		if got.Changed && (!ends || !replaces(tx, d)) {
			setQuorum(tx, d, got)
		}
	}
	return nil
}

// replaces tells whether two or more copies get a further one, so that the quorum is not to end
// for the time until that is there: it would let one that is cut off go on alone.
func replaces(tx *model.Tx, d *model.Definition) bool {
	disks, comes := 0, false
	for _, r := range replicas(tx, d.Name) {
		if begun(r) || replication.Adding(r) && r.Deleting == nil {
			comes = true
		} else if replication.HasDisk(r) {
			disks++
		}
	}
	return comes && disks > 1
}

func setQuorum(tx *model.Tx, d *model.Definition, got drbd.QuorumDecision) {
	next := *d
	next.Props = replication.WithProp(d.Props, replication.KeyQuorum, got.Value)
	tx.PutDefinition(&next)
	code := v1.InfoPropSet
	if got.Value == drbd.QuorumOff {
		code = v1.InfoPropRemoved
	}
	tx.Note(v1.ApiCallRc{RetCode: code | v1.MaskResourceDefinition | v1.MaskModify,
		Message: "Property '" + replication.KeyQuorum + "' of resource definition '" + d.Name + "' was changed from '" +
			cmp.Or(d.Props[replication.KeyQuorum], "unset") + "' to '" + got.Value + "' automatically.",
		Cause: got.Why, ObjRefs: map[string]string{"RscDfn": d.Name}})
}
