// Package resourcedefinition is the API of resource definitions and their volume
// definitions.
package resourcedefinition

import (
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/model/name"
	"github.com/holdfast-storage/holdfast/internal/model/prop"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/change"
	"github.com/holdfast-storage/holdfast/internal/object/define"
	"github.com/holdfast-storage/holdfast/internal/object/drbdalloc"
	"github.com/holdfast-storage/holdfast/internal/object/mixing"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

const path = "/resource-definitions"

// Routes lists the calls of the objects.
func Routes() []object.Route {
	const mask = v1.MaskResourceDefinition
	return append([]object.Route{
		{Method: "GET", Path: path, Read: list},
		{Method: "GET", Path: path + "/{resource}", Read: get},
		{Method: "POST", Path: path, Success: 201, Mask: mask | v1.MaskCreate, Body: object.New[v1.ResourceDefinitionCreate], Write: create},
		{Method: "PUT", Path: path + "/{resource}", Mask: mask | v1.MaskModify, Body: object.New[v1.ResourceDefinitionModify], Write: modify},
		{Method: "DELETE", Path: path + "/{resource}", Mask: mask | v1.MaskDelete, Write: remove},
		{Method: "GET", Path: path + "/{resource}/sync-status", Read: syncStatus},
		{Method: "GET", Path: path + "/properties/info", Read: object.Infos(prop.ResourceDefinition)},
	}, volumeRoutes()...)
}

// Find finds a definition by name or answers the fault for a missing one.
func Find(w *model.World, n string) (*model.Definition, error) {
	if d, ok := w.Definitions.Get(n); ok {
		return d, nil
	}
	return nil, object.NotFound(v1.FailNotFoundResourceDefinition, show.DefinitionName(n), "RscDfn", n)
}

func list(w *model.World, r *object.Request) (any, error) {
	filter := object.NameFilter(r, "resource_definitions")
	volumes := r.Bool("with_volume_definitions", false)
	out := []v1.ResourceDefinition{}
	for d := range w.Definitions.All {
		if filter.Has(d.Name) && object.HasProps(r, d.Props) {
			out = append(out, show.Definition(w, d, volumes))
		}
	}
	return object.Page(r, out), nil
}

func get(w *model.World, r *object.Request) (any, error) {
	d, err := Find(w, r.Param("resource"))
	if err != nil {
		return nil, err
	}
	return show.Definition(w, d, false), nil
}

func create(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.ResourceDefinitionCreate)
	if in.ResourceDefinition == nil {
		return nil, fault.New(v1.FailInvalidRequest, "The resource definition is missing.").
			Because("field 'resource_definition' is required").Fix(`Send {"resource_definition":{"name":"…"}}.`)
	}
	rd := in.ResourceDefinition
	nd := define.New{Name: rd.Name, External: rd.ExternalName, Group: rd.ResourceGroupName, Props: rd.Props,
		Secret: in.DRBDSecret, Transport: in.DRBDTransportType}
	for _, l := range rd.LayerData {
		nd.Stack = append(nd.Stack, l.Type)
	}
	if in.DRBDPeerSlots != nil {
		nd.PeerSlots = int(*in.DRBDPeerSlots)
	}
	if in.DRBDPort != nil {
		if f := name.CheckPort(int(*in.DRBDPort)); f != nil {
			return nil, f
		}
		nd.Port = int(*in.DRBDPort)
	}
	d, warnings, err := define.Definition(tx, nd)
	if err != nil {
		return nil, err
	}
	return append([]v1.ApiCallRc{object.Created(show.DefinitionName(d.Name), d.UUID, "RscDfn", d.Name, "RscGrp", d.Group)}, warnings...), nil
}

func modify(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.ResourceDefinitionModify)
	d, err := Find(tx.World, r.Param("resource"))
	if err != nil {
		return nil, err
	}
	next := *d
	props, msgs, err := change.Props(prop.ResourceDefinition, d.Props, in.OverrideProps, in.DeleteProps, in.DeleteNamespaces)
	if err != nil {
		return nil, err
	}
	if err := replication.CheckVerify(tx.World, d, in.OverrideProps); err != nil {
		return nil, err
	}
	next.Props = props
	if err := modifyGroup(tx, &next, in.ResourceGroup); err != nil {
		return nil, err
	}
	if err := modifyLayers(tx, &next, in); err != nil {
		return nil, err
	}
	tx.PutDefinition(&next)
	if err := mixing.CheckExact(tx.Base(), tx.World, &next); err != nil {
		return nil, err
	}
	// Clients read the second entry as the modification itself.
	return append(msgs, object.Modified(show.DefinitionName(d.Name), d.UUID, "RscDfn", d.Name)), nil
}

func modifyGroup(tx *model.Tx, d *model.Definition, group string) error {
	if group == "" {
		return nil
	}
	g, ok := tx.Groups.Get(group)
	if !ok {
		return object.NotFound(v1.FailNotFoundResourceGroup, show.GroupName(group), "RscGrp", group)
	}
	d.Group = g.Name
	return nil
}

func modifyLayers(tx *model.Tx, d *model.Definition, in *v1.ResourceDefinitionModify) error {
	if in.DRBDPeerSlots != nil {
		if f := name.CheckPeerSlots(int(*in.DRBDPeerSlots)); f != nil {
			return f
		}
		d.DRBD.PeerSlots = int(*in.DRBDPeerSlots)
	}
	if in.DRBDPort != nil {
		if err := drbdalloc.SetPort(tx, d, int(*in.DRBDPort)); err != nil {
			return err
		}
		d.DRBD.Port = int(*in.DRBDPort)
	}
	if in.LayerStack == nil {
		return nil
	}
	for range tx.Resources.Under(d.Name) {
		return fault.New(v1.FailInvalidLayerStack, "The layer stack of '%s' cannot be changed.", d.Name).
			Because("it has resources already").Fix("Change it before the first resource is placed, or delete the resources.")
	}
	stack, _, err := define.Stack(in.LayerStack)
	if err != nil {
		return err
	}
	d.Stack = stack
	return nil
}

// remove marks a definition and its replicas for deletion; each satellite's report
// takes one of them away, and the definition goes with the last.
func remove(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	n := r.Param("resource")
	d, ok := tx.Definitions.Get(n)
	if !ok {
		return []v1.ApiCallRc{object.Missing(show.DefinitionName(n), "RscDfn", n)}, nil
	}
	for s := range tx.Snapshots.Under(d.Name) {
		f := fault.New(v1.FailExistsSnapshotDefinition, "Resource definition '%s' has snapshots.", d.Name).Ref("RscDfn", d.Name).Ref("Snapshot", s.Name)
		if s.Deleting != nil {
			return nil, f.Because("snapshot '%s' is being deleted and not gone yet", s.Name).Fix("See 'holdfast explain resource %s' for what it waits for.", d.Name)
		}
		return nil, f.Because("snapshot '%s' exists", s.Name).Fix("Delete its snapshots first.")
	}
	now := tx.Now
	for _, res := range slices.Collect(tx.Resources.Under(d.Name)) {
		if st, ok := tx.ResourceStatus.Get(d.Name, res.Node); ok && st.InUse != nil && *st.InUse && show.Online(tx.World, res.Node) {
			return nil, fault.New(v1.FailInUse, "Resource '%s' on node '%s' is in use.", d.Name, res.Node).
				Because("its device is open").Fix("Unmount it or stop what uses it.").Ref("RscDfn", d.Name).Ref("Node", res.Node)
		}
		if res.Deleting == nil {
			next := *res
			next.Deleting = &now
			tx.PutResource(&next)
		}
	}
	next := *d
	if next.Deleting == nil {
		next.Deleting = &now
	}
	tx.PutDefinition(&next)
	return []v1.ApiCallRc{object.Deleted(show.DefinitionName(d.Name), d.UUID, "RscDfn", d.Name)}, nil
}

func syncStatus(w *model.World, r *object.Request) (any, error) {
	d, err := Find(w, r.Param("resource"))
	if err != nil {
		return nil, err
	}
	synced := true
	for res := range w.Resources.Under(d.Name) {
		if st, ok := w.ResourceStatus.Get(d.Name, res.Node); !ok || st.Progress != model.ProgressReady {
			synced = false
		}
	}
	return v1.ResourceDefinitionSyncStatus{SyncedOnAll: synced}, nil
}
