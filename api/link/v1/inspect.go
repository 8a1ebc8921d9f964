package link

// InspectRequest asks for everything that DRBD on the node knows of a resource.
type InspectRequest struct {
	Fence    Fence  `json:"fence"`
	Resource string `json:"resource"`
}

// InspectAnswer is the answer to InspectRequest. It has no secret.
type InspectAnswer struct {
	// Running tells that the kernel has the resource.
	Running bool `json:"running"`
	// Role is Primary or Secondary; empty while it does not run.
	Role string `json:"role,omitempty"`
	// Open tells that something on the node uses the resource.
	Open bool `json:"open,omitempty"`
	// Suspended says why I/O is held: user, no-data, fencing or quorum; empty for no.
	Suspended []string        `json:"suspended,omitempty"`
	Volumes   []InspectVolume `json:"volumes,omitempty"`
	Links     []DRBDLink      `json:"links,omitempty"`
}

// InspectVolume is one volume of a resource as DRBD knows it.
type InspectVolume struct {
	Number int `json:"number"`
	// Disk is DRBD's disk state; empty while the resource does not run.
	Disk   string `json:"disk,omitempty"`
	Quorum *bool  `json:"quorum,omitempty"`
	// Generations are the identifiers towards each peer; none where they could not be
	// read, and then Problem says why.
	Generations []InspectGI `json:"generations,omitempty"`
	Problem     string      `json:"problem,omitempty"`
}

// InspectGI are the generation identifiers of a volume towards one peer, in
// hexadecimal digits.
type InspectGI struct {
	Peer    string `json:"peer"`
	Current string `json:"current"`
	Bitmap  string `json:"bitmap"`
	// History has older identifiers, youngest first.
	History []string `json:"history,omitempty"`
}
