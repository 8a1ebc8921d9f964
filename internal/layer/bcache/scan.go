package bcache

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/devmapper"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Where the kernel shows cache sets, and all slow devices.
const (
	setDir  = "/sys/fs/bcache"
	slowDev = "/sys/class/block/*/bcache/running"
)

// superSector is where the superblock is on both devices.
const superSector = 8

// seen is everything of bcache on a node.
type seen struct {
	// loaded tells that the kernel's module is there.
	loaded bool
	// sets are the cache sets by UUID.
	sets map[string]*set
}

// set is a registered cache; slow is nil where no device is attached.
type set struct{ slow *slow }

// slow is a device that is attached to a cache.
type slow struct {
	// dir is where the kernel shows it, device the name of what users see.
	dir, device          string
	state, mode, percent string
	dirty                string
	sectors              int64
	// busy says who uses the device; empty for nobody.
	busy string
}

// Scan reads the kernel's files with one command.
func (Layer) Scan(ctx context.Context, h run.Host) (any, error) {
	s := &seen{sets: map[string]*set{}}
	register, err := h.Glob(ctx, setDir+"/register_quiet")
	if err != nil {
		return nil, fmt.Errorf("look for bcache: %w", err)
	}
	if s.loaded = len(register) > 0; !s.loaded {
		return s, nil
	}
	sets, err := h.Glob(ctx, setDir+"/*-*-*-*-*")
	if err != nil {
		return nil, fmt.Errorf("look for cache sets: %w", err)
	}
	for _, dir := range sets {
		s.sets[path.Base(dir)] = &set{}
	}
	slows, err := h.Glob(ctx, setDir+"/*-*-*-*-*/bdev*")
	if err != nil {
		return nil, fmt.Errorf("look for devices of cache sets: %w", err)
	}
	if len(slows) == 0 {
		return s, nil
	}
	values, err := attributes(ctx, h, slows)
	if err != nil {
		return nil, fmt.Errorf("look at devices of cache sets: %w", err)
	}
	mounts, err := h.ReadFile(ctx, "/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("look for mounted devices: %w", err)
	}
	for _, dir := range slows {
		of := s.sets[path.Base(path.Dir(dir))]
		if of == nil {
			return nil, fmt.Errorf("%s has changed in the middle", dir)
		}
		if of.slow, err = read(ctx, h, dir, values, strings.Fields(string(mounts))); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// attributes reads the files of attached devices; a file has as many lines as it has.
func attributes(ctx context.Context, h run.Host, dirs []string) (map[string][]string, error) {
	argv := []string{"grep", "-H", ""}
	for _, dir := range dirs {
		for _, f := range []string{"state", "cache_mode", "writeback_percent", "dirty_data", "dev/size", "dev/uevent"} {
			argv = append(argv, dir+"/"+f)
		}
	}
	c := run.Command(argv...)
	r, err := h.Run(ctx, c)
	if err != nil {
		return nil, err
	}
	if r.ExitCode > 1 {
		// A file went away in the middle: what was read is half of something.
		return nil, &run.ExitError{Cmd: c, Result: r}
	}
	out := map[string][]string{}
	for l := range strings.Lines(string(r.Stdout)) {
		file, value, _ := strings.Cut(strings.TrimSpace(l), ":")
		out[file] = append(out[file], value)
	}
	return out, nil
}

func read(ctx context.Context, h run.Host, dir string, values map[string][]string, mounts []string) (*slow, error) {
	get := func(file string) string { return strings.Join(values[dir+"/"+file], "\n") }
	out := &slow{dir: dir, state: get("state"), mode: chosen(get("cache_mode")), percent: get("writeback_percent"), dirty: get("dirty_data")}
	var err error
	if out.sectors, err = strconv.ParseInt(get("dev/size"), 10, 64); err != nil {
		return nil, fmt.Errorf("size of %s: %w", dir, err)
	}
	for _, l := range values[dir+"/dev/uevent"] {
		if name, is := strings.CutPrefix(l, "DEVNAME="); is {
			out.device = name
		}
	}
	if out.device == "" {
		return nil, errors.New("name of " + dir + ": the kernel does not tell")
	}
	holders, err := h.Glob(ctx, dir+"/dev/holders/*")
	if err != nil {
		return nil, fmt.Errorf("look who holds %s: %w", out.device, err)
	}
	switch {
	case len(holders) > 0:
		out.busy = path.Base(holders[0]) + " holds it"
	case slices.Contains(mounts, "/dev/"+out.device):
		out.busy = "it is mounted"
	}
	return out, nil
}

// chosen is the word in brackets: writethrough [writeback] none.
func chosen(modes string) string {
	_, rest, _ := strings.Cut(modes, "[")
	word, _, _ := strings.Cut(rest, "]")
	return word
}

// super is what is where a superblock of bcache would be.
type super int

const (
	blank super = iota
	ours
	other
)

// heads are what is on the devices of a volume that is not in use yet.
type heads struct {
	cache, data super
	// left is the directory of the slow device where it is registered without a cache.
	left string
}

// Probe looks at the superblocks of volumes whose devices do not run, and, when they
// are taken down, for a slow device that waits for its cache.
func (Layer) Probe(ctx context.Context, h run.Host, in layer.Input) (any, error) {
	out := map[int]heads{}
	s, _ := in.Observed.(*seen)
	if s == nil {
		return out, nil
	}
	for i := range in.Volumes {
		v := &in.Volumes[i]
		if known := s.sets[setUUID(v)]; known != nil && known.slow != nil {
			continue
		}
		lower := in.Lower[v.Number]
		var found heads
		var err error
		if in.Down {
			if found.left, err = waiting(ctx, h, lower); err != nil {
				return nil, err
			}
			out[v.Number] = found
			continue
		}
		part := lower.Parts[suffix]
		if !lower.Present || !part.Present {
			continue
		}
		if found.cache, err = superblock(ctx, h, part.Path, v); err != nil {
			return nil, err
		}
		if found.data, err = superblock(ctx, h, lower.Path, v); err != nil {
			return nil, err
		}
		out[v.Number] = found
	}
	return out, nil
}

// magic marks a superblock of bcache.
var magic = []byte{0xc6, 0x85, 0x73, 0xf6, 0x4e, 0x1a, 0x45, 0xca, 0x82, 0x65, 0xf5, 0x7f, 0x48, 0xba, 0x6d, 0x81}

// Where magic and the set's UUID are in a superblock.
const (
	magicAt = 24
	setAt   = 56
)

func superblock(ctx context.Context, h run.Host, device string, v *link.Volume) (super, error) {
	head, err := devmapper.Head(ctx, h, device, superSector)
	if err != nil {
		return other, err
	}
	want, err := hex.DecodeString(strings.ReplaceAll(setUUID(v), "-", ""))
	if err != nil {
		return other, fmt.Errorf("identity of volume %d: %w", v.Number, err)
	}
	switch {
	case bytes.HasPrefix(head[magicAt:], magic) && bytes.HasPrefix(head[setAt:], want):
		return ours, nil
	case !slices.ContainsFunc(head, func(b byte) bool { return b != 0 }):
		return blank, nil
	}
	return other, nil
}

// waiting finds the slow device where the kernel knows it without its cache.
func waiting(ctx context.Context, h run.Host, lower layer.Device) (string, error) {
	all, err := h.Glob(ctx, slowDev)
	if err != nil || len(all) == 0 || lower.Path == "" || !lower.Present {
		return "", err
	}
	r, err := run.Must(ctx, h, run.Command("stat", "--dereference", "--format=%t:%T", lower.Path))
	if err != nil {
		return "", fmt.Errorf("find the number of %s: %w", lower.Path, err)
	}
	major, minor, _ := strings.Cut(strings.TrimSpace(string(r.Stdout)), ":")
	a, err1 := strconv.ParseUint(major, 16, 32)
	b, err2 := strconv.ParseUint(minor, 16, 32)
	if err := errors.Join(err1, err2); err != nil {
		return "", fmt.Errorf("find the number of %s: %w", lower.Path, err)
	}
	dirs, err := h.Glob(ctx, fmt.Sprintf("/sys/dev/block/%d:%d/bcache", a, b))
	if err != nil || len(dirs) == 0 {
		return "", err
	}
	return dirs[0], nil
}
