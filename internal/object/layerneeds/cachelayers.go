package layerneeds

import (
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// Local gives the part of a stack that runs on a replica's node: for an NVMe target
// what is below the network, for an initiator what is above it.
func Local(stack []v1.LayerType, less model.Disklessness) []v1.LayerType {
	at := slices.Index(stack, v1.LayerTypeNvme)
	switch {
	case at >= 0 && less == model.Diskful:
		return stack[at:]
	case at >= 0 && less == model.NVMeInitiator:
		return stack[:at+1]
	}
	return stack
}

// above gives the cache layers of a stack that are above another layer, top first.
func above(stack []v1.LayerType, below v1.LayerType) []v1.LayerType {
	var out []v1.LayerType
	for _, l := range stack[:max(0, slices.Index(stack, below))] {
		if slices.ContainsFunc(allParts(), func(p part) bool { return p.layer == l }) {
			out = append(out, l)
		}
	}
	return out
}

// checkAbove refuses what cannot be above NVMe: it would be on the initiator's node, and
// the data is on the target's.
func checkAbove(r *model.Resource) error {
	caches := above(r.Stack, v1.LayerTypeNvme)
	refuse := func(l v1.LayerType) *fault.Fault {
		return fault.New(v1.FailInvalidLayerStack, "The layer %s cannot be above the layer NVME in resource '%s'.", l, r.Definition).Ref("RscDfn", r.Definition)
	}
	switch {
	case slices.Contains(caches, v1.LayerTypeBcache):
		return refuse(v1.LayerTypeBcache).
			Because("each initiator would have to write a superblock of its own on the target's device, which may hold data").
			Fix("Put BCACHE below NVME, so that the target's node has the cache, or use WRITECACHE or CACHE above it.")
	case model.HasLayer(r.Stack, v1.LayerTypeDrbd) && model.HasLayer(r.Stack, v1.LayerTypeNvme):
		return refuse(v1.LayerTypeDrbd).
			Because("there is one NVMe target, so that there is nothing to replicate, and on an initiator DRBD would be without a disk").
			Fix("Leave out NVME for replicas that are reached over DRBD ('resource create --drbd-diskless'), or leave out DRBD.")
	}
	return nil
}

// checkAlone refuses a second initiator where one of them has a cache above NVMe: what
// one has written may be in its cache only, and the other would not see it.
func checkAlone(w *model.World, r *model.Resource) error {
	if r.Diskless != model.NVMeInitiator {
		return nil
	}
	for other := range w.Resources.Under(r.Definition) {
		if other.Diskless != model.NVMeInitiator || model.Key(other.Node) == model.Key(r.Node) {
			continue
		}
		if len(above(r.Stack, v1.LayerTypeNvme))+len(above(other.Stack, v1.LayerTypeNvme)) == 0 {
			continue
		}
		return fault.New(v1.FailInUse, "Resource '%s' cannot have another NVMe initiator on node '%s'.", r.Definition, r.Node).
			Because("the initiator on node '%s' is there, and with a cache above NVME a node does not see what another one has written", other.Node).
			Fix("Delete the resource there first ('resource delete %s %s'); its cache is then written back. For a node that will never return use 'node lost'.",
				other.Node, r.Definition).
			Ref("RscDfn", r.Definition).Ref("Node", other.Node)
	}
	return nil
}

// Warnings are what a user should know about the layers of a new replica.
func Warnings(r *model.Resource) []v1.ApiCallRc {
	var out []v1.ApiCallRc
	for _, l := range above(r.Stack, v1.LayerTypeLuks) {
		if !model.HasLayer(Local(r.Stack, r.Diskless), l) {
			continue
		}
		out = append(out, v1.ApiCallRc{RetCode: v1.WarnInvalidConfig,
			Message:    "The cache of the layer " + string(l) + " of resource '" + r.Definition + "' on node '" + r.Node + "' is not encrypted.",
			Cause:      "The layer is above LUKS, so that its cache device holds plain text.",
			Correction: "Use a cache device that is encrypted by itself, or no cache.",
			ObjRefs:    map[string]string{"RscDfn": r.Definition, "Node": r.Node}})
	}
	return out
}
