package zfs

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/optline"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Backing is the name of the pool.
func (*Provider) Backing(_ v1.ProviderKind, name string) string { return name }

// ScanDevicePool looks for the pool, its mark and its devices.
func (*Provider) ScanDevicePool(ctx context.Context, h run.Host, _ v1.ProviderKind, name string) (provider.DevicePoolState, error) {
	var s provider.DevicePoolState
	if err := checkPoolName(name); err != nil {
		return s, err
	}
	// -P and -L give whole paths with links resolved.
	c := run.Command("zpool", "list", "-H", "-P", "-L", "-v", name)
	r, err := h.Run(ctx, c)
	if err != nil {
		return s, fmt.Errorf("list devices of ZFS pool %s: %w", name, err)
	}
	if r.ExitCode != 0 {
		if strings.Contains(string(r.Stderr), "no such pool") {
			return s, nil
		}
		return s, fmt.Errorf("list devices of ZFS pool %s: %w", name, &run.ExitError{Cmd: c, Result: r})
	}
	s.Exists = true
	for line := range strings.Lines(string(r.Stdout)) {
		if f := strings.Fields(line); len(f) > 0 && strings.HasPrefix(f[0], "/") {
			s.Devices = append(s.Devices, f[0])
		}
	}
	r, err = run.Must(ctx, h, run.Command("zfs", "list", "-H", "-d", "0", "-o", propPool, name))
	if err != nil {
		return s, fmt.Errorf("read mark of ZFS pool %s: %w", name, err)
	}
	s.Ours = strings.TrimSpace(string(r.Stdout)) == name
	return s, nil
}

// PlanDevicePool makes the pool in one command that also marks it.
func (*Provider) PlanDevicePool(want provider.DevicePool, have provider.DevicePoolState) ([]provider.Step, error) {
	if err := checkPoolName(want.Name); err != nil {
		return nil, err
	}
	layout, opts, err := splitArgs(want)
	if err != nil {
		return nil, err
	}
	if have.Exists && !have.Ours {
		return nil, fault.New(v1.FailExistsStoragePool, "ZFS pool %s exists", want.Name).
			Because("its property %s is not %s, so this request has not made it", propPool, want.Name).
			Fix("Use another pool name, or create the storage pool on the ZFS pool as it is.")
	}
	if have.Exists {
		return nil, nil
	}
	args := []string{"zpool", "create", "-O", propPool + "=" + want.Name}
	if !mounted(opts) {
		args = append(args, "-m", "none")
	}
	args = append(append(append(args, opts...), want.Name), layout...)
	for _, d := range want.Devices {
		args = append(args, d.Path)
	}
	return []provider.Step{step(provider.EffectCreate,
		"create ZFS pool "+want.Name, args...)}, nil
}

// mounted tells whether the user's words say where to mount the pool.
func mounted(opts []string) bool {
	return optline.Find(opts, "-m") != "" ||
		slices.ContainsFunc(opts, func(w string) bool { return strings.HasPrefix(strings.TrimPrefix(w, "-O"), "mountpoint=") })
}

var (
	layoutWord = regexp.MustCompile(`^(mirror|raidz[123]?|draid[123]?(:[0-9]+[dcs])*)$`)
	poolName   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.:-]*$`)
	reserved   = regexp.MustCompile(`^(mirror|raidz|draid|spare|log$|c[0-9])`)
)

// splitArgs takes the RAID level, which zpool wants behind the pool's name, out of
// the user's words and refuses what would override zpool's own checks.
func splitArgs(want provider.DevicePool) (layout, opts []string, err error) {
	for field, words := range map[string][]string{"pv_create_arguments": want.Args.PV,
		"vg_create_arguments": want.Args.VG, "lv_create_arguments": want.Args.LV} {
		if len(words) > 0 {
			return nil, nil, badArgs(field, "the pool is not of kind LVM", "Leave it out.")
		}
	}
	for i, w := range want.Args.Zpool {
		switch {
		case i > 0 && want.Args.Zpool[i-1] == "-m":
			opts = append(opts, w)
		case layoutWord.MatchString(w):
			layout = append(layout, w)
		case slices.Contains([]string{"log", "cache", "spare", "special", "dedup"}, w):
			return nil, nil, badArgs("zpool_create_arguments", fmt.Sprintf("%q needs devices of its own", w),
				"Leave it out and use zpool add afterwards.")
		case strings.HasPrefix(w, "/"):
			return nil, nil, badArgs("zpool_create_arguments", w+" is a device or directory", "Give devices in device_paths only.")
		case forced(w):
			return nil, nil, badArgs("zpool_create_arguments", w+" overrides the checks that protect existing data",
				"Leave it out; clear a device whose data is not needed with wipefs -a.")
		case strings.HasPrefix(w, "-n") || strings.Contains(w, "holdfast:"):
			return nil, nil, badArgs("zpool_create_arguments", w+" is not allowed there", "Leave it out.")
		default:
			opts = append(opts, w)
		}
	}
	if len(layout) > 1 {
		return nil, nil, badArgs("zpool_create_arguments", fmt.Sprintf("several RAID levels are given: %v", layout), "Give one.")
	}
	return layout, opts, nil
}

// forced tells whether a word holds -f, also in a cluster with -d or -n, the other
// options of zpool create that take no value.
func forced(w string) bool {
	return len(w) > 1 && w[0] == '-' && strings.HasPrefix(strings.TrimLeft(w[1:], "dn"), "f")
}

func checkPoolName(name string) error {
	if poolName.MatchString(name) && !reserved.MatchString(name) && len(name) < maxDataset {
		return nil
	}
	return fault.New(v1.FailInvalidStoragePoolName, "pool_name %q cannot be used", name).
		Because("ZFS pool names begin with a letter, have letters, digits and _.:-, and are not like mirror, raidz, draid, spare, log or c0").
		Fix("Use another pool name.")
}

func badArgs(field, cause, fix string) error {
	return fault.New(v1.FailInvalidRequest, "field %s cannot be used", field).Because("%s", cause).Fix("%s", fix)
}
