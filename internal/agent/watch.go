package agent

import (
	"context"
	"sync"
	"time"

	"github.com/holdfast-storage/holdfast/internal/layer"
)

// gather is how long news of a layer are collected before they are acted on: a
// resync tells of itself many times a second.
const gather = 100 * time.Millisecond

// watchAgain bounds the pause before a lost source of news is tried again.
const watchAgain = 30 * time.Second

// watch listens to a layer as long as the agent runs.
func (a *Agent) watch(ctx context.Context, l stacked, w layer.Watcher) {
	n := &news{agent: a, layer: l, names: map[string]bool{}}
	defer n.stop()
	pause := time.Second
	for ctx.Err() == nil {
		began := time.Now()
		err := w.Watch(ctx, a.cfg.Host, n.changed)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > watchAgain {
			pause = time.Second
		}
		a.cfg.Log.Debug("news of the layer are lost; listening again", "layer", l.layer.Kind(), "err", err)
		n.changed("")
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, watchAgain)
	}
}

// news collects what has changed.
type news struct {
	agent *Agent
	layer stacked

	mu    sync.Mutex
	names map[string]bool
	timer *time.Timer
}

func (n *news) changed(resource string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.names[resource] = true
	if n.timer == nil {
		n.timer = time.AfterFunc(gather, n.act)
	}
}

func (n *news) stop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.timer != nil {
		n.timer.Stop()
	}
}

// act queues the resources that have changed, with a new look at the layer.
func (n *news) act() {
	n.mu.Lock()
	names := n.names
	n.names, n.timer = map[string]bool{}, nil
	n.mu.Unlock()
	a := n.agent
	a.mu.Lock()
	defer a.mu.Unlock()
	age := n.layer.bump()
	for name, it := range a.items {
		if it.forgotten || !names[name] && !names[""] || !a.has(it, n.layer) {
			continue
		}
		next := need{n.layer.scanner: age}
		for s, v := range it.need {
			if s != n.layer.scanner {
				next[s] = v
			}
		}
		it.need = next
		if pause := time.Until(it.calmUntil); pause > 0 && !it.running && !it.queued {
			a.later(name, it, pause)
			continue
		}
		a.enqueue(name, it)
	}
}

// has tells whether a resource has the layer; the caller holds mu.
func (a *Agent) has(it *item, l stacked) bool {
	for _, kind := range it.spec.Stack {
		if kind == l.layer.Kind() {
			return true
		}
	}
	return false
}
