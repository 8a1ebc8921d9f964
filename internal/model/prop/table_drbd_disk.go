package prop

// drbdDiskTable has DRBD's options of one volume's disk.
func drbdDiskTable() []Property {
	const ns, in = "DrbdOptions/Disk/", ctrl | node | def | res | volume | vol
	return []Property{
		{Key: ns + "al-extents", Rule: drbdNumber(67, 65534, '1'), Default: "1237", in: in,
			Help: "Size of the activity log, in extents of 4 MiB that may be written to at once"},
		{Key: ns + "al-updates", Rule: yesNo(), Default: "yes", in: in,
			Help: "Whether the activity log is kept; without it a crash needs a full resync"},
		{Key: ns + "block-size", Rule: drbdNumber(512, 4096, '1'), Default: "512", in: in,
			Help: "Logical block size that the DRBD device shows"},
		{Key: ns + "disable-write-same", Rule: yesNo(), Default: "no", in: in,
			Help: "Whether WRITE SAME is not offered, even where all backing disks could"},
		{Key: ns + "discard-granularity", Rule: drbdNumber(0, 134217728, '1'), Default: "4294967295", in: in,
			Help: "Discard granularity that the DRBD device shows"},
		{Key: ns + "discard-zeroes-if-aligned", Rule: yesNo(), Default: "yes", in: in,
			Help: "Whether aligned discards count as zeroing on disks that do not promise it"},
		{Key: ns + "disk-barrier", Rule: yesNo(), Default: "no", in: in,
			Help: "Whether write order is kept with barrier requests"},
		{Key: ns + "disk-drain", Rule: yesNo(), Default: "yes", in: in,
			Help: "Whether write order is kept by waiting for writes in flight"},
		{Key: ns + "disk-flushes", Rule: yesNo(), Default: "yes", in: in,
			Help: "Whether write order is kept with cache flushes"},
		{Key: ns + "disk-timeout", Rule: drbdNumber(0, 6000, '1'), Default: "0", Unit: "1/10 seconds", in: in,
			Help: "How long the backing disk may take for a request before it counts as failed; 0 waits for ever"},
		{Key: ns + "diskless", Rule: yesNo(), Default: "no", in: in,
			Help: "Whether the replica is meant to have no disk"},
		{Key: ns + "max-bio-size", Rule: drbdNumber(512, 1048576, '1'), Default: "1048576", in: in,
			Help: "Largest request that is passed to the backing disk"},
		{Key: ns + "md-flushes", Rule: yesNo(), Default: "yes", in: in,
			Help: "Whether writes of metadata are followed by a cache flush"},
		{Key: ns + "on-io-error", Rule: oneOf("pass_on", "call-local-io-error", "detach"), in: in,
			Help: "What happens when the backing disk fails a request"},
		{Key: ns + "read-balancing", Rule: oneOf("prefer-local", "prefer-remote", "round-robin", "least-pending", "when-congested-remote", "32K-striping", "64K-striping", "128K-striping", "256K-striping", "512K-striping", "1M-striping"), in: in,
			Help: "Which replica reads are sent to"},
		{Key: ns + "resync-after", in: in,
			Help: "Volume whose resync comes first"},
		{Key: ns + "rs-discard-granularity", Rule: drbdNumber(0, 1048576, '1'), Default: "0", Unit: "bytes", in: in,
			Help: "Size of zero areas from which a resync discards instead of writing; 0 always writes"},
	}
}
