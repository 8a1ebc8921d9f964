package providertest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// testRandom lets a few volumes be made, grown and deleted on a machine where
// everything goes wrong now and then, next to something foreign. When the trouble
// is over, all that is wanted must be there, with its data.
func testRandom(t *testing.T, h Harness) {
	seeds := 60
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { randomLife(t, h, uint64(seed)) })
	}
}

func randomLife(t *testing.T, h Harness, seed uint64) {
	b := newBench(t, h)
	for i, what := range slices.Sorted(maps.Keys(h.Foreign)) {
		if uint64(i) != seed%uint64(len(h.Foreign)) {
			continue
		}
		if err := h.Foreign[what](b.m, b.pool, "foreign_00000"); err != nil {
			t.Fatal(err)
		}
	}
	rnd := rand.New(rand.NewPCG(seed, 7))
	torment := sim.Seeded(seed, sim.Rates{Fail: .04, Full: .02, Hang: .03, Half: .05, Crash: .04, Power: .02})
	sizes := map[string]int64{}
	written := map[string]bool{}
	for range 25 {
		name := fmt.Sprintf("r_%05d", rnd.IntN(3))
		remove := rnd.IntN(4) == 0
		if !remove {
			sizes[name] = max(sizes[name], smallKiB*int64(1+rnd.IntN(3)))
		}
		want := vol(name, max(sizes[name], smallKiB))
		b.m.SetFaults(torment)
		err := b.converge(want, remove)
		b.restart()
		if remove {
			// A deletion that was ordered goes on until it is done.
			b.must(want, true)
			delete(sizes, name)
			delete(written, name)
			continue
		}
		if err == nil && rnd.IntN(2) == 0 {
			b.must(want, false)
			b.write(want)
			written[name] = true
		}
	}
	for name, size := range sizes {
		want := vol(name, size)
		b.must(want, false)
		if d := b.wantReady(want); written[name] && b.m.Mark(d.Path, sim.MarkData) != name {
			t.Errorf("%s has lost its data", name)
		}
	}
	b.wantUndisturbed()
}

func (b *bench) write(v provider.Volume) {
	b.t.Helper()
	if err := b.m.SetMark(b.wantReady(v).Path, sim.MarkData, v.Name); err != nil {
		b.t.Fatal(err)
	}
}
