// Package devmapper is what the cache layers share: reading the device mapper, and
// the way a volume with a cache in front of it is brought up, grown and taken down.
//
// Invariants:
//   - A device is ours by its UUID in the device mapper, which holds that of the
//     volume; one of the same name with another UUID is never touched.
//   - A slow device is never offered without its cache: the cache may hold the only
//     copy of what was written.
//   - A cache is written back before its device is removed, deletions included, for
//     they can be taken back.
//   - Where the data outlives the replica, on an NVMe target, a cache is given up only
//     after it was written back: then its superblock is cleared, and one that is still
//     there is started first.
//   - A cache that was used is never started anew: what tells is the superblock that
//     the kernel keeps at its beginning. New storage has zeroes there.
package devmapper

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Dir is where the devices are.
const Dir = "/dev/mapper/"

// flushPatience is how long writing back may go on without a sign of life: the
// kernel does the work, and the waiting command does nothing that could be seen.
const flushPatience = 6 * time.Hour

// Device is one device of the device mapper.
type Device struct {
	Name, UUID string
	// Open is how many have it open.
	Open      int
	Suspended bool
	// Sectors is the size in 512 byte sectors; 0 where the device is not of the kind
	// that was asked for, or has no table.
	Sectors int64
	// Table and Status are the words after the target's name.
	Table, Status []string
}

// Scan lists all devices by name, with tables and states of those with the target;
// it takes three commands.
func Scan(ctx context.Context, h run.Host, target string) (map[string]Device, error) {
	out := map[string]Device{}
	r, err := run.Must(ctx, h, run.Command("dmsetup", "info", "-c", "--noheadings", "--separator", "|", "-o", "name,uuid,open,suspended"))
	if err != nil {
		return nil, fmt.Errorf("list devices of the device mapper: %w", err)
	}
	for l := range strings.Lines(string(r.Stdout)) {
		f := strings.Split(strings.TrimSpace(l), "|")
		if len(f) != 4 {
			continue // such as: No devices found
		}
		open, err := strconv.Atoi(strings.TrimSpace(f[2]))
		if err != nil {
			return nil, fmt.Errorf("list devices of the device mapper: open count of %s: %w", f[0], err)
		}
		out[f[0]] = Device{Name: f[0], UUID: f[1], Open: open, Suspended: strings.EqualFold(f[3], "Suspended")}
	}
	if err := details(ctx, h, out, target, func(d *Device, sectors int64, words []string) { d.Sectors, d.Table = sectors, words },
		"dmsetup", "table", "--target", target); err != nil {
		return nil, err
	}
	err = details(ctx, h, out, target, func(d *Device, _ int64, words []string) { d.Status = words },
		"dmsetup", "status", "--noflush", "--target", target)
	return out, err
}

// details reads lines such as "name: 0 2048 cache …".
func details(ctx context.Context, h run.Host, out map[string]Device, target string, put func(*Device, int64, []string), argv ...string) error {
	r, err := run.Must(ctx, h, run.Command(argv...))
	if err != nil {
		return fmt.Errorf("look at %s devices: %w", target, err)
	}
	for l := range strings.Lines(string(r.Stdout)) {
		name, rest, ok := strings.Cut(strings.TrimSpace(l), ": ")
		f := strings.Fields(rest)
		d, known := out[name]
		if !ok || !known || len(f) < 3 || f[0] != "0" || f[2] != target {
			continue
		}
		sectors, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			return fmt.Errorf("look at %s device %s: size: %w", target, name, err)
		}
		put(&d, sectors, f[3:])
		out[name] = d
	}
	return nil
}

// blockBytes is the piece of a device that is looked at and zeroed.
const blockBytes = 4096

// Head reads the 4 KiB of a device that begin at a sector, which must be aligned.
func Head(ctx context.Context, h run.Host, path string, sector int64) ([]byte, error) {
	argv := []string{"dd", "if=" + path, "bs=" + strconv.Itoa(blockBytes), "count=1", "iflag=direct", "status=none"}
	if sector > 0 {
		argv = append(argv, "skip="+strconv.FormatInt(sector/8, 10))
	}
	r, err := run.Must(ctx, h, run.Command(argv...))
	if err != nil {
		return nil, fmt.Errorf("read the beginning of %s: %w", path, err)
	}
	if len(r.Stdout) != blockBytes {
		return nil, fmt.Errorf("read the beginning of %s: got %d bytes of %d", path, len(r.Stdout), blockBytes)
	}
	return r.Stdout, nil
}

// ZeroHead clears the 4 KiB of a new device that begin at a sector, which must be
// aligned.
func ZeroHead(path string, sector int64) provider.Step {
	argv := []string{"dd", "if=/dev/zero", "of=" + path, "bs=" + strconv.Itoa(blockBytes), "count=1", "oflag=direct", "conv=notrunc,fsync", "status=none"}
	if sector > 0 {
		argv = append(argv, "seek="+strconv.FormatInt(sector/8, 10))
	}
	s := step(provider.EffectCreate, "clear the beginning of the new cache device "+path, argv...)
	s.Destructive = true
	return s
}

// forget clears the superblock of a cache that was written back and goes.
func forget(path string, sector int64) provider.Step {
	s := ZeroHead(path, sector)
	s.Why, s.Effect = "forget the cache "+path+", which is written back", provider.EffectDestroy
	return s
}

func step(e provider.Effect, why string, argv ...string) provider.Step {
	c := run.Command(argv...)
	return provider.Step{Cmd: &c, Why: why, Effect: e}
}

func create(e provider.Effect, name, uuid, table string) provider.Step {
	return step(e, "start the cached device "+name, "dmsetup", "create", name, "--uuid", uuid, "--table", table)
}

// Reload gives a running device another table. The kernel suspends the device for
// the change by itself; a crash in between leaves the old table in use.
func Reload(why, name, table string) []provider.Step {
	return []provider.Step{
		step(provider.EffectModify, why, "dmsetup", "load", name, "--table", table),
		resume(why, name),
	}
}

func resume(why, name string) provider.Step {
	return step(provider.EffectModify, why, "dmsetup", "resume", name)
}

func remove(name string) provider.Step {
	return step(provider.EffectDetach, "remove the cached device "+name, "dmsetup", "remove", "--retry", name)
}

// Flush writes a cache back; the command ends when all of it is written.
func Flush(name string) provider.Step {
	s := step(provider.EffectModify, "write the cache of "+name+" back", "dmsetup", "message", name, "0", "flush")
	s.Cmd.Patience = flushPatience
	return s
}
