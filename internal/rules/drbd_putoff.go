package rules

import (
	"slices"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// putOffDeletions lets a replica that is to be deleted go on as before while nobody that
// stays is known to have its data. Its satellite asks its kernel before it lets go, but after
// a restart of the node the kernel knows nothing of a replica that is to be down.
func putOffDeletions(tx *model.Tx) error {
	for _, d := range affected(tx) {
		for _, r := range replicas(tx, d.Name) {
			if r.DRBD != nil {
				setWaits(tx, r, waits(tx, d, r))
			}
		}
	}
	return nil
}

func setWaits(tx *model.Tx, r *model.Resource, waits bool) {
	if waits == r.DRBD.Waits {
		return
	}
	next, own := *r, *r.DRBD
	own.Waits, next.DRBD = waits, &own
	next.Inactive = next.Inactive && !waits // only one that is up can give its data
	tx.PutResource(&next)
}

// waits tells whether nobody that stays is known to have the data of a replica. Where the whole
// definition goes, nobody gets it.
func waits(tx *model.Tx, d *model.Definition, r *model.Resource) bool {
	if r.Deleting == nil || d.Deleting != nil || r.Inactive && !replication.PutOff(tx.World, r) || r.Diskless != model.Diskful || r.DRBD.Parted {
		return false
	}
	others, volumes := stayingWith(tx, r), withData(d, r)
	if len(others) == 0 || len(volumes) == 0 || slices.ContainsFunc(others, func(o *model.Resource) bool { return takesOver(tx, r, o, volumes) }) {
		return false
	}
	st, ok := tx.ResourceStatus.Get(r.Definition, r.Node)
	switch {
	case !ok || st.DRBD == nil || !online(tx.World, r.Node):
		vanished := ok && st.Problem != nil && st.Problem.RetCode.Number() == v1.FailNotFoundVolume.Number()
		return r.DRBD.Waits && !vanished || ordered(tx, r) && !slices.ContainsFunc(others, func(o *model.Resource) bool { return mayBeGood(tx, r, o, volumes) })
	case st.DRBD.Kept:
		return true
	}
	joinable := slices.ContainsFunc(others, func(o *model.Resource) bool { return !cutOff(st, o) })
	return r.DRBD.Waits && joinable && undecided(st, volumes)
}

// ordered tells whether the deletion of a replica was ordered just now.
func ordered(tx *model.Tx, r *model.Resource) bool {
	was, ok := tx.Base().Resources.Get(r.Definition, r.Node)
	return ok && was.UUID == r.UUID && was.Deleting == nil
}

// stayingWith are the replicas with a disk that stay when one is deleted, and may get its
// data. Those that are inactive get none.
func stayingWith(tx *model.Tx, r *model.Resource) []*model.Resource {
	return slices.DeleteFunc(replicas(tx, r.Definition), func(o *model.Resource) bool {
		return o.Deleting != nil || o.Inactive || o.DRBD == nil || o.Diskless != model.Diskful && o.Toggle != model.ToggleAdding
	})
}

// withData are the volumes of a replica that have had data.
func withData(d *model.Definition, r *model.Resource) []int {
	var out []int
	for _, v := range r.Volumes {
		if vd, ok := d.Volume(v.Number); ok && vd.Deleting == nil && vd.Initialized {
			out = append(out, v.Number)
		}
	}
	return out
}

// takesOver tells whether another replica is known to have all data of one that is to be
// deleted: it is up to date, and connected to that one if that is up, or was when it was last
// heard of.
func takesOver(tx *model.Tx, r, o *model.Resource, volumes []int) bool {
	return disks(tx, o, volumes, drbd.DiskUpToDate) && !replication.Unmet(tx.World, r.Definition, r.Node, o.Node) &&
		!replication.Apart(tx.World, r.Definition, r.Node, o.Node)
}

// mayBeGood tells whether another replica may have the newest data, as far as it is known.
func mayBeGood(tx *model.Tx, r, o *model.Resource, volumes []int) bool {
	return disks(tx, o, volumes, drbd.DiskUpToDate, "Consistent") && !replication.Apart(tx.World, r.Definition, r.Node, o.Node)
}

// disks tells whether a node says that its disks of volumes are in one of some states.
func disks(tx *model.Tx, o *model.Resource, volumes []int, states ...string) bool {
	st, ok := tx.ResourceStatus.Get(o.Definition, o.Node)
	return ok && online(tx.World, o.Node) && !slices.ContainsFunc(volumes, func(n int) bool {
		v, told := st.Volume(n)
		return !told || !slices.Contains(states, v.DiskState)
	})
}

// undecided tells whether a disk is good, or DRBD has yet to find out.
func undecided(st *model.ResourceStatus, volumes []int) bool {
	lost := []string{"Outdated", "Inconsistent", drbd.DiskDiskless, "Failed"}
	return slices.ContainsFunc(volumes, func(n int) bool {
		v, told := st.Volume(n)
		return !told || !slices.Contains(lost, v.DiskState)
	})
}

// cutOff tells whether a node says that the connection with another is StandAlone: the data
// of the two has diverged or will never be compared, and the user has made the choice.
func cutOff(st *model.ResourceStatus, o *model.Resource) bool {
	return slices.ContainsFunc(st.DRBD.Links, func(l link.DRBDLink) bool {
		return model.Key(l.Peer) == model.Key(o.Node) && l.State == drbd.StandAlone
	})
}
