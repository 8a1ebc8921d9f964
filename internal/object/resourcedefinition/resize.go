package resourcedefinition

import (
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

const upToDate = "UpToDate"

// checkReplicated refuses a change of size that DRBD could not make on all nodes.
func checkReplicated(w *model.World, d *model.Definition, v model.VolumeDefinition) error {
	have := replication.ActiveDisks(w, d.Name, v.Number)
	if len(have) == 0 {
		return nil
	}
	if desired.ExactSize(w, d) {
		return fault.New(v1.FailInvalidProp, "The size of the %s cannot change.", show.VolumeDefinitionName(d.Name, v.Number)).
			Because("property '%s' fixes the size of DRBD's device", desired.KeyExactSize).
			Fix("Delete the property first.").Ref("RscDfn", d.Name)
	}
	var bad []string
	for _, r := range have {
		if why := notUpToDate(w, r, v.Number); why != "" {
			bad = append(bad, "on node '"+r.Node+"' "+why)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	slices.Sort(bad)
	return fault.New(v1.FailNotAllUptodate, "The size of the %s cannot change now.", show.VolumeDefinitionName(d.Name, v.Number)).
		Because("all replicas must be up to date: %s", strings.Join(bad, "; ")).
		Fix("Wait for the resync, or bring the nodes back; a replica that will never return is removed with 'resource delete' or 'node lost'.").
		Ref("RscDfn", d.Name)
}

func notUpToDate(w *model.World, r *model.Resource, number int) string {
	if !show.Online(w, r.Node) {
		return "the satellite is not online (" + show.WhyOffline(w, r.Node) + ")"
	}
	st, _ := w.ResourceStatus.Get(r.Definition, r.Node)
	vs, ok := st.Volume(number)
	switch {
	case !ok || vs.DiskState == "":
		return "the state of the disk is not known yet"
	case vs.DiskState != upToDate:
		return "the disk is " + vs.DiskState
	}
	return ""
}

// begin notes that the size changes, where several nodes have to make it in step.
func begin(w *model.World, d *model.Definition, v *model.VolumeDefinition) {
	if len(replication.VolumeDisks(w, d.Name, v.Number)) == 0 {
		return
	}
	from := v.SizeKiB
	if v.Resize != nil {
		from = v.Resize.FromKiB
	}
	v.Resize = &model.Resize{FromKiB: from}
}

// changeGross checks and begins the change between the size of the device and that of
// the storage. v has the new meaning already.
func changeGross(w *model.World, d *model.Definition, v *model.VolumeDefinition) error {
	if len(replication.ActiveDisks(w, d.Name, v.Number)) == 0 {
		return nil
	}
	if v.Gross {
		return fault.New(v1.FailInvalidVolumeSize, "The %s cannot be made smaller.", show.VolumeDefinitionName(d.Name, v.Number)).
			Because("flag GROSS_SIZE makes DRBD's metadata a part of its size, and the end of a volume may hold data").
			Fix("Leave the flag out.").Ref("RscDfn", d.Name)
	}
	if err := checkReplicated(w, d, *v); err != nil {
		return err
	}
	begin(w, d, v)
	return nil
}
