package show

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// Resource renders a replica without its volumes.
func Resource(w *model.World, r *model.Resource) v1.Resource {
	d, _ := w.Definitions.Get(r.Definition)
	out := v1.Resource{Name: r.Definition, NodeName: r.Node, Props: r.Props, Flags: resourceFlags(w, r), UUID: r.UUID,
		LayerObject: layerObject(w, d, r), EffectiveProps: effectiveProps(w, d, r)}
	if r.Created != nil {
		out.CreateTimestamp = r.Created.UnixMilli()
	}
	if st, ok := w.ResourceStatus.Get(r.Definition, r.Node); ok && Online(w, r.Node) {
		out.State = &v1.ResourceState{InUse: st.InUse}
	}
	return out
}

// resourceFlags are those of a replica, in the order in which clients know them. Each
// flag comes with those that it implies.
func resourceFlags(w *model.World, r *model.Resource) []string {
	var flags []string
	if r.Deleting != nil {
		flags = append(flags, "DELETE")
	}
	if r.Diskless != model.Diskful {
		flags = append(flags, "DISKLESS")
	}
	flags = append(flags, toggleFlags(r.Toggle)...)
	switch r.Diskless {
	case model.Diskful:
	case model.Tiebreaker:
		flags = append(flags, string(model.DRBDDiskless), string(model.Tiebreaker))
	default:
		flags = append(flags, string(r.Diskless))
	}
	if r.Inactive {
		flags = append(flags, "INACTIVE")
	}
	n, ok := w.Nodes.Get(r.Node)
	if ok && n.Evicted && r.Inactive && model.HasLayer(r.Stack, v1.LayerTypeDrbd) {
		flags = append(flags, "EVICTED")
		if r.Props[KeyWasInactive] != "" {
			flags = append(flags, "INACTIVE_BEFORE_EVICTION")
		}
	}
	if ok && n.Evacuating && model.HasLayer(r.Stack, v1.LayerTypeDrbd) {
		flags = append(flags, "EVACUATE")
	}
	if r.Deleting != nil && model.HasLayer(r.Stack, v1.LayerTypeDrbd) {
		flags = append(flags, "DRBD_DELETE")
	}
	if r.Props["DiskfulBy"] == "auto-diskful" {
		flags = append(flags, "AUTO_DISKFUL")
	}
	return flags
}

// KeyWasInactive marks a replica that was inactive before its node was evicted.
const KeyWasInactive = "Internal/InactiveBeforeEviction"

// ResourceWithVolumes renders a replica as views show it.
func ResourceWithVolumes(w *model.World, r *model.Resource) v1.ResourceWithVolumes {
	out := v1.ResourceWithVolumes{Resource: Resource(w, r)}
	d, ok := w.Definitions.Get(r.Definition)
	if !ok {
		return out
	}
	for _, v := range r.Volumes {
		out.Volumes = append(out.Volumes, Volume(w, d, r, v))
	}
	return out
}

// Volume renders one volume of a replica.
func Volume(w *model.World, d *model.Definition, r *model.Resource, v model.Volume) v1.Volume {
	out := v1.Volume{VolumeNumber: int32(v.Number), StoragePoolName: v.Pool, Props: v.Props, UUID: v.UUID}
	if p, ok := w.Pools.Get(r.Node, v.Pool); ok {
		out.StoragePoolName, out.ProviderKind = p.Name, p.Kind
	}
	st, _ := w.ResourceStatus.Get(r.Definition, r.Node)
	vs, known := st.Volume(v.Number)
	out.LayerDataList = volumeLayers(d, r, v, vs)
	out.Flags = volumeFlags(d, r, v, vs)
	if !known {
		return out
	}
	out.DevicePath = vs.DevicePath
	allocated, usable := vs.AllocatedKiB, vs.UsableKiB
	out.AllocatedSizeKiB, out.UsableSizeKiB = &allocated, &usable
	online := Online(w, r.Node)
	disk := vs.DiskState
	if desired.Joining(r) {
		// What is there is the storage below, which nobody may use.
		disk, out.DevicePath = attaching, ""
	}
	if online && disk != "" {
		out.State = &v1.VolumeState{DiskState: disk, ReplicationStates: replicationStates(st.DRBD, v.Number)}
	}
	if online && st.Problem != nil {
		out.Reports = []v1.ApiCallRc{*st.Problem}
	}
	if locked(w, r, vs) {
		f := fault.New(v1.WarnNotFoundCryptKey, "Volume %d of resource '%s' on node '%s' is locked.", v.Number, r.Definition, r.Node).
			Because("the master passphrase has not been entered since the controller was started").
			Fix("Enter it with 'encryption enter-passphrase'.")
		out.Reports = append(out.Reports, f.RC())
	}
	return out
}

// attaching is DRBD's word for a disk that takes no part yet.
const attaching = "Attaching"

// locked tells whether a volume waits for the master passphrase.
func locked(w *model.World, r *model.Resource, vs model.VolumeStatus) bool {
	_, unlocked := w.MasterKey()
	return !unlocked && w.Crypt() != nil && model.HasLayer(r.Stack, v1.LayerTypeLuks) && Online(w, r.Node) &&
		!desired.Diskless(r) && !r.Inactive && !desired.Joining(r) && !layerStatus(vs, v1.LayerTypeLuks, "").Opened
}

// Pending says what a replica still waits for; empty when it is as wanted.
func Pending(w *model.World, r *model.Resource) string {
	if !Online(w, r.Node) {
		return "node '" + r.Node + "' is not online: " + WhyOffline(w, r.Node)
	}
	st, ok := w.ResourceStatus.Get(r.Definition, r.Node)
	if !ok || st.Fingerprint != desired.Resource(w, r).Fingerprint {
		return "the satellite has not reported on the newest change yet"
	}
	switch st.Progress {
	case model.ProgressReady, model.ProgressGone:
		if users := desired.Initiators(w, r); r.Deleting != nil && len(users) > 0 {
			return "it is the NVMe target of " + strings.Join(users, ", ") + ", and is deleted after them"
		}
		return ""
	case model.ProgressFailed:
		if st.Problem != nil {
			return st.Problem.Message
		}
	}
	return st.Doing
}
