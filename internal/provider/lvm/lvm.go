// Package lvm drives storage pools that are LVM volume groups (LVM) or thin pools
// (LVM_THIN).
//
// Invariant: a logical volume is Holdfast's only while it carries exactly one tag
// holdfast.uuid.<uuid>, which is set by the very command that creates it. One of
// the same name with another tag or none is never changed; removals repeat the tag
// as a selection, so that lvm itself refuses a volume that was swapped meanwhile.
//
// The package must not override a check of lvm's (--force) and must not wipe what
// existed before; only lvcreate wipes old signatures, inside the volume it makes.
package lvm

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
)

// Properties that fine-tune the kinds of this package.
const (
	KeyCreateOptions = "StorDriver/LvcreateOptions"
	KeyCreateType    = "StorDriver/LvcreateType"
	KeyPVSelection   = "StorDriver/LvcreatePvSelection"
)

// tagUUID and tagPool begin the tags that mark what Holdfast has made. Tags may
// hold letters, digits and _+.-/=!:&#, so that both a UUID and a pool name fit.
const (
	tagUUID = "holdfast.uuid."
	tagPool = "holdfast.pool."
)

// Provider drives all LVM pools of a node. The zero value is ready.
type Provider struct{}

// New makes the provider.
func New() *Provider { return &Provider{} }

var (
	_ provider.Provider  = (*Provider)(nil)
	_ provider.PoolMaker = (*Provider)(nil)
	_ provider.Explainer = (*Provider)(nil)
)

// Kinds lists LVM and LVM_THIN. Neither claims to shrink, because a plan of this
// package never makes a device smaller.
func (*Provider) Kinds() []provider.Traits {
	return []provider.Traits{
		{
			Kind:         v1.ProviderKindLvm,
			PoolNameHelp: "name of the volume group",
			Tools:        []string{"lvm"},
		},
		{
			Kind: v1.ProviderKindLvmThin, Thin: true, Snapshots: true, ZeroFilled: true,
			PoolNameHelp: "volume group and thin pool, as in vg/thinpool",
			Tools:        []string{"lvm", "thin_check"},
		},
	}
}

// backing is what a pool is made of.
type backing struct {
	vg string
	// thin is the thin pool, empty for a plain volume group.
	thin string
}

func (b backing) lv(name string) string { return b.vg + "/" + name }

func parseBacking(p provider.Pool) (backing, error) {
	vg, thin, slash := strings.Cut(p.Backing, "/")
	b := backing{vg: vg, thin: thin}
	if p.Kind == v1.ProviderKindLvmThin {
		if !slash || badName(vg) != "" || badName(thin) != "" {
			return b, badBacking(p, "a volume group and a thin pool, as in vg/thinpool")
		}
		return b, nil
	}
	if slash || badName(vg) != "" {
		return b, badBacking(p, "the name of a volume group")
	}
	return b, nil
}

func badBacking(p provider.Pool, want string) error {
	return fault.New(v1.FailStoragePoolConfigurationError,
		"storage pool %s has an invalid StorDriver/StorPoolName", p.Name).
		Because("%q is not %s", p.Backing, want).
		Fix("Create the storage pool again with %s.", want).
		Ref("StorPool", p.Name)
}
