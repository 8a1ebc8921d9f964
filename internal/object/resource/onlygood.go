package resource

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

const upToDate = "UpToDate"

// checkOnlyGood refuses to delete the only good copy of a volume while other replicas
// are still to get the data from it, and warns where nobody knows how good the others are:
// then its satellite waits until one of them is.
func checkOnlyGood(tx *model.Tx, d *model.Definition, res *model.Resource) error {
	for vd, others := range onlyGood(tx.World, d, res) {
		switch {
		case len(others.without) > 0:
			return fault.New(v1.FailInUse, "The only good copy of volume %d of resource '%s' is on node '%s' and is not deleted.", vd.Number, d.Name, res.Node).
				Because("the copy on node %s is not up to date yet", strings.Join(others.without, ", ")).
				Fix("Wait until 'resource list -r %s' shows it as UpToDate. To give the data up, delete the resource definition, or that copy first.", d.Name).
				Ref("RscDfn", d.Name).Ref("Node", res.Node)
		case len(others.unsure) > 0:
			tx.Note(v1.ApiCallRc{RetCode: v1.WarnNotConnected | v1.MaskResource | v1.MaskDelete,
				Message:    fmt.Sprintf("The deletion waits: no other copy of volume %d of resource '%s' is known to be up to date.", vd.Number, d.Name),
				Cause:      fmt.Sprintf("The copy on node %s cannot be reached: it may lack what was written lately.", strings.Join(others.unsure, ", ")),
				Correction: "Bring that node back, and the deletion goes on by itself. Deleting that copy too, or 'node lost', gives the data up.",
				ObjRefs:    map[string]string{"RscDfn": d.Name, "Node": res.Node}})
		}
	}
	return nil
}

// warnOnlyGood warns who puts the only copy of a volume out of use that is known to be good.
func warnOnlyGood(tx *model.Tx, d *model.Definition, res *model.Resource) {
	for vd, others := range onlyGood(tx.World, d, res) {
		if older := append(others.without, others.unsure...); len(older) > 0 {
			tx.Note(v1.ApiCallRc{RetCode: v1.WarnNotConnected | v1.MaskResource | v1.MaskModify,
				Message:    fmt.Sprintf("The only copy of volume %d of resource '%s' that is known to be up to date is put out of use.", vd.Number, d.Name),
				Cause:      fmt.Sprintf("The copy on node %s may lack what was written lately, and may be used meanwhile.", strings.Join(older, ", ")),
				Correction: fmt.Sprintf("Activate the replica again ('resource activate %s %s') before the volume is used elsewhere.", res.Node, d.Name),
				ObjRefs:    map[string]string{"RscDfn": d.Name, "Node": res.Node}})
		}
	}
}

// onlyGood are the volumes of which a replica has a good copy and no other one is known to,
// with what is known of the others.
func onlyGood(w *model.World, d *model.Definition, res *model.Resource) iter.Seq2[model.VolumeDefinition, copies] {
	return func(yield func(model.VolumeDefinition, copies) bool) {
		for _, vd := range d.Volumes {
			if vd.Deleting != nil || diskState(w, res, vd.Number) != upToDate {
				continue
			}
			if others := copiesBeside(w, res, vd.Number); !others.good && !yield(vd, others) {
				return
			}
		}
	}
}

// copies are the replicas of a volume beside one: whether one of them is as good, those
// that are known to lack data, and those of which nobody knows.
type copies struct {
	good            bool
	without, unsure []string
}

func copiesBeside(w *model.World, res *model.Resource, volume int) copies {
	var out copies
	for r := range w.Resources.Under(res.Definition) {
		stays := replication.HasDisk(r) || replication.Adding(r) && r.Deleting == nil
		if !stays || r.DRBD == nil || model.Key(r.Node) == model.Key(res.Node) {
			continue
		}
		switch {
		case lacks(w, r, volume):
			out.without = append(out.without, "'"+r.Node+"'")
		case replication.Apart(w, res.Definition, res.Node, r.Node):
			out.unsure = append(out.unsure, "'"+r.Node+"'")
		default:
			out.good = true
		}
	}
	slices.Sort(out.without)
	slices.Sort(out.unsure)
	return out
}

// lacks tells whether a replica is known not to have all data of a volume. What was
// never made has none; of a node that is away nothing else is known. That it was made is
// noted with the whole replica, which another volume may hold up.
func lacks(w *model.World, r *model.Resource, volume int) bool {
	state := diskState(w, r, volume)
	switch v, ok := r.Volume(volume); {
	case !ok:
		return true
	case !v.Created:
		return state != upToDate || !replication.Follows(w, r)
	}
	return state != "" && state != upToDate
}

// diskState is what the node says of its disk now; empty where it says nothing.
func diskState(w *model.World, r *model.Resource, volume int) string {
	st, ok := w.ResourceStatus.Get(r.Definition, r.Node)
	if !ok || !show.Online(w, r.Node) {
		return ""
	}
	vs, _ := st.Volume(volume)
	return vs.DiskState
}
