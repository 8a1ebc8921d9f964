package agent

import (
	"context"
	"errors"
	"sync"
)

var errStopped = errors.New("the satellite is stopping")

// life holds what an agent starts on the side, so that nothing outlives it.
type life struct {
	ctx context.Context
	end context.CancelFunc

	mu   sync.Mutex
	over bool
	wg   sync.WaitGroup
}

func newLife() *life {
	l := &life{}
	l.ctx, l.end = context.WithCancel(context.Background())
	return l
}

// start runs f on the side, unless the agent has stopped.
func (l *life) start(f func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return errStopped
	}
	l.wg.Go(f)
	return nil
}

// stop ends everything and waits for it.
func (l *life) stop() {
	l.mu.Lock()
	l.over = true
	l.mu.Unlock()
	l.end()
	l.wg.Wait()
}
