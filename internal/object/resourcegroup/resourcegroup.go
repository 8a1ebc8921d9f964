// Package resourcegroup is the API of resource groups and volume groups: the
// templates and placement policies from which resources are spawned.
package resourcegroup

import (
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/model/name"
	"github.com/holdfast-storage/holdfast/internal/model/prop"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/change"
	"github.com/holdfast-storage/holdfast/internal/object/mixing"
	"github.com/holdfast-storage/holdfast/internal/object/placing"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

const path = "/resource-groups"

// Routes lists the calls of the objects.
func Routes() []object.Route {
	const mask = v1.MaskResourceGroup
	routes := []object.Route{
		{Method: "GET", Path: path, Read: list},
		{Method: "GET", Path: path + "/{resource_group}", Read: get},
		{Method: "POST", Path: path, Success: 201, Mask: mask | v1.MaskCreate, Body: object.New[v1.ResourceGroup], Write: create},
		{Method: "PUT", Path: path + "/{resource_group}", Mask: mask | v1.MaskModify, Body: object.New[v1.ResourceGroupModify], Write: modify},
		{Method: "DELETE", Path: path + "/{resource_group}", Mask: mask | v1.MaskDelete, Write: remove},
		{Method: "GET", Path: path + "/properties/info", Read: object.Infos(prop.ResourceGroup)},
		{Method: "POST", Path: path + "/{resource_group}/spawn", Success: 201, Mask: v1.MaskResourceDefinition | v1.MaskCreate, Body: object.New[v1.ResourceGroupSpawn], Write: spawn},
		{Method: "POST", Path: path + "/{resource_group}/adjust", Mask: mask | v1.MaskModify, Body: object.New[v1.ResourceGroupAdjust], Optional: true, Write: adjust},
		{Method: "POST", Path: path + "/adjustall", Mask: mask | v1.MaskModify, Body: object.New[v1.ResourceGroupAdjust], Optional: true, Write: adjustAll},
	}
	return append(append(routes, volumeGroupRoutes()...), queryRoutes()...)
}

// Find finds a group by name or answers the fault for a missing one.
func Find(w *model.World, n string) (*model.Group, error) {
	if g, ok := w.Groups.Get(n); ok {
		return g, nil
	}
	return nil, object.NotFound(v1.FailNotFoundResourceGroup, show.GroupName(n), "RscGrp", n)
}

func list(w *model.World, r *object.Request) (any, error) {
	filter := object.NameFilter(r, "resource_groups")
	out := []v1.ResourceGroup{}
	for g := range w.Groups.All {
		if filter.Has(g.Name) && object.HasProps(r, g.Props) {
			out = append(out, show.Group(g))
		}
	}
	return object.Page(r, out), nil
}

func get(w *model.World, r *object.Request) (any, error) {
	g, err := Find(w, r.Param("resource_group"))
	if err != nil {
		return nil, err
	}
	return show.Group(g), nil
}

func create(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.ResourceGroup)
	if f := name.CheckResourceGroup(in.Name); f != nil {
		return nil, f
	}
	if _, ok := tx.Groups.Get(in.Name); ok {
		return nil, object.Exists(v1.FailExistsResourceGroup, show.GroupName(in.Name)).Ref("RscGrp", in.Name)
	}
	props, _, err := change.Props(prop.ResourceGroup, nil, in.Props, nil, nil)
	if err != nil {
		return nil, err
	}
	g := &model.Group{Name: in.Name, UUID: tx.NewUUID(), Description: in.Description, Props: props}
	if in.SelectFilter != nil {
		if g.Filter, err = placing.Overlay(v1.AutoSelectFilter{}, in.SelectFilter); err != nil {
			return nil, err
		}
	}
	if err := setPeerSlots(g, in.PeerSlots); err != nil {
		return nil, err
	}
	if err := placing.CheckFilter(&g.Filter); err != nil {
		return nil, err
	}
	tx.PutGroup(g)
	return []v1.ApiCallRc{object.Created(show.GroupName(g.Name), g.UUID, "RscGrp", g.Name)}, nil
}

func setPeerSlots(g *model.Group, n *v1.FlexInt) error {
	if n == nil {
		return nil
	}
	if f := name.CheckPeerSlots(int(*n)); f != nil {
		return f
	}
	g.PeerSlots = int(*n)
	return nil
}

func modify(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.ResourceGroupModify)
	g, err := Find(tx.World, r.Param("resource_group"))
	if err != nil {
		return nil, err
	}
	props, msgs, err := change.Props(prop.ResourceGroup, g.Props, in.OverrideProps, in.DeleteProps, in.DeleteNamespaces)
	if err != nil {
		return nil, err
	}
	next := *g
	next.Props = props
	if in.Description != nil {
		next.Description = *in.Description
	}
	if in.SelectFilter != nil {
		if next.Filter, err = placing.Overlay(g.Filter, in.SelectFilter); err != nil {
			return nil, err
		}
	}
	if err := setPeerSlots(&next, in.PeerSlots); err != nil {
		return nil, err
	}
	if err := placing.CheckFilter(&next.Filter); err != nil {
		return nil, err
	}
	tx.PutGroup(&next)
	for d := range tx.DefinitionsOf(g.Name) {
		if err := mixing.CheckExact(tx.Base(), tx.World, d); err != nil {
			return nil, err
		}
	}
	out := append([]v1.ApiCallRc{object.Modified(show.GroupName(g.Name), g.UUID, "RscGrp", g.Name)}, msgs...)
	if in.SelectFilter != nil && in.SelectFilter.PlaceCount != nil && next.PlaceCount() > 0 {
		out = append(out, adjustGroup(tx, r, &next, nil)...)
	}
	return out, nil
}

func remove(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	n := r.Param("resource_group")
	g, ok := tx.Groups.Get(n)
	if !ok {
		return []v1.ApiCallRc{object.Missing(show.GroupName(n), "RscGrp", n)}, nil
	}
	used := 0
	for range tx.DefinitionsOf(n) {
		used++
	}
	if used > 0 {
		return nil, fault.New(v1.FailExistsResourceDefinition, "Resource group '%s' is in use.", g.Name).
			Because("%d resource definitions belong to it", used).
			Fix("Delete them, or move them with 'resource-definition modify --resource-group'.").Ref("RscGrp", g.Name)
	}
	tx.DeleteGroup(n)
	return []v1.ApiCallRc{object.Deleted(show.GroupName(g.Name), g.UUID, "RscGrp", g.Name)}, nil
}

// adjustGroup adds missing replicas to each definition of a group.
func adjustGroup(tx *model.Tx, r *object.Request, g *model.Group, over *v1.AutoSelectFilter) []v1.ApiCallRc {
	var defs []*model.Definition
	for d := range tx.DefinitionsOf(g.Name) {
		if d.Deleting == nil {
			defs = append(defs, d)
		}
	}
	var out []v1.ApiCallRc
	for _, d := range defs {
		rcs, err := placing.Autoplace(tx, r, d.Name, over, nil)
		if err != nil {
			f, ok := fault.As(err)
			if !ok {
				f = fault.New(v1.FailUnknownError, "%v", err)
			}
			rc := f.RC()
			// What could not be added does not undo what could.
			rc.RetCode = rc.RetCode&^v1.MaskBitsType | v1.MaskWarn
			rc.Message = "Resource definition '" + d.Name + "': " + rc.Message
			rcs = []v1.ApiCallRc{rc}
		}
		out = append(out, rcs...)
	}
	return out
}

func adjust(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	g, err := Find(tx.World, r.Param("resource_group"))
	if err != nil {
		return nil, err
	}
	out := []v1.ApiCallRc{object.Info(v1.Modified, "Resource group '"+g.Name+"' adjusted.")}
	return append(out, adjustGroup(tx, r, g, filterOf(r))...), nil
}

func filterOf(r *object.Request) *v1.AutoSelectFilter {
	if in, ok := r.Body.(*v1.ResourceGroupAdjust); ok && in != nil {
		return in.SelectFilter
	}
	return nil
}

func adjustAll(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	var groups []*model.Group
	for g := range tx.Groups.All {
		groups = append(groups, g)
	}
	out := []v1.ApiCallRc{object.Info(v1.Modified, "All resource groups adjusted.")}
	for _, g := range groups {
		out = append(out, adjustGroup(tx, r, g, filterOf(r))...)
	}
	return out, nil
}
