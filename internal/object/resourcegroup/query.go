package resourcegroup

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/mixing"
	"github.com/holdfast-storage/holdfast/internal/object/placing"
	"github.com/holdfast-storage/holdfast/internal/place"
)

func queryRoutes() []object.Route {
	return []object.Route{
		{Method: "GET", Path: path + "/{resource_group}/query-max-volume-size", Read: maxSizesOfGroup},
		{Method: "OPTIONS", Path: "/query-max-volume-size", Body: object.New[v1.AutoSelectFilter], Optional: true, Read: maxSizes},
		{Method: "POST", Path: path + "/{resource_group}/query-size-info", Body: object.New[v1.QuerySizeInfoRequest], Optional: true, Read: sizeInfo},
		{Method: "POST", Path: "/queries/resource-groups/query-all-size-info", Body: object.New[v1.QueryAllSizeInfoRequest], Optional: true, Read: allSizeInfo},
	}
}

// question makes the placer's question for a volume of a filter's kind, in a definition
// that is still to be made.
func question(w *model.World, f *v1.AutoSelectFilter, d *model.Definition) (place.Query, error) {
	if err := placing.CheckFilter(f); err != nil {
		return place.Query{}, err
	}
	var stack []v1.LayerType
	for _, l := range f.LayerStack {
		stack = append(stack, v1.LayerType(strings.ToUpper(l)))
	}
	if len(stack) == 0 {
		stack = []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage}
	}
	q, err := placing.Query(w, f, stack)
	q.AllowMixing = mixing.Allowed(w, d)
	return q, err
}

func maxSizesOfGroup(w *model.World, r *object.Request) (any, error) {
	g, err := Find(w, r.Param("resource_group"))
	if err != nil {
		return nil, err
	}
	return candidates(w, &g.Filter, &model.Definition{Group: g.Name})
}

func maxSizes(w *model.World, r *object.Request) (any, error) {
	return candidates(w, r.Body.(*v1.AutoSelectFilter), &model.Definition{})
}

// candidates answers for a definition that is still to be made, d.
func candidates(w *model.World, f *v1.AutoSelectFilter, d *model.Definition) (any, error) {
	filter, err := placing.Overlay(v1.AutoSelectFilter{}, f)
	if err != nil {
		return nil, err
	}
	if filter.PlaceCount == nil || *filter.PlaceCount < 1 {
		return nil, fault.New(v1.FailInvalidPlaceCount, "The number of replicas is missing.").
			Because("field 'place_count' must be at least 1").Fix("Give the place count.")
	}
	q, err := question(w, &filter, d)
	if err != nil {
		return nil, err
	}
	sizes, err := place.MaxVolumeSizes(placing.Nodes(w), placing.Pools(w), nil, q)
	if err != nil {
		return nil, err
	}
	out := v1.MaxVolumeSizes{DefaultMaxOversubscriptionRatio: place.DefaultRatio}
	for _, s := range sizes {
		c := v1.Candidate{StoragePool: s.Pool, MaxVolumeSizeKiB: placing.UsableKiB(w, d, s.MaxVolumeSizeKiB, q.LayerStack), AllThin: s.AllThin}
		for _, v := range s.Next {
			c.NodeNames = append(c.NodeNames, v.Node)
		}
		out.Candidates = append(out.Candidates, c)
	}
	return out, nil
}

func sizeInfo(w *model.World, r *object.Request) (any, error) {
	g, err := Find(w, r.Param("resource_group"))
	if err != nil {
		return nil, err
	}
	in := r.Body.(*v1.QuerySizeInfoRequest)
	return sizeInfoOf(w, g, in.SelectFilter)
}

func allSizeInfo(w *model.World, r *object.Request) (any, error) {
	in := r.Body.(*v1.QueryAllSizeInfoRequest)
	out := v1.QueryAllSizeInfoResponse{Result: map[string]v1.QuerySizeInfoResponse{}}
	for g := range w.Groups.All {
		info, err := sizeInfoOf(w, g, in.SelectFilter)
		if err != nil {
			return nil, err
		}
		out.Result[g.Name] = info
	}
	return out, nil
}

// sizeInfoOf answers how much could be spawned now. That nothing can be is an
// answer, with the reasons among its reports, not an error.
func sizeInfoOf(w *model.World, g *model.Group, over *v1.AutoSelectFilter) (v1.QuerySizeInfoResponse, error) {
	filter, err := placing.Overlay(g.Filter, over)
	if err != nil {
		return v1.QuerySizeInfoResponse{}, err
	}
	if filter.PlaceCount == nil {
		two := v1.FlexInt(2)
		filter.PlaceCount = &two
	}
	q, err := question(w, &filter, &model.Definition{Group: g.Name})
	if err != nil {
		return v1.QuerySizeInfoResponse{}, err
	}
	info := &v1.QuerySizeInfoResponseSpaceInfo{DefaultMaxOversubscriptionRatio: place.DefaultRatio}
	out := v1.QuerySizeInfoResponse{SpaceInfo: info}
	pools := placing.Pools(w)
	sizes, err := place.MaxVolumeSize(placing.Nodes(w), pools, nil, q)
	if f, ok := fault.As(err); ok {
		out.Reports = append(out.Reports, f.RC())
	} else if err != nil {
		return out, err
	}
	replicas := max(1, int64(q.PlaceCount))
	info.MaxVlmSizeInKiB = placing.UsableKiB(w, &model.Definition{Group: g.Name}, sizes.MaxVolumeSizeKiB, q.LayerStack)
	info.AvailableSizeInKiB, info.CapacityInKiB = sizes.AvailableKiB/replicas, sizes.CapacityKiB/replicas
	for _, v := range sizes.Next {
		info.NextSpawnResult = append(info.NextSpawnResult, nextSpawn(pools, v))
	}
	return out, nil
}

func nextSpawn(pools []*place.Pool, v place.Verdict) v1.QuerySizeInfoSpawnResult {
	out := v1.QuerySizeInfoSpawnResult{NodeName: v.Node, StorPoolName: v.Name}
	for _, p := range pools {
		if p.Node == v.Node && p.Name == v.Name && p.Thin {
			out.StorPoolFreeCapacityOversubscriptionRatio, out.StorPoolTotalCapacityOversubscriptionRatio = p.RatioFree, p.RatioTotal
			out.StorPoolOversubscriptionRatio = min(p.RatioFree, p.RatioTotal)
		}
	}
	return out
}
