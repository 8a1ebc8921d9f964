package sim_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// journal is what happened in a run, in order.
type journal struct {
	mu    sync.Mutex
	began time.Time
	lines []string
}

func (j *journal) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	line := fmt.Sprintf("%9.3fs  %s", time.Since(j.began).Seconds(), fmt.Sprintf(format, args...))
	if *logged {
		fmt.Fprintln(os.Stderr, line)
	}
	j.lines = append(j.lines, line)
}

// length is how many lines there are.
func (j *journal) length() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.lines)
}

// fail takes down something that must not be.
func (s *simulation) fail(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := fmt.Sprintf(format, args...)
	s.journal.note("WRONG: %s", line)
	if len(s.wrong) < 12 {
		s.wrong = append(s.wrong, line)
	}
}

func (s *simulation) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.wrong) > 0
}

// story is what to know about a failed run.
func (s *simulation) story() string {
	if s == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d:\n  %s\n\nwhat happened:\n", s.seed, strings.Join(s.wrong, "\n  "))
	s.journal.mu.Lock()
	for _, l := range s.journal.lines {
		fmt.Fprintf(&b, "  %s\n", l)
	}
	s.journal.mu.Unlock()
	fmt.Fprintf(&b, "\nrun it again:\n  go test ./test/sim -run TestSim -count=1 -v -args -runs=1 -seed=%d -repeat=20", s.seed)
	if *steps > 0 {
		fmt.Fprintf(&b, " -steps=%d", *steps)
	}
	return b.String()
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
