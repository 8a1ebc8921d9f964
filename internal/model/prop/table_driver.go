package prop

// onDisk are the objects on which options of backing volumes are set.
const onDisk = ctrl | node | pool | def | volume

// backing is the name of a volume group, thin pool, dataset or directory. One that
// starts with '-' would be taken for an option by the tools.
func backing() Rule {
	return pattern(`[a-zA-Z0-9_/.+:][a-zA-Z0-9_/.+:@-]*`, "letters, digits and _ / . + : @ -, the first not '-'")
}

// driverTable has the options of storage providers.
func driverTable() []Property {
	return []Property{
		{Key: "StorDriver/StorPoolName", Rule: backing(), in: pool,
			Help: "What the pool is made of: volume group, volume group/thin pool, dataset or directory"},
		{Key: "StorDriver/LvmVg", Rule: backing(), in: pool, Help: "Volume group of the pool"},
		{Key: "StorDriver/ThinPool", Rule: backing(), in: pool, Help: "Thin pool of the pool, without its volume group"},
		{Key: "StorDriver/ZPool", Rule: backing(), in: pool, Help: "ZFS dataset of a thick pool"},
		{Key: "StorDriver/ZPoolThin", Rule: backing(), in: pool, Help: "ZFS dataset of a thin pool"},
		{Key: "StorDriver/FileDir", Rule: pattern(".*", "a directory"), in: pool, Help: "Directory of the pool"},
		{Key: "StorDriver/LvcreateType", in: pool | def | volume, Default: "linear",
			Rule: oneOf("linear", "striped", "mirror", "raid0", "raid1", "raid4", "raid5", "raid6", "raid10", "lzma", "lz4"),
			Help: "How LVM lays out new volumes"},
		{Key: "StorDriver/LvcreateOptions", Rule: pattern(".*", "text"), in: onDisk,
			Help: "More arguments for lvcreate"},
		{Key: "StorDriver/LvcreatePvSelection", Default: "--sort pv_used", in: onDisk,
			Help: "Arguments for pvs, which chooses the physical volumes for lvcreate"},
		{Key: "StorDriver/LvcreateSnapshotOptions", Rule: pattern(".*", "text"), in: onDisk,
			Help: "More arguments for lvcreate --snapshot"},
		{Key: "StorDriver/SizesCacheTime", Rule: whole(), Unit: "milliseconds", in: ctrl | node,
			Help: "How long the output of lvs and vgs is used again"},
		{Key: "StorDriver/DMStats", Rule: trueFalse(), in: ctrl,
			Help: "Whether dmstats regions are made for new LVM volumes"},
		{Key: "StorDriver/WaitTimeoutAfterCreate", Rule: pattern(`[0-9]+`, "a whole number"), Unit: "milliseconds", in: ctrl | pool,
			Help: "How long a new device may take to appear"},
		{Key: "StorDriver/EBS/Remote", Rule: pattern("^"+poolNamePattern+"$", "the name of an EBS remote"), in: pool,
			Help: "EBS remote of the pool"},
		{Key: "EBS/VolumeType", Default: "gp2", in: onDisk,
			Help: "Type of new EBS volumes"},
	}
}

// zfsTable has the options of ZFS pools.
func zfsTable() []Property {
	return []Property{
		{Key: "StorDriver/ZfscreateOptions", Rule: pattern(".*", "text"), in: onDisk,
			Help: "More arguments for zfs create"},
		{Key: "StorDriver/ZfsSnapshotOptions", Rule: pattern(".*", "text"), in: onDisk,
			Help: "More arguments for zfs snapshot"},
		{Key: "StorDriver/Zfs/RollbackStrategy", Rule: oneOf("Rollback", "Clone", "Dynamic"), Default: "Dynamic", in: ctrl | def,
			Help: "Whether a rollback uses zfs rollback, a clone of the snapshot, or the first of the two that is possible"},
		{Key: "StorDriver/Zfs/DeleteStrategy", Rule: oneOf("Delete", "Rename", "Dynamic"), Default: "Dynamic", in: ctrl | def,
			Help: "Whether a volume with snapshots is refused deletion, put aside under another name, or the first of the two that is possible"},
	}
}

// remoteSpdkTable has the access to SPDK on other hosts.
func remoteSpdkTable() []Property {
	const in = ctrl | node | pool
	return []Property{
		{Key: "StorDriver/RemoteSpdk/ApiHost", Rule: pattern(".+", "a host"), in: in, Help: "Host of the SPDK API"},
		{Key: "StorDriver/RemoteSpdk/ApiPort", Rule: pattern(`[0-9]+`, "a TCP port"), in: in, Help: "Port of the SPDK API"},
		{Key: "StorDriver/RemoteSpdk/UserName", Rule: pattern(".+", "a name"), in: in, Help: "User of the SPDK API"},
		{Key: "StorDriver/RemoteSpdk/UserNameEnv", Rule: pattern(".+", "a name"), in: in, Help: "Environment variable with the user of the SPDK API"},
		{Key: "StorDriver/RemoteSpdk/UserPassword", Rule: pattern(".+", "a password"), in: in, Secret: true, Help: "Password for the SPDK API"},
		{Key: "StorDriver/RemoteSpdk/UserPasswordEnv", Rule: pattern(".+", "a name"), in: in, Help: "Environment variable with the password for the SPDK API"},
	}
}
