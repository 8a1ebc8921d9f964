//go:build linux

package oshost

import (
	"testing"
	"time"
)

// TestProgressOfAWaitingCommand: a command that the kernel wakes now and then, and that
// does nothing but look whether it may go on, stands still.
func TestProgressOfAWaitingCommand(t *testing.T) {
	start := time.Now()
	type step struct {
		after time.Duration
		a     activity
		still time.Duration
	}
	for name, steps := range map[string][]step{
		"nothing": {{time.Second, activity{"1 0", 5}, time.Second}, {9 * time.Second, activity{"1 0", 5}, 9 * time.Second}},
		"woken now and then": {{4 * time.Second, activity{"1 0", 6}, 4 * time.Second}, {8 * time.Second, activity{"1 0", 7}, 8 * time.Second},
			{16 * time.Second, activity{"1 0", 9}, 16 * time.Second}},
		"computes a little": {{time.Second, activity{"1 0", 7}, 0}, {3 * time.Second, activity{"1 0", 9}, 0}},
		"reads":             {{9 * time.Second, activity{"1 8", 5}, 0}, {10 * time.Second, activity{"1 8", 5}, time.Second}},
		"a child ends":      {{9 * time.Second, activity{"1 0", 3}, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			p := &progress{last: activity{"1 0", 5}, since: start}
			for _, s := range steps {
				if got := p.note(s.a, start.Add(s.after)); got != s.still {
					t.Errorf("after %s: still for %s, want %s", s.after, got, s.still)
				}
			}
		})
	}
}
