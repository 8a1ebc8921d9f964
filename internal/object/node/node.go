// Package node is the API of nodes: create, modify, delete, lost, restore,
// evacuate, and their net interfaces. Reconnecting is the link's matter.
package node

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/model/name"
	"github.com/holdfast-storage/holdfast/internal/model/prop"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/change"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// Routes lists the calls of the object.
func Routes() []object.Route {
	return append([]object.Route{
		{Method: "GET", Path: "/nodes", Read: list},
		{Method: "GET", Path: "/nodes/{node}", Read: get},
		{Method: "POST", Path: "/nodes", Success: 201, Mask: v1.MaskNode | v1.MaskCreate, Body: object.New[v1.Node], Write: create},
		{Method: "PUT", Path: "/nodes/{node}", Mask: v1.MaskNode | v1.MaskModify, Body: object.New[v1.NodeModify], Write: modify},
		{Method: "DELETE", Path: "/nodes/{node}", Mask: v1.MaskNode | v1.MaskDelete, Write: remove},
		{Method: "DELETE", Path: "/nodes/{node}/lost", Mask: v1.MaskNode | v1.MaskDelete, Write: lost, NoWait: true},
		{Method: "PUT", Path: "/nodes/{node}/restore", Mask: v1.MaskNode | v1.MaskModify, Body: object.New[v1.NodeRestore], Optional: true, Write: restore},
		{Method: "PUT", Path: "/nodes/{node}/evacuate", Mask: v1.MaskNode | v1.MaskModify, Body: object.New[v1.NodeEvacuate], Optional: true, Write: evacuate},
		{Method: "PUT", Path: "/nodes/{node}/evict", Mask: v1.MaskNode | v1.MaskModify, Write: evict, NoWait: true},
		{Method: "GET", Path: "/nodes/properties/info", Read: object.Infos(prop.Node)},
	}, interfaceRoutes()...)
}

// Find finds a node by name or answers the fault for a missing one.
func Find(w *model.World, n string) (*model.Node, error) {
	if got, ok := w.Nodes.Get(n); ok {
		return got, nil
	}
	return nil, object.NotFound(v1.FailNotFoundNode, show.NodeName(n), "Node", n)
}

func list(w *model.World, r *object.Request) (any, error) {
	filter := object.NameFilter(r, "nodes")
	out := []v1.Node{}
	for n := range w.Nodes.All {
		if filter.Has(n.Name) && object.HasProps(r, n.Props) {
			out = append(out, show.Node(w, n))
		}
	}
	return object.Page(r, out), nil
}

func get(w *model.World, r *object.Request) (any, error) {
	n, err := Find(w, r.Param("node"))
	if err != nil {
		return nil, err
	}
	return show.Node(w, n), nil
}

func nodeType(s string) (model.NodeType, error) {
	switch t := model.NodeType(strings.ToUpper(s)); t {
	case model.NodeController, model.NodeSatellite, model.NodeCombined, model.NodeAuxiliary:
		return t, nil
	case "":
		return model.NodeSatellite, nil
	case "REMOTE_SPDK", "EBS_TARGET", "EBS_INIT":
		return "", fault.New(v1.FailInvalidNodeType, "Nodes of type '%s' are not supported.", s).
			Because("field 'type': this controller drives satellites on hosts of its own only").
			Fix("Use Satellite, Combined, Controller or Auxiliary.")
	}
	return "", fault.New(v1.FailInvalidNodeType, "'%s' is no node type.", s).
		Because("field 'type' has an unknown value").Fix("Use Satellite, Combined, Controller or Auxiliary.")
}

func create(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.Node)
	if f := name.CheckNode(in.Name); f != nil {
		return nil, f
	}
	if _, ok := tx.Nodes.Get(in.Name); ok {
		return nil, object.Exists(v1.FailExistsNode, show.NodeName(in.Name)).Ref("Node", in.Name)
	}
	t, err := nodeType(in.Type)
	if err != nil {
		return nil, err
	}
	n := &model.Node{Name: in.Name, UUID: tx.NewUUID(), Type: t}
	if err := addInterfaces(tx, n, in.NetInterfaces); err != nil {
		return nil, err
	}
	if t.HasSatellite() && n.Active == "" {
		return nil, fault.New(v1.FailNoSatelliteConnectionDefined, "No satellite connection for node '%s'.", in.Name).
			Because("field 'net_interfaces' has no entry with satellite_port and satellite_encryption_type").
			Fix("Give the address, the port (3366) and the encryption type (PLAIN) of the satellite.")
	}
	if n.Props, _, err = change.Props(prop.Node, nil, in.Props, nil, nil); err != nil {
		return nil, err
	}
	tx.PutNode(n)
	out := []v1.ApiCallRc{object.Created(show.NodeName(n.Name), n.UUID, "Node", n.Name)}
	if t.HasSatellite() {
		EnsureDisklessPool(tx, n.Name)
		r.AwaitNodes = append(r.AwaitNodes, n.Name)
	}
	return out, nil
}

// EnsureDisklessPool gives a node the pool that diskless replicas are in.
func EnsureDisklessPool(tx *model.Tx, n string) {
	if _, ok := tx.Pools.Get(n, model.DefaultDisklessPool); !ok {
		tx.PutPool(&model.Pool{Node: n, Name: model.DefaultDisklessPool, UUID: tx.NewUUID(), Kind: v1.ProviderKindDiskless})
	}
}

func modify(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.NodeModify)
	n, err := Find(tx.World, r.Param("node"))
	if err != nil {
		return nil, err
	}
	next := *n
	if in.NodeType != "" {
		if next.Type, err = nodeType(in.NodeType); err != nil {
			return nil, err
		}
	}
	if next.Type.HasSatellite() && next.Active == "" {
		return nil, fault.New(v1.FailNoSatelliteConnectionDefined, "Node '%s' cannot become a %s.", n.Name, strings.ToLower(in.NodeType)).
			Because("it has no satellite connection").Fix("First make one with 'node interface modify --active'.")
	}
	props, msgs, err := change.Props(prop.Node, n.Props, in.OverrideProps, in.DeleteProps, in.DeleteNamespaces)
	if err != nil {
		return nil, err
	}
	if err := checkPrefNic(n, props); err != nil {
		return nil, err
	}
	next.Props = props
	tx.PutNode(&next)
	return append([]v1.ApiCallRc{object.Modified(show.NodeName(n.Name), n.UUID, "Node", n.Name)}, msgs...), nil
}

func checkPrefNic(n *model.Node, props map[string]string) error {
	nic, set := props["PrefNic"]
	if !set {
		return nil
	}
	if _, ok := n.Interface(nic); ok {
		return nil
	}
	return fault.New(v1.FailInvalidProp, "Node '%s' has no net interface '%s'.", n.Name, nic).
		Because("property 'PrefNic' must name an interface of the node").Fix("See 'node interface list %s'.", n.Name)
}
