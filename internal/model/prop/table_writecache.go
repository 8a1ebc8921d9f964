package prop

// writecacheTable has the options of the dm-writecache layer.
func writecacheTable() []Property {
	return []Property{
		{Key: "Writecache/PoolName", Rule: poolName(), in: cached,
			Help: "Storage pool of the write cache"},
		{Key: "Writecache/Size", Rule: cacheSize(), Unit: "KiB or %", in: cached,
			Help: "Size of the write cache"},
		{Key: "Writecache/Options/StartSector", Rule: whole(), Default: "0", Unit: "sectors", in: cached,
			Help: "Where the cache starts on its device"},
		{Key: "Writecache/Options/HighWatermark", Rule: whole(), Default: "50", Unit: "%", in: cached,
			Help: "Fill level at which writing back starts"},
		{Key: "Writecache/Options/LowWatermark", Rule: whole(), Default: "45", Unit: "%", in: cached,
			Help: "Fill level at which writing back stops"},
		{Key: "Writecache/Options/WritebackJobs", Rule: whole(), Default: "unlimited", in: cached,
			Help: "How many blocks are written back at once; fewer leave reads more room"},
		{Key: "Writecache/Options/AutocommitBlocks", Rule: whole(), Default: "64 for pmem, 65536 for ssd", in: cached,
			Help: "Number of blocks without a flush after which the cache commits"},
		{Key: "Writecache/Options/AutocommitTime", Rule: whole(), Default: "1000", Unit: "milliseconds", in: cached,
			Help: "Time without a flush after which the cache commits"},
		{Key: "Writecache/Options/Fua", Rule: oneOf("On", "Off"), Default: "On", in: cached,
			Help: "Whether the write cache uses forced unit access"},
		{Key: "Writecache/Options/Additional", in: cached,
			Help: "More arguments for the write cache, as they are"},
	}
}
