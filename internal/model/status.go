package model

import (
	"time"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
)

// ConnState is the state of the connection to a satellite, as the API names it.
type ConnState string

// States of the connection to a satellite.
const (
	ConnOffline         ConnState = "OFFLINE"
	ConnConnected       ConnState = "CONNECTED"
	ConnOnline          ConnState = "ONLINE"
	ConnVersionMismatch ConnState = "VERSION_MISMATCH"
	ConnFullSyncFailed  ConnState = "FULL_SYNC_FAILED"
	ConnAuthError       ConnState = "AUTHENTICATION_ERROR"
	ConnHostname        ConnState = "HOSTNAME_MISMATCH"
	ConnOtherController ConnState = "OTHER_CONTROLLER"
	ConnNoSatellite     ConnState = "NO_STLT_CONN"
	ConnUnknown         ConnState = "UNKNOWN"
)

// NodeStatus is what the controller knows about a satellite.
type NodeStatus struct {
	Node  string
	State ConnState
	// Why explains a state other than ONLINE in plain words.
	Why string
	// Since is when the state began.
	Since    time.Time
	Attempts int
	// Host is what the satellite told about its host; nil before the first contact.
	Host *HostInfo
}

// HostInfo is what a satellite tells about its host.
type HostInfo struct {
	// Session is the run of the satellite; what an earlier run reported is of the past.
	Session              string
	Uname                string
	OS                   string
	Version              string
	Providers            []v1.ProviderKind
	Layers               []v1.LayerType
	UnsupportedProviders map[string][]string
	UnsupportedLayers    map[string][]string
	Warnings             []string
	// LayerSet and ProviderSet are Layers and Providers for look-ups.
	LayerSet    map[v1.LayerType]bool
	ProviderSet map[v1.ProviderKind]bool
	// Crypto are the hash algorithms of the host's kernel; nil where it does not tell.
	Crypto []string
	// Versions are those of kernel modules and tools by name: drbd and drbd-utils.
	Versions map[string]string
	// UnsupportedWhy maps unsupported layers and kinds to the reason in words.
	UnsupportedWhy map[string]string
}

// PoolStatus is the last known space of a pool.
type PoolStatus struct {
	Node, Pool     string
	Known          bool
	FreeKiB        int64
	TotalKiB       int64
	DataPercent    float64
	MetaPercent    float64
	GranularityKiB int64
	MinIOSizeBytes int64
	// NoSnapshots is why the pool takes no snapshots although its kind has them.
	NoSnapshots string
	Problem     *v1.ApiCallRc
}

// Progress is how far a satellite is with what it was told last.
type Progress string

// Progress of a replica.
const (
	ProgressWorking Progress = "working"
	ProgressReady   Progress = "ready"
	ProgressFailed  Progress = "failed"
	ProgressGone    Progress = "gone"
)

// ResourceStatus is what a satellite reported of a replica last.
type ResourceStatus struct {
	Definition, Node string
	// Fingerprint is that of the instruction the report is about; where it differs
	// from the present one, the satellite has not seen the newest change.
	Fingerprint string
	Progress    Progress
	// Doing says what is being done or waited for.
	Doing   string
	Problem *v1.ApiCallRc
	InUse   *bool
	// InUseSince is when the device was first reported in use without a break.
	InUseSince *time.Time
	Volumes    []VolumeStatus
	Since      time.Time
	// DRBD is what the satellite said of the DRBD resource; nil without that layer.
	DRBD *link.DRBDReport
	// Apart has, by peer, when its connection was first seen StandAlone.
	Apart map[string]time.Time
	// Snapshots is what the satellite said of snapshots; those that it did not mention
	// are unknown to it.
	Snapshots []link.SnapshotReport
}

// VolumeStatus is what a satellite reported of one volume.
type VolumeStatus struct {
	Number       int
	DevicePath   string
	AllocatedKiB int64
	UsableKiB    int64
	DiskState    string
	Gone         bool
	// FileSystem is what is on a volume whose file system was to be made.
	FileSystem string
	// Dropped tells that the storage of a replica that becomes diskless is gone.
	Dropped bool
	Layers  []LayerStatus
	// DRBD is what the satellite said of the volume at the DRBD layer.
	DRBD *link.DRBDVolumeReport
}

// LayerStatus is one layer's view of a volume, top first.
type LayerStatus struct {
	Layer        v1.LayerType
	DevicePath   string
	BackingPath  string
	AllocatedKiB int64
	UsableKiB    int64
	DiskState    string
	Suffix       string
	Opened       bool
}

// StorageKiB is the size of the volume's storage in KiB as far as it was reported, 0
// for none.
func (v *VolumeStatus) StorageKiB() int64 {
	if v.UsableKiB == 0 {
		return 0
	}
	for _, l := range v.Layers {
		if l.Layer == v1.LayerTypeStorage && l.Suffix == "" && l.UsableKiB > 0 {
			return l.UsableKiB
		}
	}
	return v.UsableKiB
}

// Snapshot finds what was said of a snapshot by its identity on the node.
func (s *ResourceStatus) Snapshot(uuid string) (link.SnapshotReport, bool) {
	if s == nil {
		return link.SnapshotReport{}, false
	}
	for _, r := range s.Snapshots {
		if r.UUID == uuid {
			return r, true
		}
	}
	return link.SnapshotReport{}, false
}

// Volume finds a volume's status by number.
func (s *ResourceStatus) Volume(number int) (VolumeStatus, bool) {
	if s == nil {
		return VolumeStatus{}, false
	}
	for _, v := range s.Volumes {
		if v.Number == number {
			return v, true
		}
	}
	return VolumeStatus{}, false
}
