package auto

import (
	"slices"
	"strconv"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/placing"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// Keys of the properties by which diskless replicas in use get a disk.
const (
	keyAutoDiskful = "DrbdOptions/auto-diskful"
	keyCleanup     = "DrbdOptions/auto-diskful-allow-cleanup"
)

// GiveDisks gives disks to the diskless replicas that have been in use for long
// enough, and removes the replicas that are surplus once such a disk is complete. It
// says what it did.
func GiveDisks(tx *model.Tx) []string {
	var out []string
	for _, d := range slices.Collect(tx.Definitions.All) {
		if d.Deleting != nil || !replication.Replicated(d) {
			continue
		}
		for _, r := range replication.Replicas(tx.World, d.Name) {
			switch {
			case diskDue(tx, d, r):
				out = append(out, giveDisk(tx, d, r)...)
			case r.Props[replication.KeyDiskfulBy] == replication.ByAutoDiskful:
				out = append(out, cleanUp(tx, d, r)...)
			}
		}
	}
	return out
}

func diskDue(tx *model.Tx, d *model.Definition, r *model.Resource) bool {
	if r.Diskless == model.Diskful || r.Toggle != model.ToggleNone || r.Deleting != nil || r.Inactive || replication.GivenUp(tx.World, r.Node) {
		return false
	}
	st, ok := tx.ResourceStatus.Get(d.Name, r.Node)
	if !ok || st.InUseSince == nil || !replication.InUse(tx.World, r) {
		return false
	}
	v, _ := replication.Level(keyAutoDiskful, levels(tx.World, d, r)...)
	minutes, err := strconv.Atoi(v)
	return err == nil && minutes > 0 && tx.Now.Sub(*st.InUseSince) >= time.Duration(minutes)*time.Minute
}

// levels are the objects whose properties count for one replica, closest first.
func levels(w *model.World, d *model.Definition, r *model.Resource) []map[string]string {
	out := []map[string]string{r.Props}
	if n, ok := w.Nodes.Get(r.Node); ok {
		out = append(out, n.Props)
	}
	return append(out, replication.Levels(w, d)...)
}

func giveDisk(tx *model.Tx, d *model.Definition, r *model.Resource) []string {
	one := v1.FlexInt(1)
	filter := v1.AutoSelectFilter{AdditionalPlaceCount: &one, NodeNameList: []string{r.Node}}
	if _, err := placing.Autoplace(tx, &object.Request{}, d.Name, &filter, nil); err != nil {
		return nil
	}
	if now, ok := tx.Resources.Get(d.Name, r.Node); ok {
		replication.SetProp(tx, now, replication.KeyDiskfulBy, replication.ByAutoDiskful)
	}
	return []string{"resource '" + d.Name + "' on node '" + r.Node + "' gets a disk, as it has been in use without one for long"}
}

// cleanUp removes one surplus replica when a disk that was given automatically is
// complete. What a user has made stays.
func cleanUp(tx *model.Tx, d *model.Definition, r *model.Resource) []string {
	if v, ok := replication.Level(keyCleanup, levels(tx.World, d, r)...); ok && !replication.IsTrue(v) {
		return nil
	}
	want := replication.Wanted(tx.World, d)
	if want == 0 || !replication.HasDisk(r) || !replication.UpToDate(tx.World, r) || replication.Staying(tx.World, d.Name) <= want {
		return nil
	}
	for _, o := range surplus(tx.World, d, r) {
		if replication.OtherUpToDate(tx.World, d.Name, o.Node) != nil {
			replication.Delete(tx, o)
			return []string{"resource '" + d.Name + "' on node '" + o.Node + "' is removed: node '" + r.Node + "' has a complete disk now, and " +
				strconv.Itoa(want) + " are wanted"}
		}
	}
	return nil
}

// surplus lists the replicas that may go, those that got their disk by the way first.
func surplus(w *model.World, d *model.Definition, keep *model.Resource) []*model.Resource {
	var out []*model.Resource
	for _, o := range replication.Replicas(w, d.Name) {
		if o.Node != keep.Node && byHand(o) < 2 && replication.HasDisk(o) && !replication.InUse(w, o) && o.Props[replication.KeyMigrateFrom] == "" {
			out = append(out, o)
		}
	}
	slices.SortStableFunc(out, func(a, b *model.Resource) int { return byHand(a) - byHand(b) })
	return out
}

func byHand(r *model.Resource) int {
	switch r.Props[replication.KeyDiskfulBy] {
	case replication.ByAutoDiskful, replication.ByMakeAvailable:
		return 0
	case replication.ByAutoPlacer:
		return 1
	}
	return 2
}
