//go:build !race

package replay_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	runs       = flag.Int("runs", 300, "how many runs")
	seed       = flag.Uint64("seed", 1, "seed of the first run")
	chance     = flag.Uint64("chance", 0, "another order of what happens at the same time")
	every      = flag.Uint64("every", 1, "run only each n-th seed; with 2, replicated worlds or the others alone")
	replicated = flag.Bool("replicated", true, "let every second seed have DRBD, every sixth LUKS below it")
	logged     = flag.Bool("log", false, "print what controller and satellites log")
	failures   = flag.Int("failures", 3, "after how many failures to stop")
)

// world starts a run from nothing.
func (p *program) world(t *testing.T, seed uint64) (result, error) {
	t.Helper()
	r, text, err := p.run(context.Background(), seed+*chance<<32, "-runs=1", fmt.Sprintf("-seed=%d", seed),
		fmt.Sprintf("-replicated=%t", *replicated), fmt.Sprintf("-log=%t", *logged))
	if *logged {
		fmt.Print(text)
	}
	if err != nil {
		return r, fmt.Errorf("%w\n%s", err, text)
	}
	return r, nil
}

// TestSeeds runs seeds until one of them finds something that must not be.
func TestSeeds(t *testing.T) {
	p := load(t)
	n := *runs
	if testing.Short() {
		n = min(n, 20)
	}
	var (
		mu           sync.Mutex
		totals       = map[string]int64{}
		wg           sync.WaitGroup
		next, failed atomic.Int64
	)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for failed.Load() < int64(*failures) {
				i := next.Add(1) - 1
				if i >= int64(n) {
					return
				}
				s := *seed + uint64(i)**every
				r, err := p.world(t, s)
				if err != nil || len(r.Stories) > 0 {
					failed.Add(1)
					t.Errorf("seed %d: %v\n%s\n\nthe same once more:\n  make sim SEED=%d RUNS=1 CHANCE=%d REPLICATED=%t",
						s, err, strings.Join(r.Stories, "\n"), s, *chance, *replicated)
				}
				mu.Lock()
				for k, v := range r.Totals {
					totals[k] += v
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	t.Log(show(totals))
}

// TestOneWorldTwice relies on it that a failure can be looked at again.
func TestOneWorldTwice(t *testing.T) {
	p := load(t)
	for s := *seed; s < *seed+6; s++ {
		a, err := p.world(t, s)
		if err != nil {
			t.Fatal(err)
		}
		b, err := p.world(t, s)
		if err != nil {
			t.Fatal(err)
		}
		if a.Digest != b.Digest || a.Digest == "" {
			t.Errorf("seed %d went two ways: %q and %q", s, a.Digest, b.Digest)
		}
	}
}

func show(totals map[string]int64) string {
	var words []string
	for _, k := range slices.Sorted(maps.Keys(totals)) {
		words = append(words, fmt.Sprintf("%s %d", k, totals[k]))
	}
	return strings.Join(words, ", ")
}

var once struct {
	sync.Once
	p   *program
	err error
}

// load builds the program once.
func load(t *testing.T) *program {
	t.Helper()
	once.Do(func() { once.p, once.err = build(context.Background(), t.TempDir()) })
	if once.err != nil {
		t.Fatal(once.err)
	}
	return once.p
}
