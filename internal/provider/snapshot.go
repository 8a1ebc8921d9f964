package provider

// Snapshotter is a provider that can keep a volume as it is at a moment. A snapshot
// shows among the observed devices of its pool, carries an identity of its own that is
// set by the very step that makes it, and is only removed while that matches.
type Snapshotter interface {
	// SnapshotName is the on-disk name of a snapshot of a volume, under which a scan
	// shows it.
	SnapshotName(volume, snapshot string) string
	// PlanSnapshot gives the steps that take a snapshot of a volume; none when it is
	// complete. haveSource and have are nil where no such device was observed. The size
	// of neither volume counts. A pool that takes no snapshots, a source that is not the
	// wanted one, and a device in the snapshot's place that is not ours are faults. Pure.
	PlanSnapshot(pool Pool, state PoolState, source Volume, haveSource *Observed, snap Volume, have *Observed) ([]Step, error)
	// PlanSnapshotDelete gives the steps that remove a snapshot; none when it is gone.
	// Only a device that carries the wanted UUID is removed; anything else of that name
	// is a fault. Pure.
	PlanSnapshotDelete(pool Pool, snap Volume, have *Observed) ([]Step, error)
}
