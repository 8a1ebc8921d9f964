package lvm

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/optline"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// noteThin says what the thin pool's name stands for: "pool", "other" or nothing.
const noteThin = "thin"

// poolNames are the volume group and the thin pool of a device pool.
func poolNames(kind v1.ProviderKind, name string) backing {
	if kind == v1.ProviderKindLvmThin {
		return backing{vg: "linstor_" + name, thin: name}
	}
	return backing{vg: name}
}

// Backing is StorDriver/StorPoolName of a device pool.
func (*Provider) Backing(kind v1.ProviderKind, name string) string {
	b := poolNames(kind, name)
	if b.thin == "" {
		return b.vg
	}
	return b.lv(b.thin)
}

// ScanDevicePool looks for the volume group and its thin pool.
func (*Provider) ScanDevicePool(ctx context.Context, h run.Host, kind v1.ProviderKind, name string) (provider.DevicePoolState, error) {
	var s provider.DevicePoolState
	b := poolNames(kind, name)
	if err := checkPoolName(kind, name); err != nil {
		return s, err
	}
	f, err := readFacts(ctx, h, []string{b.vg})
	if err != nil {
		return s, err
	}
	g, ok := f.vgs[b.vg]
	if !ok {
		if f.complaint != "" && !strings.Contains(f.complaint, "not found") {
			return s, fault.New(v1.FailStoragePoolConfigurationError, "volume group %s cannot be read", b.vg).
				Because("%s", f.complaint).Fix("Mend the volume group, or use another pool name.")
		}
		return s, nil
	}
	s = provider.DevicePoolState{Exists: true, Devices: g.pvs}
	for _, t := range g.Tags {
		s.Ours = s.Ours || t == tagPool+name
	}
	if l, ok := f.lvs[b.vg][b.thin]; ok && b.thin != "" {
		s.Notes = map[string]string{noteThin: "other"}
		if l.thinPool() {
			s.Notes[noteThin] = "pool"
		}
	}
	return s, nil
}

// PlanDevicePool makes the volume group in one command, since pvcreate on its own
// would leave devices behind in a crash that nothing tells from a user's; then
// the thin pool. The group's tag marks whose it is.
func (*Provider) PlanDevicePool(want provider.DevicePool, have provider.DevicePoolState) ([]provider.Step, error) {
	if err := checkPoolName(want.Kind, want.Name); err != nil {
		return nil, err
	}
	if err := checkArgs(want); err != nil {
		return nil, err
	}
	b := poolNames(want.Kind, want.Name)
	if have.Exists && !have.Ours {
		return nil, fault.New(v1.FailExistsStoragePool, "volume group %s exists", b.vg).
			Because("it carries no tag %s%s, so this request has not made it", tagPool, want.Name).
			Fix("Use another pool name, or create the storage pool on the volume group as it is.")
	}
	var steps []provider.Step
	if !have.Exists {
		args := []string{"-qq", "--addtag", tagPool + want.Name}
		args = append(append(args, want.Args.PV...), want.Args.VG...)
		args = append(args, b.vg)
		for _, d := range want.Devices {
			args = append(args, d.Path)
		}
		steps = append(steps, step(provider.EffectCreate,
			"create volume group "+b.vg, command("vgcreate", args...)))
	}
	if b.thin == "" || have.Notes[noteThin] == "pool" {
		return steps, nil
	}
	if have.Notes[noteThin] == "other" {
		return nil, fault.New(v1.FailExistsStoragePool, "thin pool %s cannot be created", b.lv(b.thin)).
			Because("a logical volume of that name exists and is no thin pool").
			Fix("Remove it with lvremove %s if its data is not needed, or use another pool name.", b.lv(b.thin))
	}
	return append(steps, thinPool(want, b)), nil
}

func thinPool(want provider.DevicePool, b backing) provider.Step {
	args := []string{"--yes", "--type", "thin-pool", "--addtag", tagPool + want.Name, "--name", b.thin}
	if optline.Find(want.Args.LV, "-l", "--extents", "-L", "--size") == "" {
		args = append(args, "--extents", "100%FREE")
	}
	if optline.Find(want.Args.LV, "--poolmetadatasize", "--poolmetadata") == "" {
		args = append(args, "--poolmetadatasize", kib(metadataKiB(want.Devices)))
	}
	if n := stripes(want); n > 1 {
		args = append(args, "--stripes", strconv.Itoa(n), "--stripesize", "64k")
	}
	args = append(append(args, want.Args.LV...), b.vg)
	return step(provider.EffectCreate, fmt.Sprintf("create thin pool %s", b.lv(b.thin)), command("lvcreate", args...))
}

// stripes is over how many devices the thin pool is spread: over all if they have
// about the same size, for else the larger ones would be lost in part.
func stripes(want provider.DevicePool) int {
	if optline.Find(want.Args.LV, "-i", "--stripes", "-I", "--stripesize", "-m", "--mirrors") != "" {
		return 0
	}
	lo, hi := int64(-1), int64(0)
	for _, d := range want.Devices {
		if lo < 0 || d.SizeBytes < lo {
			lo = d.SizeBytes
		}
		hi = max(hi, d.SizeBytes)
	}
	if lo <= 0 || hi-lo > hi/100 {
		return 0
	}
	return len(want.Devices)
}

// metadataKiB sizes the metadata of a thin pool at 0.2 % of the devices: twice of
// what a full pool with chunks of 64 KiB takes (64 bytes each), for snapshots.
// lvm reserves the same once more as a spare; 15.81 GiB is the kernel's limit.
func metadataKiB(devices []provider.BlockDevice) int64 {
	const minKiB, maxKiB, unitKiB = 8 << 10, 15 << 20, 4 << 10
	var total int64
	for _, d := range devices {
		total += d.SizeBytes / 1024
	}
	return roundUp(min(max(total/500, minKiB), maxKiB), unitKiB)
}

func checkPoolName(kind v1.ProviderKind, name string) error {
	b := poolNames(kind, name)
	why := badName(b.vg)
	if why == "" && b.thin != "" {
		why = badVolumeName(b.thin)
	}
	if why == "" {
		return nil
	}
	return fault.New(v1.FailInvalidStoragePoolName, "pool_name %q cannot be used", name).
		Because("%s", why).Fix("Use letters, digits, _ and -, beginning with a letter.")
}

// checkArgs keeps the user's words from overriding lvm's own checks and from
// making something else than what was asked for.
func checkArgs(want provider.DevicePool) error {
	for _, a := range []struct {
		field string
		words []string
		taken []string
	}{
		{"pv_create_arguments", want.Args.PV, []string{"-u", "--uuid", "--restorefile", "--config", "-t", "--test"}},
		{"vg_create_arguments", want.Args.VG, []string{"--config", "-t", "--test"}},
		{"lv_create_arguments", want.Args.LV, []string{"--type", "-n", "--name", "-V", "--virtualsize",
			"-T", "--thin", "--thinpool", "-s", "--snapshot", "--config", "-t", "--test"}},
	} {
		if w := optline.Find(a.words, a.taken...); w != "" {
			return badArgs(a.field, fmt.Sprintf("%s is not allowed there", w), "Leave it out.")
		}
		for _, w := range a.words {
			if overrides(w) {
				return badArgs(a.field, fmt.Sprintf("%s overrides the checks that protect existing data", w),
					"Leave it out; clear a device whose data is not needed with wipefs -a.")
			}
			if !strings.HasPrefix(w, "-") && strings.HasPrefix(w, "/") {
				return badArgs(a.field, fmt.Sprintf("%s is a device", w), "Give devices in device_paths only.")
			}
		}
	}
	if want.Kind == v1.ProviderKindLvm && len(want.Args.LV) > 0 {
		return badArgs("lv_create_arguments", "a pool of kind LVM has no logical volume of its own",
			"Leave it out and set "+KeyCreateOptions+" or "+KeyCreateType+" on the storage pool.")
	}
	if len(want.Args.Zpool) > 0 {
		return badArgs("zpool_create_arguments", "the pool is not of kind ZFS", "Leave it out.")
	}
	return nil
}

// overrides tells whether a word holds --force or --yes, also abbreviated or in a
// cluster of short options that take no value.
func overrides(w string) bool {
	if optline.Find([]string{w}, "--force", "--yes") != "" {
		return true
	}
	if strings.HasPrefix(w, "--") || !strings.HasPrefix(w, "-") {
		return false
	}
	rest := strings.TrimLeft(w[1:], "qvdth")
	return strings.HasPrefix(rest, "f") || strings.HasPrefix(rest, "y")
}

func badArgs(field, cause, fix string) error {
	return fault.New(v1.FailInvalidRequest, "field %s cannot be used", field).Because("%s", cause).Fix("%s", fix)
}
