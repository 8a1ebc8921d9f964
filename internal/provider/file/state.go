package file

import "github.com/holdfast-storage/holdfast/internal/provider"

// image is everything a scan found out about one volume: provider.Observed's Found.
type image struct {
	// Kind is the file type as find prints it: f, d, l …; empty where there is no image.
	Kind  string
	Bytes int64
	// BadSidecar is why the sidecar cannot be believed.
	BadSidecar string
	Phase      phase
	SizeKiB    int64
	Loops      []attachment
}

// attachment is a loop device on a volume's image.
type attachment struct {
	Device  string
	SizeKiB int64
	// Part means that it shows only a part of the image, or only for reading.
	Part bool
	// Leaving means that it was detached while in use and goes with its last user.
	Leaving bool
	// Deleted means that its image has no name any more; what is at the image's
	// path now, if anything, is another file.
	Deleted bool
	Open    bool
}

func imageOf(o *provider.Observed) (image, error) {
	im, ok := o.Found.(*image)
	if !ok {
		return image{}, faultNoNotes(o)
	}
	return *im, nil
}

// remnant tells that nothing that may hold data is there of a volume: its name alone, or an
// image that was never ready.
func (im image) remnant() bool {
	unfinished := im.Phase == phaseAllocating || im.Phase == phaseReserved && im.Bytes == 0
	return (im.Kind == "" || unfinished) && im.BadSidecar == "" && len(im.Loops) == 0
}

// device is the loop device through which the volume is used, nil for none.
func (im image) device() *attachment {
	var found *attachment
	for i, a := range im.Loops {
		if !a.Part && !a.Deleted && (found == nil || a.Open && !found.Open) {
			found = &im.Loops[i]
		}
	}
	return found
}

func (im image) openLoop() *attachment {
	for i, a := range im.Loops {
		if a.Open || a.Leaving {
			return &im.Loops[i]
		}
	}
	return nil
}

func (im image) deletedLoop() *attachment {
	for i, a := range im.Loops {
		if a.Deleted {
			return &im.Loops[i]
		}
	}
	return nil
}
