package file

import (
	"encoding/json"

	"github.com/holdfast-storage/holdfast/internal/provider"
)

// noteState is the one note in provider.Observed: the image's state as JSON.
const noteState = "file"

// image is everything a scan found out about one volume.
type image struct {
	// Kind is the file type as find prints it: f, d, l …; empty where there is no image.
	Kind  string `json:"kind,omitempty"`
	Bytes int64  `json:"bytes,omitempty"`
	// BadSidecar is why the sidecar cannot be believed.
	BadSidecar string       `json:"bad_sidecar,omitempty"`
	Phase      phase        `json:"phase,omitempty"`
	SizeKiB    int64        `json:"size_kib,omitempty"`
	Loops      []attachment `json:"loops,omitempty"`
}

// attachment is a loop device on a volume's image.
type attachment struct {
	Device  string `json:"device"`
	SizeKiB int64  `json:"size_kib"`
	// Part means that it shows only a part of the image, or only for reading.
	Part bool `json:"part,omitempty"`
	// Leaving means that it was detached while in use and goes with its last user.
	Leaving bool `json:"leaving,omitempty"`
	// Deleted means that its image has no name any more; what is at the image's
	// path now, if anything, is another file.
	Deleted bool `json:"deleted,omitempty"`
	Open    bool `json:"open,omitempty"`
}

func (im image) notes() map[string]string {
	data, _ := json.Marshal(im) // plain data cannot fail
	return map[string]string{noteState: string(data)}
}

func imageOf(o *provider.Observed) (image, error) {
	var im image
	if err := json.Unmarshal([]byte(o.Notes[noteState]), &im); err != nil {
		return im, faultNoNotes(o, err)
	}
	return im, nil
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
