package layerneeds

import (
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
)

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

// checkCaches refuses a cache above NVMe: it would have to be on the initiator's
// node, where the replica has no storage.
func checkCaches(r *model.Resource) error {
	caches := above(r.Stack, v1.LayerTypeNvme)
	if len(caches) == 0 {
		return nil
	}
	return fault.New(v1.FailInvalidLayerStack, "The layer %s cannot be above the layer NVME in resource '%s'.", caches[0], r.Definition).
		Because("what is above NVME runs on the initiator, which has no storage for the cache").
		Fix("Put %s below NVME, so that the target's node has the cache.", caches[0]).Ref("RscDfn", r.Definition)
}

// Warnings are what a user should know about the layers of a new replica.
func Warnings(r *model.Resource) []v1.ApiCallRc {
	var out []v1.ApiCallRc
	for _, l := range above(r.Stack, v1.LayerTypeLuks) {
		out = append(out, v1.ApiCallRc{RetCode: v1.WarnInvalidConfig,
			Message:    "The cache of the layer " + string(l) + " of resource '" + r.Definition + "' on node '" + r.Node + "' is not encrypted.",
			Cause:      "The layer is above LUKS, so that its cache device holds plain text.",
			Correction: "Use a cache device that is encrypted by itself, or no cache.",
			ObjRefs:    map[string]string{"RscDfn": r.Definition, "Node": r.Node}})
	}
	return out
}
