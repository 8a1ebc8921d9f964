package layer

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Finisher does what is left to be done for a volume whose stack is up. It offers no
// device, and nothing of it is taken down.
type Finisher interface {
	// Name names it in logs and marks.
	Name() string
	// Finish looks and plans: the steps that are left, and what it found out for the
	// report. Done tells that it need not be asked again for this volume as long as
	// nothing changes.
	Finish(ctx context.Context, h run.Host, f Finish) (Finished, error)
}

// Finish is what a Finisher works on.
type Finish struct {
	Resource *link.Resource
	Volume   *link.Volume
	// Top is the device that users see, Data the one that the storage gives; on a
	// replica without storage both are the same.
	Top, Data Device
	// Ready tells that Top may be written to: its data is up to date.
	Ready bool
	// Foresee asks what will be done once the devices are there, for a plan that is shown
	// to a user: those that are not Present must not be looked at, and will be empty.
	Foresee bool
}

// Finished is what a Finisher answers.
type Finished struct {
	Steps []Step
	Done  bool
	// FileSystem is what is on the device, if that was asked for.
	FileSystem string
}
