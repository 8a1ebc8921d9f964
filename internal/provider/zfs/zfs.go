// Package zfs drives storage pools that are ZFS pools or datasets (ZFS, ZFS_THIN).
//
// Invariant: a zvol is Holdfast's only while its user property holdfast:uuid, which
// is set by the very command that creates it, holds the wanted UUID. One of the
// same name with another value, with none, or with one inherited from its parent
// is never changed.
//
// The package must not use the options that take more than the named zvol (-r, -R)
// or override a check (-f).
package zfs

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
)

// KeyCreateOptions is the property with additional words for zfs create.
const KeyCreateOptions = "StorDriver/ZfscreateOptions"

// User properties that mark what Holdfast has made.
const (
	propUUID = "holdfast:uuid"
	propPool = "holdfast:pool"
)

// Provider drives all ZFS pools of a node. The zero value is ready.
type Provider struct{}

// New makes the provider.
func New() *Provider { return &Provider{} }

var (
	_ provider.Provider  = (*Provider)(nil)
	_ provider.PoolMaker = (*Provider)(nil)
	_ provider.Explainer = (*Provider)(nil)
)

// Kinds lists ZFS and ZFS_THIN. Neither claims to shrink, because a plan of this
// package never makes a device smaller.
func (*Provider) Kinds() []provider.Traits {
	both := provider.Traits{
		Kind: v1.ProviderKindZfs, Snapshots: true, ZeroFilled: true,
		PoolNameHelp: "ZFS pool or dataset, as in tank or tank/volumes",
		Tools:        []string{"zfs", "zpool", "udevadm"},
	}
	thin := both
	thin.Kind, thin.Thin = v1.ProviderKindZfsThin, true
	return []provider.Traits{both, thin}
}

const nameChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:"

// badComponent says why a name cannot be one part of a dataset's name.
func badComponent(name string) string {
	switch {
	case name == "":
		return "it is empty"
	case name == "." || name == "..":
		return "it is a directory"
	case name[0] == '-':
		return "it begins with a hyphen"
	case strings.Trim(name, nameChars) != "":
		return "it has characters other than letters, digits and _-.:"
	}
	return ""
}

// maxDataset is the longest dataset name without its end (ZFS_MAX_DATASET_NAME_LEN).
const maxDataset = 255

func checkBacking(p provider.Pool) error {
	why := ""
	for part := range strings.SplitSeq(p.Backing, "/") {
		if w := badComponent(part); w != "" && why == "" {
			why = w
		}
	}
	if why == "" {
		return nil
	}
	return fault.New(v1.FailStoragePoolConfigurationError,
		"storage pool %s has an invalid StorDriver/StorPoolName", p.Name).
		Because("%q is no name of a ZFS dataset: a part of it is wrong, %s", p.Backing, why).
		Fix("Create the storage pool again with the name of a ZFS pool or dataset.").
		Ref("StorPool", p.Name)
}

// checkWant refuses what zfs would refuse, and an identity that could not be
// written and found again.
func checkWant(pool provider.Pool, want provider.Volume) error {
	why := badComponent(want.Name)
	if full := pool.Backing + "/" + want.Name; why == "" && len(full) > maxDataset {
		why = "with the dataset before it, it is longer than 255 characters"
	}
	if why != "" {
		return fault.New(v1.FailInvalidResourceName, "%s cannot be the name of a ZFS volume", want.Name).
			Because("%s", why).Fix("Use another resource name.").Ref("StorPool", pool.Name)
	}
	if len(want.UUID) < 8 || len(want.UUID) > 128 || strings.Trim(want.UUID, nameChars) != "" {
		return fault.New(v1.FailImplError, "volume %s has no valid identity", want.Name).
			Because("%q is no UUID", want.UUID).
			Fix("Report this as a defect; nothing was changed.")
	}
	if want.SizeKiB <= 0 {
		return fault.New(v1.FailInvalidVolumeSize, "volume %s has no valid size", want.Name).
			Because("%d KiB is not above zero", want.SizeKiB).Fix("Give a size of at least 1 KiB.")
	}
	return nil
}
