package model

import (
	"slices"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// Definition is a resource definition: what a resource is, wherever it is placed.
type Definition struct {
	Name         string
	ExternalName string `json:",omitempty"`
	UUID         string
	Group        string
	Props        map[string]string  `json:",omitempty"`
	Stack        []v1.LayerType     `json:",omitempty"`
	Volumes      []VolumeDefinition `json:",omitempty"`
	DRBD         DRBDDefinition     `json:",omitzero"`
	Deleting     *time.Time         `json:",omitempty"`
}

// DRBDDefinition is what all replicas of a definition share at the DRBD layer.
type DRBDDefinition struct {
	// PeerSlots is 0 where the default rules.
	PeerSlots int    `json:",omitempty"`
	Port      int    `json:",omitempty"`
	Secret    string `json:",omitempty"`
	Transport string `json:",omitempty"`
}

// VolumeDefinition is one volume of a definition.
type VolumeDefinition struct {
	Number int
	UUID   string
	// SizeKiB is the usable size, or that of the backing volume when Gross is set.
	SizeKiB   int64
	Props     map[string]string `json:",omitempty"`
	Gross     bool              `json:",omitempty"`
	Encrypted bool              `json:",omitempty"`
	// Minor is the DRBD minor number, −1 where the stack has no DRBD.
	Minor    int
	Deleting *time.Time `json:",omitempty"`
	// Initialized is set once a replica has had the volume's first data generation.
	Initialized bool `json:",omitempty"`
	// Resize is the change of size that is under way; nil for none.
	Resize *Resize `json:",omitempty"`
}

// Resize is a change of a volume's size that several nodes make in step.
type Resize struct {
	// FromKiB is the size before.
	FromKiB int64
	// Node is the one that lets DRBD use the new size; empty until the devices below
	// have it on all nodes.
	Node string `json:",omitempty"`
}

// Volume finds a volume definition by number.
func (d *Definition) Volume(number int) (VolumeDefinition, bool) {
	for _, v := range d.Volumes {
		if v.Number == number {
			return v, true
		}
	}
	return VolumeDefinition{}, false
}

// Resource is one replica: a definition on a node.
type Resource struct {
	Definition string
	Node       string
	UUID       string
	Props      map[string]string `json:",omitempty"`
	Stack      []v1.LayerType
	// Diskless replicas have no storage of their own.
	Diskless Disklessness `json:",omitempty"`
	Inactive bool         `json:",omitempty"`
	Volumes  []Volume     `json:",omitempty"`
	Deleting *time.Time   `json:",omitempty"`
	// Deletions counts how often the deletion was ordered, so that a report from
	// before cannot be taken for one after it was taken back.
	Deletions int `json:",omitempty"`
	// Removals counts, for the same reason, how often the removal of its disk has begun.
	Removals int `json:",omitempty"`
	// Created is when the satellite first reported the replica.
	Created *time.Time `json:",omitempty"`
	// DRBD is what the DRBD layer has given to the replica; nil without that layer.
	DRBD *ReplicaDRBD `json:",omitempty"`
	// Toggle is how far a change between diskful and diskless has come.
	Toggle Toggle `json:",omitempty"`
	// ToggleTo is the kind of diskless replica that a removal of the disk leads to;
	// empty for an ordinary one, and while no disk is being removed.
	ToggleTo Disklessness `json:",omitempty"`
	// FormerDisk tells that a disk whose removal was taken back half-way may still be
	// there with its data, while the replica is about to get a disk.
	FormerDisk bool `json:",omitempty"`
}

// ReplicaDRBD is what the DRBD layer keeps of one replica.
type ReplicaDRBD struct {
	NodeID int
	// Ports are the TCP ports of the replica on its node; the first one is used.
	Ports []int `json:",omitempty"`
	// PeerSlots is the number of bitmap slots that its metadata is made with.
	PeerSlots int
	// Client replicas are diskless and have no vote.
	Client bool `json:",omitempty"`
	// Parted is set when a replica that is deleted or deactivated has let go, or none of
	// the others reaches it any more: from then on they do without it. One that is new to
	// the data, or is activated, begins so, and takes no part until the others know of it.
	Parted bool `json:",omitempty"`
	// Forget has the node ids of deleted peers whose slots this replica has yet to free.
	Forget []int `json:",omitempty"`
	// Reconnect has the peers to which a connection that DRBD has cut off is to be made
	// again, and Discard those towards which this replica gives up its own data with it.
	// Both end once the peer is connected.
	Reconnect []string `json:",omitempty"`
	Discard   []string `json:",omitempty"`
	// Retract has the peers of discards that came to nothing: DRBD may still keep the
	// word for the moment at which the peer is reached.
	Retract []string `json:",omitempty"`
	// Unaware has the nodes with a disk that were not connected when this replica lost its
	// own, and have not been told of that since. This replica does not connect to them: as
	// long as they take it for one with a disk its vote would let them use old data. Of a
	// replica that was away it has those that have not heard of a disk they are to get.
	Unaware []string `json:",omitempty"`
	// Untold has the nodes that could not be reached when another copy came, and have not
	// been told of it since. This replica does not connect to them: what is written there
	// would reach the copies that they know, and not that one.
	Untold []string `json:",omitempty"`
	// Held is set while not even the others are told of an empty disk that is about to come,
	// as one of them has no quorum, or would have none then: DRBD counts its vote at once.
	Held bool `json:",omitempty"`
	// Hidden has the nodes that alone are not told of an empty disk that is about to come:
	// they were away, and with the vote of a disk that is not there could use old data.
	Hidden []string `json:",omitempty"`
	// Waits is set while a replica that is to be deleted stays as it was, and goes on when its
	// node restarts: nobody that stays is known to have its data.
	Waits bool `json:",omitempty"`
	// Restart orders a replica without a disk to begin anew, so that it is connected to
	// older data than it has seen.
	Restart bool `json:",omitempty"`
	// Trust orders a replica to call its data up to date, where all copies are the same
	// and all are called outdated.
	Trust bool `json:",omitempty"`
	// RejoinOrdered is when they were ordered: an order that came to nothing lapses.
	RejoinOrdered *time.Time `json:",omitempty"`
	// Yield is an order to give up the replica's data that waits until the data is kept
	// in a snapshot; nil for none.
	Yield *Yield `json:",omitempty"`
}

// Yield is an order to give up a replica's data for that of others, after a snapshot.
type Yield struct {
	// To has the nodes whose data is taken over; all of them have the same.
	To []string
	// Snapshot is the one that keeps the data that is given up.
	Snapshot string
	Ordered  time.Time
	// Used is set when the replica was in use after the snapshot was taken: what was
	// written then is not in it, and the order is not carried out.
	Used bool `json:",omitempty"`
}

// Toggle is the phase of a change between diskful and diskless, as the API names
// its flags.
type Toggle string

// Phases of a toggle. Adding: peers learn first that the replica will have a disk
// (requested), then it gets it (adding). Removing: the disk stays in use until another
// copy is good (requested), then the replica lets go and its storage is destroyed
// (removing).
const (
	ToggleNone            Toggle = ""
	ToggleAddRequested    Toggle = "DISK_ADD_REQUESTED"
	ToggleAdding          Toggle = "DISK_ADDING"
	ToggleRemoveRequested Toggle = "DISK_REMOVE_REQUESTED"
	ToggleRemoving        Toggle = "DISK_REMOVING"
)

// Disklessness is why a replica has no disk; empty for a diskful one.
type Disklessness string

// Ways to have no disk.
const (
	Diskful       Disklessness = ""
	DRBDDiskless  Disklessness = "DRBD_DISKLESS"
	Tiebreaker    Disklessness = "TIE_BREAKER"
	NVMeInitiator Disklessness = "NVME_INITIATOR"
)

// Volume is one volume of a replica.
type Volume struct {
	Number int
	UUID   string
	Pool   string
	Props  map[string]string `json:",omitempty"`
	// Created is set once the satellite has reported the volume; from then on it may
	// not be made anew by itself.
	Created bool `json:",omitempty"`
	// Start says how DRBD's first metadata of the volume begins: winner, skip or full;
	// empty without DRBD or without a disk.
	Start string `json:",omitempty"`
	// Key is the passphrase of the LUKS layer, encrypted with the cluster's master key,
	// in base64; FormerKey is the one before a change that is under way.
	Key       string `json:",omitempty"`
	FormerKey string `json:",omitempty"`
	// Format is the grant to make the volume's file system; it ends once there is one.
	Format bool `json:",omitempty"`
	// Parts are the further devices of the volume.
	Parts []VolumePart `json:",omitempty"`
}

// pools walks over the pools that have a device of the volume.
func (v *Volume) pools(yield func(string) bool) {
	if !yield(v.Pool) {
		return
	}
	for _, p := range v.Parts {
		if !yield(p.Pool) {
			return
		}
	}
}

// VolumePart is a further device of a volume, such as for a cache.
type VolumePart struct {
	// Suffix names its purpose, such as .meta or .cache.
	Suffix string
	Pool   string
	// SizeKiB is 0 where the layer decides.
	SizeKiB int64 `json:",omitempty"`
}

// Volume finds a replica's volume by number.
func (r *Resource) Volume(number int) (Volume, bool) {
	for _, v := range r.Volumes {
		if v.Number == number {
			return v, true
		}
	}
	return Volume{}, false
}

// HasLayer tells whether a stack contains a layer.
func HasLayer(stack []v1.LayerType, layer v1.LayerType) bool {
	return slices.Contains(stack, layer)
}
