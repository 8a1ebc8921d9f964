package prop

// poolTable chooses storage pools.
func poolTable() []Property {
	const in = node | def | res | volume | vol
	return []Property{
		{Key: "StorPoolName", Rule: poolName(), in: in,
			Help: "Storage pool of the data"},
		{Key: "StorPoolNameDrbdMeta", in: in,
			Rule: pattern("^|.internal|"+poolNamePattern+"$", "the name of a storage pool, or .internal"),
			Help: "Storage pool of DRBD's metadata, which lies with the data where not set"},
	}
}

// oversubscriptionTable limits how much thin pools promise.
func oversubscriptionTable() []Property {
	const in = ctrl | poolDef | pool
	return []Property{
		{Key: "MaxOversubscriptionRatio", Rule: fraction(1000), Default: "20", in: in,
			Help: "The two other ratios where they are not set"},
		{Key: "MaxFreeCapacityOversubscriptionRatio", Rule: fraction(1000), Default: "20", in: in,
			Help: "How many times its free space a thin pool may promise at once"},
		{Key: "MaxTotalCapacityOversubscriptionRatio", Rule: fraction(1000), Default: "20", in: in,
			Help: "How many times its capacity a thin pool may promise in all"},
	}
}

// throttleTable limits the throughput of devices.
func throttleTable() []Property {
	const in = ctrl | node | poolDef | pool | def | res | volume | vol
	return []Property{
		{Key: "sys/fs/blkio_throttle_read", Rule: whole(), Unit: "bytes/second", in: in, Help: "Limit for reading a device"},
		{Key: "sys/fs/blkio_throttle_write", Rule: whole(), Unit: "bytes/second", in: in, Help: "Limit for writing a device"},
		{Key: "sys/fs/blkio_throttle_read_iops", Rule: whole(), Unit: "operations/second", in: in, Help: "Limit for the number of reads of a device"},
		{Key: "sys/fs/blkio_throttle_write_iops", Rule: whole(), Unit: "operations/second", in: in, Help: "Limit for the number of writes of a device"},
	}
}
