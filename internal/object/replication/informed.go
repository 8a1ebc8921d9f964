package replication

import (
	"slices"

	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// Uninformed lists the nodes that hold up a copy that is about to come: what is written
// there might reach other copies, but not that one, and DRBD would never find out. They
// have not been told of it, or cannot act on it.
func Uninformed(w *model.World, definition, except string) []string {
	rs := Replicas(w, definition)
	var out []string
	for _, r := range rs {
		if model.Key(r.Node) != model.Key(except) && uninformed(w, rs, r) {
			out = append(out, r.Node)
		}
	}
	return out
}

func uninformed(w *model.World, rs []*model.Resource, r *model.Resource) bool {
	leaving := desired.Leaves(r) || r.Inactive
	switch {
	case !show.Online(w, r.Node) && leaving:
		return r.DRBD == nil || !r.DRBD.Parted
	case !show.Online(w, r.Node):
		return reached(w, r) || !keptOut(w, rs, r)
	case leaving || desired.Joining(r):
		return stillUp(w, r)
	}
	return !Follows(w, r) || failed(w, r)
}

// failed tells whether something has failed on a node, and its kernel may not have all peers
// that it is to have. What has failed may not have been looked at.
func failed(w *model.World, r *model.Resource) bool {
	st, ok := w.ResourceStatus.Get(r.Definition, r.Node)
	if !ok || st.Progress != model.ProgressFailed {
		return !ok
	}
	if st.DRBD == nil || st.DRBD.Role == "" {
		// Nothing was seen of it in the kernel; it comes up with all peers, or not at all.
		return !Unreached(w, r)
	}
	return !st.DRBD.Follows
}

// keptOut tells whether all that can be told keep from a node that cannot.
func keptOut(w *model.World, rs []*model.Resource, away *model.Resource) bool {
	return !slices.ContainsFunc(rs, func(r *model.Resource) bool {
		return r != away && TakesPart(w, r) && !slices.Contains(r.DRBD.Untold, away.Node)
	})
}

// TakesPart tells whether a replica is meant to be connected to others, and its node can
// be told of them.
func TakesPart(w *model.World, r *model.Resource) bool {
	return r.DRBD != nil && !desired.Leaves(r) && !r.Inactive && show.Online(w, r.Node)
}

// Away tells whether a node is known to be out of reach: of the controller, and of all
// kernels whose satellites are not. Its own kernel may go on with what it knows, and meet
// the others again.
func Away(w *model.World, r *model.Resource) bool {
	st, ok := w.NodeStatus.Get(r.Node)
	if !ok || slices.Contains([]model.ConnState{model.ConnOnline, model.ConnConnected, model.ConnUnknown}, st.State) {
		return false
	}
	return !slices.ContainsFunc(Replicas(w, r.Definition), func(o *model.Resource) bool {
		if o.Node == r.Node || !show.Online(w, o.Node) {
			return false
		}
		_, told := w.ResourceStatus.Get(o.Definition, o.Node)
		return !told && !desired.Joining(o) || Linked(w, o.Definition, o.Node, r.Node)
	})
}

// stillUp tells whether a replica that is to be down may take part all the same.
func stillUp(w *model.World, r *model.Resource) bool {
	st, ok := w.ResourceStatus.Get(r.Definition, r.Node)
	return !ok || st.Progress == model.ProgressWorking || st.DRBD != nil || reached(w, r) || failed(w, r)
}

// WithoutQuorum lists the nodes whose vote is too little for the copy that they have. A disk
// that begins empty has to wait for them: it would take their data, which may be old, and
// its own vote could be the one that makes that usable.
func WithoutQuorum(w *model.World, definition, except string) []string {
	var out []string
	for _, r := range withCopy(w, definition, except) {
		if lacksQuorum(w, r) {
			out = append(out, r.Node)
		}
	}
	return out
}

// Divided tells whether some nodes have no quorum for their copies while others may have it:
// who joins both at once could read what is old.
func Divided(w *model.World, definition, except string) bool {
	rs := withCopy(w, definition, except)
	without := slices.DeleteFunc(slices.Clone(rs), func(r *model.Resource) bool { return !lacksQuorum(w, r) })
	return len(without) > 0 && len(without) < len(rs)
}

// withCopy are the replicas with a disk that take part and whose nodes are online.
func withCopy(w *model.World, definition, except string) []*model.Resource {
	return slices.DeleteFunc(Replicas(w, definition), func(r *model.Resource) bool {
		return model.Key(r.Node) == model.Key(except) || !HasDisk(r) || desired.Joining(r) || !show.Online(w, r.Node)
	})
}

func lacksQuorum(w *model.World, r *model.Resource) bool {
	st, ok := w.ResourceStatus.Get(r.Definition, r.Node)
	return ok && slices.ContainsFunc(st.Volumes, powerless)
}

// powerless tells whether a node is known to have no quorum for a volume.
func powerless(v model.VolumeStatus) bool {
	return v.DRBD != nil && v.DRBD.Quorum != nil && !*v.DRBD.Quorum
}

// Quorate tells whether a node says, of what it has been told last, that it uses its copy
// and has quorum for it.
func Quorate(w *model.World, r *model.Resource) bool {
	st, ok := w.ResourceStatus.Get(r.Definition, r.Node)
	return ok && st.DRBD != nil && show.Online(w, r.Node) && Follows(w, r) && !slices.ContainsFunc(st.Volumes, func(v model.VolumeStatus) bool {
		return powerless(v) || !Attached(v)
	})
}

// Attached tells whether DRBD uses the disk of a volume, whatever data is on it.
func Attached(v model.VolumeStatus) bool {
	return slices.Contains([]string{"Inconsistent", drbd.DiskOutdated, "Consistent", drbd.DiskUpToDate}, v.DiskState)
}

// hidden lists the nodes that can be told, but not yet of an empty disk that is about to come.
func hidden(w *model.World, r *model.Resource) []string {
	return slices.DeleteFunc(slices.Clone(r.DRBD.Hidden), func(node string) bool { return !show.Online(w, node) })
}

// Empty tells whether a replica that is about to take part begins without any data.
func Empty(r *model.Resource) bool {
	if Adding(r) {
		return !r.FormerDisk
	}
	return r.Diskless == model.Diskful && r.Toggle == model.ToggleNone && r.Deletions == 0 &&
		!slices.ContainsFunc(r.Volumes, func(v model.Volume) bool { return v.Created })
}

// Awaited lists the nodes that a copy that is about to come waits for: those that have to
// know of it, and those whose vote it must not decide.
func Awaited(w *model.World, r *model.Resource) (untold, powerless []string) {
	if Empty(r) {
		powerless = append(WithoutQuorum(w, r.Definition, r.Node), hidden(w, r)...)
		slices.Sort(powerless)
		powerless = slices.Compact(powerless)
	}
	return Uninformed(w, r.Definition, r.Node), powerless
}
