package rules

import (
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// skipFailedDisks keeps DRBD away from disks that have failed: attaching them again
// and again would only hold up what runs on the other copies. A user who has mended
// the disk takes the property away.
func skipFailedDisks(tx *model.Tx) error {
	for _, d := range replicated(tx) {
		for _, r := range replication.Replicas(tx.World, d.Name) {
			if uses(r) && r.Props[replication.KeySkipDisk] == "" && (newlyFailed(tx, r) || stillFailed(tx, r)) {
				replication.SetProp(tx, r, replication.KeySkipDisk, "True")
				tx.Note(v1.ApiCallRc{RetCode: v1.InfoPropSet | v1.MaskResource | v1.MaskModify,
					Message:    "Property '" + replication.KeySkipDisk + "' of resource '" + d.Name + "' on node '" + r.Node + "' is set to True.",
					Cause:      "its disk has failed; the data is used over the network until the property is deleted",
					Correction: "Replace or mend the disk, then delete the property, once 'resource list' shows the disk as Diskless.",
					ObjRefs:    map[string]string{"RscDfn": d.Name, "Node": r.Node}})
			}
		}
	}
	return nil
}

// uses tells whether a replica uses its disk, if only until that is removed; the removal
// may also have been taken back since.
func uses(r *model.Resource) bool {
	changing := replication.Removing(r) || replication.Adding(r)
	return replication.HasDisk(r) || changing && r.Deleting == nil && !r.Inactive
}

// newlyFailed tells whether a disk was reported failed by the newest report and not by
// the one before: a user's word that the disk is mended must not be undone by an old
// report.
func newlyFailed(tx *model.Tx, r *model.Resource) bool {
	st, ok := tx.ResourceStatus.Get(r.Definition, r.Node)
	if !ok {
		return false
	}
	before, _ := tx.Base().ResourceStatus.Get(r.Definition, r.Node)
	if before == st {
		return false
	}
	for _, v := range st.Volumes {
		if was, _ := before.Volume(v.Number); v.DiskState == "Failed" && was.DiskState != "Failed" {
			return true
		}
	}
	return false
}

// stillFailed tells whether the property is deleted before the node has let go of the failed
// disk, or such a node is reached again: it waits for the property to do so, and would for
// ever. What was reported before a restart of the satellite counts no more by then.
func stillFailed(tx *model.Tx, r *model.Resource) bool {
	was, ok := tx.Base().Resources.Get(r.Definition, r.Node)
	if !ok || was.UUID != r.UUID || !online(tx.World, r.Node) {
		return false
	}
	back := !online(tx.Base(), r.Node)
	if was.Props[replication.KeySkipDisk] == "" && !back {
		return false
	}
	st, ok := tx.ResourceStatus.Get(r.Definition, r.Node)
	return ok && slices.ContainsFunc(st.Volumes, func(v model.VolumeStatus) bool { return v.DiskState == "Failed" })
}
