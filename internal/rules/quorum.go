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
		if got := drbd.Quorum(in); got.Changed {
			setQuorum(tx, d, got)
		}
	}
	return nil
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
