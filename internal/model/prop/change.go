package prop

import (
	"maps"
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// Op is what happened to a property.
type Op int

// What can happen to a property.
const (
	Set Op = iota
	Replaced
	Deleted
	// Deprecated is no change but advice about a key that was given.
	Deprecated
)

// Change is what a modification did to one property.
type Change struct {
	Op  Op
	Key string
	// Old and New are empty where there was or is no value.
	Old, New string
	advice   string
}

// RC is the change as an entry of an API answer. It does not show values.
func (c Change) RC() v1.ApiCallRc {
	switch c.Op {
	case Deprecated:
		return v1.ApiCallRc{RetCode: v1.WarnDeprecated, Message: "Property '" + c.Key + "' is deprecated.", Correction: c.advice}
	case Deleted:
		return v1.ApiCallRc{RetCode: v1.Modified, Message: "Property '" + c.Key + "' deleted."}
	case Replaced:
		return v1.ApiCallRc{RetCode: v1.Modified, Message: "Property '" + c.Key + "' changed."}
	}
	return v1.ApiCallRc{RetCode: v1.Modified, Message: "Property '" + c.Key + "' set."}
}

// diff lists what makes old into next, sorted by key.
func diff(old, next map[string]string) []Change {
	keys := make([]string, 0, len(next))
	for key, value := range next {
		if before, had := old[key]; !had || before != value {
			keys = append(keys, key)
		}
	}
	for key := range maps.Keys(old) {
		if _, kept := next[key]; !kept {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	var out []Change
	for _, key := range keys {
		before, had := old[key]
		value, has := next[key]
		c := Change{Op: Set, Key: key, Old: before, New: value}
		switch {
		case !has:
			c.Op = Deleted
		case had:
			c.Op = Replaced
		}
		out = append(out, c)
	}
	return out
}
