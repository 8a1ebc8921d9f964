// Package view is the API of the views over all nodes.
package view

import (
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// Routes lists the views; that of storage pools belongs to the pools.
func Routes() []object.Route {
	return []object.Route{
		{Method: "GET", Path: "/view/resources", Read: resources},
		{Method: "GET", Path: "/stats/nodes", Read: count(func(w *model.World) int { return w.Nodes.Len() })},
		{Method: "GET", Path: "/stats/storage-pools", Read: count(func(w *model.World) int { return w.Pools.Len() })},
		{Method: "GET", Path: "/stats/resource-groups", Read: count(func(w *model.World) int { return w.Groups.Len() })},
		{Method: "GET", Path: "/stats/resource-definitions", Read: count(func(w *model.World) int { return w.Definitions.Len() })},
		{Method: "GET", Path: "/stats/resources", Read: count(func(w *model.World) int { return w.Resources.Len() })},
	}
}

func count(n func(*model.World) int) func(*model.World, *object.Request) (any, error) {
	return func(w *model.World, _ *object.Request) (any, error) {
		return v1.NodeStats{Count: int64(n(w))}, nil
	}
}

func resources(w *model.World, r *object.Request) (any, error) {
	picked := pick(w, r)
	out := make([]v1.ResourceWithVolumes, 0, len(picked))
	for _, res := range picked {
		out = append(out, show.ResourceWithVolumes(w, res))
	}
	return out, nil
}

// pick filters and pages before anything is rendered.
func pick(w *model.World, r *object.Request) []*model.Resource {
	nodes, names, pools := object.NameFilter(r, "nodes"), object.NameFilter(r, "resources"), object.NameFilter(r, "storage_pools")
	var out []*model.Resource
	add := func(res *model.Resource) {
		if nodes.Has(res.Node) && inPools(res, pools) && object.HasProps(r, res.Props) {
			out = append(out, res)
		}
	}
	if len(names) == 0 {
		for res := range w.Resources.All {
			add(res)
		}
		return object.Page(r, out)
	}
	for d := range w.Definitions.All {
		if names.Has(d.Name) {
			for res := range w.Resources.Under(d.Name) {
				add(res)
			}
		}
	}
	return object.Page(r, out)
}

func inPools(r *model.Resource, pools object.Filter) bool {
	if len(pools) == 0 {
		return true
	}
	for _, v := range r.Volumes {
		if pools.Has(v.Pool) {
			return true
		}
	}
	return false
}
