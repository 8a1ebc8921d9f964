package resource

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// checkTarget refuses to delete an NVMe target whose volumes other nodes go on using.
func checkTarget(w *model.World, res *model.Resource) error {
	var users []string
	for _, node := range desired.Initiators(w, res) {
		if r, ok := w.Resources.Get(res.Definition, node); ok && r.Deleting == nil {
			users = append(users, "'"+node+"'")
		}
	}
	if len(users) == 0 || res.Deleting != nil {
		return nil
	}
	return fault.New(v1.FailInUse, "Resource '%s' on node '%s' is the NVMe target of other nodes.", res.Definition, res.Node).
		Because("its volumes are used by the initiators on %s", strings.Join(users, ", ")).
		Fix("Delete the resource there first, or delete the whole definition with 'resource-definition delete %s'.", res.Definition).
		Ref("RscDfn", res.Definition).Ref("Node", res.Node)
}
