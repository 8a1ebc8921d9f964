package resource

import (
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/placing"
	"github.com/holdfast-storage/holdfast/internal/object/replica"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// onDiskless answers a request for a replica where there is one without a disk: a
// tiebreaker loses its mark, and a disk is made if one is asked for. It tells whether
// it was its matter.
func onDiskless(tx *model.Tx, d *model.Definition, nr replica.New) ([]v1.ApiCallRc, bool, error) {
	res, ok := tx.Resources.Get(d.Name, nr.Node)
	if !ok || res.Deleting != nil || res.Diskless == model.Diskful || !model.HasLayer(res.Stack, v1.LayerTypeDrbd) {
		return nil, false, nil
	}
	diskful := nr.Diskless == model.Diskful
	if !diskful && (res.Diskless != model.Tiebreaker || nr.Diskless == model.Tiebreaker) {
		return nil, false, nil
	}
	_, why := drbd.CreateOnTiebreaker(d.Name, res.Node, diskful)
	if diskful {
		pool := nr.Pool
		if pool == "" {
			pool = nr.Props[replication.KeyPool]
		}
		rcs, err := placing.GiveDisk(tx, d, res, replication.Disk{Pool: pool, By: replication.ByUser})
		return rcs, true, err
	}
	next := *res
	next.Diskless = model.DRBDDiskless
	tx.PutResource(&next)
	return []v1.ApiCallRc{{RetCode: v1.Modified, Message: why, ObjRefs: map[string]string{"RscDfn": d.Name, "Node": res.Node, "UUID": res.UUID}}}, true, nil
}

// dropTiebreaker notes what the deletion of a replica by a user means for tiebreakers:
// without keep_tiebreaker, deleting one means that there shall be none. It tells
// whether the replica stays.
func dropTiebreaker(tx *model.Tx, d *model.Definition, res *model.Resource, keep bool) ([]v1.ApiCallRc, bool) {
	if !replication.Replicated(d) || !keep && res.Diskless != model.Tiebreaker {
		return nil, false
	}
	got := drbd.DeleteTiebreaker(d.Name, res.Node, keep)
	value := "False"
	if got.AutoTiebreaker {
		value = "True"
	}
	var out []v1.ApiCallRc
	if d.Props[replication.KeyTiebreaker] != value {
		next := *d
		next.Props = replication.WithProp(d.Props, replication.KeyTiebreaker, value)
		tx.PutDefinition(&next)
		out = append(out, v1.ApiCallRc{RetCode: v1.InfoPropSet | v1.MaskResourceDefinition | v1.MaskModify,
			Message: "Property '" + replication.KeyTiebreaker + "' of resource definition '" + d.Name + "' is set to " + value + ".",
			Cause:   got.Why, ObjRefs: map[string]string{"RscDfn": d.Name}})
	}
	if got.Keep && res.Diskless == model.Tiebreaker {
		return append(out, v1.ApiCallRc{RetCode: v1.InfoNoop, Message: "The " + show.ResourceName(d.Name, res.Node) + " is kept as tiebreaker.",
			ObjRefs: map[string]string{"RscDfn": d.Name, "Node": res.Node}}), true
	}
	return out, false
}
