// Package connection is the API of node connections and resource connections:
// properties of pairs, whose order does not matter.
package connection

import (
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/model/prop"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/change"
	"github.com/holdfast-storage/holdfast/internal/object/node"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// Routes lists the calls of the objects.
func Routes() []object.Route {
	const path = "/resource-definitions/{resource}/resource-connections"
	return append([]object.Route{
		{Method: "GET", Path: "/node-connections", Read: listNodes},
		{Method: "PUT", Path: "/node-connections/{node_a}/{node_b}", Mask: v1.MaskNodeConnection | v1.MaskModify, Body: object.New[v1.NodeConnectionModify], Write: modifyNodes},
		{Method: "GET", Path: path, Read: listResources},
		{Method: "GET", Path: path + "/{node_a}/{node_b}", Read: getResources},
		{Method: "PUT", Path: path + "/{node_a}/{node_b}", Mask: v1.MaskResourceConnection | v1.MaskModify, Body: object.New[v1.ResourceConnectionModify], Write: modifyResources},
		{Method: "GET", Path: path + "/properties/info", Read: object.Infos(prop.ResourceConnection)},
	}, proxyRoutes()...)
}

// pair finds two different nodes and puts them in order.
func pair(w *model.World, r *object.Request) (a, b string, err error) {
	na, err := node.Find(w, r.Param("node_a"))
	if err != nil {
		return "", "", err
	}
	nb, err := node.Find(w, r.Param("node_b"))
	if err != nil {
		return "", "", err
	}
	switch {
	case na == nb:
		return "", "", fault.New(v1.FailInvalidRequest, "A connection needs two different nodes.").
			Because("both are '%s'", na.Name).Fix("Name another node.")
	case model.Key(na.Name) > model.Key(nb.Name):
		na, nb = nb, na
	}
	return na.Name, nb.Name, nil
}

func listNodes(w *model.World, r *object.Request) (any, error) {
	a, b := object.Filter{}, object.Filter{}
	if n := r.Query.Get("node_a"); n != "" {
		a[model.Key(n)] = true
	}
	if n := r.Query.Get("node_b"); n != "" {
		b[model.Key(n)] = true
	}
	out := []v1.NodeConnection{}
	for c := range w.NodeConns.All {
		if a.Has(c.A) && b.Has(c.B) || a.Has(c.B) && b.Has(c.A) {
			out = append(out, v1.NodeConnection{NodeA: c.A, NodeB: c.B, Props: c.Props})
		}
	}
	return out, nil
}

func modifyNodes(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.NodeConnectionModify)
	a, b, err := pair(tx.World, r)
	if err != nil {
		return nil, err
	}
	if err := checkPaths(tx.World, a, b, in.OverrideProps); err != nil {
		return nil, err
	}
	var old map[string]string
	if c, ok := tx.NodeConns.Get(a, b); ok {
		old = c.Props
	}
	props, msgs, err := change.Props(prop.NodeConnection, old, in.OverrideProps, in.DeleteProps, in.DeleteNamespaces)
	if err != nil {
		return nil, err
	}
	if len(props) == 0 {
		tx.DeleteNodeConn(a, b)
	} else {
		tx.PutNodeConn(&model.NodeConnection{A: a, B: b, Props: props})
	}
	done := v1.ApiCallRc{RetCode: v1.Modified, Message: "Node connection between nodes '" + a + "' and '" + b + "' modified."}
	return append([]v1.ApiCallRc{done}, msgs...), nil
}

func definition(w *model.World, r *object.Request) (*model.Definition, error) {
	n := r.Param("resource")
	if d, ok := w.Definitions.Get(n); ok {
		return d, nil
	}
	return nil, object.NotFound(v1.FailNotFoundResourceDefinition, show.DefinitionName(n), "RscDfn", n)
}

func showResource(c *model.ResourceConnection) v1.ResourceConnection {
	out := v1.ResourceConnection{NodeA: c.A, NodeB: c.B, Props: c.Props}
	if c.Proxy {
		out.Flags = []string{"LOCAL_DRBD_PROXY"}
	}
	return out
}

// listResources answers every pair of replicas, with or without properties.
func listResources(w *model.World, r *object.Request) (any, error) {
	d, err := definition(w, r)
	if err != nil {
		return nil, err
	}
	var nodes []string
	for res := range w.Resources.Under(d.Name) {
		nodes = append(nodes, res.Node)
	}
	out := []v1.ResourceConnection{}
	for i, a := range nodes {
		for _, b := range nodes[i+1:] {
			if c, ok := w.ResourceConns.Get(d.Name, a, b); ok {
				out = append(out, showResource(c))
				continue
			}
			out = append(out, v1.ResourceConnection{NodeA: a, NodeB: b})
		}
	}
	return out, nil
}

// getResources answers one object, whatever the API's document says: the clients
// read one.
func getResources(w *model.World, r *object.Request) (any, error) {
	d, err := definition(w, r)
	if err != nil {
		return nil, err
	}
	a, b, err := pair(w, r)
	if err != nil {
		return nil, err
	}
	if c, ok := w.ResourceConns.Get(d.Name, a, b); ok {
		return showResource(c), nil
	}
	return v1.ResourceConnection{NodeA: a, NodeB: b}, nil
}

// replicas finds a definition and two nodes that have a replica of it.
func replicas(w *model.World, r *object.Request) (d *model.Definition, a, b string, err error) {
	if d, err = definition(w, r); err != nil {
		return nil, "", "", err
	}
	if a, b, err = pair(w, r); err != nil {
		return nil, "", "", err
	}
	for _, n := range []string{a, b} {
		if _, ok := w.Resources.Get(d.Name, n); !ok {
			return nil, "", "", object.NotFound(v1.FailNotFoundResource, show.ResourceName(d.Name, n), "RscDfn", d.Name, "Node", n)
		}
	}
	return d, a, b, nil
}

func modifyResources(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.ResourceConnectionModify)
	d, a, b, err := replicas(tx.World, r)
	if err != nil {
		return nil, err
	}
	if err := checkPaths(tx.World, a, b, in.OverrideProps); err != nil {
		return nil, err
	}
	next := model.ResourceConnection{Definition: d.Name, A: a, B: b}
	if c, ok := tx.ResourceConns.Get(d.Name, a, b); ok {
		next = *c
	}
	props, msgs, err := change.Props(prop.ResourceConnection, next.Props, in.OverrideProps, in.DeleteProps, in.DeleteNamespaces)
	if err != nil {
		return nil, err
	}
	next.Props = props
	putResourceConn(tx, &next)
	done := v1.ApiCallRc{RetCode: v1.Modified, Message: "Resource connection between nodes '" + a + "' and '" + b + "' of '" + d.Name + "' modified."}
	return append([]v1.ApiCallRc{done}, msgs...), nil
}
