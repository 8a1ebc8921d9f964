package agent

import (
	"context"
	"errors"
	"sync"

	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// looker observes a part of the machine; what a layer has seen is opaque.
type looker func(ctx context.Context, pools []provider.Pool) (provider.Observation, any, error)

// need says for each scanner how new an observation must be.
type need map[*scanner]uint64

// scanner shares the observations of one provider or layer: however many resources ask,
// one scan at a time runs, and all that it is new enough for get its result.
type scanner struct {
	// provider is nil where a layer is looked at.
	provider provider.Provider
	look     looker
	tell     func(obs provider.Observation, pools []provider.Pool, err error)
	// sweep is told of every scan, to remove what it shows to be free.
	sweep func(sc *scan, pools []provider.Pool)
	// life ends with the agent, and the scans with it.
	life *life

	mu      sync.Mutex
	poolSet []provider.Pool
	// age counts what may have changed the machine; poolsAge is that of the pools.
	age      uint64
	poolsAge uint64
	last     *scan
	next     *scan
	swept    sweeping
}

// scan is one observation, running or done.
type scan struct {
	// age is that of the scanner when the scan began: it knows all up to there.
	age  uint64
	done chan struct{}
	obs  provider.Observation
	seen any
	err  error
}

func newScanner(look looker, l *life) *scanner {
	return &scanner{look: look, age: 1, life: l}
}

// lookWith observes with a provider, where it has pools.
func lookWith(p provider.Provider, h run.Host) looker {
	return func(ctx context.Context, pools []provider.Pool) (obs provider.Observation, seen any, err error) {
		if len(pools) > 0 {
			obs, err = p.Scan(ctx, h, pools)
		}
		return obs, nil, err
	}
}

// lookAt observes a layer.
func lookAt(l layer.Layer, h run.Host) looker {
	return func(ctx context.Context, _ []provider.Pool) (obs provider.Observation, seen any, err error) {
		seen, err = l.Scan(ctx, h)
		return obs, seen, err
	}
}

// bump says that the machine may have changed: only a scan that begins from now
// on is new enough for the answered number.
func (s *scanner) bump() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.age++
	return s.age
}

func (s *scanner) setPools(pools []provider.Pool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.poolSet = pools
	s.age++
	s.poolsAge = s.age
}

func (s *scanner) pools() []provider.Pool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.poolSet
}

// observe answers an observation that is at least as new as asked.
func (s *scanner) observe(ctx context.Context, atLeast uint64) *scan {
	for {
		s.mu.Lock()
		// What was seen before the pools changed says nothing about the new ones.
		atLeast = max(atLeast, s.poolsAge)
		if s.last != nil && s.last.age >= atLeast {
			last := s.last
			s.mu.Unlock()
			return last
		}
		if s.next == nil {
			next, pools := &scan{age: s.age, done: make(chan struct{})}, s.poolSet
			if err := s.life.start(func() { s.run(next, pools) }); err != nil {
				s.mu.Unlock()
				return &scan{err: err}
			}
			s.next = next
		}
		running := s.next
		s.mu.Unlock()
		select {
		case <-running.done:
			if running.age >= atLeast {
				return running
			}
		case <-ctx.Done():
			return &scan{err: ctx.Err()}
		}
	}
}

// run is not bound to the context of whoever asked first: others wait for it too.
// Every command in it is bounded by the host's patience.
func (s *scanner) run(sc *scan, pools []provider.Pool) {
	sc.obs, sc.seen, sc.err = s.look(s.life.ctx, pools)
	if err := sc.err; err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		// What is looked at changes in the middle now and then: a second look tells.
		sc.obs, sc.seen, sc.err = s.look(s.life.ctx, pools)
	}
	s.mu.Lock()
	s.last, s.next = sc, nil
	s.mu.Unlock()
	if s.tell != nil {
		// Before anybody goes on with it, so that the pools' report goes with theirs.
		s.tell(sc.obs, pools, sc.err)
	}
	if s.sweep != nil {
		s.sweep(sc, pools)
	}
	close(sc.done)
}

// refresh observes again if anything may have changed since.
func (s *scanner) refresh() {
	s.mu.Lock()
	age := s.age
	s.mu.Unlock()
	_ = s.observe(s.life.ctx, age)
}
