package resource

import (
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/drbdalloc"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// maxPortCount is the number of TCP ports that a replica can have.
const maxPortCount = 8

// drbdRequest is what a request says about the DRBD layer of a new replica.
func drbdRequest(in *v1.ResourceCreate, stack []v1.LayerType) (drbdalloc.Request, error) {
	out := drbdalloc.Request{Client: in.DRBDClient, PortCount: int(in.DRBDTCPPortCount), Ports: intPorts(in.DRBDTCPPorts)}
	if in.DRBDNodeID != nil {
		id := int(*in.DRBDNodeID)
		out.NodeID = &id
	}
	switch {
	case in.DRBDTCPPortCount < 0 || in.DRBDTCPPortCount > maxPortCount:
		return out, fault.New(v1.FailInvalidTCPPort, "%d is no number of TCP ports for a resource.", in.DRBDTCPPortCount).
			Because("field 'drbd_tcp_port_count' must be from 1 to %d", maxPortCount).Fix("Leave it out for one port.")
	case (in.DRBDClient || out.NodeID != nil || len(out.Ports) > 0) && !model.HasLayer(stack, v1.LayerTypeDrbd):
		return out, fault.New(v1.FailInvalidLayerStack, "The resource has no DRBD layer.").
			Because("fields 'drbd_client', 'drbd_node_id' and 'drbd_tcp_ports' are about that layer, and the layer list is %v", stack).
			Fix("Leave them out, or use a layer list with DRBD.")
	}
	return out, nil
}

func intPorts(in []int32) []int {
	var out []int
	for _, p := range in {
		out = append(out, int(p))
	}
	return out
}

// checkLast refuses to delete the last disk of a resource that others use without one, or
// the last one with good data while others wait for that.
func checkLast(tx *model.Tx, d *model.Definition, res *model.Resource) error {
	if res.DRBD == nil || res.Diskless != model.Diskful || res.Deleting != nil {
		return nil
	}
	var users []string
	for r := range tx.Resources.Under(d.Name) {
		switch {
		case r.Deleting != nil || model.Key(r.Node) == model.Key(res.Node) || r.DRBD == nil:
		case r.Diskless == model.Diskful && r.Toggle != model.ToggleRemoving && r.Toggle != model.ToggleRemoveRequested:
			return checkOnlyGood(tx, d, res)
		case r.Diskless != model.Tiebreaker:
			users = append(users, "'"+r.Node+"'")
		}
	}
	if len(users) == 0 {
		return nil
	}
	slices.Sort(users)
	return fault.New(v1.FailInUse, "The last disk of resource '%s' is on node '%s' and is not deleted.", d.Name, res.Node).
		Because("the diskless replicas on node %s reach their data there", strings.Join(users, ", ")).
		Fix("Delete the diskless replicas first, or create another diskful one.").
		Detail("The %s would leave them without data.", show.ResourceName(d.Name, res.Node)).
		Ref("RscDfn", d.Name).Ref("Node", res.Node)
}
