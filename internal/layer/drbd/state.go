package drbd

import (
	"maps"
	"slices"
)

// Truth is yes, no, or not told.
type Truth uint8

// Truths.
const (
	Untold Truth = iota
	No
	Yes
)

func truth(b bool) Truth {
	if b {
		return Yes
	}
	return No
}

// Disk states that the planner looks at; DRBD has more.
const (
	DiskDiskless = "Diskless"
	DiskUpToDate = "UpToDate"
	DiskOutdated = "Outdated"
	RolePrimary  = "Primary"
	Connected    = "Connected"
	StandAlone   = "StandAlone"
)

// Suspended says why I/O is held.
type Suspended struct{ User, NoData, Fencing, Quorum bool }

// Any tells whether I/O is held at all.
func (s Suspended) Any() bool { return s != Suspended{} }

// State is one resource in the kernel.
type State struct {
	Name string
	// NodeID is −1 where it is not told.
	NodeID         int
	Role           string
	Suspended      Suspended
	ForceIOFailure bool
	WriteOrdering  string
	MayPromote     Truth
	PromotionScore int
	// Devices by volume number.
	Devices map[int]Device
	// Connections by the peer's node id.
	Connections map[int]Link
}

// Device is one volume in the kernel.
type Device struct {
	Minor     int
	Disk      string
	Client    Truth
	Open      Truth
	Quorum    Truth
	Backing   string
	SizeKiB   int64
	Read      int64
	Written   int64
	ALWrites  int64
	BMWrites  int64
	UpperPend int64
	LowerPend int64
}

// Link is the connection to one peer.
type Link struct {
	Name       string
	Connection string
	PeerRole   string
	Congested  Truth
	APInFlight int64
	RSInFlight int64
	// Volumes by number.
	Volumes map[int]PeerDevice
	// Paths by local and peer address, such as ipv4:10.0.0.1:7000.
	Paths map[PathKey]bool
}

// PathKey names a path; the value in Link.Paths tells whether it is established.
type PathKey struct{ Local, Peer string }

// PeerDevice is one volume of a peer.
type PeerDevice struct {
	Replication     string
	Disk            string
	Client          Truth
	ResyncSuspended string
	// DonePercent is the progress of a resync or verification; −1 while none runs.
	DonePercent  float64
	ReceivedKiB  int64
	SentKiB      int64
	OutOfSyncKiB int64
	Pending      int64
	Unacked      int64
}

func newState(name string) State {
	return State{Name: name, NodeID: -1, Devices: map[int]Device{}, Connections: map[int]Link{}}
}

func newLink() Link {
	return Link{Volumes: map[int]PeerDevice{}, Paths: map[PathKey]bool{}}
}

// Clone is a copy that shares nothing.
func (s State) Clone() State {
	s.Devices = maps.Clone(s.Devices)
	links := make(map[int]Link, len(s.Connections))
	for id, l := range s.Connections {
		l.Volumes, l.Paths = maps.Clone(l.Volumes), maps.Clone(l.Paths)
		links[id] = l
	}
	s.Connections = links
	return s
}

// Used tells whether something on this node uses the resource.
func (s State) Used() bool { return s.Role == RolePrimary || s.open() }

// open tells whether something has a device of the resource open.
func (s State) open() bool {
	for _, d := range s.Devices {
		if d.Open == Yes {
			return true
		}
	}
	return false
}

// goodPeers are the node ids of connected peers that have the volume up to date.
func (s State) goodPeers(volume int) []int {
	var out []int
	for _, id := range slices.Sorted(maps.Keys(s.Connections)) {
		l := s.Connections[id]
		if l.Connection == Connected && l.Volumes[volume].Disk == DiskUpToDate {
			out = append(out, id)
		}
	}
	return out
}
