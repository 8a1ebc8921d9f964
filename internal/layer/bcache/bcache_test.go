package bcache_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/layer/bcache"
	"github.com/holdfast-storage/holdfast/internal/layer/layertest"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

const (
	slow, fast, top = "/dev/vdb", "/dev/vdc", "/dev/bcache0"
	sizeKiB         = 512 << 10
)

// bench is a machine with a slow and a fast disk.
type bench struct {
	t        *testing.T
	m        *sim.Machine
	b        *sim.Bcache
	props    map[string]string
	lowerKiB int64
	uuid     string
	deleting bool
}

func newBench(t *testing.T) *bench {
	t.Helper()
	m := sim.NewMachine("n1")
	b := sim.NewBcache(m)
	m.AddDisk(slow, "s", (sizeKiB+8)<<10)
	m.AddDisk(fast, "f", 1<<30)
	return &bench{t: t, m: m, b: b, props: map[string]string{"BCache/Writeback": "True"}, lowerKiB: sizeKiB + 8, uuid: "u-0"}
}

func (b *bench) input(down, mayMake bool) layer.Input {
	v := link.Volume{Number: 0, UUID: b.uuid, SizeKiB: b.lowerKiB - 8, Props: b.props, Delete: b.deleting}
	lower := layer.Device{Path: slow, SizeKiB: b.lowerKiB, Present: true, ZeroFilled: true,
		Parts: map[string]layer.Device{".bcache": {Path: fast, SizeKiB: 1 << 20, Present: true}}}
	return layer.Input{Resource: &link.Resource{Name: "r", UUID: "u", Volumes: []link.Volume{v}}, Volumes: []link.Volume{v}, Down: down, Whole: down,
		Lower: map[int]layer.Device{0: lower}, MayMake: map[int]bool{0: mayMake}}
}

func look(h run.Host, in layer.Input) (layer.Output, error) {
	return layertest.Look(bcache.New(), h, in)
}

func (b *bench) settle(h run.Host, in layer.Input) (layer.Output, error) {
	return layertest.Settle(b.t, bcache.New(), h, in)
}

func (b *bench) must(h run.Host, in layer.Input) layer.Output {
	b.t.Helper()
	return layertest.Must(b.t, bcache.New(), h, in)
}

func (b *bench) write(value string) {
	b.t.Helper()
	if err := b.m.SetMark(top, sim.MarkData, value); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) holds(device, want string) {
	b.t.Helper()
	if got := b.m.Mark(device, sim.MarkData); got != want {
		b.t.Errorf("%s holds %q, want %q", device, got, want)
	}
}

// TestUpWriteDown: what was written is on the slow device once the layer is gone.
func TestUpWriteDown(t *testing.T) {
	for _, udev := range []bool{false, true} {
		b := newBench(t)
		b.b.Udev = udev
		out := b.must(b.m, b.input(false, true))
		if d := out.Devices[0]; !out.Made[0] || !d.Present || d.Path != top || d.SizeKiB != sizeKiB {
			t.Errorf("made %v, device %+v", out.Made[0], d)
		}
		b.write("precious")
		b.holds(slow, "")
		if out = b.must(b.m, b.input(true, false)); !out.Released[0] {
			t.Error("not released")
		}
		b.holds(slow, "precious")
		if b.m.DeviceSize(top) >= 0 {
			t.Error("the device is still there")
		}
		b.must(b.m, b.input(false, false))
		b.holds(top, "precious")
	}
}

// TestCrashAtEveryStep: wherever the satellite or the power fails, written data is
// there afterwards, and the layer ends up as wanted.
func TestCrashAtEveryStep(t *testing.T) {
	for name, kind := range map[string]sim.Kind{"crash": sim.Crash, "power": sim.Power, "hang": sim.Hang, "unknown": sim.Half} {
		for n := range 8 {
			b := newBench(t)
			b.b.Udev = n%2 == 1
			b.m.SetFaults(sim.AfterChange(n, sim.Fault{Kind: kind, Lost: -1}))
			_, _ = b.settle(b.m.Process(), b.input(false, true))
			b.m.SetFaults(nil)
			b.must(b.m.Process(), b.input(false, true))
			b.write("precious")
			b.m.SetFaults(sim.AfterChange(n, sim.Fault{Kind: kind, Lost: -1}))
			_, _ = b.settle(b.m.Process(), b.input(true, false))
			b.m.SetFaults(nil)
			// The order is taken back: the grant is there again, and must not cost the data.
			b.must(b.m.Process(), b.input(false, true))
			if got := b.m.Mark(top, sim.MarkData); got != "precious" {
				t.Fatalf("%s after change %d: the device has %q", name, n, got)
			}
			b.must(b.m.Process(), b.input(true, false))
			if got := b.m.Mark(slow, sim.MarkData); got != "precious" {
				t.Fatalf("%s after change %d: the slow device has %q", name, n, got)
			}
		}
	}
}

// TestPowerLossKeepsTheCache: after a boot the device comes back without any grant,
// and with what was in the cache alone.
func TestPowerLossKeepsTheCache(t *testing.T) {
	b := newBench(t)
	b.must(b.m, b.input(false, true))
	b.write("precious")
	b.m.PowerLoss(0)
	p := b.m.Process()
	out, err := look(p, b.input(false, false))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range out.Steps {
		if s.Effect != provider.EffectAttach {
			t.Errorf("step %s has the effect %s, want one that attaches", s, s.Effect)
		}
	}
	b.must(p, b.input(false, false))
	b.holds(top, "precious")
}

// TestLostSuperblocks: a device without its superblock is a loss that is told, and
// nothing is written to it.
func TestLostSuperblocks(t *testing.T) {
	for device, mayMake := range map[string]bool{fast: true, slow: false} {
		b := newBench(t)
		b.must(b.m, b.input(false, true))
		b.must(b.m, b.input(true, false))
		if err := b.m.SetMark(device, "bcache-super", ""); err != nil {
			t.Fatal(err)
		}
		_, err := b.settle(b.m, b.input(false, mayMake))
		layertest.Refused(t, err, "superblock")
		if b.m.Mark(device, "bcache-super") != "" {
			t.Errorf("%s got a new superblock", device)
		}
	}
}

// TestStaleSuperblock: what an earlier volume has left on new storage is replaced
// with the grant, and stops everything without it.
func TestStaleSuperblock(t *testing.T) {
	b := newBench(t)
	b.must(b.m, b.input(false, true))
	b.must(b.m, b.input(true, false))
	b.uuid = "u-later"
	_, err := b.settle(b.m, b.input(false, false))
	layertest.Refused(t, err, "superblock")
	out := b.must(b.m, b.input(false, true))
	if !out.Devices[0].Present {
		t.Errorf("device %+v", out.Devices[0])
	}
}

// TestPartIsNeeded: without the cache the slow device is not offered.
func TestPartIsNeeded(t *testing.T) {
	b := newBench(t)
	in := b.input(false, true)
	in.Lower[0].Parts[".bcache"] = layer.Device{}
	out, err := look(b.m, in)
	if err != nil || len(out.Steps) != 0 || len(out.Devices) != 0 || len(out.Waiting) != 1 {
		t.Errorf("without the part: %+v, %v", out, err)
	}
}

// TestInUse: a mounted device is neither taken down nor stopped to grow, and grows
// once it is free.
func TestInUse(t *testing.T) {
	b := newBench(t)
	b.must(b.m, b.input(false, true))
	b.write("precious")
	if err := b.m.Mount(top, "/mnt"); err != nil {
		t.Fatal(err)
	}
	_, err := b.settle(b.m, b.input(true, false))
	layertest.Refused(t, err, "mounted")
	b.lowerKiB = 2 * (sizeKiB + 8)
	if err := b.m.Grow(slow, b.lowerKiB<<10); err != nil {
		t.Fatal(err)
	}
	_, err = b.settle(b.m, b.input(false, false))
	layertest.Refused(t, err, "mounted")
	if err := b.m.Release(top); err != nil {
		t.Fatal(err)
	}
	out := b.must(b.m, b.input(false, false))
	if out.Devices[0].SizeKiB != b.lowerKiB-8 {
		t.Errorf("size %d KiB, want %d", out.Devices[0].SizeKiB, b.lowerKiB-8)
	}
	b.holds(top, "precious")
}

// TestCacheMode: the mode follows the property.
func TestCacheMode(t *testing.T) {
	b := newBench(t)
	b.must(b.m, b.input(false, true))
	b.write("precious")
	b.props = nil
	b.must(b.m, b.input(false, false))
	b.write("through")
	b.holds(slow, "through")
}

// TestCommands are the command lines, word by word.
func TestCommands(t *testing.T) {
	b := newBench(t)
	b.props = map[string]string{"BCache/Writeback": "True", "BCache/Discard": "True", "BCache/CacheReplacementPolicy": "fifo",
		"BCache/Blocksize": "4096", "BCache/Bucketsize": "1048576", "BCache/DataOffset": "32"}
	const set = "8e4eba16-4856-5173-bb17-bad6fcacd270"
	var got []string
	note := func(in layer.Input) {
		out, err := look(b.m, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range out.Steps {
			got = append(got, s.String())
		}
	}
	note(b.input(false, true))
	b.must(b.m, b.input(false, true))
	b.write("precious")
	note(b.input(true, false))
	want := []string{
		"modprobe bcache",
		"make-bcache --cset-uuid " + set + " --block 4096 --bucket 1048576 --discard --cache_replacement_policy=fifo -C /dev/vdc",
		"make-bcache --cset-uuid " + set + " --block 4096 --bucket 1048576 --data-offset 32 --writeback -B /dev/vdb",
		"tee /sys/fs/bcache/register_quiet",
		"tee /sys/fs/bcache/register_quiet",
		"tee /sys/fs/bcache/" + set + "/bdev0/writeback_delay",
		"tee /sys/fs/bcache/" + set + "/bdev0/writeback_percent",
		"tee /sys/fs/bcache/" + set + "/bdev0/writeback_running",
		"tee /sys/fs/bcache/" + set + "/bdev0/cache_mode",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestBadProperties names the property that cannot be used.
func TestBadProperties(t *testing.T) {
	for key, value := range map[string]string{"BCache/Blocksize": "1000", "BCache/Bucketsize": "1", "BCache/DataOffset": "9",
		"BCache/CacheReplacementPolicy": "random"} {
		b := newBench(t)
		b.props = map[string]string{key: value}
		_, err := b.settle(b.m, b.input(false, true))
		layertest.Refused(t, err, value)
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s=%s: error %v, want one that names the property", key, value, err)
		}
	}
}

// TestSizes: what is asked for is usable, and the cache has its least size.
func TestSizes(t *testing.T) {
	l := bcache.New()
	for _, props := range []map[string]string{nil, {"BCache/DataOffset": "2048"}} {
		v := &link.Volume{Props: props}
		for _, want := range []int64{4, 4096, 1 << 20, 1<<20 + 1} {
			lower, err := l.LowerKiB(&link.Resource{}, v, want)
			if err != nil {
				t.Fatal(err)
			}
			if upper, err := l.UpperKiB(&link.Resource{}, v, lower); err != nil || upper < want || upper > want+3 {
				t.Errorf("%v: %d KiB need %d below, of which %d are usable (%v)", props, want, lower, upper, err)
			}
		}
		if _, err := l.UpperKiB(&link.Resource{Name: "r"}, v, 8); err == nil {
			t.Error("a device of the superblock alone is usable")
		}
	}
	for size, want := range map[string]int64{"": 512 << 10, "100%": 1 << 20, "786432": 768 << 10} {
		parts, err := l.Parts(nil, &link.Volume{Props: map[string]string{"BCache/Size": size}}, 1<<20)
		if err != nil || len(parts) != 1 || parts[0].SizeKiB != want || parts[0].Suffix != ".bcache" {
			t.Errorf("%q of 1 GiB: %+v, %v; want %d KiB", size, parts, err, want)
		}
	}
}

// TestSupport: a node without the tool or the module says what is missing.
func TestSupport(t *testing.T) {
	b := newBench(t)
	if s := bcache.New().Support(context.Background(), b.m); len(s.Reasons) > 0 {
		t.Errorf("reasons on a good node: %v", s.Reasons)
	}
	b.m.Uninstall("modprobe")
	b.m.Uninstall("make-bcache")
	s := bcache.New().Support(context.Background(), b.m)
	if got := strings.Join(s.Reasons, "; "); !strings.Contains(got, "bcache-tools") || !strings.Contains(got, "module bcache") {
		t.Errorf("reasons: %s", got)
	}
}
