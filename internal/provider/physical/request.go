package physical

import (
	"fmt"
	"path"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/optline"
)

// check refuses requests that are wrong whatever is on the node.
func (m *Maker) check(req v1.PhysicalStorageCreate) (provider.PoolMaker, error) {
	pm, ok := m.makers[req.ProviderKind]
	bad := func(field, cause, fix string) error {
		return fault.New(v1.FailInvalidRequest, "field %s cannot be used", field).Because("%s", cause).Fix("%s", fix)
	}
	switch {
	case !ok:
		return nil, fault.New(v1.FailInvalidProvider, "provider_kind %s cannot be made of devices", req.ProviderKind).
			Because("only LVM, LVM_THIN, ZFS and ZFS_THIN can").Fix("Use one of these kinds.")
	case len(req.DevicePaths) == 0:
		return nil, bad("device_paths", "it is empty", "Give at least one device.")
	case req.RaidLevel != "" && !strings.EqualFold(req.RaidLevel, "JBOD"):
		return nil, bad("raid_level", fmt.Sprintf("%q is not JBOD", req.RaidLevel),
			"Leave it out; for ZFS give the level in zpool_create_arguments, for LVM set StorDriver/LvcreateType on the storage pool.")
	case req.VDOEnable:
		return nil, bad("vdo_enable", "pools on VDO are not made by Holdfast",
			"Leave it out, or make the volume group yourself and create a storage pool on it.")
	case req.Sed:
		return nil, bad("sed", "self-encrypting drives are not set up by Holdfast", "Leave it out and use the LUKS layer for encryption.")
	}
	for _, p := range req.DevicePaths {
		if !strings.HasPrefix(p, "/dev/") || path.Clean(p) != p || strings.ContainsAny(p, "\x00\n\t ") {
			return nil, bad("device_paths", fmt.Sprintf("%q is no path of a device", p), "Give absolute paths below /dev.")
		}
	}
	return pm, nil
}

// args splits the words of the argument lists, whose elements may hold several.
func args(req v1.PhysicalStorageCreate) (provider.DevicePoolArgs, error) {
	var a provider.DevicePoolArgs
	for _, f := range []struct {
		field string
		from  []string
		to    *[]string
	}{
		{"pv_create_arguments", req.PVCreateArguments, &a.PV},
		{"vg_create_arguments", req.VGCreateArguments, &a.VG},
		{"lv_create_arguments", req.LVCreateArguments, &a.LV},
		{"zpool_create_arguments", req.ZpoolCreateArguments, &a.Zpool},
	} {
		for _, line := range f.from {
			words, err := optline.Words(line)
			if err != nil {
				return a, fault.New(v1.FailInvalidRequest, "field %s cannot be used", f.field).
					Because("%s", err).Fix("Mend the quoting of %q.", line)
			}
			*f.to = append(*f.to, words...)
		}
	}
	return a, nil
}
