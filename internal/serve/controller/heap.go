package controller

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// growthPercent is how far a large heap may grow before it is collected: the state of
	// a large cluster is tens of megabytes, and collecting it often would slow every call.
	growthPercent = 300
	// heapFloorBytes is how large any heap may become before it is collected. What a small
	// cluster leaves behind in a burst of calls fits into it; the runtime collects an idle
	// heap by itself and returns the memory.
	heapFloorBytes = 192 << 20
)

// CollectSeldom lets the heap grow before it is collected, for memory is cheaper here than
// the tail of latency that the collector makes. It looks at the heap after each collection,
// and holds for the whole process.
func CollectSeldom() {
	debug.SetGCPercent(heapPercent(liveBytes()))
	afterCollection(CollectSeldom)
}

// heapPercent is the growth in percent that takes a heap of live bytes to the floor, or
// further where it is large.
func heapPercent(live uint64) int {
	// The runtime takes any smaller heap for one of that size.
	const smallest = 4 << 20
	return max(growthPercent, int(100*heapFloorBytes/max(live, smallest))-100)
}

// liveBytes is what the last collection has left.
func liveBytes() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return heapFloorBytes
	}
	return s[0].Value.Uint64()
}

// collected is garbage from the start: its finalizer runs once the next collection is through.
type collected struct{ then func() }

func afterCollection(then func()) {
	runtime.SetFinalizer(&collected{then}, func(c *collected) { c.then() })
}
