// Package resource is the API of resources and their volumes: replicas on nodes.
package resource

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/model/prop"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/change"
	"github.com/holdfast-storage/holdfast/internal/object/define"
	"github.com/holdfast-storage/holdfast/internal/object/placing"
	"github.com/holdfast-storage/holdfast/internal/object/replica"
	"github.com/holdfast-storage/holdfast/internal/object/resourcedefinition"
	"github.com/holdfast-storage/holdfast/internal/object/show"
	"github.com/holdfast-storage/holdfast/internal/object/snapshotting"
)

const path = "/resource-definitions/{resource}"

// Routes lists the calls of the objects.
func Routes() []object.Route {
	const mask, rsc = v1.MaskResource, path + "/resources"
	return append([]object.Route{
		{Method: "GET", Path: rsc, Read: list},
		{Method: "GET", Path: rsc + "/{node}", Read: get},
		{Method: "POST", Path: rsc, Success: 201, Mask: mask | v1.MaskCreate, Body: object.New[[]v1.ResourceCreate], Write: createMany},
		{Method: "POST", Path: rsc + "/{node}", Success: 201, Mask: mask | v1.MaskCreate, Body: object.New[v1.ResourceCreate], Optional: true, Write: createOne},
		{Method: "PUT", Path: rsc + "/{node}", Mask: mask | v1.MaskModify, Body: object.New[v1.ResourceModify], Write: modify},
		{Method: "DELETE", Path: rsc + "/{node}", Mask: mask | v1.MaskDelete, Write: remove},
		{Method: "POST", Path: rsc + "/{node}/make-available", Mask: mask | v1.MaskModify, Body: object.New[v1.ResourceMakeAvailable], Optional: true, Write: makeAvailable},
		{Method: "POST", Path: rsc + "/{node}/activate", Mask: mask | v1.MaskModify, Write: activate},
		{Method: "POST", Path: rsc + "/{node}/deactivate", Mask: mask | v1.MaskModify, Write: deactivate},
		{Method: "POST", Path: path + "/autoplace", Success: 201, Mask: mask | v1.MaskCreate, Body: object.New[v1.AutoPlaceRequest], Optional: true, Write: autoplace},
		{Method: "GET", Path: rsc + "/properties/info", Read: object.Infos(prop.Resource)},
	}, append(volumeRoutes(), toggleRoutes()...)...)
}

func list(w *model.World, r *object.Request) (any, error) {
	d, err := resourcedefinition.Find(w, r.Param("resource"))
	if err != nil {
		return nil, err
	}
	out := []v1.Resource{}
	for res := range w.Resources.Under(d.Name) {
		out = append(out, show.Resource(w, res))
	}
	return object.Page(r, out), nil
}

func find(w *model.World, r *object.Request) (*model.Definition, *model.Resource, error) {
	d, err := resourcedefinition.Find(w, r.Param("resource"))
	if err != nil {
		return nil, nil, err
	}
	n := r.Param("node")
	if res, ok := w.Resources.Get(d.Name, n); ok {
		return d, res, nil
	}
	return nil, nil, object.NotFound(v1.FailNotFoundResource, show.ResourceName(d.Name, n), "RscDfn", d.Name, "Node", n)
}

func get(w *model.World, r *object.Request) (any, error) {
	_, res, err := find(w, r)
	if err != nil {
		return nil, err
	}
	return show.Resource(w, res), nil
}

func createMany(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := *r.Body.(*[]v1.ResourceCreate)
	if len(in) == 0 {
		return nil, fault.New(v1.FailInvalidRequest, "The request names no resource.").
			Because("the body is an empty list").Fix(`Send [{"resource":{"node_name":"…"}}].`)
	}
	var out []v1.ApiCallRc
	for _, c := range in {
		node := ""
		if c.Resource != nil {
			node = c.Resource.NodeName
		}
		rcs, err := create(tx, r, node, c)
		if err != nil {
			return nil, err
		}
		out = append(out, rcs...)
	}
	return out, nil
}

func createOne(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in, ok := r.Body.(*v1.ResourceCreate)
	if !ok || in == nil {
		in = &v1.ResourceCreate{}
	}
	return create(tx, r, r.Param("node"), *in)
}

func create(tx *model.Tx, r *object.Request, node string, in v1.ResourceCreate) ([]v1.ApiCallRc, error) {
	d, err := resourcedefinition.Find(tx.World, r.Param("resource"))
	if err != nil {
		return nil, err
	}
	if node == "" {
		return nil, fault.New(v1.FailInvalidNodeName, "The request names no node.").
			Because("field 'resource.node_name' is missing").Fix("Name the node that the resource shall be on.")
	}
	requested, warnings, err := define.Stack(in.LayerList)
	if err != nil {
		return nil, err
	}
	nr := replica.New{Definition: d.Name, Node: node, Stack: replica.Stack(tx.World, d, requested)}
	nr.Inactive = in.Active != nil && !*in.Active
	if nr.DRBD, err = drbdRequest(&in, nr.Stack); err != nil {
		return nil, err
	}
	if in.Resource != nil {
		nr.Inactive = nr.Inactive || define.HasFlag(in.Resource.Flags, "INACTIVE")
		if nr.Diskless, err = disklessness(in.Resource.Flags, nr.Stack); err != nil {
			return nil, err
		}
		if nr.Props, _, err = change.Props(prop.Resource, nil, in.Resource.Props, nil, nil); err != nil {
			return nil, err
		}
	}
	if in.DRBDClient && nr.Diskless == model.Diskful {
		nr.Diskless = model.DRBDDiskless
	}
	if rcs, mine, err := onDiskless(tx, d, nr); mine {
		return append(rcs, warnings...), err
	}
	if err := placing.CheckSpace(tx.World, d, nr); err != nil {
		return nil, err
	}
	rcs, err := replica.Add(tx, nr)
	return append(rcs, warnings...), err
}

// disklessness translates the flags that clients send, old and new ones.
func disklessness(flags []string, stack []v1.LayerType) (model.Disklessness, error) {
	out := model.Diskful
	for _, f := range flags {
		switch strings.ToUpper(f) {
		case "DISKLESS":
			if out == model.Diskful && model.HasLayer(stack, v1.LayerTypeDrbd) {
				out = model.DRBDDiskless
			} else if out == model.Diskful && model.HasLayer(stack, v1.LayerTypeNvme) {
				out = model.NVMeInitiator
			} else if out == model.Diskful {
				return out, noDiskless()
			}
		case "DRBD_DISKLESS":
			if !model.HasLayer(stack, v1.LayerTypeDrbd) {
				return out, noDiskless()
			}
			out = model.DRBDDiskless
		case "TIE_BREAKER":
			out = model.Tiebreaker
		case "NVME_INITIATOR":
			out = model.NVMeInitiator
		case "INACTIVE":
		default:
			return out, fault.New(v1.FailInvalidRequest, "'%s' is no flag for a new resource.", f).
				Because("field 'resource.flags' has an unknown value").Fix("Use DISKLESS, DRBD_DISKLESS or NVME_INITIATOR, or leave it out.")
		}
	}
	return out, nil
}

func noDiskless() *fault.Fault {
	return fault.New(v1.FailInvalidLayerStack, "A diskless resource is not possible here.").
		Because("its layer stack has no layer that reaches the data over the network").
		Fix("Use a stack with DRBD or NVME, or create a diskful resource.")
}

func modify(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.ResourceModify)
	d, res, err := find(tx.World, r)
	if err != nil {
		return nil, err
	}
	props, msgs, err := change.Props(prop.Resource, res.Props, in.OverrideProps, in.DeleteProps, in.DeleteNamespaces)
	if err != nil {
		return nil, err
	}
	next := *res
	next.Props = props
	tx.PutResource(&next)
	return append(msgs, object.Modified(show.ResourceName(d.Name, res.Node), res.UUID, "RscDfn", d.Name, "Node", res.Node)), nil
}

// remove marks a replica for deletion; its satellite's report takes it away.
func remove(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	d, err := resourcedefinition.Find(tx.World, r.Param("resource"))
	if err != nil {
		if f, ok := fault.As(err); ok && f.Code == v1.FailNotFoundResourceDefinition {
			return []v1.ApiCallRc{object.Missing(show.ResourceName(r.Param("resource"), r.Param("node")), "RscDfn", r.Param("resource"))}, nil
		}
		return nil, err
	}
	res, ok := tx.Resources.Get(d.Name, r.Param("node"))
	if !ok {
		return []v1.ApiCallRc{object.Missing(show.ResourceName(d.Name, r.Param("node")), "RscDfn", d.Name, "Node", r.Param("node"))}, nil
	}
	if st, ok := tx.ResourceStatus.Get(d.Name, res.Node); ok && st.InUse != nil && *st.InUse && show.Online(tx.World, res.Node) {
		return nil, fault.New(v1.FailInUse, "Resource '%s' on node '%s' is in use.", d.Name, res.Node).
			Because("its device is open").Fix("Unmount it or stop what uses it.").Ref("RscDfn", d.Name).Ref("Node", res.Node)
	}
	if err := checkLast(tx, d, res); err != nil {
		return nil, err
	}
	if s := snapshotting.Holding(tx.World, res); s != nil {
		return nil, fault.New(v1.FailExistsSnapshot, "Resource '%s' on node '%s' has snapshots and is not deleted.", d.Name, res.Node).
			Because("snapshot '%s' is in a ZFS pool, where it depends on the volume, and property %s is Delete", s.Name, snapshotting.KeyDeleteStrategy).
			Fix("Delete it first: 'snapshot delete -n %s %s %s'. Or set %s of the resource definition to Dynamic: the volume is then put aside until the snapshot is deleted.",
				res.Node, d.Name, s.Name, snapshotting.KeyDeleteStrategy).Ref("RscDfn", d.Name).Ref("Node", res.Node).Ref("Snapshot", s.Name)
	}
	if err := checkTarget(tx.World, res); err != nil {
		return nil, err
	}
	out, kept := dropTiebreaker(tx, d, res, r.Bool("keep_tiebreaker", false))
	if kept {
		return out, nil
	}
	if res.Deleting == nil {
		now := tx.Now
		next := *res
		next.Deleting = &now
		tx.PutResource(&next)
	}
	return append([]v1.ApiCallRc{object.Deleted(show.ResourceName(d.Name, res.Node), res.UUID, "RscDfn", d.Name, "Node", res.Node)}, out...), nil
}

func autoplace(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in, _ := r.Body.(*v1.AutoPlaceRequest)
	if in == nil {
		in = &v1.AutoPlaceRequest{}
	}
	d, err := resourcedefinition.Find(tx.World, r.Param("resource"))
	if err != nil {
		return nil, err
	}
	stack, warnings, err := define.Stack(in.LayerList)
	if err != nil {
		return nil, err
	}
	filter := v1.AutoSelectFilter{}
	if in.SelectFilter != nil {
		filter = *in.SelectFilter
	}
	if in.DisklessOnRemaining {
		yes := true
		filter.DisklessOnRemaining = &yes
	}
	rcs, err := placing.Autoplace(tx, r, d.Name, &filter, stack)
	return append(rcs, warnings...), err
}
