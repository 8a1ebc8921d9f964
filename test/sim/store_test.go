package sim_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/holdfast-storage/holdfast/internal/store"
)

var (
	errKilled = errors.New("the controller was killed")
	errAway   = errors.New("the database does not answer")
)

// gate is one controller's way to the database: it can be slow, hang, fail, or be
// closed for good when the controller is killed.
type gate struct {
	store.Store
	slow func() time.Duration

	mu     sync.Mutex
	away   bool
	killed bool
	gone   chan struct{}
}

func newGate(s store.Store, slow func() time.Duration) *gate {
	return &gate{Store: s, slow: slow, gone: make(chan struct{})}
}

// kill ends every call, now and later, as the end of the process does.
func (g *gate) kill() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.killed {
		g.killed = true
		close(g.gone)
	}
}

// setAway lets the database not answer, or answer again.
func (g *gate) setAway(away bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.away = away
}

func (g *gate) check() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.killed:
		return errKilled
	case g.away:
		return errAway
	}
	return nil
}

func (g *gate) pause() {
	jostle()
	if d := g.slow(); d > 0 {
		select {
		case <-time.After(d):
		case <-g.gone:
		}
	}
}

func (g *gate) Apply(ctx context.Context, l store.Lease, base uint64, changes []store.Change) (uint64, error) {
	g.pause()
	if err := g.check(); err != nil {
		return 0, err
	}
	rev, err := g.Store.Apply(ctx, l, base, changes)
	g.pause()
	// A controller that was killed never learns of what it has written.
	if dead := g.check(); errors.Is(dead, errKilled) {
		return 0, dead
	}
	return rev, err
}

func (g *gate) Load(ctx context.Context) (store.Snapshot, error) {
	if err := g.check(); err != nil {
		return store.Snapshot{}, err
	}
	return g.Store.Load(ctx)
}

func (g *gate) Lead(ctx context.Context, holder string, now time.Time, ttl time.Duration) (store.Lease, error) {
	g.pause()
	if err := g.check(); err != nil {
		return store.Lease{}, err
	}
	return g.Store.Lead(ctx, holder, now, ttl)
}

func (g *gate) Resign(ctx context.Context, l store.Lease) error {
	if err := g.check(); err != nil {
		return err
	}
	return g.Store.Resign(ctx, l)
}
