package place

import "github.com/holdfast-storage/holdfast/api/v1"

// Pool is a storage pool as the placer sees it.
type Pool struct {
	Node string
	Name string
	Kind v1.ProviderKind
	// Thin pools give space as it is written and may be over-subscribed.
	Thin bool
	// Diskless pools hold replicas without a disk.
	Diskless bool
	// CapacityKnown is false until the satellite has reported FreeKiB and TotalKiB.
	CapacityKnown bool
	FreeKiB       int64
	TotalKiB      int64
	// ReservedKiB is what is promised: usable sizes of all volumes plus what
	// snapshots occupy.
	ReservedKiB int64
	// PendingKiB is promised by requests that neither FreeKiB nor ReservedKiB shows.
	PendingKiB int64
	// RatioFree and RatioTotal limit over-subscription of thin pools; see Ratios.
	RatioFree  float64
	RatioTotal float64
	// MinThinFree is what a thin pool must have left to be taken; the zero value
	// asks for nothing. See DefaultMinThinFree.
	MinThinFree MinThinFree
	// MinIOSizeBytes is the smallest write of the backing devices; 0 counts as 512.
	MinIOSizeBytes int64
	// SharedSpace names the storage that this pool shares with pools of other nodes.
	SharedSpace string
	// NoAutoplace is true where property AutoplaceTarget is false for this pool.
	NoAutoplace bool
	// MaxThroughput is what the pool can carry and UsedThroughput what the limits of
	// its volumes add up to; the unit is the user's.
	MaxThroughput  int64
	UsedThroughput int64
}

// Node is a node as the placer sees it.
type Node struct {
	Name  string
	Props map[string]string
	// Online means connected and authenticated; WhyOffline tells the user otherwise.
	Online     bool
	WhyOffline string
	Evacuating bool
	Evicted    bool
	Deleting   bool
	// NoAutoplace is true where property AutoplaceTarget is false for the node or the
	// whole cluster.
	NoAutoplace bool
	// Layers and Providers are what the satellite supports. UnsupportedWhy maps the
	// kind of an unsupported one to the reason.
	Layers         map[v1.LayerType]bool
	Providers      map[v1.ProviderKind]bool
	UnsupportedWhy map[string]string
	// MixesKinds is true if the node's DRBD replicates between storage kinds that
	// need mixing to be allowed.
	MixesKinds bool
	// ResourceCount is the number of resources on the node.
	ResourceCount int
}

// Replica is one deployed resource of the definition that is being placed.
type Replica struct {
	Node        string
	Pool        string
	Kind        v1.ProviderKind
	SharedSpace string
	// FurtherKinds are those of the pools of its further volumes, where they differ: a new
	// replica has all its volumes in one pool, which has to go with each of them.
	FurtherKinds []v1.ProviderKind
	// Diskless replicas have no storage; Tiebreaker is one that only votes.
	Diskless   bool
	Tiebreaker bool
	// SkipDisk means that the backing disk failed and is not in use.
	SkipDisk bool
	Deleting bool
	// Leaving is a replica that counts as gone, but replicates until others are complete:
	// the kind of its storage still matters.
	Leaving bool
	// InUse, UpToDate, Ready (connected to its peers) and InGrace (too young to be
	// moved) matter to Unplace only.
	InUse    bool
	UpToDate bool
	Ready    bool
	InGrace  bool
}
