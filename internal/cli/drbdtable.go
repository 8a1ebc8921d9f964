package cli

import "slices"

// Units in which DRBD counts its options.
const (
	unitBytes   = "bytes"
	unitKiBps   = "KiB/s"
	unitSectors = "sectors of 512 bytes"
	unitSeconds = "seconds"
	unitTenths  = "tenths of a second"
	unitMillis  = "milliseconds"
)

func yesNo(s Section, name string) DRBDOption {
	return DRBDOption{Section: s, Name: name, Choices: []string{"yes", "no"}}
}

func text(s Section, name string) DRBDOption { return DRBDOption{Section: s, Name: name} }

func choice(s Section, name string, values ...string) DRBDOption {
	return DRBDOption{Section: s, Name: name, Choices: values}
}

func number(s Section, name string, low, high int64, unit string, words ...string) DRBDOption {
	return DRBDOption{Section: s, Name: name, Numeric: true, Min: low, Max: high, Unit: unit, Choices: words}
}

// drbdOptions is the table of all DRBD options.
func drbdOptions() []DRBDOption {
	return slices.Concat(diskOptions(), peerOptions(), netOptions(), resourceOptions(), handlerOptions())
}

func diskOptions() []DRBDOption {
	return []DRBDOption{
		number(SectionDisk, "al-extents", 67, 65534, ""),
		yesNo(SectionDisk, "al-updates"),
		number(SectionDisk, "block-size", 512, 4096, ""),
		yesNo(SectionDisk, "disable-write-same"),
		number(SectionDisk, "discard-granularity", 0, 134217728, ""),
		yesNo(SectionDisk, "discard-zeroes-if-aligned"),
		yesNo(SectionDisk, "disk-barrier"),
		yesNo(SectionDisk, "disk-drain"),
		yesNo(SectionDisk, "disk-flushes"),
		number(SectionDisk, "disk-timeout", 0, 6000, unitTenths),
		yesNo(SectionDisk, "diskless"),
		number(SectionDisk, "max-bio-size", 512, 1048576, ""),
		yesNo(SectionDisk, "md-flushes"),
		choice(SectionDisk, "on-io-error", "pass_on", "call-local-io-error", "detach"),
		choice(SectionDisk, "read-balancing", "prefer-local", "prefer-remote", "round-robin", "least-pending", "when-congested-remote", "32K-striping", "64K-striping", "128K-striping", "256K-striping", "512K-striping", "1M-striping"),
		text(SectionDisk, "resync-after"),
		number(SectionDisk, "rs-discard-granularity", 0, 1048576, unitBytes),
	}
}

func peerOptions() []DRBDOption {
	return []DRBDOption{
		yesNo(SectionPeer, "bitmap"),
		number(SectionPeer, "c-delay-target", 1, 100, unitTenths),
		number(SectionPeer, "c-fill-target", 0, 1048576, unitSectors),
		number(SectionPeer, "c-max-rate", 0, 4194304, unitKiBps),
		number(SectionPeer, "c-min-rate", 0, 4194304, unitKiBps),
		number(SectionPeer, "c-plan-ahead", 0, 300, unitTenths),
		yesNo(SectionPeer, "peer-tiebreaker"),
		number(SectionPeer, "resync-rate", 1, 8388608, unitKiBps),
		yesNo(SectionPeer, "resync-without-replication"),
	}
}

func netOptions() []DRBDOption {
	return []DRBDOption{
		choice(SectionNet, "after-sb-0pri", "disconnect", "discard-younger-primary", "discard-older-primary", "discard-zero-changes", "discard-least-changes", "discard-local", "discard-remote"),
		choice(SectionNet, "after-sb-1pri", "disconnect", "consensus", "discard-secondary", "call-pri-lost-after-sb", "violently-as0p"),
		choice(SectionNet, "after-sb-2pri", "disconnect", "call-pri-lost-after-sb", "violently-as0p"),
		yesNo(SectionNet, "allow-remote-read"),
		yesNo(SectionNet, "allow-two-primaries"),
		yesNo(SectionNet, "always-asbp"),
		number(SectionNet, "congestion-extents", 67, 65534, ""),
		number(SectionNet, "congestion-fill", 0, 20971520, unitSectors),
		number(SectionNet, "connect-int", 1, 120, unitSeconds),
		text(SectionNet, "cram-hmac-alg"),
		yesNo(SectionNet, "csums-after-crash-only"),
		text(SectionNet, "csums-alg"),
		text(SectionNet, "data-integrity-alg"),
		choice(SectionNet, "fencing", "dont-care", "resource-only", "resource-and-stonith"),
		number(SectionNet, "ko-count", 0, 200, ""),
		yesNo(SectionNet, "load-balance-paths"),
		number(SectionNet, "max-buffers", 32, 131072, ""),
		number(SectionNet, "max-epoch-size", 1, 20000, ""),
		choice(SectionNet, "on-congestion", "block", "pull-ahead", "disconnect"),
		number(SectionNet, "ping-int", 1, 120, unitSeconds),
		number(SectionNet, "ping-timeout", 1, 300, unitTenths),
		choice(SectionNet, "protocol", "A", "B", "C"),
		number(SectionNet, "rcvbuf-size", 0, 134217728, unitBytes),
		number(SectionNet, "rdma-ctrl-rcvbuf-size", 0, 10485760, ""),
		number(SectionNet, "rdma-ctrl-sndbuf-size", 0, 10485760, ""),
		choice(SectionNet, "rr-conflict", "disconnect", "call-pri-lost", "violently", "retry-connect", "auto-discard"),
		text(SectionNet, "shared-secret"),
		number(SectionNet, "sndbuf-size", 0, 134217728, unitBytes),
		number(SectionNet, "socket-check-timeout", 0, 300, ""),
		yesNo(SectionNet, "tcp-cork"),
		number(SectionNet, "timeout", 1, 600, unitTenths),
		yesNo(SectionNet, "tls"),
		text(SectionNet, "tls-certificate"),
		text(SectionNet, "tls-keyring"),
		text(SectionNet, "tls-privkey"),
		text(SectionNet, "transport"),
		yesNo(SectionNet, "use-rle"),
		text(SectionNet, "verify-alg"),
	}
}

func resourceOptions() []DRBDOption {
	return []DRBDOption{
		yesNo(SectionResource, "auto-promote"),
		number(SectionResource, "auto-promote-timeout", 0, 600, unitTenths),
		text(SectionResource, "cpu-mask"),
		yesNo(SectionResource, "drbd8-api-compatibility"),
		number(SectionResource, "max-io-depth", 4, 4294967295, ""),
		choice(SectionResource, "on-no-data-accessible", "io-error", "suspend-io"),
		choice(SectionResource, "on-no-quorum", "io-error", "suspend-io"),
		choice(SectionResource, "on-suspended-primary-outdated", "disconnect", "force-secondary"),
		number(SectionResource, "peer-ack-delay", 1, 10000, unitMillis),
		number(SectionResource, "peer-ack-window", 2048, 204800, unitSectors),
		number(SectionResource, "quorum", 1, 32, "", "off", "majority", "all"),
		number(SectionResource, "quorum-minimum-redundancy", 1, 32, "", "off", "majority", "all"),
		number(SectionResource, "twopc-retry-timeout", 1, 50, unitTenths),
		number(SectionResource, "twopc-timeout", 50, 600, unitTenths),
	}
}

func handlerOptions() []DRBDOption {
	return []DRBDOption{
		text(SectionHandlers, "after-resync-target"),
		text(SectionHandlers, "before-resync-source"),
		text(SectionHandlers, "before-resync-target"),
		text(SectionHandlers, "fence-peer"),
		text(SectionHandlers, "initial-split-brain"),
		text(SectionHandlers, "local-io-error"),
		text(SectionHandlers, "out-of-sync"),
		text(SectionHandlers, "pri-lost"),
		text(SectionHandlers, "pri-lost-after-sb"),
		text(SectionHandlers, "pri-on-incon-degr"),
		text(SectionHandlers, "quorum-lost"),
		text(SectionHandlers, "split-brain"),
		text(SectionHandlers, "unfence-peer"),
	}
}
