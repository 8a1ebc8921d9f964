package devmapper_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/layer/cache"
	"github.com/holdfast-storage/holdfast/internal/layer/layertest"
	"github.com/holdfast-storage/holdfast/internal/layer/writecache"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// bench is a machine with a slow disk and two fast ones, and a layer on it.
type bench struct {
	t     *testing.T
	m     *sim.Machine
	l     layer.Layer
	props map[string]string
	// top is the device that the layer makes.
	top      string
	suffixes map[string]string
	// lowerKiB is the size of the slow device.
	lowerKiB int64
	deleting bool
}

func benches() map[string]func(t *testing.T) *bench {
	return map[string]func(t *testing.T) *bench{
		"writecache": func(t *testing.T) *bench {
			return newBench(t, writecache.New(), "/dev/mapper/linstor_writecache_r_00000", map[string]string{"Writecache/Size": "1%"},
				map[string]string{".cache": "/dev/vdc"})
		},
		"cache": func(t *testing.T) *bench {
			return newBench(t, cache.New(), "/dev/mapper/linstor_cache_r_00000", map[string]string{"Cache/OpMode": "writeback"},
				map[string]string{".dmcache_meta": "/dev/vdc", ".dmcache_cache": "/dev/vdd"})
		},
	}
}

func newBench(t *testing.T, l layer.Layer, top string, props, suffixes map[string]string) *bench {
	t.Helper()
	m := sim.NewMachine("n1")
	sim.NewCaches(m)
	for i, d := range []string{"/dev/vdb", "/dev/vdc", "/dev/vdd"} {
		m.AddDisk(d, fmt.Sprint("s", i), 1<<30)
	}
	return &bench{t: t, m: m, l: l, props: props, top: top, suffixes: suffixes, lowerKiB: 512 << 10}
}

func (b *bench) input(down, mayMake bool) layer.Input {
	v := link.Volume{Number: 0, UUID: "u-0", SizeKiB: b.lowerKiB, Props: b.props, Delete: b.deleting}
	in := layer.Input{Resource: &link.Resource{Name: "r", UUID: "u", Volumes: []link.Volume{v}}, Volumes: []link.Volume{v}, Down: down, Whole: down}
	if down {
		return in
	}
	lower := layer.Device{Path: "/dev/vdb", SizeKiB: b.lowerKiB, Present: true, ZeroFilled: true, Parts: map[string]layer.Device{}}
	for s, p := range b.suffixes {
		lower.Parts[s] = layer.Device{Path: p, SizeKiB: 1 << 20, Present: true}
	}
	in.Lower, in.MayMake = map[int]layer.Device{0: lower}, map[int]bool{0: mayMake}
	return in
}

func (b *bench) look(h run.Host, in layer.Input) (layer.Output, error) {
	return layertest.Look(b.l, h, in)
}

func (b *bench) settle(h run.Host, in layer.Input) (layer.Output, error) {
	return layertest.Settle(b.t, b.l, h, in)
}

func (b *bench) must(h run.Host, in layer.Input) layer.Output {
	b.t.Helper()
	return layertest.Must(b.t, b.l, h, in)
}

func (b *bench) write(value string) {
	b.t.Helper()
	if err := b.m.SetMark(b.top, sim.MarkData, value); err != nil {
		b.t.Fatal(err)
	}
}

func each(t *testing.T, test func(t *testing.T, b *bench)) {
	t.Helper()
	all := benches()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) { test(t, all[name](t)) })
	}
}

// TestUpWriteDown: what was written is on the slow device once the layer is gone.
func TestUpWriteDown(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		out := b.must(b.m, b.input(false, true))
		d := out.Devices[0]
		if !out.Made[0] || !d.Present || d.Path != b.top || d.SizeKiB != b.lowerKiB || d.ZeroFilled {
			t.Errorf("made %v, device %+v", out.Made[0], d)
		}
		b.write("precious")
		if got := b.m.Mark("/dev/vdb", sim.MarkData); got != "" {
			t.Fatalf("the slow device has %q at once; this test would show nothing", got)
		}
		if out = b.must(b.m, b.input(true, false)); !out.Released[0] {
			t.Error("not released")
		}
		if got := b.m.Mark("/dev/vdb", sim.MarkData); got != "precious" {
			t.Errorf("the slow device has %q after the layer was taken down", got)
		}
	})
}

// TestCrashAtEveryStep: wherever the satellite or the power fails, written data is
// there afterwards, and the layer ends up as wanted.
func TestCrashAtEveryStep(t *testing.T) {
	for name, kind := range map[string]sim.Kind{"crash": sim.Crash, "power": sim.Power, "hang": sim.Hang, "unknown": sim.Half} {
		each(t, func(t *testing.T, fresh *bench) {
			for n := range 6 {
				b := benches()[strings.Split(fresh.top, "_")[1]](t)
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
				if got := b.m.Mark(b.top, sim.MarkData); got != "precious" {
					t.Fatalf("%s after change %d: the device has %q", name, n, got)
				}
				b.must(b.m.Process(), b.input(true, false))
				if got := b.m.Mark("/dev/vdb", sim.MarkData); got != "precious" {
					t.Fatalf("%s after change %d: the slow device has %q", name, n, got)
				}
			}
		})
	}
}

// TestPowerLossKeepsTheCache: after a boot the device comes back without any grant,
// and with what was in the cache alone.
func TestPowerLossKeepsTheCache(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.must(b.m, b.input(false, true))
		b.write("precious")
		b.m.PowerLoss(0)
		p := b.m.Process()
		out, err := b.look(p, b.input(false, false))
		if err != nil || len(out.Steps) != 1 || out.Steps[0].Effect != provider.EffectAttach {
			t.Fatalf("steps %v, error %v; want one that attaches", out.Steps, err)
		}
		b.must(p, b.input(false, false))
		if got := b.m.Mark(b.top, sim.MarkData); got != "precious" {
			t.Errorf("the device has %q", got)
		}
	})
}

// TestLostCacheIsNoEmptyCache: a cache without its superblock is a loss that is told.
func TestLostCacheIsNoEmptyCache(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		_, err := b.settle(b.m, b.input(false, false))
		layertest.Refused(t, err, "superblock")
		if b.m.DeviceSize(b.top) >= 0 {
			t.Error("the device was started")
		}
	})
}

// TestPartsAreNeeded: without the cache the slow device is not offered.
func TestPartsAreNeeded(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		for s := range b.suffixes {
			in := b.input(false, true)
			in.Lower[0].Parts[s] = layer.Device{}
			out, err := b.look(b.m, in)
			if err != nil || len(out.Steps) != 0 || len(out.Devices) != 0 || len(out.Waiting) != 1 {
				t.Errorf("without %s: %+v, %v", s, out, err)
			}
		}
	})
}

// TestForeign: what bears the name without the identity is left alone.
func TestForeign(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.must(b.m, b.input(false, true))
		other := b.input(false, true)
		other.Volumes[0].UUID = "u-other"
		_, err := b.look(b.m, other)
		layertest.Refused(t, err, "UUID")
		other = b.input(true, false)
		other.Volumes[0].UUID = "u-other"
		if out := b.must(b.m, other); !out.Released[0] || b.m.DeviceSize(b.top) < 0 {
			t.Error("a device of another identity was removed, or blocks the deletion")
		}
	})
}

// TestInUse: an open device is not taken down.
func TestInUse(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.must(b.m, b.input(false, true))
		if err := b.m.Mount(b.top, "/mnt"); err != nil {
			t.Fatal(err)
		}
		_, err := b.settle(b.m, b.input(true, false))
		layertest.Refused(t, err, "open")
	})
}

// TestGrow: a grown slow device grows the cached one, and its data stays.
func TestGrow(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.must(b.m, b.input(false, true))
		b.write("precious")
		b.lowerKiB *= 2
		out := b.must(b.m, b.input(false, false))
		if got := b.m.Mark(b.top, sim.MarkData); out.Devices[0].SizeKiB != b.lowerKiB || got != "precious" {
			t.Errorf("size %d, data %q", out.Devices[0].SizeKiB, got)
		}
	})
}

// TestCommands are the command lines, word by word.
func TestCommands(t *testing.T) {
	want := map[string][]string{
		"writecache": {
			"dmsetup create linstor_writecache_r_00000 --uuid HOLDFAST-WRITECACHE-u-0 --table '0 1048576 writecache s /dev/vdb /dev/vdc 4096 0'",
			"dmsetup message linstor_writecache_r_00000 0 flush",
			"dmsetup remove --retry linstor_writecache_r_00000",
		},
		"cache": {
			"dmsetup create linstor_cache_r_00000 --uuid HOLDFAST-CACHE-u-0 --table '0 1048576 cache /dev/vdc /dev/vdd /dev/vdb 4096 1 writeback smq 0'",
			"dmsetup load linstor_cache_r_00000 --table '0 1048576 cache /dev/vdc /dev/vdd /dev/vdb 4096 1 writeback cleaner 0'",
			"dmsetup resume linstor_cache_r_00000",
		},
	}
	each(t, func(t *testing.T, b *bench) {
		var got []string
		note := func(in layer.Input) {
			out, err := b.look(b.m, in)
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
		if diff := cmp.Diff(want[strings.Split(b.top, "_")[1]], got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestSupport: a node without the tool or the module says what is missing.
func TestSupport(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		if s := b.l.Support(context.Background(), b.m); len(s.Reasons) > 0 {
			t.Errorf("reasons on a good node: %v", s.Reasons)
		}
		b.m.Uninstall("modprobe")
		b.m.Uninstall("dmsetup")
		s := b.l.Support(context.Background(), b.m)
		if got := strings.Join(s.Reasons, "; "); !strings.Contains(got, "dmsetup") || !strings.Contains(got, "module dm-") {
			t.Errorf("reasons: %s", got)
		}
	})
}
