package sim_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var (
	runs   = flag.Int("runs", 300, "how many runs")
	seed   = flag.Uint64("seed", 0, "seed of the first run; 0 starts at 1")
	steps  = flag.Int("steps", 0, "steps of a run; 0 lets the seed decide")
	repeat = flag.Int("repeat", 1, "how often each seed is run")
	fresh  = flag.Bool("fresh", false, "start at a seed that nobody has tried")
	// Test/sim/replay runs replicated worlds, so that a failure can be looked at again.
	drbdToo = flag.Bool("replicated", false, "let every second seed have DRBD, every sixth LUKS below it")
	say     = flag.Bool("result", false, "print a result for the program that runs this one")
	logged  = flag.Bool("log", false, "print what controller and satellites log")
	report  = flag.Int("failures", 3, "after how many failures to stop")
)

// TestSim runs seeds until one of them finds something that must not be.
func TestSim(t *testing.T) {
	first := max(*seed, 1)
	if *fresh {
		first = rand.Uint64() >> 20
		t.Logf("first seed %d", first)
	}
	n := *runs
	if testing.Short() {
		n = min(n, 50)
	}
	var total counts
	var next, failed atomic.Int64
	began := time.Now()
	t.Run("runs", func(t *testing.T) {
		for range min(runtime.GOMAXPROCS(0), n) {
			t.Run("worker", func(t *testing.T) {
				t.Parallel()
				for failed.Load() < int64(*report) {
					i := next.Add(1) - 1
					if i >= int64(n)*int64(max(*repeat, 1)) {
						return
					}
					if !one(t, first+uint64(i)/uint64(max(*repeat, 1)), &total) {
						failed.Add(1)
					}
				}
			})
		}
	})
	if *say {
		total.print()
	}
	t.Logf("%s, %.1f seconds", total.String(), time.Since(began).Seconds())
}

// one is one run in a bubble of its own.
func one(t *testing.T, seed uint64, total *counts) (good bool) {
	var s *simulation
	defer func() {
		if p := recover(); p != nil {
			stacks := make([]byte, 1<<20)
			t.Errorf("seed %d: %v\n%s\n\nall goroutines:\n%s", seed, p, s.story(), stacks[:runtime.Stack(stacks, true)])
			good = false
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		s = newSimulation(seed)
		s.run()
	})
	total.add(s.counts)
	total.tell(s)
	if len(s.wrong) == 0 {
		return true
	}
	t.Errorf("%s", s.story())
	return false
}

// counts is what runs have done.
type counts struct {
	mu    sync.Mutex
	n     map[string]int64
	order []string
	// digest is over all that happened, stories are those of failed runs.
	digest  uint64
	stories []string
}

func (c *counts) inc(what string, by int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int64{}
	}
	if _, known := c.n[what]; !known {
		c.order = append(c.order, what)
	}
	c.n[what] += by
}

func (c *counts) add(o *counts) {
	for _, k := range o.order {
		c.inc(k, o.n[k])
	}
}

// String shows the main counts first and then the faults by kind.
func (c *counts) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := ""
	main := []string{"runs", "operations", "acknowledged", "revisions", "crashes", "writes checked", "faults"}
	shown := map[string]bool{}
	for _, k := range main {
		out += fmt.Sprintf("%d %s, ", c.n[k], k)
		shown[k] = true
	}
	for _, k := range sorted(c.n) {
		if !shown[k] {
			out += fmt.Sprintf("%s %d, ", k, c.n[k])
		}
	}
	return out[:max(0, len(out)-2)]
}

// tell takes down what happened in a run.
func (c *counts) tell(s *simulation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := fnv.New64a()
	s.journal.mu.Lock()
	fmt.Fprint(h, c.digest, s.journal.lines, len(c.n))
	s.journal.mu.Unlock()
	c.digest = h.Sum64()
	if len(s.wrong) > 0 {
		c.stories = append(c.stories, s.story())
	}
}

// print is for the program that runs this one.
func (c *counts) print() {
	c.mu.Lock()
	defer c.mu.Unlock()
	data, err := json.Marshal(map[string]any{"totals": c.n, "digest": fmt.Sprintf("%016x", c.digest), "stories": c.stories})
	if err != nil {
		panic(err)
	}
	fmt.Printf("result: %s\n", data)
}
