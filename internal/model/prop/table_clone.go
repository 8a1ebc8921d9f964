package prop

// cloneTable has the settings of clones.
func cloneTable() []Property {
	return []Property{
		{Key: "UseZFSClone", Rule: trueFalse(), Default: "false", in: ctrl | def,
			Help: "Whether clones on ZFS share blocks with their origin instead of being full copies"},
		{Key: "Clone/DdBlocksize", Rule: pattern(`[1-9][0-9]*(k|K|M|G)?`, "a size such as 64k or 1M"), Default: "64k", in: ctrl | poolDef | def,
			Help: "Block size when a volume is copied with dd"},
		{Key: "Clone/BalanceAfterClone", Rule: trueFalse(), in: ctrl | def,
			Help: "Whether a clone gets an extra replica, so that balancing can move it off full nodes"},
	}
}
