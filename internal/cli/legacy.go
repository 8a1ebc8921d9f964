package cli

import (
	"maps"
	"slices"
)

// LegacyProp is a property in the v0 shape.
type LegacyProp struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// LegacyProps are properties in the v0 shape.
func LegacyProps(props map[string]string) []LegacyProp {
	var list []LegacyProp
	for _, k := range slices.Sorted(maps.Keys(props)) {
		list = append(list, LegacyProp{k, props[k]})
	}
	return list
}
