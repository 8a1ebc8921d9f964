// Package placing joins the state with the pure placer: it describes nodes, pools
// and replicas to it and turns its choice into replicas.
package placing

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/object/define"
	"github.com/holdfast-storage/holdfast/internal/place"
)

// Overlay lays a request's filter over a group's: what is given wins, an empty
// list clears, what is absent stays.
func Overlay(base v1.AutoSelectFilter, over *v1.AutoSelectFilter) (v1.AutoSelectFilter, error) {
	if over == nil {
		return base, nil
	}
	out := base
	if over.PlaceCount != nil {
		out.PlaceCount = over.PlaceCount
		if *over.PlaceCount == 0 {
			out.PlaceCount = nil
		}
	}
	if over.AdditionalPlaceCount != nil {
		out.AdditionalPlaceCount = over.AdditionalPlaceCount
	}
	lists := []struct{ to, from *[]string }{
		{&out.NodeNameList, &over.NodeNameList}, {&out.StoragePoolList, &over.StoragePoolList},
		{&out.StoragePoolDisklessList, &over.StoragePoolDisklessList}, {&out.NotPlaceWithRsc, &over.NotPlaceWithRsc},
		{&out.ReplicasOnSame, &over.ReplicasOnSame}, {&out.ReplicasOnDifferent, &over.ReplicasOnDifferent},
		{&out.LayerStack, &over.LayerStack}, {&out.ProviderList, &over.ProviderList},
	}
	for _, l := range lists {
		if *l.from != nil {
			*l.to = *l.from
		}
		if len(*l.to) == 0 {
			*l.to = nil
		}
	}
	out.LayerStack, out.ProviderList = upper(out.LayerStack), upper(out.ProviderList)
	if over.StoragePool != "" && over.StoragePoolList == nil {
		out.StoragePoolList = []string{over.StoragePool}
	}
	if over.XReplicasOnDifferentMap != nil {
		out.XReplicasOnDifferentMap = over.XReplicasOnDifferentMap
	}
	if len(out.XReplicasOnDifferentMap) == 0 {
		out.XReplicasOnDifferentMap = nil
	}
	if over.NotPlaceWithRscRegex != nil {
		out.NotPlaceWithRscRegex = over.NotPlaceWithRscRegex
	}
	if out.NotPlaceWithRscRegex != nil && *out.NotPlaceWithRscRegex == "" {
		out.NotPlaceWithRscRegex = nil
	}
	if over.DisklessOnRemaining != nil {
		out.DisklessOnRemaining = over.DisklessOnRemaining
	}
	if over.DisklessType != "" {
		out.DisklessType = over.DisklessType
	}
	return out, nil
}

// upper spells the names of kinds as the API answers them, however they were sent.
func upper(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, strings.ToUpper(s))
	}
	return out
}

// CheckFilter checks what a filter says on its own.
func CheckFilter(f *v1.AutoSelectFilter) error {
	if f.PlaceCount != nil && *f.PlaceCount < -1 {
		return fault.New(v1.FailInvalidPlaceCount, "%d is no place count.", *f.PlaceCount).
			Because("field 'place_count' must be at least 1, 0 to clear it, or −1 for all nodes").
			Fix("Give the number of diskful replicas.")
	}
	if _, _, err := define.Stack(layers(f.LayerStack)); err != nil {
		return err
	}
	for _, p := range f.ProviderList {
		if !knownKind(p) {
			return fault.New(v1.FailInvalidProvider, "'%s' is no storage provider.", p).
				Because("field 'provider_list' has an unknown value").Fix("Use LVM, LVM_THIN, ZFS, ZFS_THIN, FILE, FILE_THIN or DISKLESS.")
		}
	}
	if f.NotPlaceWithRscRegex != nil {
		if _, err := place.CompileNotWith(*f.NotPlaceWithRscRegex); err != nil {
			return err
		}
	}
	for _, l := range []struct {
		name string
		list []string
	}{{"replicas_on_same", f.ReplicasOnSame}, {"replicas_on_different", f.ReplicasOnDifferent}} {
		for _, e := range l.list {
			if _, err := place.ParseRule(l.name, e); err != nil {
				if f, ok := fault.As(err); ok && f.Cause == "" {
					f.Because("field '%s' has an entry that is no rule: '%s'", l.name, e)
				}
				return err
			}
		}
	}
	for k, n := range f.XReplicasOnDifferentMap {
		if n < 1 {
			return fault.New(v1.FailInvalidRequest, "%d is no number of replicas for '%s'.", n, k).
				Because("field 'x_replicas_on_different_map' needs numbers of at least 1").Fix("Give the number of replicas per value.")
		}
	}
	return nil
}

func knownKind(p string) bool {
	switch v1.ProviderKind(strings.ToUpper(p)) {
	case v1.ProviderKindDiskless, v1.ProviderKindLvm, v1.ProviderKindLvmThin, v1.ProviderKindZfs, v1.ProviderKindZfsThin,
		v1.ProviderKindFile, v1.ProviderKindFileThin, v1.ProviderKindSpdk, v1.ProviderKindEbsInit, v1.ProviderKindEbsTarget:
		return true
	}
	return false
}

func layers(list []string) []v1.LayerType {
	var out []v1.LayerType
	for _, l := range list {
		out = append(out, v1.LayerType(strings.ToUpper(l)))
	}
	return out
}

func kinds(list []string) []v1.ProviderKind {
	var out []v1.ProviderKind
	for _, p := range list {
		out = append(out, v1.ProviderKind(strings.ToUpper(p)))
	}
	return out
}
