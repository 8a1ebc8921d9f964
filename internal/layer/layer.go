// Package layer is the contract of the layers above the storage of a volume: DRBD,
// LUKS, NVMe-oF and the caches. One folder below this one holds one layer; all/
// lists them.
//
// A layer observes (Scan, Probe) and plans (Plan, a pure function that turns wanted
// and observed into steps). It never executes a change by itself, and reaches the
// machine through run.Host alone. The satellite walks the stack of a resource:
//
//   - upwards to bring it up: the storage first, then layer by layer. A layer with
//     steps ends the round; the machine is looked at anew before the next one.
//   - downwards to take it away: a layer is asked only after all above it have
//     released the devices, the storage last.
package layer

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Layer drives one kind of layer on a node.
type Layer interface {
	Kind() v1.LayerType
	// Support finds out whether the node can drive the layer.
	Support(ctx context.Context, h run.Host) Support
	// Scan observes everything of the layer on the node, with a number of commands
	// that does not depend on the number of resources. An error means that nothing is
	// known.
	Scan(ctx context.Context, h run.Host) (any, error)
	// Probe looks at what Plan needs beyond the scan, volume by volume; it runs
	// nothing where the scan says enough.
	Probe(ctx context.Context, h run.Host, in Input) (any, error)
	// Plan gives the next steps from the observed to the wanted state of one
	// resource. Pure. A device that is foreign or in an unknown state is a fault,
	// never a step.
	Plan(in Input) (Output, error)
	// LowerKiB is the size that the device below needs for a device of sizeKiB, and
	// UpperKiB the usable size on top of a lower device. Pure.
	LowerKiB(r *link.Resource, v *link.Volume, sizeKiB int64) (int64, error)
	UpperKiB(r *link.Resource, v *link.Volume, lowerKiB int64) (int64, error)
	// Parts are the further devices that the layer needs for a volume of sizeKiB,
	// with their sizes where the instruction leaves them open. Pure.
	Parts(r *link.Resource, v *link.Volume, sizeKiB int64) ([]link.Part, error)
}

// Watcher is a layer that hears of changes without looking.
type Watcher interface {
	// Watch calls changed with the name of a resource, or with "" for all, whenever
	// something may have changed. It returns when the context ends or the source of
	// the news is lost; nothing is assumed about what happened meanwhile.
	Watch(ctx context.Context, h run.Host, changed func(resource string)) error
}

// Explainer turns the complaint of a layer's tool into the user's words; nil knows none.
type Explainer interface {
	Explain(c run.Cmd, r run.Result) error
}

// Recoverer is a layer that can go back to what worked before, after a step failed.
type Recoverer interface {
	// Recover gives the steps to be taken after a step of Plan with the same input has
	// failed; none where there is nothing to go back to. Pure.
	Recover(in Input) []Step
}

// Support says whether a node can drive a layer.
type Support struct {
	// Reasons say why it cannot; none means that it can.
	Reasons []string
	// Warnings are what the user should know although it can.
	Warnings []string
	// Versions are those of the layer's kernel module and tools by name, where others
	// go by them.
	Versions map[string]string
}

// Input is what a layer plans with.
type Input struct {
	Resource *link.Resource
	// Volumes are those to be planned: when bringing up, all that are not going away;
	// when taking down, those that are.
	Volumes []link.Volume
	// Down tells that the volumes are taken down. Whole tells that all of the resource
	// is: it is deleted or deactivated.
	Down, Whole bool
	// Released has the volumes that the layer has released before under the same instruction:
	// what it held is not looked at again while the storage goes.
	Released map[int]bool
	// Revived tells, with Foresee, that the layer will have been brought up for one above
	// before it is taken down.
	Revived bool
	// Lower has the devices below by volume number; one that is not there is missing
	// or not Present. A layer on a diskless replica has none; on an NVMe initiator there
	// are the parts, also when taking down.
	Lower map[int]Device
	// MayMake has the volumes that the layer may make anew: there is no data on them.
	MayMake map[int]bool
	// Keep has the volumes whose disk is kept in use for now although the instruction says
	// that the replica has none; see Output.
	Keep map[int]bool
	// Broken tells that a layer below cannot bring up what is kept, and never will by itself.
	Broken bool
	// Observed and Probed are what Scan and Probe have answered.
	Observed, Probed any
	// Foresee asks for the whole way instead of the next round of steps, for a plan
	// that is shown to a user.
	Foresee bool
}

// Device is a block device that a layer offers to the one above.
type Device struct {
	Path    string
	SizeKiB int64
	// Present tells that the device is there with the right identity.
	Present bool
	// Open tells that something above uses the device, as far as the tool tells.
	Open bool
	// Parts are the further devices of the volume by suffix.
	Parts map[string]Device
	// Thin and ZeroFilled are traits of the storage below.
	Thin, ZeroFilled bool
	// AllocatedKiB is the space taken in the pool.
	AllocatedKiB int64
	// Foreseen devices will be there once the steps below are done, empty; the path may
	// not be known yet. There are some only in plans that are shown to a user.
	Foreseen bool
}

// Output is a plan with what is known.
type Output struct {
	Steps []Step
	// Devices are what the layer offers to the one above, by volume number.
	Devices map[int]Device
	// Volumes are the reports about the volumes at this layer, by number.
	Volumes map[int]link.LayerReport
	// Released has the volumes whose lower devices the layer has let go of. It counts
	// when taking down.
	Released map[int]bool
	// Made has the volumes that need no grant to be made any more.
	Made map[int]bool
	// Keep has the volumes of a replica that is to be diskless whose disk must not be let
	// go of yet, as nobody else is known to have the data. The stack below is then brought
	// up for them, and the layer is asked again with Input.Keep.
	Keep map[int]bool
	// Revive has the volumes that cannot be released yet: the layer is down, and may hold
	// data that has to get to the device below. The stack up to the layer is then brought
	// up for them, and it is asked again. It counts when taking down.
	Revive map[int]bool
	// Waiting says what has to happen elsewhere before more can be done.
	Waiting []string
	// InUse tells whether something uses the resource; nil where the layer cannot tell.
	InUse *bool
	// DRBD and DRBDVolumes are set by the DRBD layer.
	DRBD        *link.DRBDReport
	DRBDVolumes map[int]*link.DRBDVolumeReport
}

// Step is one step for a volume.
type Step struct {
	provider.Step
	Volume int
}
