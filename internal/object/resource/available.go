package resource

import (
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/define"
	"github.com/holdfast-storage/holdfast/internal/object/drbdalloc"
	"github.com/holdfast-storage/holdfast/internal/object/node"
	"github.com/holdfast-storage/holdfast/internal/object/placing"
	"github.com/holdfast-storage/holdfast/internal/object/replica"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/object/resourcedefinition"
	"github.com/holdfast-storage/holdfast/internal/object/show"
	"github.com/holdfast-storage/holdfast/internal/place"
)

// makeAvailable sees to it that a resource can be used on a node, in the cheapest
// way; repeating it changes nothing.
func makeAvailable(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in, _ := r.Body.(*v1.ResourceMakeAvailable)
	if in == nil {
		in = &v1.ResourceMakeAvailable{}
	}
	d, err := resourcedefinition.Find(tx.World, r.Param("resource"))
	if err != nil {
		return nil, err
	}
	if d.Deleting != nil {
		// A replica that is taken back would keep the definition from going.
		return nil, fault.New(v1.FailInUse, "Resource definition '%s' is being deleted.", d.Name).
			Because("its deletion has begun and is not taken back").Fix("Use another one.").Ref("RscDfn", d.Name)
	}
	n, err := node.Find(tx.World, r.Param("node"))
	if err != nil {
		return nil, err
	}
	requested, _, err := define.Stack(in.LayerList)
	if err != nil {
		return nil, err
	}
	stack := replica.Stack(tx.World, d, requested)
	if res, ok := tx.Resources.Get(d.Name, r.Param("node")); ok {
		if rcs, mine, err := availableDiskless(tx, r, d, res, in); mine {
			return rcs, err
		}
		return alreadyThere(tx, d, res, requested)
	}
	if model.HasLayer(stack, v1.LayerTypeDrbd) && !in.Diskful && hasDiskful(tx, d.Name) {
		return replica.Add(tx, replica.New{Definition: d.Name, Node: r.Param("node"), Stack: stack, Diskless: model.DRBDDiskless,
			DRBD: drbdalloc.Request{Ports: intPorts(in.DRBDTCPPorts)}})
	}
	out, err := placing.Onto(tx, r, d.Name, r.Param("node"), stack)
	if f, ok := fault.As(err); ok && f.Code == v1.FailNotEnoughNodes {
		// OpenNebula's driver looks for these words and then takes a diskless replica.
		f.Message = "Autoplacer could not find diskful storage pool on node '" + n.Name + "' for resource '" + d.Name + "'."
		f.Code = v1.FailNotFoundStoragePool
		f.Because("%s", whyNot(r, n.Name)).
			Fix("Mend that, create a storage pool on the node, or make the resource available on another node.")
		return nil, f.WithStatus(500)
	}
	if err != nil {
		return nil, err
	}
	return out, drbdalloc.SetPorts(tx, d.Name, r.Param("node"), intPorts(in.DRBDTCPPorts))
}

// whyNot says what is wrong with each storage pool of a node, out of the verdicts.
func whyNot(r *object.Request, n string) string {
	var why []string
	for _, v := range r.Verdicts() {
		if v.NodeName == n && v.ProviderKind != v1.ProviderKindDiskless && v.Verdict == place.Rejected {
			why = append(why, "pool '"+v.StoragePool+"': "+v.Reason)
		}
	}
	if len(why) == 0 {
		return "the node has no storage pool for diskful resources"
	}
	return strings.Join(why, "; ")
}

func hasDiskful(tx *model.Tx, definition string) bool {
	for res := range tx.Resources.Under(definition) {
		if res.Diskless == model.Diskful && res.Deleting == nil {
			return true
		}
	}
	return false
}

func alreadyThere(tx *model.Tx, d *model.Definition, res *model.Resource, requested []v1.LayerType) ([]v1.ApiCallRc, error) {
	if len(requested) > 0 && !slices.Equal(requested, res.Stack) {
		return nil, fault.New(v1.FailInvalidLayerStack, "Resource '%s' is on node '%s' with another layer stack.", d.Name, res.Node).
			Because("it has %v, wanted is %v", res.Stack, requested).Fix("Leave out the layer list.")
	}
	if res.Deleting != nil {
		back, err := replica.TakeBack(tx, d, res)
		if err != nil {
			return nil, err
		}
		back.Inactive = false
		tx.PutResource(back)
	} else if res.Inactive {
		next := *res
		next.Inactive = false
		tx.PutResource(&next)
	}
	return []v1.ApiCallRc{{RetCode: v1.MaskSuccess, Message: "Resource already deployed as requested",
		ObjRefs: map[string]string{"RscDfn": d.Name, "Node": res.Node}}}, nil
}

func activate(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	return setInactive(tx, r, false)
}

func deactivate(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	return setInactive(tx, r, true)
}

func setInactive(tx *model.Tx, r *object.Request, inactive bool) ([]v1.ApiCallRc, error) {
	d, res, err := find(tx.World, r)
	if err != nil {
		return nil, err
	}
	if st, ok := tx.ResourceStatus.Get(d.Name, res.Node); ok && inactive && st.InUse != nil && *st.InUse {
		return nil, fault.New(v1.FailInUse, "Resource '%s' on node '%s' is in use.", d.Name, res.Node).
			Because("its device is open").Fix("Unmount it or stop what uses it.").Ref("RscDfn", d.Name).Ref("Node", res.Node)
	}
	if res.Inactive == inactive {
		return []v1.ApiCallRc{object.Info(v1.InfoNoop, "The "+show.ResourceName(d.Name, res.Node)+" is already as wanted.")}, nil
	}
	if inactive && replication.PutOff(tx.World, res) {
		return nil, fault.New(v1.FailInUse, "Resource '%s' on node '%s' is not deactivated.", d.Name, res.Node).
			Because("its deletion waits until another replica has its data, and one that is inactive gives none").
			Fix("Bring its node and those of the other replicas together; the deletion then goes on by itself. 'explain resource %s' says what it waits for.", d.Name).Ref("RscDfn", d.Name).Ref("Node", res.Node)
	}
	if inactive && res.DRBD != nil {
		warnOnlyGood(tx, d, res)
	}
	next := *res
	next.Inactive = inactive
	tx.PutResource(&next)
	return []v1.ApiCallRc{object.Modified(show.ResourceName(d.Name, res.Node), res.UUID, "RscDfn", d.Name, "Node", res.Node)}, nil
}

// availableDiskless makes a replica without a disk usable as asked for: with a disk,
// or at least as more than a tiebreaker. It tells whether it was its matter.
func availableDiskless(tx *model.Tx, r *object.Request, d *model.Definition, res *model.Resource, in *v1.ResourceMakeAvailable) ([]v1.ApiCallRc, bool, error) {
	if res.Deleting != nil || res.Inactive || res.Diskless == model.Diskful || !model.HasLayer(res.Stack, v1.LayerTypeDrbd) || len(in.LayerList) > 0 {
		return nil, false, nil
	}
	switch {
	case in.Diskful && replication.Adding(res):
		return []v1.ApiCallRc{noop(res, "The "+show.ResourceName(d.Name, res.Node)+" is getting its disk.")}, true, nil
	case in.Diskful:
		out, err := placing.Onto(tx, r, d.Name, res.Node, nil)
		if f, ok := fault.As(err); ok && f.Code == v1.FailNotEnoughNodes {
			f.Code = v1.FailNotFoundStoragePool
			f.Because("%s", whyNot(r, res.Node)).Fix("Mend that, or use the resource without a disk.")
			return nil, true, f.WithStatus(500)
		}
		if now, ok := tx.Resources.Get(d.Name, res.Node); ok && err == nil && replication.Adding(now) {
			replication.SetProp(tx, now, replication.KeyDiskfulBy, replication.ByMakeAvailable)
		}
		return out, true, err
	case res.Diskless == model.Tiebreaker:
		rcs, mine, err := onDiskless(tx, d, replica.New{Node: res.Node, Diskless: model.DRBDDiskless})
		return rcs, mine, err
	}
	return nil, false, nil
}
