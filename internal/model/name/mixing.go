package name

import (
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// Mixing tells whether replicas of one resource may lie on two provider kinds.
type Mixing int

const (
	// MixNever pairs cannot hold replicas of one resource.
	MixNever Mixing = iota
	// MixAllowed pairs need AllowMixingStoragePoolDriver and a DRBD that copes with
	// replicas of unlike granularity.
	MixAllowed
	// MixFree pairs are always fine.
	MixFree
)

// Windows storage has no constant in the API package, as no satellite here offers it.
const (
	storageSpaces     v1.ProviderKind = "STORAGE_SPACES"
	storageSpacesThin v1.ProviderKind = "STORAGE_SPACES_THIN"
)

// family groups the kinds that lay data out alike.
func family(k v1.ProviderKind) string {
	switch k {
	case v1.ProviderKindZfs, v1.ProviderKindZfsThin:
		return "zfs"
	case v1.ProviderKindFile, v1.ProviderKindFileThin:
		return "file"
	case storageSpaces, storageSpacesThin:
		return "spaces"
	case v1.ProviderKindEbsInit, v1.ProviderKindEbsTarget:
		return "ebs"
	case v1.ProviderKindLvm, v1.ProviderKindLvmThin:
		return "lvm"
	}
	return string(k)
}

// Mix tells whether replicas may lie on a and b.
func Mix(a, b v1.ProviderKind) Mixing {
	fa, fb := family(a), family(b)
	switch {
	case a == b, a == v1.ProviderKindDiskless, b == v1.ProviderKindDiskless:
		return MixFree
	case fa == fb && fa != "lvm":
		return MixFree
	case fa == "spaces" && isLvmOrZfs(fb), fb == "spaces" && isLvmOrZfs(fa):
		return MixFree
	case isLvmOrZfs(fa) && isLvmOrZfs(fb):
		return MixAllowed
	}
	return MixNever
}

func isLvmOrZfs(f string) bool { return f == "lvm" || f == "zfs" }

// CheckMix checks the provider kinds of all replicas of a resource. allowed is the
// effective AllowMixingStoragePoolDriver; capable tells whether the DRBD of every
// node copes (see DRBDMixes).
func CheckMix(kinds []v1.ProviderKind, allowed, capable bool) *fault.Fault {
	for i, a := range kinds {
		for _, b := range kinds[i+1:] {
			m := Mix(a, b)
			if m == MixFree || m == MixAllowed && allowed && capable {
				continue
			}
			f := fault.New(v1.FailStoragePoolMixingNotAllowed, "Replicas of one resource cannot lie on %s and %s.", a, b)
			switch {
			case m == MixNever:
				return f.Because("the two lay out data differently").Fix("Use storage pools of one kind, such as %s.", a)
			case !allowed:
				return f.Because("property 'AllowMixingStoragePoolDriver' is not true").
					Fix("Use storage pools of one kind, or set the property on the resource definition, its group or the controller.")
			}
			return f.Because("a node has a DRBD that cannot mix them").Fix("Use DRBD 9.1.18 or later of 9.1, or 9.2.7 or later, on every node.")
		}
	}
	return nil
}

// DRBDMixes tells whether a DRBD kernel version copes with replicas of unlike
// granularity: from 9.1.18 in 9.1 and from 9.2.7.
func DRBDMixes(version string) bool {
	if version == "" {
		return false
	}
	var v [3]int
	parts := strings.SplitN(version, ".", 3)
	for i, p := range parts {
		end := strings.IndexFunc(p, func(c rune) bool { return !isDigit(c) })
		if end < 0 {
			end = len(p)
		}
		n, err := strconv.Atoi(p[:end])
		if err != nil {
			return false
		}
		v[i] = n
	}
	switch {
	case v[0] != 9 || v[1] > 2:
		return v[0] >= 9
	case v[1] == 2:
		return v[2] >= 7
	case v[1] == 1:
		return v[2] >= 18
	}
	return false
}
