package lvm

import (
	"fmt"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
)

const nameChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+_.-"

// maxName keeps the device-mapper name (VG-LV, every hyphen doubled, within 127
// bytes) possible for ordinary names; lvm itself checks the exact sum.
const maxName = 127

// badName says why a name cannot be one of a VG or LV (lvm(8), VALID NAMES).
func badName(name string) string {
	switch {
	case name == "":
		return "it is empty"
	case name == "." || name == "..":
		return "it is a directory"
	case name[0] == '-':
		return "it begins with a hyphen"
	case len(name) > maxName:
		return fmt.Sprintf("it is longer than %d characters", maxName)
	case strings.Trim(name, nameChars) != "":
		return "it has characters other than letters, digits and +_.-"
	}
	return ""
}

// badVolumeName adds the names that lvm keeps for its internal volumes; lvcreate
// answers them with `Names starting "snapshot" are reserved`.
func badVolumeName(name string) string {
	if why := badName(name); why != "" {
		return why
	}
	for _, p := range []string{"snapshot", "pvmove"} {
		if strings.HasPrefix(name, p) {
			return fmt.Sprintf("LVM reserves names that begin with %q", p)
		}
	}
	for _, s := range []string{"_cdata", "_cmeta", "_corig", "_cpool", "_cvol", "_wcorig", "_mimage",
		"_mlog", "_rimage", "_rmeta", "_iorig", "_imeta", "_pmspare", "_tdata", "_tmeta", "_vdata", "_vorigin"} {
		if strings.Contains(name, s) {
			return fmt.Sprintf("LVM reserves names that contain %q", s)
		}
	}
	return ""
}

// checkWant refuses what lvcreate would refuse, and an identity that could not be
// written and found again.
func checkWant(pool provider.Pool, b backing, want provider.Volume) error {
	why := badVolumeName(want.Name)
	if why == "" && want.Name == b.thin {
		why = "the thin pool has this name"
	}
	if why != "" {
		return fault.New(v1.FailInvalidResourceName, "%s cannot be the name of a logical volume", want.Name).
			Because("%s", why).Fix("Use another resource name.").Ref("StorPool", pool.Name)
	}
	if !validUUID(want.UUID) {
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

// validUUID tells whether an identity fits into a tag, in which lvm allows more.
func validUUID(s string) bool {
	return len(s) >= 8 && len(s) <= 128 && strings.Trim(s, nameChars) == ""
}

// uuidOf is the identity in the tags of a volume. Several tags are no identity:
// which one is true would be a guess.
func uuidOf(tags []string) (uuid string, several bool) {
	for _, t := range tags {
		u, ok := strings.CutPrefix(t, tagUUID)
		switch {
		case !ok || !validUUID(u):
		case uuid != "":
			return "", true
		default:
			uuid = u
		}
	}
	return uuid, false
}
