package file

import (
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// PlanDelete removes a volume in two rounds. Detaching is a round of its own: the
// kernel answers "done" for a device in use and only marks it to go with its last
// user (LO_FLAGS_AUTOCLEAR). The next scan shows such a device as leaving, and its
// image stays.
func (Provider) PlanDelete(pool provider.Pool, want provider.Volume, have *provider.Observed) ([]provider.Step, error) {
	v, err := newVolume(pool, want)
	if err != nil || have == nil {
		return nil, err
	}
	im, err := v.own(have)
	if err != nil {
		return nil, err
	}
	return planDelete(v, im)
}

func planDelete(v volume, im image) ([]provider.Step, error) {
	if a := im.openLoop(); a != nil {
		return nil, faultInUse(v.img, a.Device)
	}
	if a := im.deletedLoop(); a != nil && im.Kind != "" {
		// What is in the image's place now is not the file that was made here.
		return nil, faultDetached(v.img, a.Device)
	}
	var steps []provider.Step
	for _, a := range im.Loops {
		c := run.Command("losetup", "--detach", a.Device)
		steps = append(steps, provider.Step{Cmd: &c, Why: "detach the image from its loop device", Effect: provider.EffectDetach,
			Destructive: a.Deleted})
	}
	if len(steps) > 0 {
		return steps, nil
	}
	return removal(v, im), nil
}

// ForeseeDelete tells both rounds of PlanDelete. A device that is said not to be open
// will have been let go of by then, whatever uses it now.
func (Provider) ForeseeDelete(pool provider.Pool, want provider.Volume, have *provider.Observed) ([]provider.Step, error) {
	v, err := newVolume(pool, want)
	if err != nil || have == nil {
		return nil, err
	}
	im, err := v.own(have)
	if err != nil {
		return nil, err
	}
	for i := range im.Loops {
		im.Loops[i].Open = im.Loops[i].Open && have.Open
	}
	steps, err := planDelete(v, im)
	if err != nil || len(im.Loops) == 0 {
		return steps, err
	}
	return append(steps, removal(v, im)...), nil
}

// removal takes the image of a detached volume away, and then its name.
func removal(v volume, im image) []provider.Step {
	var steps []provider.Step
	if im.Kind != "" {
		steps = append(steps, provider.Step{Remove: v.img, Why: "remove the image",
			Effect: provider.EffectDestroy, Destructive: true})
	}
	return append(steps, provider.Step{Remove: v.side, Why: "give up the name of the volume",
		Effect: provider.EffectDestroy})
}
