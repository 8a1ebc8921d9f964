package prop

// noChains: ADR 6 says why.
const noChains = "Resyncs are not put in an order by themselves. Let a volume wait for another one with 'DrbdOptions/Disk/resync-after' (resource/volume), " +
	"or limit resyncs with 'DrbdOptions/PeerDevice/c-max-rate'."

// drbdAutoTable has what the controller does about DRBD by itself.
func drbdAutoTable() []Property {
	return []Property{
		{Key: "DrbdOptions/auto-quorum", Rule: oneOf("io-error", "suspend-io", "disabled"), in: ctrl | def,
			Help:       "Former switch for automatic quorum, without effect",
			Deprecated: "It has no effect. Use 'DrbdOptions/Resource/quorum' and 'DrbdOptions/Resource/on-no-quorum'."},
		{Key: "DrbdOptions/auto-add-quorum-tiebreaker", Rule: trueFalse(), Default: "true", in: ctrl | def,
			Help: "Whether tiebreakers are made and removed as quorum needs them"},
		{Key: "DrbdOptions/auto-diskful", Rule: whole(), Unit: "minutes", in: ctrl | node | def | res,
			Help: "A diskless replica that is in use for so long gets a disk"},
		{Key: "DrbdOptions/auto-diskful-allow-cleanup", Rule: trueFalse(), Default: "true", in: ctrl | node | def | res,
			Help: "Whether a surplus replica may go once a diskless one got its disk"},
		{Key: "DrbdOptions/auto-resync-after-disable", Rule: trueFalse(), Default: "true", in: ctrl,
			Help: "Whether the order of resyncs on one pool is left to the user, which it always is", Only: "true", Refused: noChains},
		{Key: "DrbdOptions/auto-verify-algo-disable", Rule: trueFalse(), in: ctrl | def,
			Help: "Whether the verify algorithm is left to the user"},
		{Key: "DrbdOptions/auto-verify-algo-allowed-user-list", in: ctrl,
			Help: "More algorithms among which the verify algorithm is chosen, separated by semicolons"},
		{Key: "DrbdOptions/auto-rs-discard-granularity", Rule: trueFalse(), Default: "true", in: ctrl | def | volume,
			Help: "Whether rs-discard-granularity is derived from the storage"},
		{Key: "Linstor/Drbd/auto-discard-granularity", Rule: trueFalse(), Default: "true", in: ctrl | def | volume,
			Help: "Whether discard-granularity is derived from the storage"},
		{Key: "Linstor/Drbd/auto-block-size", Rule: trueFalse(), Default: "true", in: ctrl | def | volume,
			Help: "Whether block-size is derived from the storage"},
		{Key: "Linstor/Drbd/freeze-block-size", Rule: trueFalse(), in: volume,
			Help: "Whether block-size stays as it is; set by the first use of the resource"},
		{Key: "Linstor/Drbd/InitialUptoDateOn", in: volume,
			Help: "Node whose replica starts with valid data"},
		{Key: "DrbdCurrentGi", Rule: pattern(`[a-fA-F0-9]{16}`, "16 hexadecimal digits"), in: volume,
			Help: "Generation id with which replicas start that need no initial sync"},
		{Key: "DrbdOptions/SkipDisk", Rule: oneOf("True"), in: ctrl | node | pool | def | res,
			Help: "Leaves the backing disk detached; set when the disk fails, delete it to attach again"},
		{Key: "DrbdOptions/ExactSize", Rule: trueFalse(), in: def,
			Help: "Whether DRBD offers exactly the size of the volume definition, however large the backing disks are"},
		{Key: "DrbdOptions/ForceInitialSync", Rule: trueFalse(), Default: "false", in: ctrl | def,
			Help: "Whether new resources sync in full even on thin storage"},
		{Key: "Holdfast/Doctor/AutoHeal", Rule: trueFalse(), Default: "true", in: ctrl | def,
			Help: "Whether nodes that DRBD has cut off from each other are joined again where nothing can get lost"},
		{Key: "AllowMixingStoragePoolDriver", Rule: trueFalse(), Default: "false", in: ctrl | def,
			Help: "Whether replicas of one resource may lie on LVM, LVM thin and ZFS pools at the same time"},
	}
}

// drbdEvictionTable has the rules by which absent nodes are given up.
func drbdEvictionTable() []Property {
	return []Property{
		{Key: "DrbdOptions/AutoEvictAfterTime", Rule: whole(), Default: "60", Unit: "minutes", in: ctrl | node,
			Help: "Absence after which a node is evicted"},
		{Key: "DrbdOptions/AutoEvictMaxDisconnectedNodes", Rule: between(0, 100), Default: "34", Unit: "%", in: ctrl,
			Help: "No node is evicted while a larger share of nodes is absent"},
		{Key: "DrbdOptions/AutoEvictMinReplicaCount", Rule: whole(), Default: "place count of the resource group", in: ctrl | def,
			Help: "Number of replicas that an eviction restores"},
		{Key: "DrbdOptions/AutoEvictAllowEviction", Rule: trueFalse(), Default: "true", in: ctrl | node,
			Help: "Whether absent nodes are evicted"},
	}
}
