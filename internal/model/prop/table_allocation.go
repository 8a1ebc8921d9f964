package prop

// allocationTable has the ranges out of which numbers are given to new objects.
func allocationTable() []Property {
	return []Property{
		{Key: "TcpPortAutoRange", Rule: portRanges(), Default: "7000-7999", in: ctrl | node,
			Help: "TCP ports that new DRBD resources get"},
		{Key: "TcpPortsBlocked", Rule: portRanges(), in: node,
			Help: "TCP ports of the node that new DRBD resources do not get"},
		{Key: "MinorNrAutoRange", Rule: minorRange(), Default: "1000-49999", in: ctrl,
			Help: "DRBD minor numbers that new volumes get"},
		{Key: "SpecStltPortAutoRange", Rule: portRanges(), Default: "10000-10999", in: ctrl,
			Help: "TCP ports for satellites that run next to the controller"},
		{Key: "SnapshotShipping/TcpPortRange", Rule: portRanges(), Default: "12000-12999", in: ctrl,
			Help: "TCP ports on which satellites receive snapshots"},
		{Key: "PeerSlotsNewResource", Rule: between(1, 31), Default: "7", in: ctrl | def,
			Help: "How many peers the metadata of new DRBD resources has room for; it cannot be changed later"},
		{Key: "PeerSlots", Rule: between(1, 31), in: res,
			Help: "How many peers the metadata of the replica has room for"},
		{Key: "OverrideVlmId", Rule: pattern(".*", "text"), in: volume,
			Help: "Name of the backing volume where it is not made out of the resource name and volume number"},
	}
}
