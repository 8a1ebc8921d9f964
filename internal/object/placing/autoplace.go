package placing

import (
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/mixing"
	"github.com/holdfast-storage/holdfast/internal/object/replica"
	"github.com/holdfast-storage/holdfast/internal/object/show"
	"github.com/holdfast-storage/holdfast/internal/place"
)

// Query makes the placer's question out of a filter.
func Query(w *model.World, f *v1.AutoSelectFilter, stack []v1.LayerType) (place.Query, error) {
	q := place.Query{NodeNames: f.NodeNameList, StoragePools: f.StoragePoolList, DisklessPools: f.StoragePoolDisklessList,
		NotWith: f.NotPlaceWithRsc, ReplicasOnSame: f.ReplicasOnSame, ReplicasOnDifferent: f.ReplicasOnDifferent,
		LayerStack: stack, Providers: kinds(f.ProviderList), Weights: weights(w),
		HasResource: func(node, name string) bool { _, ok := w.Resources.Get(name, node); return ok },
		Resources:   func(node string) iter.Seq[string] { return resourcesOn(w, node) }}
	if f.PlaceCount != nil {
		q.PlaceCount = int(*f.PlaceCount)
	}
	if f.AdditionalPlaceCount != nil {
		q.Additional = int(*f.AdditionalPlaceCount)
	}
	if len(f.XReplicasOnDifferentMap) > 0 {
		q.XReplicasOnDifferent = map[string]int{}
		for k, n := range f.XReplicasOnDifferentMap {
			q.XReplicasOnDifferent[k] = int(n)
		}
	}
	if f.NotPlaceWithRscRegex != nil {
		re, err := place.CompileNotWith(*f.NotPlaceWithRscRegex)
		if err != nil {
			return q, err
		}
		q.NotWithRegex = re
	}
	return q, nil
}

// resourcesOn lists the resources on a node.
func resourcesOn(w *model.World, node string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for r := range w.ResourcesOn(node) {
			if !yield(r.Definition) {
				return
			}
		}
	}
}

// Autoplace adds the replicas that a definition lacks. The filter lies over that
// of the definition's group.
func Autoplace(tx *model.Tx, r *object.Request, definition string, over *v1.AutoSelectFilter, requested []v1.LayerType) ([]v1.ApiCallRc, error) {
	return autoplace(tx, r, definition, over, requested, false)
}

// Onto adds a replica with a disk on the node that a user has named; only its storage
// pool is chosen.
func Onto(tx *model.Tx, r *object.Request, definition, node string, requested []v1.LayerType) ([]v1.ApiCallRc, error) {
	one := v1.FlexInt(1)
	over := v1.AutoSelectFilter{AdditionalPlaceCount: &one, NodeNameList: []string{node}}
	return autoplace(tx, r, definition, &over, requested, true)
}

func autoplace(tx *model.Tx, r *object.Request, definition string, over *v1.AutoSelectFilter, requested []v1.LayerType, byHand bool) ([]v1.ApiCallRc, error) {
	d, ok := tx.Definitions.Get(definition)
	if !ok {
		return nil, object.NotFound(v1.FailNotFoundResourceDefinition, show.DefinitionName(definition), "RscDfn", definition)
	}
	base := v1.AutoSelectFilter{}
	if g, ok := tx.Groups.Get(d.Group); ok {
		base = g.Filter
	}
	filter, err := Overlay(base, over)
	if err != nil {
		return nil, err
	}
	if err := CheckFilter(&filter); err != nil {
		return nil, err
	}
	if len(requested) == 0 && over != nil && len(d.Stack) == 0 {
		requested = layers(filter.LayerStack)
	}
	stack := replica.Stack(tx.World, d, requested)
	q, err := Query(tx.World, &filter, stack)
	if err != nil {
		return nil, err
	}
	q.ByHand = byHand
	q.Resource, q.AllowMixing, q.MinIOSizeBytes = d.Name, mixing.Allowed(tx.World, d), mixing.KeptBlock(tx.World, d)
	if q.VolumeSizesKiB, err = volumeSizes(tx.World, d, stack); err != nil {
		return nil, err
	}
	return placeAndAdd(tx, r, d, q, stack)
}

func placeAndAdd(tx *model.Tx, r *object.Request, d *model.Definition, q place.Query, stack []v1.LayerType) ([]v1.ApiCallRc, error) {
	nodes, pools, deployed := Nodes(tx.World), Pools(tx.World), Replicas(tx.World, d.Name)
	res, err := placeOrAll(nodes, pools, deployed, q)
	r.Placements = append(r.Placements, res)
	if err != nil {
		if f, ok := fault.As(err); ok {
			if f.Cause == "" {
				f.Because("every other storage pool is in use for it already, or there is none")
			}
			f.Ref("RscDfn", d.Name)
		}
		return nil, err
	}
	if rc, done := res.AlreadyDeployed(); done {
		return []v1.ApiCallRc{rc}, nil
	}
	var out []v1.ApiCallRc
	done := v1.ApiCallRc{RetCode: v1.Created, ObjRefs: map[string]string{"RscDfn": d.Name}}
	var where, with []string
	for _, c := range res.Chosen {
		with = append(with, c.Node)
	}
	for i, c := range res.Chosen {
		rcs, err := addDiskful(tx, d, c, stack, "", with...)
		if err != nil {
			// Adjusting a group goes on with its other definitions.
			takeOut(tx, d.Name, res.Chosen[:i])
			return nil, err
		}
		out = append(out, rcs...)
		n := strconv.Itoa(i)
		done.ObjRefs["Node/"+n] = c.Node
		done.ObjRefs["StoragePool/"+n+"/0"] = c.Name + "," + string(c.Kind)
		where = append(where, "'"+c.Node+"'")
	}
	done.Message = fmt.Sprintf("Resource '%s' was placed on %s: %s.", d.Name, nodeCount(len(res.Chosen)), strings.Join(where, ", "))
	return append([]v1.ApiCallRc{done}, out...), nil
}

// placeOrAll places the wanted number, or with a negative place count as many
// replicas as can be placed.
func placeOrAll(nodes []*place.Node, pools []*place.Pool, deployed []place.Replica, q place.Query) (place.Result, error) {
	if q.PlaceCount >= 0 || q.Additional > 0 {
		return place.Place(nodes, pools, deployed, q)
	}
	var res place.Result
	var err error
	for n := len(nodes); n > 0; n-- {
		q.PlaceCount = n
		if res, err = place.Place(nodes, pools, deployed, q); err == nil {
			return res, nil
		}
	}
	return res, err
}

// weights are those of the controller's properties. A stored value that no longer
// parses counts as absent: placing goes on with the default.
func weights(w *model.World) *place.Weights {
	props := w.Props()
	out, err := place.WeightsFrom(func(key string) (string, bool) { v, ok := props[key]; return v, ok })
	if err != nil {
		out = place.DefaultWeights()
	}
	return &out
}

func nodeCount(n int) string {
	if n == 1 {
		return "1 node"
	}
	return fmt.Sprintf("%d nodes", n)
}
