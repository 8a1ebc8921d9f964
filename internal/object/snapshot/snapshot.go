// Package snapshot is the API of snapshots: those there are, and their deletion.
package snapshot

import (
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/resourcedefinition"
	"github.com/holdfast-storage/holdfast/internal/object/show"
	"github.com/holdfast-storage/holdfast/internal/object/snapshotting"
)

const path = "/resource-definitions/{resource}/snapshots"

// Routes lists the calls of the object.
func Routes() []object.Route {
	return []object.Route{
		{Method: "GET", Path: "/view/snapshots", Read: view},
		{Method: "GET", Path: path, Read: list},
		{Method: "GET", Path: path + "/{snapshot}", Read: get},
		{Method: "DELETE", Path: path + "/{snapshot}", Mask: v1.MaskSnapshot | v1.MaskDelete, Write: remove},
	}
}

func view(w *model.World, r *object.Request) (any, error) {
	nodes, names := object.NameFilter(r, "nodes"), object.NameFilter(r, "resources")
	out := []v1.Snapshot{}
	for s := range w.Snapshots.All {
		on := len(nodes) == 0 || slices.ContainsFunc(s.Nodes, func(n model.SnapshotNode) bool { return nodes.Has(n.Node) })
		if on && names.Has(s.Definition) {
			out = append(out, show.Snapshot(w, s))
		}
	}
	return object.Page(r, out), nil
}

func list(w *model.World, r *object.Request) (any, error) {
	d, err := resourcedefinition.Find(w, r.Param("resource"))
	if err != nil {
		return nil, err
	}
	out := []v1.Snapshot{}
	for s := range w.Snapshots.Under(d.Name) {
		out = append(out, show.Snapshot(w, s))
	}
	return object.Page(r, out), nil
}

func get(w *model.World, r *object.Request) (any, error) {
	d, err := resourcedefinition.Find(w, r.Param("resource"))
	if err != nil {
		return nil, err
	}
	name := r.Param("snapshot")
	if s, ok := w.Snapshots.Get(d.Name, name); ok {
		return show.Snapshot(w, s), nil
	}
	return nil, object.NotFound(v1.FailNotFoundSnapshot, show.SnapshotName(d.Name, name), "RscDfn", d.Name, "Snapshot", name)
}

// remove marks the parts of a snapshot for deletion, all or those of some nodes; each
// satellite's report takes one of them away, and the snapshot goes with the last.
func remove(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	rd, name := r.Param("resource"), r.Param("snapshot")
	s, ok := tx.Snapshots.Get(rd, name)
	if !ok {
		return []v1.ApiCallRc{object.Missing(show.SnapshotName(rd, name), "RscDfn", rd, "Snapshot", name)}, nil
	}
	var nodes []string
	var out []v1.ApiCallRc
	if asked := r.List("nodes"); len(asked) > 0 {
		for _, n := range asked {
			if part, has := s.On(n); has {
				nodes = append(nodes, part.Node)
				continue
			}
			out = append(out, object.Missing(show.SnapshotName(s.Definition, s.Name, n), "RscDfn", s.Definition, "Snapshot", s.Name, "Node", n))
		}
	} else {
		for _, n := range s.Nodes {
			nodes = append(nodes, n.Node)
		}
	}
	if len(nodes) == 0 {
		return out, nil
	}
	snapshotting.GiveUp(tx, s, nodes...)
	return append([]v1.ApiCallRc{object.Deleted(show.SnapshotName(s.Definition, s.Name, nodes...), s.UUID, "RscDfn", s.Definition, "Snapshot", s.Name)}, out...), nil
}
