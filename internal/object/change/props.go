// Package change holds what modifying calls of all objects share: properties and
// the words about them.
package change

import (
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model/prop"
	"github.com/holdfast-storage/holdfast/internal/object/volumekey"
)

// Props applies a modification to an object's properties, all or nothing, and
// says for each key what was done.
func Props(class prop.Class, current, override map[string]string, remove, namespaces []string) (map[string]string, []v1.ApiCallRc, error) {
	if err := volumekey.CheckProps(override); err != nil {
		return nil, nil, err
	}
	next, changes, f := prop.Modify(class, current, override, remove, namespaces)
	if f != nil {
		return nil, nil, f
	}
	var out []v1.ApiCallRc
	for _, c := range changes {
		out = append(out, c.RC())
	}
	return markQuorum(class, current, override, next, remove), out, nil
}
