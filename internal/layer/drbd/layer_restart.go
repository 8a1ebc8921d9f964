package drbd

import "github.com/holdfast-storage/holdfast/api/link/v1"

// restarted tells whether the order to begin anew was carried out: what comes of it does
// not show before the peers have met, and then it may not have helped.
func (l *Layer) restarted(r *link.Resource) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return r.DRBD != nil && l.restarts[r.Name] == r.DRBD.Restart
}

// noteRestart remembers that the order is being carried out.
func (l *Layer) noteRestart(r *link.Resource) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.restarts == nil {
		l.restarts = map[string]int64{}
	}
	l.restarts[r.Name] = r.DRBD.Restart
}
