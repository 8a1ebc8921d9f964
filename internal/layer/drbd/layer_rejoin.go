package drbd

import (
	"maps"
	"slices"
	"time"
)

// rejoinPause is how long a connection that was made again and was cut off once more is
// left alone: what DRBD refuses it for does not pass in an instant. An order to give data
// up is not held back, as it must not miss its moment.
const rejoinPause = 10 * time.Second

// rejoins has by resource and node id when a connection was last made again.
type rejoins map[string]map[int]time.Time

// refused are the node ids to which a connection was made again just now.
func (l *Layer) refused(resource string) []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgetRejoins(resource, time.Now())
	return slices.Sorted(maps.Keys(l.rejoins[resource]))
}

// noteRejoins remembers that connections are being made again.
func (l *Layer) noteRejoins(resource string, peers []int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.forgetRejoins(resource, now)
	for _, id := range peers {
		if l.rejoins == nil {
			l.rejoins = rejoins{}
		}
		if l.rejoins[resource] == nil {
			l.rejoins[resource] = map[int]time.Time{}
		}
		l.rejoins[resource][id] = now
	}
}

func (l *Layer) forgetRejoins(resource string, now time.Time) {
	tried := l.rejoins[resource]
	maps.DeleteFunc(tried, func(_ int, when time.Time) bool { return now.Sub(when) >= rejoinPause })
	if len(tried) == 0 {
		delete(l.rejoins, resource)
	}
}
