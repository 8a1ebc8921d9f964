package show

import (
	"math"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// Pool renders a storage pool with its space.
func Pool(w *model.World, p *model.Pool) v1.StoragePool {
	out := v1.StoragePool{StoragePoolName: p.Name, NodeName: p.Node, ProviderKind: p.Kind, Props: p.Props, UUID: p.UUID,
		StaticTraits: traits(p), SupportsSnapshots: snapshots(p.Kind), FreeSpaceMgrName: spaceName(p),
		SharedSpace: p.SharedSpace, ExternalLocking: p.ExternalLocking}
	if p.Diskless() {
		unlimited := int64(math.MaxInt64)
		out.FreeCapacity, out.TotalCapacity = &unlimited, &unlimited
		return out
	}
	st, ok := w.PoolStatus.Get(p.Node, p.Name)
	if ok && st.Known {
		free, total := st.FreeKiB, st.TotalKiB
		out.FreeCapacity, out.TotalCapacity = &free, &total
	}
	out.Reports = poolReports(w, p, st)
	return out
}

func poolReports(w *model.World, p *model.Pool, st *model.PoolStatus) []v1.ApiCallRc {
	if !Online(w, p.Node) {
		f := fault.New(v1.WarnNotConnected, "No active connection to satellite '%s'; its free space is the last one known.", p.Node).
			Because("%s", WhyOffline(w, p.Node)).Fix("See 'node list'; the controller connects again by itself.")
		return []v1.ApiCallRc{f.RC()}
	}
	if st != nil && st.Problem != nil {
		return []v1.ApiCallRc{*st.Problem}
	}
	return nil
}

func traits(p *model.Pool) map[string]string {
	provisioning := "Fat"
	if p.Thin() {
		provisioning = "Thin"
	}
	t := map[string]string{"Provisioning": provisioning, "SupportsSnapshots": "false"}
	if snapshots(p.Kind) {
		t["SupportsSnapshots"] = "true"
	}
	return t
}

func snapshots(k v1.ProviderKind) bool {
	switch k {
	case v1.ProviderKindLvm, v1.ProviderKindDiskless, v1.ProviderKindEbsInit:
		return false
	}
	return true
}

func spaceName(p *model.Pool) string {
	if p.SharedSpace != "" {
		return p.SharedSpace
	}
	return p.Node + ";" + p.Name
}

// PoolDefinition renders a storage pool definition.
func PoolDefinition(p *model.PoolDefinition) v1.StoragePoolDefinition {
	return v1.StoragePoolDefinition{StoragePoolName: p.Name, Props: p.Props}
}

// Group renders a resource group.
func Group(g *model.Group) v1.ResourceGroup {
	f := g.Filter
	out := v1.ResourceGroup{Name: g.Name, Description: g.Description, Props: g.Props, UUID: g.UUID, SelectFilter: &f}
	if g.PeerSlots > 0 {
		n := v1.FlexInt(g.PeerSlots)
		out.PeerSlots = &n
	}
	return out
}

// VolumeGroup renders a volume group.
func VolumeGroup(v model.VolumeGroup) v1.VolumeGroup {
	nr := int32(v.Number)
	out := v1.VolumeGroup{VolumeNumber: &nr, Props: v.Props, UUID: v.UUID}
	if v.Gross {
		out.Flags = []string{"GROSS_SIZE"}
	}
	return out
}
