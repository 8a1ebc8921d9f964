package file

import (
	"fmt"

	"github.com/holdfast-storage/holdfast/internal/provider"
)

// Crash analysis. A volume is made in these steps, each durable or harmless to do
// again; the columns say what a scan finds when the node stops right after it.
//
//	step                         sidecar     image          next plan
//	1 write sidecar, exclusive   reserved    –              goes on with 2
//	2 write image, exclusive     reserved    empty          goes on with 3
//	3 write sidecar              allocating  empty          goes on with 4
//	4 truncate or fallocate      allocating  any size       goes on with 4
//	5 sync image                 allocating  full           goes on with 4
//	6 write sidecar              ready       full, durable  goes on with 7
//	7 losetup                    ready       attached       is content
//
// Somebody else's file cannot slip in: 1 and 2 fail where the path is taken, and
// under "reserved" an image that is not empty is not ours, so nothing that holds
// data is ever adopted. Step 4 never cuts (truncate has ">", fallocate cannot). A
// power loss may undo 4 up to the end of 5, which "allocating" expects; after 6 a
// shorter image has been cut by somebody, and a missing one was removed: data is
// lost and nobody but the user can decide what to do.
//
// Before "ready" an image holds no data, so a volume that does not fit any more is
// cleared away again.
//
// Growing repeats 4 to 6 with the new size and then tells the loop device. The
// sidecar keeps the old size until the new one is durable.
//
// Deleting detaches first and alone (see delete.go), then removes image before
// sidecar, so that no image is ever without its owner's name.
//
// Loop devices have no identity beyond their backing file, so between a scan and
// "losetup --set-capacity /dev/loopN" another program may detach and reuse N. The
// command then makes that device as large as its own file: harmless. The same race
// in "losetup --detach" is confined by the kernel to devices that nobody uses.

// Plan brings a volume nearer to what is wanted.
func (Provider) Plan(pool provider.Pool, state provider.PoolState, want provider.Volume, have *provider.Observed) ([]provider.Step, error) {
	v, err := newVolume(pool, want)
	if err != nil {
		return nil, err
	}
	if have == nil {
		if state.Err != nil {
			return nil, state.Err
		}
		if err := v.fits(state, v.sizeKiB); err != nil {
			return nil, err
		}
		return v.create(state), nil
	}
	im, err := v.own(have)
	if err != nil {
		return nil, err
	}
	if im.Phase == phaseReady && im.Kind == "" && v.MayMake && im.deletedLoop() == nil {
		// The deletion was taken back between the removal of the image and the sidecar's.
		im.Phase = phaseAllocating
	}
	if im.Phase != phaseReady {
		return v.finish(state, im)
	}
	return v.tend(state, im)
}

// volume is a wanted volume with its paths.
type volume struct {
	provider.Volume
	pool    provider.Pool
	sizeKiB int64 // rounded up
	img     string
	side    string
}

func newVolume(pool provider.Pool, want provider.Volume) (volume, error) {
	dir, err := dirOf(pool)
	if err != nil {
		return volume{}, err
	}
	switch {
	case !validName(want.Name):
		return volume{}, faultBadVolume(want, fmt.Sprintf("the name %q cannot be a file name", want.Name))
	case want.UUID == "":
		return volume{}, faultBadVolume(want, "it has no UUID")
	case want.SizeKiB < 0:
		return volume{}, faultBadVolume(want, fmt.Sprintf("its size is %d KiB", want.SizeKiB))
	}
	return volume{Volume: want, pool: pool, sizeKiB: max(roundUpKiB(want.SizeKiB), granularityKiB),
		img: imagePath(dir, want.Name), side: sidecarPath(dir, want.Name)}, nil
}

// own makes sure that what is there is this volume.
func (v volume) own(have *provider.Observed) (image, error) {
	im, err := imageOf(have)
	switch {
	case err != nil:
		return im, err
	case im.BadSidecar != "":
		return im, faultBadSidecar(v.img, v.side, im.BadSidecar)
	case have.UUID == "" && im.Kind == "" && im.deletedLoop() != nil:
		return im, faultOrphanLoop(v.img, im.deletedLoop().Device)
	case have.UUID == "":
		return im, faultForeign(v.img, "there is no sidecar "+v.side+", so Holdfast did not make it")
	case have.UUID != v.UUID:
		return im, faultOtherUUID(v.img, v.side, have, v.Volume)
	case im.Kind != "" && im.Kind != "f":
		return im, faultForeign(v.img, "it is not a regular file")
	case im.Phase == phaseReserved && im.Kind != "" && im.Bytes != 0:
		return im, faultForeign(v.img, "it appeared before Holdfast made its own image of that name")
	}
	return im, nil
}

// finish goes on with a volume that has never been complete.
func (v volume) finish(state provider.PoolState, im image) ([]provider.Step, error) {
	if len(im.Loops) > 0 {
		return nil, faultOddLoop(v.img, im.Loops[0].Device, "it is not complete yet")
	}
	if state.Err != nil {
		return nil, state.Err
	}
	if v.fits(state, v.sizeKiB-im.Bytes/1024) != nil || freeKiB(state) < sidecarKiB {
		return v.clear(im), nil
	}
	var steps []provider.Step
	if im.Kind == "" && im.Phase == phaseAllocating {
		// Back to "reserved", under which no file that appears meanwhile is adopted.
		im.Phase = phaseReserved
		steps = append(steps, v.mark(phaseReserved, 0))
	}
	return append(steps, v.complete(state, im)...), nil
}

// clear removes what was begun and cannot be finished.
func (v volume) clear(im image) []provider.Step {
	var steps []provider.Step
	if im.Kind != "" {
		steps = append(steps, provider.Step{Remove: v.img, Effect: provider.EffectDestroy,
			Why: "clear away the unfinished image, for the pool is full"})
	}
	return append(steps, provider.Step{Remove: v.side, Effect: provider.EffectDestroy,
		Why: "give up the name of the unfinished volume"})
}

// tend keeps a complete volume attached and large enough.
func (v volume) tend(state provider.PoolState, im image) ([]provider.Step, error) {
	if a := im.deletedLoop(); a != nil {
		return nil, faultDetached(v.img, a.Device)
	}
	switch {
	case im.Kind == "":
		return nil, faultLost(v.img)
	case im.Bytes/1024 < im.SizeKiB:
		return nil, faultCut(v.img, im)
	case len(im.Loops) > 1:
		return nil, faultManyLoops(v.img, im.Loops)
	case len(im.Loops) == 1 && im.Loops[0].Part:
		return nil, faultOddLoop(v.img, im.Loops[0].Device, "the loop device shows a part of the image or is read-only")
	}
	var steps []provider.Step
	if v.sizeKiB > im.SizeKiB {
		if state.Err != nil {
			return nil, state.Err
		}
		if err := v.fits(state, v.sizeKiB-im.Bytes/1024); err != nil {
			return nil, err
		}
		steps = append(steps, v.allocate(im.SizeKiB)...)
	}
	dev := im.device()
	switch {
	case dev == nil || dev.Leaving:
		steps = append(steps, v.attach(state))
	case dev.SizeKiB < v.sizeKiB:
		steps = append(steps, v.enlarge(dev.Device))
	}
	return steps, nil
}
