package name

import (
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// layersBelow are the layers that may lie directly below one; nil for a layer that
// is none.
func layersBelow(l v1.LayerType) []v1.LayerType {
	switch l {
	case v1.LayerTypeDrbd:
		return []v1.LayerType{v1.LayerTypeNvme, v1.LayerTypeLuks, v1.LayerTypeStorage, v1.LayerTypeWritecache, v1.LayerTypeCache, v1.LayerTypeBcache}
	case v1.LayerTypeLuks:
		return []v1.LayerType{v1.LayerTypeStorage}
	case v1.LayerTypeNvme:
		return []v1.LayerType{v1.LayerTypeLuks, v1.LayerTypeStorage, v1.LayerTypeWritecache, v1.LayerTypeCache, v1.LayerTypeBcache}
	case v1.LayerTypeWritecache:
		return []v1.LayerType{v1.LayerTypeNvme, v1.LayerTypeLuks, v1.LayerTypeStorage, v1.LayerTypeCache, v1.LayerTypeBcache}
	case v1.LayerTypeCache:
		return []v1.LayerType{v1.LayerTypeNvme, v1.LayerTypeLuks, v1.LayerTypeStorage, v1.LayerTypeWritecache, v1.LayerTypeBcache}
	case v1.LayerTypeBcache:
		return []v1.LayerType{v1.LayerTypeNvme, v1.LayerTypeLuks, v1.LayerTypeStorage, v1.LayerTypeWritecache}
	case v1.LayerTypeStorage:
		return []v1.LayerType{}
	}
	return nil
}

// CheckStack checks a layer stack, top first. A stack without STORAGE gets it at
// the bottom, with a warning; an empty list stays empty and means that none was
// asked for.
func CheckStack(stack []v1.LayerType) ([]v1.LayerType, []v1.ApiCallRc, *fault.Fault) {
	if len(stack) == 0 {
		return nil, nil, nil
	}
	out := make([]v1.LayerType, len(stack), len(stack)+1)
	for i, l := range stack {
		out[i] = v1.LayerType(strings.ToUpper(string(l)))
		if layersBelow(out[i]) == nil {
			return nil, nil, fault.New(v1.FailInvalidLayerKind, "'%s' is not a layer.", shown(string(l))).
				Because("field 'layer_stack' has an unknown value").
				Fix("Use DRBD, LUKS, NVME, WRITECACHE, CACHE, BCACHE and STORAGE, top to bottom.")
		}
	}
	var warnings []v1.ApiCallRc
	if !slices.Contains(out, v1.LayerTypeStorage) {
		out = append(out, v1.LayerTypeStorage)
		warnings = append(warnings, v1.ApiCallRc{RetCode: v1.WarnStorageKindAdded,
			Message:    "The layer STORAGE was added at the bottom of the layer stack.",
			Cause:      "Every stack ends with the layer STORAGE.",
			Correction: "Name STORAGE last in the layer list."})
	}
	if f := checkOrder(out); f != nil {
		return nil, nil, f
	}
	return out, warnings, nil
}

func checkOrder(stack []v1.LayerType) *fault.Fault {
	for i, l := range stack {
		if slices.Contains(stack[:i], l) {
			return badStack(stack, "the layer %s is named twice", "Name every layer once.", l)
		}
	}
	for i, l := range stack[:len(stack)-1] {
		below := layersBelow(l)
		if len(below) == 0 {
			return badStack(stack, "the layer %s is not the last one", "Put it at the end.", l)
		}
		if next := stack[i+1]; !slices.Contains(below, next) {
			f := badStack(stack, "the layer "+string(next)+" cannot lie directly below %s", "", l)
			return f.Fix("Below %s use one of: %s.", l, JoinLayers(below, ", "))
		}
	}
	return nil
}

func badStack(stack []v1.LayerType, why, fix string, l v1.LayerType) *fault.Fault {
	return fault.New(v1.FailInvalidLayerStack, "The layer stack %s is not possible.", JoinLayers(stack, ",")).
		Because("field 'layer_stack': "+why, l).Fix("%s", fix)
}

// JoinLayers writes a stack, top first.
func JoinLayers(stack []v1.LayerType, sep string) string {
	parts := make([]string, len(stack))
	for i, l := range stack {
		parts[i] = string(l)
	}
	return strings.Join(parts, sep)
}

// ChooseStack is the stack that counts: that of the request, else of the
// definition, else of the group, else the default, which has LUKS where a volume
// is to be encrypted.
func ChooseStack(request, definition, group []v1.LayerType, encrypted bool) []v1.LayerType {
	for _, s := range [][]v1.LayerType{request, definition, group} {
		if len(s) > 0 {
			return s
		}
	}
	if encrypted {
		return []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeLuks, v1.LayerTypeStorage}
	}
	return []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage}
}
