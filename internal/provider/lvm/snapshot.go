package lvm

import (
	"fmt"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/optline"
)

// KeySnapshotOptions fine-tunes how snapshots are taken.
const KeySnapshotOptions = "StorDriver/LvcreateSnapshotOptions"

var _ provider.Snapshotter = (*Provider)(nil)

// SnapshotName is the on-disk name of a snapshot of a volume.
func (*Provider) SnapshotName(volume, snapshot string) string { return volume + "_" + snapshot }

// PlanSnapshot takes a snapshot of a thin volume. It is left inactive, so that nothing
// on the node takes the copy for the original, and lvm does not activate it with the
// others.
func (*Provider) PlanSnapshot(pool provider.Pool, state provider.PoolState, source provider.Volume, haveSource *provider.Observed, snap provider.Volume, have *provider.Observed) ([]provider.Step, error) {
	b, err := parseBacking(pool)
	if err != nil {
		return nil, err
	}
	if pool.Kind != v1.ProviderKindLvmThin {
		return nil, fault.New(v1.FailSnapshotsNotSupported, "storage pool %s takes no snapshots", pool.Name).
			Because("its volumes are thick").Fix("Use a pool of kind LVM_THIN for snapshots.").Ref("StorPool", pool.Name)
	}
	if err := checkWant(pool, b, provider.Volume{Name: snap.Name, UUID: snap.UUID, SizeKiB: 1}); err != nil {
		return nil, err
	}
	if have != nil {
		return nil, owned(b, snap, have)
	}
	if haveSource == nil {
		return nil, fault.New(v1.FailInvalidResourceState, "no snapshot can be taken of logical volume %s", b.lv(source.Name)).
			Because("it is not there").Fix("Wait until the volume is created, then take the snapshot again.")
	}
	if err := owned(b, source, haveSource); err != nil {
		return nil, err
	}
	if state.Err != nil {
		return nil, state.Err
	}
	if err := notSuspended(b, haveSource); err != nil {
		return nil, err
	}
	opts, err := property(KeySnapshotOptions, source.Props, pool.Props)
	if err != nil {
		return nil, err
	}
	if w := optline.Find(opts, append(ownOptions(), "-k", "--setactivationskip")...); w != "" {
		return nil, badProperty(KeySnapshotOptions, fmt.Sprintf("%s is set by Holdfast itself", w), "Take the option out of the property.")
	}
	args := append([]string{"--yes", "--snapshot", "--setactivationskip", "y", "--addtag", tagUUID + snap.UUID, "--name", snap.Name}, opts...)
	return []provider.Step{step(provider.EffectCreate, fmt.Sprintf("take snapshot %s of volume %s", snap.Name, b.lv(source.Name)),
		command("lvcreate", append(args, b.lv(source.Name))...))}, nil
}

// PlanSnapshotDelete removes a snapshot as it would a volume: thin ones depend on
// nothing and nothing depends on them.
func (p *Provider) PlanSnapshotDelete(pool provider.Pool, snap provider.Volume, have *provider.Observed) ([]provider.Step, error) {
	return p.PlanDelete(pool, snap, have)
}
