package vm

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// timings keeps how long the lab's own steps took, in the order of their first
// appearance.
type timings struct {
	mu    sync.Mutex
	names []string
	taken map[string][]time.Duration
}

func (t *timings) add(name string, d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken == nil {
		t.taken = map[string][]time.Duration{}
	}
	if _, known := t.taken[name]; !known {
		t.names = append(t.names, name)
	}
	t.taken[name] = append(t.taken[name], d)
}

// Timings is a table of the lab's own steps: how often, shortest, longest.
func (l *Lab) Timings() string {
	l.timings.mu.Lock()
	defer l.timings.mu.Unlock()
	var out strings.Builder
	for _, name := range l.timings.names {
		shortest, longest := l.timings.taken[name][0], time.Duration(0)
		for _, d := range l.timings.taken[name] {
			shortest, longest = min(shortest, d), max(longest, d)
		}
		fmt.Fprintf(&out, "%-30s %3d× %8.2fs … %.2fs\n", name, len(l.timings.taken[name]), shortest.Seconds(), longest.Seconds())
	}
	return out.String()
}
