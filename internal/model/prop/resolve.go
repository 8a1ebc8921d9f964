package prop

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// Level is the properties of one object in a chain of inheritance.
type Level struct {
	Class Class
	// Name is the object as users know it.
	Name  string
	Props map[string]string
}

// Found is a value with the object it comes from.
type Found struct {
	Value string
	Class Class
	Name  string
}

// Effective is the value that counts, and those it hides, closest first.
type Effective struct {
	Found
	Overridden []Found
}

// Get finds the value that counts: that of the first level that has the key.
func Get(key string, levels ...Level) (string, bool) {
	for i := range levels {
		if v, ok := levels[i].Props[key]; ok {
			return v, true
		}
	}
	return "", false
}

// Bool is Get for a truth; fallback is used where no level has the key or the value
// that counts is none.
func Bool(key string, fallback bool, levels ...Level) bool {
	v, _ := Get(key, levels...)
	if truth, ok := ParseBool(v); ok {
		return truth
	}
	return fallback
}

// Int is Get for a whole number; fallback is used where no level has the key or the
// value that counts is none.
func Int(key string, fallback int, levels ...Level) int {
	v, _ := Get(key, levels...)
	if n, err := strconv.Atoi(v); err == nil {
		return n
	}
	return fallback
}

// Resolve finds the value that counts, where it comes from, and what it hides.
func Resolve(key string, levels ...Level) (Effective, bool) {
	var out Effective
	found := false
	for i := range levels {
		v, ok := levels[i].Props[key]
		if !ok {
			continue
		}
		f := Found{Value: v, Class: levels[i].Class, Name: levels[i].Name}
		if !found {
			out.Found, found = f, true
			continue
		}
		out.Overridden = append(out.Overridden, f)
	}
	return out, found
}

// EffectiveProps resolves all keys that start with a prefix, such as
// DrbdOptions/Net/.
func EffectiveProps(prefix string, levels ...Level) map[string]Effective {
	keys := map[string]struct{}{}
	for i := range levels {
		for key := range levels[i].Props {
			if strings.HasPrefix(key, prefix) {
				keys[key] = struct{}{}
			}
		}
	}
	out := make(map[string]Effective, len(keys))
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		out[key], _ = Resolve(key, levels...)
	}
	return out
}

// API is the value as the API shows it.
func (e Effective) API() v1.EffectivePropertiesMapValue {
	out := v1.EffectivePropertiesMapValue{PropertyWithDescription: e.api()}
	for _, f := range e.Overridden {
		out.Other = append(out.Other, f.api())
	}
	return out
}

func (f Found) api() v1.PropertyWithDescription {
	return v1.PropertyWithDescription{Type: string(f.Class), Value: f.Value, Descr: f.Name}
}
