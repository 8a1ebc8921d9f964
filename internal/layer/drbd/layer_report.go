package drbd

import (
	"fmt"
	"maps"
	"slices"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/layer"
)

// view is a resource that shall be up, as the layer reports it.
type view struct {
	in layer.Input
	w  *Wanted
	o  *Observed
	// gone are the volumes whose disks have failed and were not dealt with yet.
	gone map[int]bool
}

// output lays the plan beside how things stand.
func (v view) output(plan Outcome) layer.Output {
	me, _ := v.w.Resource.local()
	out := layer.Output{Steps: steps(*v.w, plan.Steps), Waiting: plan.Waiting, InUse: inUse(*v.o), DRBD: v.report(plan),
		Keep: v.keep(plan), Devices: map[int]layer.Device{}, Volumes: map[int]link.LayerReport{}, Released: map[int]bool{}, Made: map[int]bool{},
		DRBDVolumes: map[int]*link.DRBDVolumeReport{}}
	for _, vol := range v.w.Resource.volumes() {
		n := vol.Number
		d, running := v.device(n)
		made := !me.Diskless && v.made(n)
		out.Devices[n] = v.offer(vol, d, running)
		out.Volumes[n] = v.layerReport(vol, d, running)
		rep := &link.DRBDVolumeReport{Minor: vol.Minor, Quorum: d.Quorum.pointer(), Open: d.Open.pointer(), MetaReady: made}
		if meta := v.o.Lower[n].Meta; meta.Found {
			rep.Current = meta.Current.String()
		}
		out.DRBDVolumes[n] = rep
		if made {
			out.Made[n] = true
		}
		if me.Diskless && len(plan.Steps) == 0 && len(plan.Keep) == 0 && Released(*v.o, n) {
			out.Released[n] = true
		}
	}
	return out
}

// keep has the volumes to ask again for, where the instruction tells enough.
func (v view) keep(plan Outcome) map[int]bool {
	if !v.in.Resource.DRBD.MayKeep || len(plan.Keep) == 0 {
		return nil
	}
	out := map[int]bool{}
	for _, n := range plan.Keep {
		out[n] = true
	}
	return out
}

// device is a volume in the kernel, if it is the wanted one.
func (v view) device(number int) (Device, bool) {
	if v.o.State == nil {
		return Device{}, false
	}
	d, ok := v.o.State.Devices[number]
	return d, ok
}

// made tells that the metadata has been in use: no grant can be needed any more.
func (v view) made(number int) bool {
	if d, ok := v.device(number); ok && d.Disk != DiskDiskless {
		return true
	}
	lower := v.o.Lower[number]
	if c := v.w.Meta[number].Create; c != nil && c.Anew {
		// What is there may be that of the disk that was removed.
		me, _ := v.w.Resource.local()
		return lower.own(me) || lower.Meta.Found && lower.Meta.NodeID >= 0 && listsDisk(v.o.File, me.Uname, number)
	}
	return lower.Meta.Found && lower.Meta.NodeID >= 0
}

// offer is the device for the layer above.
func (v view) offer(vol Volume, d Device, running bool) layer.Device {
	lower := v.in.Lower[vol.Number]
	out := layer.Device{Path: devicePath(vol.Minor), SizeKiB: d.SizeKiB, Present: running && d.SizeKiB > 0, Thin: lower.Thin, ZeroFilled: lower.ZeroFilled,
		AllocatedKiB: lower.AllocatedKiB, Open: d.Open == Yes || running && v.o.State.Role == RolePrimary}
	if !out.Present && v.in.Foresee {
		out.Foreseen = true
		if i := slices.IndexFunc(v.in.Volumes, func(o link.Volume) bool { return o.Number == vol.Number }); i >= 0 && !v.in.Volumes[i].Gross {
			out.SizeKiB = v.in.Volumes[i].SizeKiB
		}
	}
	return out
}

func (v view) layerReport(vol Volume, d Device, running bool) link.LayerReport {
	rep := link.LayerReport{Layer: v1.LayerTypeDrbd, AllocatedKiB: v.in.Lower[vol.Number].SizeKiB, BackingPath: v.in.Lower[vol.Number].Path}
	if running {
		rep.DevicePath, rep.UsableKiB, rep.DiskState = devicePath(vol.Minor), d.SizeKiB, d.Disk
		if slices.Contains(v.failed(), vol.Number) {
			rep.DiskState = diskFailed
		}
	}
	return rep
}

// report is the state of the resource as a whole.
func (v view) report(plan Outcome) *link.DRBDReport {
	rep := &link.DRBDReport{Warnings: plan.Warnings, Follows: plan.Follows}
	s := v.o.State
	if s == nil {
		return rep
	}
	rep.Role, rep.MayPromote, rep.PromotionScore = s.Role, s.MayPromote.pointer(), s.PromotionScore
	rep.Suspended = s.Suspended.words()
	for _, id := range slices.Sorted(maps.Keys(s.Connections)) {
		rep.Links = append(rep.Links, v.link(id, s.Connections[id]))
	}
	return rep
}

func (v view) link(id int, l Link) link.DRBDLink {
	out := link.DRBDLink{Peer: l.Name, NodeID: id, State: l.Connection, Role: l.PeerRole}
	if i := slices.IndexFunc(v.w.Resource.Nodes, func(n Node) bool { return n.NodeID == id }); i >= 0 {
		out.Peer = v.w.Resource.Nodes[i].Name
	}
	if out.Peer == "" {
		out.Peer = fmt.Sprintf("node id %d", id)
	}
	for _, n := range slices.Sorted(maps.Keys(l.Volumes)) {
		p := l.Volumes[n]
		out.Volumes = append(out.Volumes, link.DRBDPeerVolume{Number: n, Replication: p.Replication, Disk: p.Disk,
			DonePercent: p.DonePercent, OutOfSyncKiB: p.OutOfSyncKiB})
	}
	return out
}

// pointer is nil for what is not told.
func (t Truth) pointer() *bool {
	if t == Untold {
		return nil
	}
	yes := t == Yes
	return &yes
}

// words say why I/O is held.
func (s Suspended) words() []string {
	var out []string
	for _, w := range []struct {
		on   bool
		word string
	}{{s.User, "user"}, {s.NoData, "no-data"}, {s.Fencing, "fencing"}, {s.Quorum, "quorum"}} {
		if w.on {
			out = append(out, w.word)
		}
	}
	return out
}
