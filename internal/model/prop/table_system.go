package prop

// Corrections for keys that only the system sets.
const (
	leaveIt     = "Leave it out; it changes by itself."
	useShip     = "Use 'backup ship', or a schedule."
	useSchedule = "Use 'schedule enable' or 'schedule disable'."
)

// systemTable has the keys that only the system itself sets.
func systemTable() []Property {
	return []Property{
		{Key: "NodeUname", in: node, ReadOnly: leaveIt, Help: "Host name that the satellite reports"},
		{Key: "CurStltConnName", in: node, ReadOnly: "Use 'node interface modify --active'.", Help: "Net interface by which the satellite is reached"},
		{Key: "Cluster/LocalID", in: ctrl, ReadOnly: leaveIt, Help: "Identity of the cluster"},
		{Key: "DrbdOptions/auto-verify-alg", in: def, ReadOnly: "Set 'DrbdOptions/Net/verify-alg'.", Help: "Verify algorithm that all nodes offer"},
		{Key: "DrbdOptions/auto-verify-algo-allowed-list", in: ctrl, Help: "Algorithms among which the verify algorithm is chosen",
			ReadOnly: "Set 'DrbdOptions/auto-verify-algo-allowed-user-list'."},
		{Key: "DrbdOptions/ForceInitialSyncPermanent", in: def, ReadOnly: "Set 'DrbdOptions/ForceInitialSync' before the resource is created.",
			Help: "The resource was created with a full initial sync"},
		{Key: "DiskfulBy", in: res, ReadOnly: leaveIt, Help: "Who gave the replica its disk"},
		{Key: "MigrateFrom", in: res, ReadOnly: "Use 'resource toggle-disk --migrate-from'.", Help: "Node whose replica goes once this one is complete"},
		{Key: "RollbackTarget", in: rscDef | res, ReadOnly: leaveIt, Help: "Snapshot of a rollback that runs"},
		{Key: "RestoreFromResource", in: volume | vol, ReadOnly: leaveIt, Help: "Resource whose snapshot the volume starts with"},
		{Key: "RestoreFromSnapshot", in: volume | vol, ReadOnly: leaveIt, Help: "Snapshot that the volume starts with"},
		{Key: "SequenceNumber", in: snap, ReadOnly: leaveIt, Help: "Position of the snapshot in the order of creation"},
		{Key: "SnapshotShipping/TargetNode", in: rscDef, ReadOnly: useShip, Help: "Former target of snapshot shipping"},
		{Key: "SnapshotShipping/SourceNode", in: rscDef, ReadOnly: useShip, Help: "Former source of snapshot shipping"},
		{Key: "SnapshotShipping/RunEvery", in: rscDef, ReadOnly: useShip, Help: "Former interval of snapshot shipping"},
		{Key: "SnapshotShipping/Keep", in: rscDef, ReadOnly: useShip, Help: "Former number of shipped snapshots"},
	}
}

// systemNamespaceTable has the namespaces that only the system itself writes to.
func systemNamespaceTable() []Property {
	return []Property{
		{Key: "Internal/", in: objects, ReadOnly: leaveIt, Help: "Notes of the system"},
		{Key: "StorDriver/internal/", in: objects, ReadOnly: leaveIt, Help: "What satellites find out about storage"},
		{Key: "Satellite/", in: objects, ReadOnly: leaveIt, Help: "What satellites report"},
		{Key: "Cluster/Remote/", in: ctrl, ReadOnly: leaveIt, Help: "Identities of other clusters"},
		{Key: "Schedule/", in: ctrl | def, ReadOnly: useSchedule, Help: "Schedules of the object"},
		{Key: "BackupShipping/Source/", in: objects, ReadOnly: useShip, Help: "State of shipping on the sending side"},
		{Key: "BackupShipping/Target/", in: objects, ReadOnly: useShip, Help: "State of shipping on the receiving side"},
		{Key: "SED/", in: node | pool, ReadOnly: leaveIt, Secret: true, Help: "Passwords of self-encrypting drives"},
	}
}
