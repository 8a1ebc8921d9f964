package lvm

import (
	"fmt"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/optline"
)

// Plan creates the volume, or activates and grows it; it never makes it smaller.
func (*Provider) Plan(pool provider.Pool, state provider.PoolState, want provider.Volume, have *provider.Observed) ([]provider.Step, error) {
	b, err := parseBacking(pool)
	if err != nil {
		return nil, err
	}
	if err := checkWant(pool, b, want); err != nil {
		return nil, err
	}
	size := roundUp(want.SizeKiB, state.Space.GranularityKiB)
	if have == nil {
		return create(pool, b, state, want, size)
	}
	if err := owned(b, want, have); err != nil {
		return nil, err
	}
	var steps []provider.Step
	if have.Path == "" {
		steps = append(steps, activate(b, want))
	}
	if have.SizeKiB >= want.SizeKiB {
		return steps, nil
	}
	if err := notSuspended(b, have); err != nil {
		return nil, err
	}
	grow, err := extend(pool, b, state, want, size, size-have.SizeKiB)
	if err != nil {
		return nil, err
	}
	return append(steps, grow), nil
}

func create(pool provider.Pool, b backing, state provider.PoolState, want provider.Volume, sizeKiB int64) ([]provider.Step, error) {
	if state.Notes[noteInactive] != "" {
		// Once it is active, the next scan knows what is free in it.
		return []provider.Step{step(provider.EffectAttach, "activate thin pool "+b.lv(b.thin),
			command("lvchange", "-qq", "--activate", "y", "--ignoreactivationskip", b.lv(b.thin)))}, nil
	}
	if state.Err != nil {
		return nil, state.Err
	}
	opts, err := createOptions(pool, want)
	if err != nil {
		return nil, err
	}
	args := []string{"--yes", "--addtag", tagUUID + want.UUID, "--name", want.Name}
	if b.thin != "" {
		args = append(args, "--virtualsize", kib(sizeKiB), "--thinpool", b.thin)
		args = append(append(args, opts...), b.vg)
		return []provider.Step{step(provider.EffectCreate,
			fmt.Sprintf("create thin volume %s of %d KiB in %s", want.Name, sizeKiB, b.lv(b.thin)), command("lvcreate", args...))}, nil
	}
	if err := room(pool, b, state, want, sizeKiB); err != nil {
		return nil, err
	}
	typ, err := createType(pool, want)
	if err != nil {
		return nil, err
	}
	// Old signatures in the extents would come to life as a file system or as
	// DRBD metadata that was never written here.
	if optline.Find(opts, "-W", "--wipesignatures", "-Z", "--zero") == "" {
		args = append(args, "--wipesignatures", "y", "--zero", "y")
	}
	if typ != "" && optline.Find(opts, "--type") == "" {
		args = append(args, "--type", typ)
	}
	args = append(append(args, "--size", kib(sizeKiB)), opts...)
	args = append(append(args, b.vg), strings.Fields(state.Notes[notePVs])...)
	return []provider.Step{step(provider.EffectCreate,
		fmt.Sprintf("create volume %s of %d KiB in %s", want.Name, sizeKiB, b.vg), command("lvcreate", args...))}, nil
}

func activate(b backing, want provider.Volume) provider.Step {
	return step(provider.EffectAttach, fmt.Sprintf("activate volume %s", b.lv(want.Name)),
		command("lvchange", "-qq", "--activate", "y", "--ignoreactivationskip", "--select", mark(want.UUID), b.lv(want.Name)))
}

func extend(pool provider.Pool, b backing, state provider.PoolState, want provider.Volume, sizeKiB, moreKiB int64) (provider.Step, error) {
	if state.Err != nil {
		return provider.Step{}, state.Err
	}
	args := []string{"-qq", "--size", kib(sizeKiB), b.lv(want.Name)}
	if b.thin == "" {
		if err := room(pool, b, state, want, moreKiB); err != nil {
			return provider.Step{}, err
		}
		if pool.Props[KeyPVSelection] != "" {
			args = append(args, strings.Fields(state.Notes[notePVs])...)
		}
	}
	// lvextend, not lvresize: it refuses a size below the present one.
	return step(provider.EffectModify, fmt.Sprintf("grow volume %s to %d KiB", b.lv(want.Name), sizeKiB),
		command("lvextend", args...)), nil
}

func room(pool provider.Pool, b backing, state provider.PoolState, want provider.Volume, needKiB int64) error {
	if needKiB <= state.Space.FreeKiB {
		return nil
	}
	return fault.New(v1.FailNotEnoughFreeSpace, "storage pool %s has too little space for volume %s", pool.Name, want.Name).
		Because("volume group %s has %d KiB free, %d KiB are needed", b.vg, state.Space.FreeKiB, needKiB).
		Fix("Add a physical volume with vgextend, or delete volumes of this pool, or use another pool.").
		Ref("StorPool", pool.Name)
}

// notSuspended refuses to change a volume whose I/O someone holds: lvm would
// resume it in the middle of a snapshot.
func notSuspended(b backing, have *provider.Observed) error {
	if have.Notes[noteSuspended] == "" {
		return nil
	}
	return fault.New(v1.FailResourceBusy, "logical volume %s cannot be changed now", b.lv(have.Name)).
		Because("its I/O is suspended").
		Fix("If no snapshot is being taken, run dmsetup resume /dev/%s.", b.lv(have.Name))
}

// owned refuses a device that is not the wanted one.
func owned(b backing, want provider.Volume, have *provider.Observed) error {
	if have.UUID != "" && have.UUID == want.UUID && have.Name == want.Name {
		return nil
	}
	cause := have.Notes[noteForeign]
	if have.UUID != "" {
		cause = fmt.Sprintf("its identity is %s, wanted is %s", have.UUID, want.UUID)
	}
	return fault.New(v1.FailUUIDVolume, "logical volume %s is not the one that Holdfast has made", b.lv(have.Name)).
		Because("%s", cause).
		Fix("Rename it with lvrename, or use another resource name; remove %s only if its data is not needed.", b.lv(have.Name))
}

// mark selects the volume by its identity, so that lvm checks it once more.
func mark(uuid string) string { return `lv_tags={"` + tagUUID + uuid + `"}` }

func kib(n int64) string { return fmt.Sprintf("%dk", n) }
