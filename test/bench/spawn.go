package main

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/test/cluster"
)

// load is a number of spawns and the way in which they arrive.
type load struct {
	prefix, query string
	spawns        int
	// inFlight bounds the calls under way. Without a rate it is a closed loop: each
	// caller sends its next call as soon as it has the answer to the last.
	inFlight int
	// perSecond is the rate at which calls arrive; 0 is as fast as it goes.
	perSecond int
}

// outcome is how a load was served.
type outcome struct {
	took  []time.Duration
	total time.Duration
	// cpu is the processors' time that the whole process used: the controller, the
	// satellites and the simulated machines.
	cpu time.Duration
}

// spawnMany puts a load on a cluster. A call that arrives at a rate is timed from
// when it was due, so that one that had to wait for its turn is not flattered.
func spawnMany(c *cluster.Cluster, l load) outcome {
	var mu sync.Mutex
	var out outcome
	type job struct {
		number int
		due    time.Time
	}
	jobs := make(chan job)
	if l.perSecond > 0 {
		jobs = make(chan job, l.spawns)
	}
	var wg sync.WaitGroup
	began, used := time.Now(), cpuTime()
	for range l.inFlight {
		wg.Go(func() {
			for j := range jobs {
				due := j.due
				if l.perSecond == 0 {
					due = time.Now()
				}
				c.Must("POST", "/v1/resource-groups/grp/spawn"+l.query,
					v1.ResourceGroupSpawn{ResourceDefinitionName: fmt.Sprintf("%s%05d", l.prefix, j.number), VolumeSizes: []int64{1 << 20}})
				mu.Lock()
				out.took = append(out.took, time.Since(due))
				mu.Unlock()
			}
		})
	}
	for i := range l.spawns {
		due := began
		if l.perSecond > 0 {
			due = began.Add(time.Duration(i) * time.Second / time.Duration(l.perSecond))
			time.Sleep(time.Until(due))
		}
		jobs <- job{i, due}
	}
	close(jobs)
	wg.Wait()
	out.total, out.cpu = time.Since(began), cpuTime()-used
	return out
}

// cpuTime is what the process has used of the processors so far.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// medians are the middle values of several runs of one load.
type medians struct {
	perSecond          float64
	p50, p99, max, cpu time.Duration
}

// spawns runs a load several times, each on a new cluster of 100 satellites.
func (b *bench) spawns(l load) medians {
	var total, p50, p99, longest, cpu []time.Duration
	for range b.runs {
		c, done := hundred(100)
		for i := range 100 {
			c.Node(nodeName(i)).Machine.KeepNoRecord()
		}
		// What earlier clusters have left behind is not this load's to collect.
		runtime.GC()
		o := spawnMany(c, l)
		done()
		total = append(total, o.total)
		p50, p99 = append(p50, percentile(o.took, .5)), append(p99, percentile(o.took, .99))
		longest, cpu = append(longest, slices.Max(o.took)), append(cpu, o.cpu/time.Duration(l.spawns))
	}
	return medians{perSecond: float64(l.spawns) / median(total).Seconds(), p50: median(p50), p99: median(p99),
		max: median(longest), cpu: median(cpu)}
}

func (m medians) String() string {
	tenth := 100 * time.Microsecond
	return fmt.Sprintf("p99 %s (p50 %s, max %s; %.0f/s, CPU %s a spawn)",
		m.p99.Round(tenth), m.p50.Round(tenth), m.max.Round(tenth), m.perSecond, m.cpu.Round(10*time.Microsecond))
}

// closed measures three-replica spawns in a closed loop at full speed: controller,
// 100 satellites and their simulated machines share this machine's processors.
func (b *bench) closed() {
	m := b.spawns(load{prefix: "r", spawns: 1000, inFlight: 16})
	b.add("1 000 three-replica spawns on 100 satellites, 16 in flight", "≥ 300/s", fmt.Sprintf("%.0f/s", m.perSecond), m.perSecond >= 300)
	b.add("  one call in that closed loop, all satellites done", "p99 < 20 ms", m.String(), m.p99 < 20*time.Millisecond)
}

// paced measures them as they arrive at the promised rate.
func (b *bench) paced() {
	m := b.spawns(load{prefix: "p", spawns: 1000, inFlight: 16, perSecond: 300})
	b.add("  one call of 300 that arrive each second, all done", "p99 < 20 ms", m.String(), m.p99 < 20*time.Millisecond)
}

// stored measures calls that are answered as soon as the change is stored; the
// satellites work on what was stored meanwhile.
func (b *bench) stored() {
	m := b.spawns(load{prefix: "a", query: "?wait=false", spawns: 1000, inFlight: 16})
	b.add("  one call in a closed loop, answered when stored", "p99 < 20 ms", m.String(), m.p99 < 20*time.Millisecond)
}
