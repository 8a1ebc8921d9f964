package file

import (
	"context"
	"fmt"
	"path"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

var _ provider.Snapshotter = Provider{}

// SnapshotName is the on-disk name of a snapshot of a volume.
func (Provider) SnapshotName(volume, snapshot string) string { return volume + "_" + snapshot }

// PlanSnapshot gives the steps that copy a volume's image, sharing its blocks, to
// a snapshot: a volume of its own that is never attached and goes by PlanDelete.
// The phases are those of a new volume, so a copy that was cut off is made again
// and never taken for a whole one. The kernel holds back writes to the image while it
// copies; what other programs keep back of them is not in the snapshot.
func (Provider) PlanSnapshot(pool provider.Pool, state provider.PoolState, source provider.Volume, haveSource *provider.Observed, snap provider.Volume, have *provider.Observed) ([]provider.Step, error) {
	src, err := newVolume(pool, source)
	if err != nil {
		return nil, err
	}
	dst, err := newVolume(pool, snap)
	if err != nil {
		return nil, err
	}
	im := image{Phase: phaseReserved}
	if have != nil {
		if im, err = dst.own(have); err != nil {
			return nil, err
		}
		if im.Phase == phaseReady {
			return nil, nil
		}
	}
	from, err := src.whole(haveSource)
	if err != nil {
		return nil, err
	}
	if state.Err != nil {
		return nil, state.Err
	}
	if state.NoSnapshots != "" {
		return nil, fault.New(v1.FailSnapshotsNotSupported, "Storage pool '%s' takes no snapshots.", pool.Name).
			Because("%s", state.NoSnapshots).Fix("Use a directory on btrfs, or on xfs made with reflink=1, for snapshots.").Ref("StorPool", pool.Name)
	}
	var steps []provider.Step
	switch {
	case have == nil:
		first := dst.mark(phaseReserved, 0)
		first.Write.Exclusive, first.Effect = true, provider.EffectCreate
		steps = append(steps, first)
	case im.Kind == "" && im.Phase == phaseAllocating:
		im.Phase = phaseReserved
		steps = append(steps, dst.mark(phaseReserved, 0))
	}
	if im.Kind == "" {
		steps = append(steps, provider.Step{Write: &run.File{Path: dst.img, Exclusive: true},
			Why: "create the empty snapshot image", Effect: provider.EffectCreate})
	}
	if im.Phase == phaseReserved {
		steps = append(steps, dst.mark(phaseAllocating, 0))
	}
	clone := run.Command("cp", "--reflink=always", "--no-target-directory", src.img, dst.img)
	flush := run.Command("sync", dst.img)
	return append(steps,
		provider.Step{Cmd: &clone, Why: "copy the image, sharing its blocks", Effect: provider.EffectModify},
		provider.Step{Cmd: &flush, Why: "make the copy durable", Effect: provider.EffectModify},
		dst.mark(phaseReady, from.Bytes/1024)), nil
}

// PlanSnapshotDelete removes a snapshot as it would a volume.
func (p Provider) PlanSnapshotDelete(pool provider.Pool, snap provider.Volume, have *provider.Observed) ([]provider.Step, error) {
	return p.PlanDelete(pool, snap, have)
}

// noReflink says why a type of file system cannot share blocks between files; empty
// where it can, or where only trying tells.
func noReflink(kind string) string {
	switch kind {
	case "ext2", "ext3", "ext4", "tmpfs", "f2fs", "jfs", "reiserfs", "vfat", "exfat", "ramfs", "squashfs", "minix", "hfs", "hfsplus", "udf", "ufs":
		return "its directory is on " + kind + ", which cannot share blocks between files"
	}
	return ""
}

// whole makes sure that a volume is ours and complete.
func (v volume) whole(have *provider.Observed) (image, error) {
	if have == nil {
		return image{}, faultNotWhole(v, "it is not there")
	}
	im, err := v.own(have)
	if err != nil {
		return im, err
	}
	if im.Phase != phaseReady || im.Kind == "" || im.Bytes/1024 < im.SizeKiB {
		return im, faultNotWhole(v, "it is not complete")
	}
	return im, nil
}

func faultNotWhole(v volume, why string) error {
	return fault.New(v1.FailInvalidResourceState, "No snapshot can be taken of %s.", v.img).
		Because("%s", why).Fix("Wait until the volume is created, then take the snapshot again.")
}

// CanReflink tells whether the file system of a pool directory can share blocks
// between files, which only trying can tell. It leaves nothing behind.
func CanReflink(ctx context.Context, h run.Host, dir string) (bool, error) {
	probe := path.Join(dir, ".holdfast-reflink-probe")
	twin := probe + "-copy"
	if err := h.WriteFile(ctx, run.File{Path: probe, Data: make([]byte, 4096)}); err != nil {
		return false, fmt.Errorf("probe %s for reflinks: %w", dir, err)
	}
	res, err := h.Run(ctx, run.Command("cp", "--reflink=always", "--no-target-directory", probe, twin))
	for _, p := range []string{twin, probe} {
		if rmErr := h.Remove(ctx, p); err == nil && rmErr != nil {
			err = rmErr
		}
	}
	if err != nil {
		return false, fmt.Errorf("probe %s for reflinks: %w", dir, err)
	}
	return res.ExitCode == 0, nil
}
