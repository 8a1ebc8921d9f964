// Package replication says what the state means for the copies of a replicated
// resource: which are good, which stay, which are in use, and what DRBD's quorum
// makes of them. Rules, calls, background tasks and explanations share it, so that
// they never disagree about which copy may go.
//
// Invariant: what is not known counts as bad; a copy on a node that is offline, or
// that has not reported since its satellite was restarted, protects nobody.
package replication

import (
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// Keys of properties that the flows of replicated resources read and write.
const (
	KeyQuorum      = "DrbdOptions/Resource/quorum"
	KeyQuorumSetBy = "Internal/Drbd/QuorumSetBy"
	KeyTiebreaker  = "DrbdOptions/auto-add-quorum-tiebreaker"
	KeySkipDisk    = "DrbdOptions/SkipDisk"
	KeyMigrateFrom = "MigrateFrom"
	KeyDiskfulBy   = "DiskfulBy"
	KeyPool        = "StorPoolName"
)

// Who gave a replica its disk, as property DiskfulBy says.
const (
	ByUser          = "user"
	ByAutoPlacer    = "auto-placer"
	ByAutoDiskful   = "auto-diskful"
	ByMakeAvailable = "make-available"
)

// Replicated tells whether a definition's replicas are joined by DRBD.
func Replicated(d *model.Definition) bool { return model.HasLayer(d.Stack, v1.LayerTypeDrbd) }

// Replicas lists the DRBD replicas of a definition; the state may change while the
// caller walks over the list.
func Replicas(w *model.World, definition string) []*model.Resource {
	var out []*model.Resource
	for r := range w.Resources.Under(definition) {
		if model.HasLayer(r.Stack, v1.LayerTypeDrbd) {
			out = append(out, r)
		}
	}
	return out
}

// Removing tells whether a replica is about to lose its disk.
func Removing(r *model.Resource) bool {
	return r.Toggle == model.ToggleRemoveRequested || r.Toggle == model.ToggleRemoving
}

// Adding tells whether a replica is about to get a disk.
func Adding(r *model.Resource) bool {
	return r.Toggle == model.ToggleAddRequested || r.Toggle == model.ToggleAdding
}

// HasDisk tells whether a replica has a disk that is meant to stay.
func HasDisk(r *model.Resource) bool {
	return r.Diskless == model.Diskful && r.Deleting == nil && !r.Inactive && !Removing(r)
}

// VolumeDisks are the replicas that have a disk of a replicated volume and are not being
// deleted, those that are not active included.
func VolumeDisks(w *model.World, definition string, number int) []*model.Resource {
	return slices.DeleteFunc(Replicas(w, definition), func(r *model.Resource) bool {
		_, has := r.Volume(number)
		return !has || r.DRBD == nil || r.Deleting != nil || desired.Diskless(r)
	})
}

// ActiveDisks are those of VolumeDisks that take part in a change of size now.
func ActiveDisks(w *model.World, definition string, number int) []*model.Resource {
	return slices.DeleteFunc(VolumeDisks(w, definition, number), func(r *model.Resource) bool { return r.Inactive })
}

// GivenUp tells whether a node is evicted, evacuated or being deleted: nothing new
// goes there, and what is there does not count as staying.
func GivenUp(w *model.World, node string) bool {
	n, ok := w.Nodes.Get(node)
	return !ok || n.Evicted || n.Evacuating || n.Deleting != nil
}

// Stays tells whether a replica will have a disk once all that is under way is done.
func Stays(w *model.World, r *model.Resource) bool {
	return (HasDisk(r) || Adding(r) && r.Deleting == nil) && !GivenUp(w, r.Node)
}

// Staying counts the replicas that will have a disk once all that is under way is
// done: sources of migrations do not count, their targets do.
func Staying(w *model.World, definition string) int {
	rs := Replicas(w, definition)
	n := 0
	for _, r := range rs {
		if Stays(w, r) && MigratesTo(rs, r.Node) == nil {
			n++
		}
	}
	return n
}

// MigratesTo finds the replica that takes over the data of a node's replica, if any.
func MigratesTo(rs []*model.Resource, node string) *model.Resource {
	for _, r := range rs {
		if from := r.Props[KeyMigrateFrom]; from != "" && model.Key(from) == model.Key(node) && r.Deleting == nil {
			return r
		}
	}
	return nil
}

// InUse tells whether the device of a replica is known to be in use.
func InUse(w *model.World, r *model.Resource) bool {
	st, ok := w.ResourceStatus.Get(r.Definition, r.Node)
	return ok && st.InUse != nil && *st.InUse && show.Online(w, r.Node)
}

// UpToDate tells whether a replica is known to have all data on its disk now.
func UpToDate(w *model.World, r *model.Resource) bool {
	st, ok := w.ResourceStatus.Get(r.Definition, r.Node)
	if !ok || r.Diskless != model.Diskful || len(r.Volumes) == 0 || !show.Online(w, r.Node) || st.Progress == model.ProgressWorking {
		return false
	}
	for _, v := range r.Volumes {
		if vs, ok := st.Volume(v.Number); !ok || vs.DiskState != "UpToDate" {
			return false
		}
	}
	return true
}

// OtherUpToDate finds a copy that is up to date and stays, besides that on a node.
// As long as there is one, the copy on the node may go. One that the node says it has no
// connection with may lack what was written since, whatever it says of itself.
func OtherUpToDate(w *model.World, definition, node string) *model.Resource {
	for _, r := range Replicas(w, definition) {
		if model.Key(r.Node) != model.Key(node) && HasDisk(r) && UpToDate(w, r) && !Apart(w, definition, node, r.Node) {
			return r
		}
	}
	return nil
}

// Apart tells whether a node is known to have no connection with a peer. While its satellite is
// away its last word counts, if it could be written to without that peer.
func Apart(w *model.World, definition, node, peer string) bool {
	st, ok := w.ResourceStatus.Get(definition, node)
	if !ok || st.DRBD == nil {
		return false
	}
	if !show.Online(w, node) {
		return !connected(st, peer) && st.DRBD.Role != "" && !slices.ContainsFunc(st.Volumes, powerless)
	}
	return slices.ContainsFunc(st.DRBD.Links, func(l link.DRBDLink) bool {
		return model.Key(l.Peer) == model.Key(peer) && l.State != "Connected"
	})
}

// Unmet tells whether the kernel of a node is there and not known to be connected with a peer,
// which it may not even have heard of.
func Unmet(w *model.World, definition, node, peer string) bool {
	st, ok := w.ResourceStatus.Get(definition, node)
	return ok && st.DRBD != nil && show.Online(w, node) && !Linked(w, definition, node, peer)
}

// Linked tells whether a node says that its kernel is connected with a peer now.
func Linked(w *model.World, definition, node, peer string) bool {
	st, ok := w.ResourceStatus.Get(definition, node)
	return ok && st.DRBD != nil && show.Online(w, node) && connected(st, peer)
}

// connected tells whether a node has said that its kernel is connected with a peer.
func connected(st *model.ResourceStatus, peer string) bool {
	return slices.ContainsFunc(st.DRBD.Links, func(l link.DRBDLink) bool {
		return model.Key(l.Peer) == model.Key(peer) && l.State == "Connected"
	})
}

// Settled is the status of a replica if it is about the present instruction and says
// that nothing is being done any more.
func Settled(w *model.World, r *model.Resource) (*model.ResourceStatus, bool) {
	st, ok := w.ResourceStatus.Get(r.Definition, r.Node)
	if !ok || st.Progress == model.ProgressWorking || st.Fingerprint != desired.Resource(w, r).Fingerprint {
		return nil, false
	}
	return st, true
}

// Unsettled lists the nodes whose replicas have not reported on their newest
// instruction yet; those that are being deleted do not count, nor those that are gone.
// A node whose satellite is away while its kernel goes on is not gone: it would refuse
// what it was not told of, and cut the connection.
func Unsettled(w *model.World, definition, except string) []string {
	var out []string
	for _, r := range Replicas(w, definition) {
		if r.Deleting != nil || model.Key(r.Node) == model.Key(except) {
			continue
		}
		if !show.Online(w, r.Node) && !reached(w, r) {
			continue
		}
		if !Follows(w, r) || !show.Online(w, r.Node) {
			out = append(out, r.Node)
		}
	}
	return out
}

// PutOff tells whether the satellite of a replica that is to be deleted waits with that until
// another one has its data.
func PutOff(w *model.World, r *model.Resource) bool {
	if Waits(r) {
		return true
	}
	st, ok := w.ResourceStatus.Get(r.Definition, r.Node)
	return ok && r.Deleting != nil && st.DRBD != nil && st.DRBD.Kept
}

// Waits tells whether a replica that is to be deleted goes on as before until another one has
// its data.
func Waits(r *model.Resource) bool { return r.Deleting != nil && !desired.Leaves(r) }

// Follows tells whether a replica has done all it was told, but for what waits for others:
// whoever waits for it to do so must not be among those that it waits for.
func Follows(w *model.World, r *model.Resource) bool {
	if _, settled := Settled(w, r); settled || keeps(w, r) {
		return true
	}
	st, ok := w.ResourceStatus.Get(r.Definition, r.Node)
	return ok && st.DRBD != nil && st.DRBD.Follows && st.Fingerprint == desired.Resource(w, r).Fingerprint
}

// keeps tells whether a replica has done all there is to do but to let go of its disk,
// which waits until others have the data.
func keeps(w *model.World, r *model.Resource) bool {
	st, ok := w.ResourceStatus.Get(r.Definition, r.Node)
	return ok && st.DRBD != nil && st.DRBD.Kept && st.Fingerprint == desired.Resource(w, r).Fingerprint
}

// Unreached tells whether others say of a replica that their kernels have no connection
// with it. Where nobody can tell, it is not known.
func Unreached(w *model.World, r *model.Resource) bool {
	if reached(w, r) {
		return false
	}
	for _, o := range Replicas(w, r.Definition) {
		if model.Key(o.Node) == model.Key(r.Node) || !show.Online(w, o.Node) {
			continue
		}
		if st, ok := w.ResourceStatus.Get(o.Definition, o.Node); ok && st.DRBD != nil {
			return true
		}
	}
	return false
}

// reached tells whether the kernel of a node has a connection with one whose satellite
// tells of it.
func reached(w *model.World, r *model.Resource) bool {
	return slices.ContainsFunc(Replicas(w, r.Definition), func(o *model.Resource) bool { return Linked(w, o.Definition, o.Node, r.Node) })
}

// Level finds the value of a property that counts among levels, closest first.
func Level(key string, levels ...map[string]string) (string, bool) {
	for _, l := range levels {
		if v, ok := l[key]; ok {
			return v, true
		}
	}
	return "", false
}

// Levels are the properties of a definition, its group and the controller.
func Levels(w *model.World, d *model.Definition) []map[string]string {
	out := []map[string]string{d.Props}
	if g, ok := w.Groups.Get(d.Group); ok {
		out = append(out, g.Props)
	}
	return append(out, w.Props())
}

// IsTrue reads a truth as users write it.
func IsTrue(v string) bool { return strings.EqualFold(v, "true") || strings.EqualFold(v, "yes") }

// WithProp gives a copy of properties with one of them set, or taken out if empty.
func WithProp(props map[string]string, key, value string) map[string]string {
	out := make(map[string]string, len(props)+1)
	maps.Copy(out, props)
	if value == "" {
		delete(out, key)
	} else {
		out[key] = value
	}
	return out
}

// SetProp sets a property of a replica, or takes it out if the value is empty.
func SetProp(tx *model.Tx, r *model.Resource, key, value string) *model.Resource {
	if r.Props[key] == value {
		return r
	}
	next := *r
	next.Props = WithProp(r.Props, key, value)
	tx.PutResource(&next)
	return &next
}

// Delete orders the deletion of a replica.
func Delete(tx *model.Tx, r *model.Resource) {
	if r.Deleting != nil {
		return
	}
	next := *r
	now := tx.Now
	next.Deleting = &now
	tx.PutResource(&next)
}

// Wanted is the number of diskful replicas that the definition's group asks for, 0
// where it says nothing.
func Wanted(w *model.World, d *model.Definition) int {
	if g, ok := w.Groups.Get(d.Group); ok {
		return max(0, g.PlaceCount())
	}
	return 0
}

// withVolumes gives a copy of a replica whose volumes may be changed.
func withVolumes(r *model.Resource) *model.Resource {
	next := *r
	next.Volumes = slices.Clone(r.Volumes)
	return &next
}
