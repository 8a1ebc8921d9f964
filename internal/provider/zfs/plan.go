package zfs

import (
	"fmt"
	"strconv"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Plan creates the volume or grows it; it never makes it smaller.
func (*Provider) Plan(pool provider.Pool, state provider.PoolState, want provider.Volume, have *provider.Observed) ([]provider.Step, error) {
	if err := checkBacking(pool); err != nil {
		return nil, err
	}
	if err := checkWant(pool, want); err != nil {
		return nil, err
	}
	if have == nil {
		return create(pool, state, want)
	}
	if err := owned(pool, want, have); err != nil {
		return nil, err
	}
	if have.Notes[noteLocked] != "" {
		return nil, fault.New(v1.FailStoragePoolConfigurationError, "ZFS volume %s has no device", dataset(pool, want)).
			Because("its encryption key is not loaded").
			Fix("Run zfs load-key -r %s.", pool.Backing).Ref("StorPool", pool.Name)
	}
	if have.SizeKiB >= want.SizeKiB {
		return nil, nil
	}
	if state.Err != nil {
		return nil, state.Err
	}
	block, err := strconv.ParseInt(have.Notes[noteBlockSize], 10, 64)
	if err != nil || block <= 0 {
		block = defaultBlock
	}
	size := roundUp(want.SizeKiB<<10, block)
	if err := room(pool, state, want, (footprint(size, block)-footprint(have.SizeKiB<<10, block))>>10); err != nil {
		return nil, err
	}
	return []provider.Step{step(provider.EffectModify, fmt.Sprintf("grow volume %s to %d KiB", dataset(pool, want), size>>10),
		"zfs", "set", fmt.Sprintf("volsize=%d", size), dataset(pool, want))}, nil
}

func create(pool provider.Pool, state provider.PoolState, want provider.Volume) ([]provider.Step, error) {
	if state.Err != nil {
		return nil, state.Err
	}
	opts, err := createOptions(pool.Props, want.Props)
	if err != nil {
		return nil, err
	}
	block, err := blockSize(pool.Props, want.Props)
	if err != nil {
		return nil, err
	}
	size := roundUp(roundUp(want.SizeKiB, state.Space.GranularityKiB)<<10, block)
	if err := room(pool, state, want, footprint(size, block)>>10); err != nil {
		return nil, err
	}
	args := []string{"zfs", "create", "-o", propUUID + "=" + want.UUID}
	what := "volume"
	if pool.Kind == v1.ProviderKindZfsThin {
		args, what = append(args, "-s"), "thin volume"
	}
	args = append(append(args, opts...), "-V", strconv.FormatInt(size, 10), dataset(pool, want))
	made := step(provider.EffectCreate, fmt.Sprintf("create %s %s of %d KiB", what, dataset(pool, want), size>>10), args...)
	// zfs ends before udev has given the device its name, which the next layer opens.
	named := settle(provider.EffectCreate, fmt.Sprintf("wait for the device of %s", dataset(pool, want)),
		"--exit-if-exists=/dev/zvol/"+dataset(pool, want))
	return []provider.Step{made, named}, nil
}

// settle waits for udev. Its own time-out is no error: what comes next finds out
// whether there was anything to wait for.
func settle(effect provider.Effect, why string, args ...string) provider.Step {
	s := step(effect, why, append([]string{"udevadm", "settle", "--timeout=30"}, args...)...)
	s.OKExit = []int{1}
	return s
}

// footprint is what a thick volume of a size takes in bytes: ZFS adds two copies of
// the blocks that index the data, which have 1024 entries and up to 128 KiB each.
// RAIDZ may take more; zfs refuses by itself then.
func footprint(size, block int64) int64 {
	const entries, levels, indexBytes, copies = 1024, 7, 128 << 10, 2
	index := int64(levels)
	for n := (size + block - 1) / block; n > 1; {
		n = (n + entries - 1) / entries
		index += n
	}
	return size + index*indexBytes*copies
}

// room refuses early what the dataset cannot hold, with all the numbers.
func room(pool provider.Pool, state provider.PoolState, want provider.Volume, needKiB int64) error {
	if pool.Kind == v1.ProviderKindZfsThin || needKiB <= state.Space.FreeKiB {
		return nil
	}
	return fault.New(v1.FailNotEnoughFreeSpace, "storage pool %s has too little space for volume %s", pool.Name, want.Name).
		Because("dataset %s has %d KiB available, %d KiB are needed", pool.Backing, state.Space.FreeKiB, needKiB).
		Fix("Add disks with zpool add, or delete volumes or snapshots of this pool, or use another pool.").
		Ref("StorPool", pool.Name)
}

// PlanDelete destroys the zvol, and nothing that depends on it: snapshots and
// clones are somebody's data. A zvol that has some is put aside, or stays.
func (*Provider) PlanDelete(pool provider.Pool, want provider.Volume, have *provider.Observed) ([]provider.Step, error) {
	if err := checkBacking(pool); err != nil {
		return nil, err
	}
	if have == nil {
		return nil, nil
	}
	if err := checkWant(pool, provider.Volume{Name: want.Name, UUID: want.UUID, SizeKiB: 1}); err != nil {
		return nil, err
	}
	if err := owned(pool, want, have); err != nil {
		return nil, err
	}
	name := dataset(pool, want)
	if have.Notes[noteDependents] != "" {
		return putAside(pool, want, have)
	}
	// udev looks at a device that was made or written to; zfs calls it busy until then.
	free := settle(provider.EffectDetach, fmt.Sprintf("wait until udev has let go of %s", name))
	s := step(provider.EffectDestroy, fmt.Sprintf("remove volume %s", name), "zfs", "destroy", name)
	s.Destructive = true
	return []provider.Step{free, s}, nil
}

// owned refuses a device that is not the wanted one.
func owned(pool provider.Pool, want provider.Volume, have *provider.Observed) error {
	if have.UUID != "" && have.UUID == want.UUID && (have.Name == want.Name || have.Notes[noteWas] == want.Name) {
		return nil
	}
	cause := have.Notes[noteForeign]
	if have.UUID != "" {
		cause = fmt.Sprintf("its identity is %s, wanted is %s", have.UUID, want.UUID)
	}
	name := pool.Backing + "/" + have.Name
	return fault.New(v1.FailUUIDVolume, "ZFS dataset %s is not the volume that Holdfast has made", name).
		Because("%s", cause).
		Fix("Rename it with zfs rename, or use another resource name; destroy %s only if its data is not needed.", name)
}

func dataset(pool provider.Pool, want provider.Volume) string { return pool.Backing + "/" + want.Name }

func step(effect provider.Effect, why string, argv ...string) provider.Step {
	c := run.Command(argv...)
	return provider.Step{Cmd: &c, Why: why, Effect: effect}
}

func roundUp(n, unit int64) int64 {
	if unit <= 1 {
		return n
	}
	if rest := n % unit; rest != 0 {
		return n - rest + unit
	}
	return n
}
