package drbd

import (
	"maps"
	"strconv"
	"strings"
)

// shape says how a value is written.
type shape uint8

const (
	word   shape = iota // a number, a truth or a mix of number and symbol
	quoted              // text and symbols
)

// section is where an option may be.
type section string

const (
	secHandlers   section = "handlers"
	secOptions    section = "options"
	secNet        section = "net"
	secDisk       section = "disk"
	secPeerDevice section = "peer-device"
)

type optionInfo struct {
	shape shape
	// since is the first version of drbd-utils that knows the option.
	since Version
	// secret values are never shown in comments.
	secret bool
	// formerMax is the largest number that drbd-utils before version wide take; 0 for
	// the same as later ones.
	formerMax int64
	wide      Version
}

// tooLarge tells whether a number is one that the tools do not take yet.
func (i optionInfo) tooLarge(value string, utils Version) bool {
	if i.formerMax == 0 || utils.AtLeast(i.wide) {
		return false
	}
	digits := strings.TrimRight(value, "skKmMgG")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || len(value)-len(digits) > 1 {
		return false
	}
	shift := map[string]int64{"": 1, "s": 512, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}[strings.ToLower(value[len(digits):])]
	return n > i.formerMax/shift
}

var (
	utils923  = Version{9, 23, 0}
	utils9231 = Version{9, 23, 1}
	utils933  = Version{9, 33, 0}
	utils934  = Version{9, 34, 0}
)

// optionTable has all options that may be written, by section.
var optionTable = map[section]map[string]optionInfo{
	secHandlers: infos(quoted, "after-resync-target before-resync-target before-resync-source out-of-sync quorum-lost "+
		"fence-peer unfence-peer initial-split-brain local-io-error pri-lost pri-lost-after-sb pri-on-incon-degr split-brain"),
	secOptions: merge(
		infos(quoted, "cpu-mask on-no-data-accessible on-no-quorum on-suspended-primary-outdated"),
		infos(word, "auto-promote peer-ack-window peer-ack-delay twopc-timeout twopc-retry-timeout auto-promote-timeout "+
			"max-io-depth quorum quorum-minimum-redundancy"),
		since(utils933, infos(word, "drbd8-api-compatibility")),
	),
	secNet: merge(
		infos(quoted, "transport protocol cram-hmac-alg after-sb-0pri after-sb-1pri after-sb-2pri rr-conflict "+
			"data-integrity-alg on-congestion csums-alg verify-alg fencing"),
		buffers("sndbuf-size rcvbuf-size"),
		infos(word, "timeout max-epoch-size connect-int ping-int ko-count allow-two-primaries always-asbp "+
			"ping-timeout tcp-cork congestion-fill congestion-extents csums-after-crash-only use-rle socket-check-timeout "+
			"max-buffers allow-remote-read"),
		map[string]optionInfo{"shared-secret": {shape: quoted, secret: true}},
		since(Version{9, 26, 0}, infos(word, "load-balance-paths tls rdma-ctrl-rcvbuf-size rdma-ctrl-sndbuf-size")),
		since(Version{9, 26, 0}, infos(quoted, "tls-keyring tls-privkey tls-certificate")),
	),
	secDisk: merge(
		infos(quoted, "on-io-error resync-after read-balancing"),
		infos(word, "disk-barrier disk-flushes disk-drain md-flushes al-extents al-updates discard-zeroes-if-aligned "+
			"disable-write-same disk-timeout rs-discard-granularity"),
		since(Version{9, 24, 0}, infos(word, "block-size max-bio-size")),
		since(utils934, infos(word, "discard-granularity")),
	),
	secPeerDevice: merge(
		infos(word, "bitmap resync-rate c-plan-ahead c-delay-target c-fill-target c-max-rate c-min-rate"),
		since(Version{9, 32, 0}, infos(word, "resync-without-replication")),
		since(utils934, infos(word, "peer-tiebreaker")),
	),
}

// KnowDiskOption tells whether the tools take an option of the disk section.
func (t Tools) KnowDiskOption(name string) bool {
	info, ok := optionTable[secDisk][name]
	return ok && t.Utils.AtLeast(info.since)
}

// reserved are options that the file expresses by other means.
var reserved = map[string]string{
	"diskless": "a replica is made diskless with resource toggle-disk",
	"size":     "use DrbdOptions/ExactSize",
}

func infos(s shape, names string) map[string]optionInfo {
	out := map[string]optionInfo{}
	for n := range strings.FieldsSeq(names) {
		out[n] = optionInfo{shape: s}
	}
	return out
}

// buffers are sizes that could be 10 MiB at most before they could be 128 MiB.
func buffers(names string) map[string]optionInfo {
	out := infos(word, names)
	for n := range out {
		out[n] = optionInfo{formerMax: 10 << 20, wide: Version{9, 26, 0}}
	}
	return out
}

func since(v Version, in map[string]optionInfo) map[string]optionInfo {
	for n, i := range in {
		i.since = v
		in[n] = i
	}
	return in
}

func merge(parts ...map[string]optionInfo) map[string]optionInfo {
	out := map[string]optionInfo{}
	for _, p := range parts {
		maps.Copy(out, p)
	}
	return out
}
