package show

import (
	"slices"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/drbdalloc"
)

// Layout of DRBD's activity log, which nothing changes.
const (
	alStripes       = 1
	alStripeSizeKiB = 32
)

func drbdDefinition(w *model.World, d *model.Definition) *v1.DrbdResourceDefinitionLayer {
	port := int32(-1)
	if d.DRBD.Port > 0 {
		port = int32(d.DRBD.Port)
	}
	return &v1.DrbdResourceDefinitionLayer{PeerSlots: int32(drbdalloc.PeerSlots(w, d, nil)), AlStripes: alStripes,
		AlStripeSizeKiB: alStripeSizeKiB, Port: port, TransportType: d.DRBD.Transport, Secret: d.DRBD.Secret}
}

// drbdResource is the DRBD layer of a replica with what its satellite reported.
func drbdResource(w *model.World, d *model.Definition, r *model.Resource, st *model.ResourceStatus) *v1.DrbdResource {
	def := drbdDefinition(w, d)
	out := &v1.DrbdResource{DRBDResourceDefinition: def, PeerSlots: def.PeerSlots, AlStripes: alStripes, AlSize: alStripeSizeKiB,
		Flags: drbdFlags(d, r)}
	if r.DRBD != nil {
		out.NodeID, out.PeerSlots = int32(r.DRBD.NodeID), int32(r.DRBD.PeerSlots)
		for _, p := range r.DRBD.Ports {
			out.TCPPorts = append(out.TCPPorts, int32(p))
		}
	}
	for _, v := range r.Volumes {
		vs, _ := st.Volume(v.Number)
		out.DRBDVolumes = append(out.DRBDVolumes, drbdVolume(d, v, vs))
	}
	if st == nil || st.DRBD == nil || !Online(w, r.Node) {
		return out
	}
	out.PromotionScore, out.MayPromote = int32(st.DRBD.PromotionScore), st.DRBD.MayPromote
	for _, l := range st.DRBD.Links {
		if out.Connections == nil {
			out.Connections = map[string]v1.DrbdConnection{}
		}
		out.Connections[l.Peer] = v1.DrbdConnection{Connected: l.State == connected, Message: connectionMessage(l.State)}
	}
	return out
}

const connected = "Connected"

// connectionMessage is a connection's state in the words that clients know.
func connectionMessage(state string) string {
	known := []string{"StandAlone", "Disconnecting", "Unconnected", "Timeout", "BrokenPipe", "NetworkFailure", "ProtocolError",
		"Connecting", "TearDown", connected}
	if slices.Contains(known, state) {
		return state
	}
	return "Unknown"
}

func drbdFlags(d *model.Definition, r *model.Resource) []string {
	var out []string
	if r.Deleting != nil {
		out = append(out, "DELETE")
	}
	if desired.Diskless(r) {
		out = append(out, "DISKLESS")
	}
	out = append(out, toggleFlags(r.Toggle)...)
	if len(r.Volumes) > 0 && !desired.Diskless(r) && !slices.ContainsFunc(r.Volumes, func(v model.Volume) bool {
		vd, ok := d.Volume(v.Number)
		return ok && !vd.Initialized
	}) {
		out = append(out, "INITIALIZED")
	}
	if r.DRBD != nil && r.DRBD.Client {
		out = append(out, "CLIENT")
	}
	return out
}

// toggleFlags name how far a change between diskful and diskless has come.
func toggleFlags(t model.Toggle) []string {
	switch t {
	case model.ToggleNone:
		return nil
	case model.ToggleAdding:
		return []string{string(model.ToggleAddRequested), string(t)}
	case model.ToggleRemoving:
		return []string{string(model.ToggleRemoveRequested), string(t)}
	}
	return []string{string(t)}
}

func drbdVolume(d *model.Definition, v model.Volume, vs model.VolumeStatus) v1.DrbdVolume {
	ls := layerStatus(vs, v1.LayerTypeDrbd, "")
	out := v1.DrbdVolume{DevicePath: ls.DevicePath, BackingDevice: ls.BackingPath,
		AllocatedSizeKiB: ls.AllocatedKiB, UsableSizeKiB: ls.UsableKiB, DiskState: ls.DiskState}
	if p := part(v, desired.MetaSuffix); p != nil {
		out.ExtMetaStorPool = p.Pool
		out.MetaDisk = layerStatus(vs, v1.LayerTypeStorage, desired.MetaSuffix).DevicePath
	} else if ls.BackingPath != "" {
		out.MetaDisk = "internal"
	}
	if vd, ok := d.Volume(v.Number); ok {
		out.DRBDVolumeDefinition = &v1.DrbdVolumeDefinition{VolumeNumber: int32(v.Number), MinorNumber: int32(vd.Minor)}
	}
	return out
}

// replicationStates is how a volume is in step with each peer.
func replicationStates(report *link.DRBDReport, number int) map[string]*v1.ReplicationState {
	if report == nil {
		return nil
	}
	var out map[string]*v1.ReplicationState
	for _, l := range report.Links {
		for _, v := range l.Volumes {
			if v.Number != number {
				continue
			}
			if out == nil {
				out = map[string]*v1.ReplicationState{}
			}
			state := &v1.ReplicationState{ReplicationState: v.Replication}
			if v.DonePercent >= 0 {
				done := v.DonePercent
				state.DonePercentage = &done
			}
			out[l.Peer] = state
		}
	}
	return out
}

// volumeFlags are those of one volume of a replica.
func volumeFlags(d *model.Definition, r *model.Resource, v model.Volume, vs model.VolumeStatus) []string {
	vd, ok := d.Volume(v.Number)
	if !ok {
		return nil
	}
	var out []string
	if vd.Deleting != nil {
		out = append(out, "DELETE")
	}
	if r.Deleting != nil || desired.Diskless(r) && model.HasLayer(r.Stack, v1.LayerTypeDrbd) {
		return out
	}
	short := !vd.Gross && vs.UsableKiB > 0 && vs.UsableKiB < vd.SizeKiB
	if vd.Resize != nil || short {
		out = append(out, "RESIZE")
	}
	if vd.Resize != nil && vd.Resize.Node != "" && model.Key(vd.Resize.Node) == model.Key(r.Node) {
		out = append(out, "DRBD_RESIZE")
	}
	return out
}
