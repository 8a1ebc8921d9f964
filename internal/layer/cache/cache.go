// Package cache is the layer that puts a dm-cache in front of a volume: what is often
// used is kept on a fast device. The fast device is the part .dmcache_cache, and
// .dmcache_meta remembers what is on it.
package cache

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/devmapper"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/run"
)

const (
	suffixMeta  = ".dmcache_meta"
	suffixCache = ".dmcache_cache"
	keyBlock    = "Cache/Blocksize"
	keyPolicy   = "Cache/Policy"
	keyMode     = "Cache/OpMode"
	// cleaner is the policy that writes everything back and caches nothing new.
	cleaner = "cleaner"
)

// Limits of the block size in sectors, by the kernel.
const (
	leastBlock = 64
	mostBlock  = 2097152
)

// Layer drives dm-cache; New makes one.
type Layer struct{ kind devmapper.Kind }

// New makes the layer.
func New() *Layer {
	return &Layer{devmapper.Kind{Layer: v1.LayerTypeCache, Target: "cache", Module: "dm-cache",
		Prefix: "linstor_cache_", Mark: "HOLDFAST-CACHE-", Suffixes: []string{suffixMeta, suffixCache},
		Magic: magic, Start: func(*link.Volume) (int64, error) { return 0, nil }, Table: table,
		Drain: drain, Outdated: outdated, Trouble: trouble}}
}

// Kind is CACHE.
func (*Layer) Kind() v1.LayerType { return v1.LayerTypeCache }

// Support asks for dmsetup, the kernel's target and its policy.
func (l *Layer) Support(ctx context.Context, h run.Host) layer.Support {
	out := l.kind.Support(ctx, h)
	if why := devmapper.Module(ctx, h, "dm-cache-smq"); why != "" {
		out.Reasons = append(out.Reasons, why)
	}
	return out
}

// Scan lists the devices of the device mapper.
func (l *Layer) Scan(ctx context.Context, h run.Host) (any, error) {
	return devmapper.Scan(ctx, h, l.kind.Target)
}

// Probe looks at the metadata of devices that do not run.
func (l *Layer) Probe(ctx context.Context, h run.Host, in layer.Input) (any, error) {
	return l.kind.Probe(ctx, h, in)
}

// Plan gives the next steps.
func (l *Layer) Plan(in layer.Input) (layer.Output, error) { return l.kind.Plan(in) }

// LowerKiB is the same size, in whole 4 KiB.
func (*Layer) LowerKiB(_ *link.Resource, _ *link.Volume, sizeKiB int64) (int64, error) {
	return devmapper.AlignKiB(sizeKiB), nil
}

// UpperKiB is the same size, in whole 4 KiB.
func (*Layer) UpperKiB(_ *link.Resource, _ *link.Volume, lowerKiB int64) (int64, error) {
	return lowerKiB &^ 3, nil
}

// Parts gives the sizes of the cache and its metadata. The metadata is made larger
// than asked for where it would not be enough for the cache.
func (*Layer) Parts(_ *link.Resource, v *link.Volume, sizeKiB int64) ([]link.Part, error) {
	block, err := blockSectors(v.Props)
	if err != nil {
		return nil, err
	}
	cacheKiB, err := devmapper.PartKiB(v.Props, "Cache/Cachesize", "5%", sizeKiB, max(1024, block/2))
	if err != nil {
		return nil, err
	}
	// The kernel's rule: 4 MiB, and 16 bytes for each block.
	metaKiB, err := devmapper.PartKiB(v.Props, "Cache/Metasize", "12288", sizeKiB, 4096+(cacheKiB*2/block*16+1023)/1024)
	if err != nil {
		return nil, err
	}
	return []link.Part{{Suffix: suffixCache, SizeKiB: cacheKiB}, {Suffix: suffixMeta, SizeKiB: metaKiB}}, nil
}

// Explain knows what dmsetup complains about.
func (l *Layer) Explain(c run.Cmd, r run.Result) error { return l.kind.Explain(c, r) }

// superblock is the magic number of used metadata, octal as in the kernel's source, and
// where it is.
const (
	superblock   = 0o6142003
	superblockAt = 32
)

func magic(head []byte) bool {
	return len(head) >= superblockAt+8 && binary.LittleEndian.Uint64(head[superblockAt:]) == superblock
}

// blockSectors is the size of the cache's blocks in 512 byte sectors.
func blockSectors(props map[string]string) (int64, error) {
	n, err := devmapper.Whole(props, keyBlock, 4096)
	if err != nil {
		return 0, err
	}
	if n < leastBlock || n > mostBlock || n%leastBlock != 0 {
		return 0, devmapper.BadProperty(keyBlock, props[keyBlock], fmt.Sprintf("a multiple of %d from %d to %d; it counts sectors of 512 bytes", leastBlock, leastBlock, mostBlock))
	}
	return n, nil
}

func policy(props map[string]string) string {
	if p := props[keyPolicy]; p != "" {
		return p
	}
	return "smq"
}

// table is all after the name of the target: META CACHE ORIGIN BLOCK COUNT FEATURES...
// POLICY COUNT ARGUMENTS...
func table(v *link.Volume, lower layer.Device) (string, error) {
	block, err := blockSectors(v.Props)
	if err != nil {
		return "", err
	}
	mode := v.Props[keyMode]
	if mode == "" {
		mode = "writethrough"
	}
	words := []string{lower.Parts[suffixMeta].Path, lower.Parts[suffixCache].Path, lower.Path, strconv.FormatInt(block, 10)}
	features := append([]string{mode}, namespace(v.Props, "Cache/Features/", false)...)
	words = append(append(words, strconv.Itoa(len(features))), features...)
	args := namespace(v.Props, "Cache/Policy/", true)
	words = append(append(words, policy(v.Props), strconv.Itoa(len(args))), args...)
	return strings.Join(words, " "), nil
}

// namespace gives the names below a prefix, sorted, with their values where wanted.
func namespace(props map[string]string, prefix string, values bool) []string {
	var names, out []string
	for k := range props {
		if name, ok := strings.CutPrefix(k, prefix); ok && name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, n := range names {
		if out = append(out, n); values {
			out = append(out, props[prefix+n])
		}
	}
	return out
}

// position finds the policy in a table: after META CACHE ORIGIN BLOCK and the
// features.
func position(words []string) (int, bool) {
	if len(words) < 5 {
		return 0, false
	}
	n, err := strconv.Atoi(words[4])
	at := 5 + n
	return at, err == nil && n >= 0 && at < len(words)
}

// outdated tells that a device was about to be taken down and is wanted again.
func outdated(v *link.Volume, d devmapper.Device) bool {
	at, ok := position(d.Table)
	return ok && d.Table[at] == cleaner && policy(v.Props) != cleaner
}

// dirty is the number of blocks that are not written back.
func dirty(d devmapper.Device) (int64, error) {
	const at = 10
	if len(d.Status) <= at {
		return 0, fmt.Errorf("the state of %s is not known: '%s'", d.Name, strings.Join(d.Status, " "))
	}
	n, err := strconv.ParseInt(d.Status[at], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the state of %s is not known: %w", d.Name, err)
	}
	return n, nil
}

func trouble(d devmapper.Device) string {
	if len(d.Status) > 0 && (d.Status[0] == "Fail" || d.Status[0] == "Error") {
		return fmt.Sprintf("the kernel has given the cache %s up: %s", d.Name, d.Status[0])
	}
	if slices.Contains(d.Status, "needs_check") || slices.Contains(d.Status, "ro") {
		return fmt.Sprintf("the metadata of the cache %s is damaged and read-only; it needs cache_check or cache_repair", d.Name)
	}
	return ""
}

// drain changes to the policy that writes everything back, and waits until it has.
func drain(d devmapper.Device) (devmapper.Drained, error) {
	left, err := dirty(d)
	if err != nil {
		return devmapper.Drained{}, err
	}
	if left == 0 {
		return devmapper.Drained{Clean: true}, nil
	}
	at, ok := position(d.Table)
	if !ok {
		return devmapper.Drained{}, fmt.Errorf("the table of %s is not known: '%s'", d.Name, strings.Join(d.Table, " "))
	}
	if d.Table[at] == cleaner {
		return devmapper.Drained{Waiting: fmt.Sprintf("%d blocks of the cache %s are yet to be written back.", left, d.Name)}, nil
	}
	words := append(slices.Clone(d.Table[:at]), cleaner, "0")
	table := fmt.Sprintf("0 %d cache %s", d.Sectors, strings.Join(words, " "))
	return devmapper.Drained{Steps: devmapper.Reload("write the cache of "+d.Name+" back", d.Name, table)}, nil
}
