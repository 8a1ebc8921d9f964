package prop

// drbdProxyTable has the options of DRBD Proxy and its compression.
func drbdProxyTable() []Property {
	const plugin, compression = "DrbdOptions/Proxy/", "DrbdOptions/ProxyCompression/"
	const noMax = 1<<63 - 1
	return []Property{
		{Key: "DrbdProxy/AutoEnable", Rule: trueFalse(), Default: "false", in: ctrl | node,
			Help: "Whether replication between different sites goes through a proxy"},
		{Key: "DrbdProxy/CompressionType", Rule: oneOf("zlib", "lzma", "lz4", "zstd"), in: def, Help: "Compression of the proxy"},
		{Key: plugin + "memlimit", Rule: drbdNumber(16777216, noMax, '1'), Default: "16777216", Unit: "bytes", in: proxy, Help: "Memory the proxy buffers in"},
		{Key: plugin + "read-loops", Rule: drbdNumber(0, 1<<31-1, '1'), Default: "0", in: proxy, Help: "Reads in a row from one connection"},
		{Key: plugin + "sndbuf-size", Rule: drbdNumber(0, 10485760, '1'), Default: "0", Unit: "bytes", in: proxy, Help: "Send buffer of the proxy's connection"},
		{Key: plugin + "rcvbuf-size", Rule: drbdNumber(0, 10485760, '1'), Default: "0", Unit: "bytes", in: proxy, Help: "Receive buffer of the proxy's connection"},
		{Key: plugin + "ping-timeout", Rule: drbdNumber(1, 300, '1'), Default: "200", Unit: "1/10 seconds", in: proxy, Help: "How long the other proxy may take to answer"},
		{Key: compression + "level", Rule: between(1, 22), Default: "3", in: proxyZstd, Help: "Effort of zstd"},
		{Key: compression + "level", Rule: between(1, 9), Default: "2", in: proxyZlib, Help: "Effort of zlib"},
		{Key: compression + "level", Rule: between(1, 9), Default: "4", in: proxyLZMA, Help: "Effort of LZMA"},
		{Key: compression + "dict-size", Rule: between(4096, 1610612736), Default: "32768", Unit: "bytes", in: proxyLZMA, Help: "Dictionary of LZMA"},
		{Key: compression + "lc", Rule: between(0, 4), Default: "3", in: proxyLZMA, Help: "Literal context bits of LZMA"},
		{Key: compression + "lp", Rule: between(0, 4), Default: "0", in: proxyLZMA, Help: "Literal position bits of LZMA"},
		{Key: compression + "pb", Rule: between(0, 4), Default: "2", in: proxyLZMA, Help: "Position bits of LZMA"},
		{Key: compression + "nice-len", Rule: between(0, 273), Default: "273", in: proxyLZMA, Help: "Match length that LZMA is content with"},
		{Key: compression + "mf", Rule: oneOf("hc4", "hc3", "bt2", "bt3", "bt4"), Default: "hc3", in: proxyLZMA, Help: "Match finder of LZMA"},
		{Key: compression + "mode", Rule: oneOf("fast", "normal"), Default: "fast", in: proxyLZMA, Help: "Mode of LZMA"},
		{Key: compression + "depth", Rule: between(0, 1000), Default: "0", in: proxyLZMA, Help: "Search depth of LZMA's match finder"},
		{Key: compression + "contexts", Rule: between(1, 253), Default: "thread count", in: proxyLZMA, Help: "Number of LZMA contexts at once"},
		{Key: compression + "fallback-to-zlib", Rule: oneOf("off", "on"), Default: "off", in: proxyLZMA, Help: "Whether zlib is used when no LZMA context is free"},
		{Key: compression + "numa-threshold", Rule: between(0, 253), Default: "0", in: proxyLZMA, Help: "Number of contexts from which work stays on one NUMA node"},
	}
}
