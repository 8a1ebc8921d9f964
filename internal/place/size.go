package place

import (
	"cmp"
	"slices"
	"sort"
)

// Sizes answers how large a volume can be.
type Sizes struct {
	// MaxVolumeSizeKiB is the size of the largest backing volume that Place would
	// find room for; 0 if it would not place any.
	MaxVolumeSizeKiB int64 `json:"max_volume_size_kib"`
	// AvailableKiB and CapacityKiB add up the usable and the total space of the pools
	// that the query admits, shared space once.
	AvailableKiB int64 `json:"available_kib"`
	CapacityKiB  int64 `json:"capacity_kib"`
	// Next is where a volume of that size would go.
	Next []Verdict `json:"-"`
	// AllThin tells whether all of Next are thin pools.
	AllThin bool `json:"all_thin"`
}

// MaxVolumeSize finds the largest volume for a query, whose own sizes do not matter.
// The error is that of Place for a volume of 1 KiB if not even that has room.
func MaxVolumeSize(nodes []*Node, pools []*Pool, deployed []Replica, q Query) (Sizes, error) {
	q.VolumeSizesKiB = []int64{1}
	first, err := Place(nodes, pools, deployed, q)
	out := Sizes{}
	var steps []int64
	shared := map[string]bool{}
	for i := range first.Verdicts {
		v := &first.Verdicts[i]
		if v.State == Rejected {
			continue
		}
		usable := v.UsableKiB()
		steps = append(steps, usable)
		if v.Diskless || v.SharedSpace != "" && shared[v.SharedSpace] {
			continue
		}
		shared[v.SharedSpace] = v.SharedSpace != ""
		out.AvailableKiB = addSat(out.AvailableKiB, usable)
		out.CapacityKiB = addSat(out.CapacityKiB, max(v.TotalKiB, 0))
	}
	if err != nil || first.Needed <= 0 {
		return out, err
	}
	// Larger volumes have fewer candidates, so what has room is decided by the usable
	// sizes of the pools: bisect them.
	slices.Sort(steps)
	steps = slices.Compact(steps)
	best := first
	i := sort.Search(len(steps), func(i int) bool {
		q.VolumeSizesKiB[0] = steps[i]
		a, _ := try(nodes, pools, deployed, &q) // the rules were fine before
		if a.found {
			best = a.Result
		}
		return !a.found
	})
	if i > 0 {
		out.MaxVolumeSizeKiB = steps[i-1]
	}
	out.Next, out.AllThin = best.Chosen, true
	for j := range out.Next {
		out.AllThin = out.AllThin && out.Next[j].Thin
	}
	return out, nil
}

// NamedSizes is what pools of one name offer.
type NamedSizes struct {
	Pool string `json:"storage_pool"`
	Sizes
}

// MaxVolumeSizes answers for each pool name alone, largest size first. Names that have
// no room for the wanted replicas are left out.
func MaxVolumeSizes(nodes []*Node, pools []*Pool, deployed []Replica, q Query) ([]NamedSizes, error) {
	var names []string
	byName := map[string][]*Pool{}
	for _, p := range pools {
		if p.Diskless != q.Diskless {
			continue
		}
		key := fold(p.Name)
		if byName[key] == nil {
			names = append(names, key)
		}
		byName[key] = append(byName[key], p)
	}
	sortNames(names)
	var out []NamedSizes
	for _, name := range names {
		s, err := MaxVolumeSize(nodes, byName[name], deployed, q)
		if err != nil && notPlaceable(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(s.Next) > 0 {
			out = append(out, NamedSizes{Pool: s.Next[0].Name, Sizes: s})
		}
	}
	slices.SortStableFunc(out, func(a, b NamedSizes) int {
		return cmp.Compare(b.MaxVolumeSizeKiB, a.MaxVolumeSizeKiB)
	})
	return out, nil
}
