package devmapper_test

import (
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/devmapper"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/layer/layertest"
	"github.com/holdfast-storage/holdfast/internal/layer/writecache"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// leaving is the order to delete a replica whose data stays on another node.
func (b *bench) leaving() layer.Input {
	up := b.input(false, false)
	in := b.input(true, false)
	in.Volumes[0].Delete, in.Volumes[0].Elsewhere = true, true
	in.Lower = map[int]layer.Device{0: {Parts: up.Lower[0].Parts}}
	return in
}

// TestDataElsewhere: a cache whose data stays elsewhere is given up after it was written
// back, and then not taken for one that may hold data.
func TestDataElsewhere(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.must(b.m, b.input(false, true))
		b.write("precious")
		out := b.must(b.m, b.leaving())
		if !out.Released[0] || len(out.Revive) > 0 {
			t.Errorf("released %v, revive %v", out.Released, out.Revive)
		}
		if got := b.m.Mark("/dev/vdb", sim.MarkData); got != "precious" {
			t.Errorf("the slow device has %q", got)
		}
	})
}

// TestNotStartedHoldsData: a cache that does not run is not released as long as its
// superblock is there, can not be read, or nobody knows.
func TestNotStartedHoldsData(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.must(b.m, b.input(false, true))
		b.write("precious")
		b.m.PowerLoss(0)
		p := b.m.Process()
		revives := func(when string, in layer.Input) {
			out, err := b.look(p, in)
			if err != nil || !out.Revive[0] || out.Released[0] || len(out.Steps) > 0 {
				t.Errorf("%s: revive %v, released %v, steps %v, %v", when, out.Revive, out.Released, out.Steps, err)
			}
		}
		revives("after a power loss", b.leaving())
		in := b.leaving()
		for s, d := range in.Lower[0].Parts {
			d.Path, d.Present = "", false
			in.Lower[0].Parts[s] = d
		}
		revives("with parts that are not attached", in)
		in.Released = map[int]bool{0: true}
		if out, err := b.look(p, in); err != nil || !out.Released[0] {
			t.Errorf("released before: %+v, %v", out, err)
		}
		in = b.leaving()
		in.Lower[0] = layer.Device{}
		_, err := b.look(p, in)
		layertest.Refused(t, err, "not known whether")
		in = b.leaving()
		in.Lower[0] = layer.Device{Parts: map[string]layer.Device{}}
		for s := range b.suffixes {
			in.Lower[0].Parts[s] = layer.Device{}
		}
		if out, err := b.look(p, in); err != nil || !out.Released[0] {
			t.Errorf("without any part: %+v, %v", out, err)
		}
	})
}

// TestVolumeGoesEverywhere: what is in the cache of a volume that its target deletes at the
// same time is not written back: the target may be without it by now.
func TestVolumeGoesEverywhere(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.must(b.m, b.input(false, true))
		b.write("of no use")
		in := b.leaving()
		in.Volumes[0].Elsewhere = false
		in.Resource.NVMe = &link.NVMe{Initiator: true}
		out, err := b.look(b.m, in)
		if err != nil || len(out.Steps) != 1 || !strings.HasPrefix(out.Steps[0].String(), "dmsetup remove") {
			t.Errorf("steps %v, %v", out.Steps, err)
		}
		in.Resource.Delete = true
		if out, err = b.look(b.m, in); err != nil || len(out.Steps) == 1 {
			t.Errorf("when the replica goes: steps %v, %v", out.Steps, err)
		}
	})
}

// TestBrokenCacheIsKept: a cache that cannot be written back is given up with its data,
// and kept where the data stays elsewhere.
func TestBrokenCacheIsKept(t *testing.T) {
	b := benches()["writecache"](t)
	for _, elsewhere := range []bool{false, true} {
		in := b.leaving()
		in.Volumes[0].Elsewhere = elsewhere
		in.Observed = map[string]devmapper.Device{"linstor_writecache_r_00000": {Name: "linstor_writecache_r_00000", UUID: "HOLDFAST-WRITECACHE-u-0",
			Sectors: 1 << 20, Table: []string{"s", "/dev/vdb", "/dev/vdc", "4096", "0"}, Status: []string{"5", "1000", "900", "0"}}}
		out, err := writecache.New().Plan(in)
		if !elsewhere && (err != nil || len(out.Steps) != 1) {
			t.Errorf("with its data it goes: %v, %v", out.Steps, err)
		}
		if elsewhere && len(out.Steps) > 0 {
			t.Errorf("steps %v", out.Steps)
		}
		if elsewhere {
			layertest.Refused(t, err, "not written back")
		}
	}
}
