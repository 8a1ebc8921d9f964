package prop

// autoSnapshotTable has the settings of automatic snapshots.
func autoSnapshotTable() []Property {
	return []Property{
		{Key: "AutoSnapshot/RunEvery", Rule: whole(), Unit: "minutes", in: ctrl | def,
			Help: "How often a snapshot is made; 0 or less makes none"},
		{Key: "AutoSnapshot/Keep", Rule: whole(), Default: "10", in: ctrl | def,
			Help: "How many automatic snapshots are kept; 0 or less keeps all"},
		{Key: "AutoSnapshot/Prefix", Default: "autoSnap", in: ctrl | def,
			Rule: pattern(`[a-zA-Z_][a-zA-Z0-9_-]{1,42}`, "2 to 43 letters, digits, '_' or '-', the first a letter or '_'"),
			Help: "Start of the names of automatic snapshots"},
		{Key: "AutoSnapshot/NextAutoId", Rule: whole(), in: ctrl | def,
			Help: "Number of the next automatic snapshot"},
		{Key: "CopyAllSnaps", Rule: trueFalse(), in: ctrl | def,
			Help: "Whether new replicas get the existing snapshots too"},
		{Key: "CopyAllSnapsOnEvacuate", Rule: trueFalse(), Default: "true", in: ctrl | node,
			Help: "Whether snapshots move along when a node is evacuated"},
		{Key: "Snapshot/BalanceAfterRestore", Rule: trueFalse(), in: ctrl | def,
			Help: "Whether a restored resource gets an extra replica, so that balancing can move it off full nodes"},
	}
}
