package prop

import (
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// Modify changes the properties of an object as a whole or not at all. All new
// values are checked first; then they are set, then keys and whole namespaces are
// deleted. Keys to delete that are not set are ignored. The given map stays as it
// is; the result is never nil.
func Modify(class Class, current, override map[string]string, deleteKeys, deleteNamespaces []string) (map[string]string, []Change, *fault.Fault) {
	values, warnings, f := checkAll(class, current, override)
	if f != nil {
		return nil, nil, f
	}
	doomed, f := checkDeletions(class, current, deleteKeys)
	if f != nil {
		return nil, nil, f
	}
	next := maps.Clone(current)
	if next == nil {
		next = map[string]string{}
	}
	maps.Copy(next, values)
	for _, key := range doomed {
		delete(next, key)
	}
	for _, space := range deleteNamespaces {
		prefix, f := NormalKey(space)
		if f != nil {
			return nil, nil, f
		}
		maps.DeleteFunc(next, func(key, _ string) bool {
			return strings.HasPrefix(key, prefix) && len(key) > len(prefix) && key[len(prefix)] == '/' && !isReadOnly(class, key)
		})
	}
	return next, append(warnings, diff(current, next)...), nil
}

// checkAll checks all new values and gives them under the keys they are kept at. A
// key that cannot be changed may be given with the value it has: clients send back
// what they read.
func checkAll(class Class, current, override map[string]string) (map[string]string, []Change, *fault.Fault) {
	values := make(map[string]string, len(override))
	given := make(map[string]string, len(override))
	var warnings []Change
	var first *fault.Fault
	var others []string
	for _, raw := range slices.Sorted(maps.Keys(override)) {
		key, value, warning, f := checkOne(class, current, raw, override[raw])
		if f == nil && given[key] != "" && values[key] != value {
			f = fault.New(v1.FailInvalidProp, "Property '%s' is given twice with different values.", brief(key)).
				Because("'%s' and '%s' are spellings of the same key", brief(given[key]), brief(raw)).Fix("Give it once.")
		}
		switch {
		case f != nil && first == nil:
			first = f
		case f != nil:
			others = append(others, "'"+brief(raw)+"'")
		default:
			values[key], given[key] = value, raw
			if warning != nil {
				warnings = append(warnings, *warning)
			}
		}
	}
	if first != nil && len(others) > 0 {
		first.Detail("Also refused: %s. Nothing was changed.", strings.Join(others, ", "))
	}
	if first != nil {
		return nil, nil, first
	}
	return values, warnings, nil
}

func checkOne(class Class, current map[string]string, raw, value string) (string, string, *Change, *fault.Fault) {
	key, f := NormalKey(raw)
	if f != nil {
		return "", "", nil, f
	}
	p, ok := Find(class, key)
	if ok && (p.ReadOnly != "" || p.Refused != "") {
		if old, set := current[key]; set && old == value {
			return key, value, nil, nil
		}
	}
	if value, f = Check(class, key, value); f != nil {
		return "", "", nil, f
	}
	if p.Deprecated == "" {
		return key, value, nil, nil
	}
	warning := &Change{Op: Deprecated, Key: key, advice: p.Deprecated}
	if p.ReplacedBy != "" {
		key = p.ReplacedBy
	}
	return key, value, warning, nil
}

// checkDeletions gives the keys to delete, with replaced ones under both names.
func checkDeletions(class Class, current map[string]string, keys []string) ([]string, *fault.Fault) {
	var out []string
	for _, raw := range keys {
		key, f := NormalKey(raw)
		if f != nil {
			continue
		}
		out = append(out, key)
		p, ok := Find(class, key)
		if !ok {
			continue
		}
		if _, set := current[key]; set && p.ReadOnly != "" {
			return nil, readOnly(p, class, key)
		}
		if p.ReplacedBy != "" {
			out = append(out, p.ReplacedBy)
		}
	}
	return out, nil
}

func isReadOnly(class Class, key string) bool {
	p, ok := Find(class, key)
	return ok && p.ReadOnly != ""
}
