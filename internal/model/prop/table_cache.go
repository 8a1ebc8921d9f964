package prop

// cached are the objects on which caches are configured.
const cached = ctrl | node | def | volume

// cacheTable has the options of the dm-cache layer.
func cacheTable() []Property {
	return []Property{
		{Key: "Cache/OpMode", Rule: oneOf("writeback", "writethrough", "passthrough"), Default: "writethrough", in: cached,
			Help: "When writes reach the slow device"},
		{Key: "Cache/MetaPool", Rule: poolName(), in: cached,
			Help: "Storage pool of the cache's metadata; the one of the cache itself where not set"},
		{Key: "Cache/Metasize", Rule: cacheSize(), Default: "12288", Unit: "KiB or %", in: cached,
			Help: "Size of the cache's metadata"},
		{Key: "Cache/CachePool", Rule: poolName(), in: cached,
			Help: "Storage pool of the cache"},
		{Key: "Cache/Cachesize", Rule: cacheSize(), Default: "5%", Unit: "KiB or %", in: cached,
			Help: "Size of the cache"},
		{Key: "Cache/Blocksize", Rule: whole(), Default: "4096", in: cached,
			Help: "Size of the cache's blocks"},
		{Key: "Cache/Policy", Rule: oneOf("mq", "smq", "cleaner"), Default: "smq", in: cached,
			Help: "How the cache chooses what it keeps"},
		{Key: "Cache/FlushTimeout", Rule: whole(), Default: "180000", Unit: "milliseconds", in: cached,
			Help: "How long a suspension waits until the cache is written back"},
		{Key: "UpdateCacheInterval", Rule: whole(), Default: "180", Unit: "seconds", in: ctrl,
			Help: "Time between two reads of the free space of all pools"},
	}
}

// bcacheTable has the options of the bcache layer.
func bcacheTable() []Property {
	return []Property{
		{Key: "BCache/PoolName", Rule: poolName(), in: cached,
			Help: "Storage pool of the cache"},
		{Key: "BCache/Size", Rule: cacheSize(), Default: "5%", Unit: "KiB or %", in: cached,
			Help: "Size of the cache, at least 524288 KiB"},
		{Key: "BCache/Blocksize", Rule: whole(), Unit: "bytes", in: cached,
			Help: "Size of bcache's blocks"},
		{Key: "BCache/Bucketsize", Rule: whole(), Unit: "bytes", in: cached,
			Help: "Size of bcache's buckets"},
		{Key: "BCache/DataOffset", Rule: whole(), Unit: "sectors", in: cached,
			Help: "Where data starts on the backing device"},
		{Key: "BCache/Writeback", Rule: trueFalse(), in: cached,
			Help: "Whether writes are done when they are in the cache"},
		{Key: "BCache/Discard", Rule: trueFalse(), in: cached,
			Help: "Whether freed parts of the cache device are discarded"},
		{Key: "BCache/CacheReplacementPolicy", Rule: oneOf("lru", "fifo"), Default: "lru", in: cached,
			Help: "How bcache chooses what it drops"},
	}
}
