package controller

import "testing"

// TestHeapPercent: a small heap grows to the floor, a large one by its own measure, and
// nothing that is read makes the collector stop or run all the time.
func TestHeapPercent(t *testing.T) {
	for live, want := range map[uint64]int{
		0:         47 * 100,
		4 << 20:   47 * 100,
		8 << 20:   23 * 100,
		16 << 20:  11 * 100,
		32 << 20:  5 * 100,
		48 << 20:  growthPercent,
		64 << 20:  growthPercent,
		1 << 40:   growthPercent,
		1<<64 - 1: growthPercent,
	} {
		if got := heapPercent(live); got != want {
			t.Errorf("a heap of %d bytes may grow by %d %%, want %d %%", live, got, want)
		}
	}
}
