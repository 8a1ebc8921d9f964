package prop

// drbdPeerDeviceTable has DRBD's options of one volume on a connection.
func drbdPeerDeviceTable() []Property {
	const ns, in = "DrbdOptions/PeerDevice/", ctrl | def | conn
	return []Property{
		{Key: ns + "bitmap", Rule: yesNo(), Default: "yes", in: in | volume | vol,
			Help: "Whether changes a peer misses are noted in a bitmap"},
		{Key: ns + "c-delay-target", Rule: drbdNumber(1, 100, '1'), Default: "10", Unit: "1/10 seconds", in: in,
			Help: "Delay that the resync controller aims at where fill is not used"},
		{Key: ns + "c-fill-target", Rule: drbdNumber(0, 1048576, 's'), Default: "100", Unit: "bytes", in: in,
			Help: "Amount of resync data in flight that the controller aims at; 0 uses the delay"},
		{Key: ns + "c-max-rate", Rule: drbdNumber(0, 4194304, 'k'), Default: "102400", Unit: "bytes/second", in: in,
			Help: "Highest rate of a resync"},
		{Key: ns + "c-min-rate", Rule: drbdNumber(0, 4194304, 'k'), Default: "250", Unit: "bytes/second", in: in,
			Help: "Rate that a resync keeps under load; 0 does not slow it down for applications"},
		{Key: ns + "c-plan-ahead", Rule: drbdNumber(0, 300, '1'), Default: "20", Unit: "1/10 seconds", in: in,
			Help: "How far the resync controller plans ahead; 0 uses a fixed rate"},
		{Key: ns + "peer-tiebreaker", Rule: yesNo(), Default: "yes", in: in,
			Help: "Whether the peer counts as tiebreaker for quorum"},
		{Key: ns + "resync-rate", Rule: drbdNumber(1, 8388608, 'k'), Default: "250", Unit: "bytes/second", in: in,
			Help: "Rate of a resync at its start, or throughout with a fixed rate"},
		{Key: ns + "resync-without-replication", Rule: yesNo(), Default: "yes", in: in,
			Help: "Whether two nodes may resync that do not replicate with each other"},
	}
}
