package resource

import (
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
// are still to get the data from it.
func checkOnlyGood(w *model.World, d *model.Definition, res *model.Resource) error {
	for _, vd := range d.Volumes {
		if vd.Deleting != nil || diskState(w, res, vd.Number) != upToDate {
			continue
		}
		var without []string
		good := false
		for r := range w.Resources.Under(d.Name) {
			stays := replication.HasDisk(r) || replication.Adding(r) && r.Deleting == nil
			if !stays || r.DRBD == nil || model.Key(r.Node) == model.Key(res.Node) {
				continue
			}
			if lacks(w, r, vd.Number) {
				without = append(without, "'"+r.Node+"'")
			} else {
				good = true
			}
		}
		if good || len(without) == 0 {
			continue
		}
		slices.Sort(without)
		return fault.New(v1.FailInUse, "The only good copy of volume %d of resource '%s' is on node '%s' and is not deleted.", vd.Number, d.Name, res.Node).
			Because("the copy on node %s is not up to date yet", strings.Join(without, ", ")).
			Fix("Wait until 'resource list -r %s' shows it as UpToDate. To give the data up, delete the resource definition, or that copy first.", d.Name).
			Ref("RscDfn", d.Name).Ref("Node", res.Node)
	}
	return nil
}

// lacks tells whether a replica is known not to have all data of a volume. What was
// never made has none; of a node that is away nothing else is known.
func lacks(w *model.World, r *model.Resource, volume int) bool {
	if v, ok := r.Volume(volume); !ok || !v.Created {
		return true
	}
	state := diskState(w, r, volume)
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
