package desired

import (
	"maps"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// subsystemPrefix begins the names of NVMe subsystems, as LINSTOR has them.
const subsystemPrefix = "LS-NVMe_"

// defaultNVMePort is the port that the standard has for NVMe over fabrics. Subsystems
// share it, so that there is none to be allocated.
const defaultNVMePort = 4420

// nvme is how a replica takes part in NVMe over fabrics; nil for not at all.
func nvme(w *model.World, d *model.Definition, r *model.Resource) *link.NVMe {
	initiator := r.Diskless == model.NVMeInitiator
	if !model.HasLayer(r.Stack, v1.LayerTypeNvme) || Diskless(r) && !initiator {
		return nil
	}
	levels := []map[string]string{d.Props}
	if g, ok := w.Groups.Get(d.Group); ok {
		levels = append(levels, g.Props)
	}
	levels = append(levels, w.Props())
	out := &link.NVMe{Subsystem: subsystemPrefix + d.Name, Initiator: initiator, Transport: "rdma", Port: defaultNVMePort, Identity: d.UUID}
	if t := closest("NVMe/TRType", levels...); t != "" {
		out.Transport = strings.ToLower(t)
	}
	if n, err := strconv.Atoi(closest("NVMe/Port", levels...)); err == nil {
		out.Port = n
	}
	target := r
	if initiator {
		if target = nvmeTarget(w, d); target == nil {
			return out
		}
	}
	out.Address = nvmeAddress(w, target)
	return out
}

// nvmeTarget is the replica that has the storage. One that is being deleted still
// counts while there is no other.
func nvmeTarget(w *model.World, d *model.Definition) *model.Resource {
	var out *model.Resource
	for r := range w.Resources.Under(d.Name) {
		if r.Diskless == model.Diskful && (out == nil || out.Deleting != nil) {
			out = r
		}
	}
	return out
}

// elsewhere tells whether the data of an initiator's volume outlives the initiator. It
// matters where a cache may hold some of it.
func elsewhere(w *model.World, d *model.Definition, r *model.Resource, v model.Volume) bool {
	if r.Diskless != model.NVMeInitiator || len(v.Parts) == 0 {
		return false
	}
	target := nvmeTarget(w, d)
	return target != nil && target.Deleting == nil
}

// nvmeAddress is that of the target's preferred net interface, or else the one by
// which the controller reaches the node.
func nvmeAddress(w *model.World, target *model.Resource) string {
	n, ok := w.Nodes.Get(target.Node)
	if !ok {
		return ""
	}
	own := []map[string]string{target.Props}
	for _, v := range target.Volumes {
		if p, ok := w.Pools.Get(target.Node, v.Pool); ok {
			own = append(own, p.Props)
		}
	}
	for _, key := range []string{"NVMe/PrefNic", keyNic} {
		if nic, ok := n.Interface(closest(key, append(own, n.Props, w.Props())...)); ok {
			return nic.Address
		}
	}
	if nic, ok := n.SatelliteAddress(); ok {
		return nic.Address
	}
	if len(n.Interfaces) > 0 {
		return n.Interfaces[0].Address
	}
	return ""
}

// closest is the value of the first level that has one.
func closest(key string, levels ...map[string]string) string {
	for _, l := range levels {
		if v := l[key]; v != "" {
			return v
		}
	}
	return ""
}

// limits is the namespace of I/O limits.
const limits = "sys/fs/"

// inherited adds what the cache layers and limits take from the pool, the node and the
// controller, where nothing closer says otherwise.
func inherited(w *model.World, r *model.Resource, v model.Volume, props map[string]string) map[string]string {
	levels := make([]map[string]string, 0, 3)
	if p, ok := w.Pools.Get(r.Node, v.Pool); ok {
		levels = append(levels, namespaces([]string{limits}, p.Props))
	}
	if n, ok := w.Nodes.Get(r.Node); ok {
		levels = append(levels, n.Props)
	}
	levels = append(levels, w.Props())
	needs := append(make([]string, 0, 4), limits)
	for _, layer := range r.Stack {
		switch layer {
		case v1.LayerTypeWritecache:
			needs = append(needs, "Writecache/")
		case v1.LayerTypeCache:
			needs = append(needs, "Cache/")
		case v1.LayerTypeBcache:
			needs = append(needs, "BCache/")
		}
	}
	more := namespaces(needs, levels...)
	if len(more) == 0 {
		return props
	}
	maps.Copy(more, props)
	return more
}

// Initiators are the nodes, in order, whose replicas still use the volumes of an NVMe
// target: it is taken down after them, for what they have not written yet would be
// lost. There are none of a replica that is no target.
func Initiators(w *model.World, target *model.Resource) []string {
	if target.Diskless != model.Diskful || !model.HasLayer(target.Stack, v1.LayerTypeNvme) {
		return nil
	}
	var out []string
	for r := range w.Resources.Under(target.Definition) {
		if r.Diskless == model.NVMeInitiator {
			out = append(out, r.Node)
		}
	}
	return out
}
