package file

import (
	"fmt"
	"strconv"

	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// reserveKiB stays free in a pool: room for sidecars and the file system's own
// bookkeeping of a new image.
const reserveKiB = 1024

// sidecarKiB is the least free space with which sidecars can still be written.
const sidecarKiB = 64

// noteFree is what the file system has free, in KiB, before the reserve is taken off.
const noteFree = "free_kib"

// freeKiB is what the file system has free.
func freeKiB(state provider.PoolState) int64 {
	if n, err := strconv.ParseInt(state.Notes[noteFree], 10, 64); err == nil {
		return n
	}
	return state.Space.FreeKiB
}

// promisable is the largest volume that fits into free space with its reserve.
func promisable(freeKiB int64) int64 {
	most := (freeKiB - reserveKiB) * 1024 / 1025
	return max(0, most-most%granularityKiB)
}

// fits tells whether a volume may take so much more space.
func (v volume) fits(state provider.PoolState, moreKiB int64) error {
	if moreKiB <= 0 {
		return nil
	}
	need := int64(reserveKiB)
	if !isThin(v.pool) {
		// Extent trees take well below a thousandth of what they describe.
		need += moreKiB + moreKiB/1024
	}
	if free := freeKiB(state); free < need {
		return faultFull(v.pool, v.Volume, need, free)
	}
	return nil
}

// create is everything from nothing to an attached volume.
func (v volume) create(state provider.PoolState) []provider.Step {
	reserve := v.mark(phaseReserved, 0)
	reserve.Write.Exclusive = true
	reserve.Effect, reserve.Why = provider.EffectCreate, "reserve the name of the volume"
	return append([]provider.Step{reserve}, v.complete(state, image{Phase: phaseReserved})...)
}

// complete is what is left to do for a volume that is not ready.
func (v volume) complete(state provider.PoolState, im image) []provider.Step {
	var steps []provider.Step
	if im.Kind == "" {
		steps = append(steps, provider.Step{Write: &run.File{Path: v.img, Exclusive: true},
			Why: "create the empty image", Effect: provider.EffectCreate})
	}
	if im.Phase == phaseReserved {
		steps = append(steps, v.mark(phaseAllocating, 0))
	}
	steps = append(steps, v.allocate(0)...)
	return append(steps, v.attach(state))
}

// mark writes the sidecar.
func (v volume) mark(p phase, sizeKiB int64) provider.Step {
	return provider.Step{Write: sidecar{UUID: v.UUID, Phase: p, SizeKiB: sizeKiB}.file(v.side),
		Why: fmt.Sprintf("note that the volume is %s", p), Effect: provider.EffectModify}
}

// allocate gives the image its size, from what it has for sure, and notes it.
func (v volume) allocate(fromKiB int64) []provider.Step {
	var size run.Cmd
	if isThin(v.pool) {
		// ">" means at least: the command can never cut an image.
		size = run.Command("truncate", "--no-create", fmt.Sprintf("--size=>%d", v.sizeKiB*1024), v.img)
	} else {
		size = run.Command("fallocate", fmt.Sprintf("--offset=%d", fromKiB*1024),
			fmt.Sprintf("--length=%d", (v.sizeKiB-fromKiB)*1024), v.img)
	}
	flush := run.Command("sync", v.img)
	return []provider.Step{
		{Cmd: &size, Why: fmt.Sprintf("give the image %d KiB", v.sizeKiB), Effect: provider.EffectModify},
		{Cmd: &flush, Why: "make the image's size durable", Effect: provider.EffectModify},
		v.mark(phaseReady, v.sizeKiB),
	}
}

// attach gives the image a loop device. With --nooverlap an image that is attached
// already keeps its device, so the step can be done again. Where direct I/O is
// refused in spite of the file system's type, as for disks with 4 KiB sectors,
// losetup exits with 1 but leaves the device attached, which the next scan finds.
func (v volume) attach(state provider.PoolState) provider.Step {
	argv := []string{"losetup", "--find", "--show", "--nooverlap"}
	if directIO(state.Notes[noteFileSystem]) {
		argv = append(argv, "--direct-io=on")
	}
	c := run.Command(append(argv, v.img)...)
	return provider.Step{Cmd: &c, Why: "attach the image to a loop device", Effect: provider.EffectAttach}
}

func (v volume) enlarge(device string) provider.Step {
	c := run.Command("losetup", "--set-capacity", device)
	return provider.Step{Cmd: &c, Why: "let the loop device show the whole image", Effect: provider.EffectModify}
}
