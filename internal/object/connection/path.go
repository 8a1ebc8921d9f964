package connection

import (
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// checkPaths sees that new paths, properties Paths/NAME/NODE = INTERFACE, lead from one
// of the two nodes over an interface that it has: others would be without effect.
func checkPaths(w *model.World, a, b string, override map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(override)) {
		words := strings.Split(strings.TrimPrefix(key, "/"), "/")
		if len(words) != 3 || words[0] != "Paths" {
			continue
		}
		end, nic := words[2], override[key]
		if model.Key(end) != model.Key(a) && model.Key(end) != model.Key(b) {
			return fault.New(v1.FailInvalidProp, "Path '%s' does not belong to this connection.", words[1]).
				Because("property '%s' names node '%s', but the connection is between '%s' and '%s'", key, end, a, b).
				Fix("Use Paths/%s/%s and Paths/%s/%s.", words[1], a, words[1], b)
		}
		n, ok := w.Nodes.Get(end)
		if ok && !slices.ContainsFunc(n.Interfaces, func(i model.NetInterface) bool { return model.Key(i.Name) == model.Key(nic) }) {
			return object.NotFound(v1.FailNotFoundNetInterface, show.InterfaceName(n.Name, nic), "Node", n.Name, "NetIf", nic)
		}
	}
	return nil
}
