package prop

// drbdResourceTable has DRBD's options of a resource as a whole.
func drbdResourceTable() []Property {
	const ns, in = "DrbdOptions/Resource/", ctrl | node | def | res
	return []Property{
		{Key: ns + "auto-promote", Rule: yesNo(), Default: "yes", in: in,
			Help: "Whether opening a device for writing makes the node primary"},
		{Key: ns + "auto-promote-timeout", Rule: drbdNumber(0, 600, '1'), Default: "20", Unit: "1/10 seconds", in: in,
			Help: "How long opening a device waits until the node can be primary"},
		{Key: ns + "cpu-mask", in: in,
			Help: "Processors that DRBD's threads run on, in hexadecimal"},
		{Key: ns + "drbd8-api-compatibility", Rule: yesNo(), Default: "no", in: in,
			Help: "Whether status is shown as DRBD 8 did"},
		{Key: ns + "max-io-depth", Rule: drbdNumber(4, 4294967295, '1'), Default: "8000", in: in,
			Help: "Most requests in flight"},
		{Key: ns + "on-no-data-accessible", Rule: oneOf("io-error", "suspend-io"), in: in,
			Help: "What happens to requests when no replica has the data"},
		{Key: ns + "on-no-quorum", Rule: oneOf("io-error", "suspend-io"), in: in,
			Help: "What happens to requests without quorum"},
		{Key: ns + "on-suspended-primary-outdated", Rule: oneOf("disconnect", "force-secondary"), in: in,
			Help: "What a suspended primary does when it learns that its data is outdated"},
		{Key: ns + "peer-ack-delay", Rule: drbdNumber(1, 10000, '1'), Default: "100", Unit: "milliseconds", in: in,
			Help: "Idle time after which peers are told what everyone has written"},
		{Key: ns + "peer-ack-window", Rule: drbdNumber(2048, 204800, 's'), Default: "4096", Unit: "bytes", in: in,
			Help: "Amount of writes after which peers are told what everyone has written"},
		{Key: ns + "quorum", Rule: numberOr(1, 32, "off", "majority", "all"), in: in,
			Help: "How many nodes must see each other for data to be used"},
		{Key: ns + "quorum-minimum-redundancy", Rule: numberOr(1, 32, "off", "majority", "all"), in: in,
			Help: "How many up-to-date disks must see each other for data to be used"},
		{Key: ns + "twopc-retry-timeout", Rule: drbdNumber(1, 50, '1'), Default: "1", Unit: "1/10 seconds", in: in,
			Help: "Longest wait before a cluster-wide state change is tried again"},
		{Key: ns + "twopc-timeout", Rule: drbdNumber(50, 600, '1'), Default: "300", Unit: "1/10 seconds", in: in,
			Help: "How long a cluster-wide state change may take"},
	}
}
