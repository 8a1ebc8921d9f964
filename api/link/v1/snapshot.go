package link

import "github.com/holdfast-storage/holdfast/api/v1"

// Snapshot is what a node shall keep of a resource's storage as it was at one moment.
// A satellite that does not know snapshots leaves them out of its reports: only what is
// reported made has been made.
type Snapshot struct {
	Name string `json:"name"`
	UUID string `json:"uuid"`
	// Create is the grant to take the snapshot. It ends once it was reported made: one
	// that has vanished since is reported, never replaced by one of a later moment.
	Create bool `json:"create,omitempty"`
	// Delete is the grant to destroy the snapshot.
	Delete  bool             `json:"delete,omitempty"`
	Volumes []SnapshotVolume `json:"volumes"`
}

// SnapshotVolume is the snapshot of one device of a pool: a volume's data or one of
// its parts.
type SnapshotVolume struct {
	Number int `json:"number"`
	// Suffix is that of the part; empty for the data.
	Suffix string `json:"suffix,omitempty"`
	// UUID is the identity of the snapshot's device, Source that of the device that it
	// is taken of.
	UUID   string `json:"uuid"`
	Source string `json:"source"`
	Pool   string `json:"pool"`
	// Props are the storage driver's properties of the source.
	Props map[string]string `json:"props,omitempty"`
}

// SnapshotReport is the observed state of a snapshot.
type SnapshotReport struct {
	Name string `json:"name"`
	UUID string `json:"uuid"`
	// Made tells that all devices of the snapshot are there and complete.
	Made bool `json:"made,omitempty"`
	// Gone tells that none of its devices is there any more, as Snapshot.Delete allows.
	Gone    bool                   `json:"gone,omitempty"`
	Problem *v1.ApiCallRc          `json:"problem,omitempty"`
	Volumes []SnapshotVolumeReport `json:"volumes,omitempty"`
}

// SnapshotVolumeReport is the observed state of one device of a snapshot.
type SnapshotVolumeReport struct {
	Number int    `json:"number"`
	Suffix string `json:"suffix,omitempty"`
	// Device is the name of the snapshot in its pool.
	Device       string `json:"device"`
	AllocatedKiB int64  `json:"allocated_kib"`
}
