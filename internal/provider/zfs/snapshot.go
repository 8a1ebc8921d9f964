package zfs

import (
	"fmt"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/optline"
)

// KeySnapshotOptions is the property with additional words for zfs snapshot.
const KeySnapshotOptions = "StorDriver/ZfsSnapshotOptions"

var _ provider.Snapshotter = (*Provider)(nil)

// SnapshotName is the on-disk name of a snapshot of a volume.
func (*Provider) SnapshotName(volume, snapshot string) string { return volume + "@" + snapshot }

// PlanSnapshot takes a snapshot of a zvol, with an identity of its own in place of the
// one that it would inherit.
func (*Provider) PlanSnapshot(pool provider.Pool, state provider.PoolState, source provider.Volume, haveSource *provider.Observed, snap provider.Volume, have *provider.Observed) ([]provider.Step, error) {
	if err := checkSnapshot(pool, snap); err != nil {
		return nil, err
	}
	if have != nil {
		return nil, owned(pool, snap, have)
	}
	if haveSource == nil {
		return nil, fault.New(v1.FailInvalidResourceState, "no snapshot can be taken of ZFS volume %s", dataset(pool, source)).
			Because("it is not there").Fix("Wait until the volume is created, then take the snapshot again.")
	}
	if err := owned(pool, source, haveSource); err != nil {
		return nil, err
	}
	if state.Err != nil {
		return nil, state.Err
	}
	opts, err := snapshotOptions(pool.Props, source.Props)
	if err != nil {
		return nil, err
	}
	args := append([]string{"zfs", "snapshot", "-o", propUUID + "=" + snap.UUID}, opts...)
	return []provider.Step{step(provider.EffectCreate, fmt.Sprintf("take snapshot %s", dataset(pool, snap)), append(args, dataset(pool, snap))...)}, nil
}

// snapshotOptions are the user's words for zfs snapshot: the volume's property, else
// the pool's.
func snapshotOptions(pool, volume map[string]string) ([]string, error) {
	line := volume[KeySnapshotOptions]
	if line == "" {
		line = pool[KeySnapshotOptions]
	}
	bad := func(why, fix string) ([]string, error) {
		return nil, fault.New(v1.FailInvalidProp, "property %s cannot be used", KeySnapshotOptions).Because("%s", why).Fix("%s", fix)
	}
	words, err := optline.Words(line)
	if err != nil {
		return bad(err.Error(), "Mend the quoting of the property.")
	}
	for _, w := range words {
		if w == "-r" || w == "-R" || strings.HasPrefix(strings.TrimPrefix(w, "-o"), "holdfast:") || strings.Contains(w, "@") {
			return bad(fmt.Sprintf("%s is set by Holdfast itself, or takes more than the volume", w), "Take it out of the property.")
		}
	}
	return words, nil
}

// PlanSnapshotDelete destroys the snapshot, and nothing that depends on it.
func (*Provider) PlanSnapshotDelete(pool provider.Pool, snap provider.Volume, have *provider.Observed) ([]provider.Step, error) {
	if err := checkSnapshot(pool, snap); err != nil || have == nil {
		return nil, err
	}
	if err := owned(pool, snap, have); err != nil {
		return nil, err
	}
	name := pool.Backing + "/" + have.Name
	if deps := have.Notes[noteDependents]; deps != "" {
		return nil, fault.New(v1.FailInUse, "ZFS snapshot %s cannot be removed", name).
			Because("clones depend on it: %s", deps).Fix("Destroy them first with zfs destroy; zfs promote frees a clone from its origin.")
	}
	s := step(provider.EffectDestroy, fmt.Sprintf("remove snapshot %s", name), "zfs", "destroy", name)
	s.Destructive = true
	return []provider.Step{s}, nil
}

// checkSnapshot refuses names that zfs would refuse or read as several snapshots.
func checkSnapshot(pool provider.Pool, snap provider.Volume) error {
	if err := checkBacking(pool); err != nil {
		return err
	}
	volume, name, at := strings.Cut(snap.Name, "@")
	if why := badComponent(name); !at || why != "" || len(pool.Backing)+1+len(snap.Name) > maxDataset {
		if why == "" {
			why = "with the dataset before it, it is longer than 255 characters, or it has no '@'"
		}
		return fault.New(v1.FailInvalidSnapshotName, "%s cannot be the name of a ZFS snapshot", snap.Name).
			Because("%s", why).Fix("Use another snapshot name.").Ref("StorPool", pool.Name)
	}
	return checkWant(pool, provider.Volume{Name: volume, UUID: snap.UUID, SizeKiB: 1})
}

// snapshotsOf are the snapshots of a volume by their names.
func snapshotsOf(p provider.Pool, r row, f facts) map[string]provider.Observed {
	out := map[string]provider.Observed{}
	for _, full := range f.snapshots[r.name] {
		s := f.rows[full]
		name := full[len(p.Backing)+1:]
		o := provider.Observed{Pool: p.Name, Name: name, SizeKiB: s.volsize / 1024, AllocatedKiB: s.used / 1024, Notes: map[string]string{}}
		if clones := f.clonesOf[full]; len(clones) > 0 {
			o.Notes[noteDependents] = strings.Join(clones, ", ")
		}
		switch s.uuid {
		case "":
			o.Notes[noteForeign] = "it has no property " + propUUID
		case r.uuid:
			o.Notes[noteForeign] = "it inherits the property " + propUUID + " from its volume"
		default:
			o.UUID = s.uuid
		}
		out[name] = o
	}
	return out
}
