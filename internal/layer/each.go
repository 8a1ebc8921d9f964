package layer

import "github.com/holdfast-storage/holdfast/api/link/v1"

// Each plans the volumes of an input one after the other into out: with up, or with down
// where they are taken down. One volume's trouble does not keep the others from being
// tended: it counts only where there is nothing to do. Busy tells whether something
// uses the layer's device of a volume.
func Each(in Input, out *Output, up, down func(*link.Volume) error, busy func(*link.Volume) bool) error {
	plan := up
	if in.Down {
		plan = down
	}
	used := false
	var first error
	for i := range in.Volumes {
		v := &in.Volumes[i]
		if err := plan(v); err != nil && first == nil {
			first = err
		}
		used = used || busy(v)
	}
	out.InUse = &used
	if len(out.Steps) > 0 {
		return nil
	}
	return first
}
