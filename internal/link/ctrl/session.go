package ctrl

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/link"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// told is what a satellite was told of a resource last.
type told struct{ name, fingerprint string }

// session is the connection to one satellite, made again whenever it breaks.
type session struct {
	m    *Manager
	node *model.Node
	stop context.CancelFunc

	mu   sync.Mutex
	peer link.Peer
	// resources have changed; one with true is told again even if nothing has.
	resources map[string]bool
	pools     bool
	all       bool
	news      chan struct{}

	// Only the session's own goroutine uses what follows.
	sent      map[string]told
	sentPools map[string]wire.Pool
	number    uint64
	attempts  int
}

func newSession(m *Manager, n *model.Node) *session {
	return &session{m: m, node: n, resources: map[string]bool{}, news: make(chan struct{}, 1), stop: func() {}}
}

func (s *session) markResource(name string) {
	s.mu.Lock()
	mark(s.resources, model.Key(name))
	s.mu.Unlock()
	s.wake()
}

// mark notes a resource. One that is to be told again stays so.
func mark(resources map[string]bool, key string) {
	if _, marked := resources[key]; !marked {
		resources[key] = false
	}
}

// repeatResource tells the satellite again what it was told of a resource.
func (s *session) repeatResource(name string) {
	s.mu.Lock()
	s.resources[model.Key(name)] = true
	s.mu.Unlock()
	s.wake()
}

func (s *session) markPools() {
	s.mu.Lock()
	s.pools = true
	s.mu.Unlock()
	s.wake()
}

func (s *session) markAll() {
	s.mu.Lock()
	s.pools, s.all = true, true
	s.mu.Unlock()
	s.wake()
}

func (s *session) wake() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// moved tells whether the satellite has to be reached in another way now.
func (s *session) moved(n *model.Node) bool {
	if n.UUID != s.node.UUID {
		return true
	}
	a, _ := s.node.SatelliteAddress()
	b, _ := n.SatelliteAddress()
	return a != b
}

func (s *session) online() (link.Peer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peer, s.peer != nil
}

// pause waits and tells whether to go on.
func pause(ctx context.Context, wait time.Duration) bool {
	if wait <= 0 {
		return ctx.Err() == nil
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(wait):
		return true
	}
}

func (s *session) run(ctx context.Context) {
	wait := time.Duration(0)
	for {
		if !pause(ctx, wait) {
			return
		}
		began := s.m.cfg.Now()
		err := s.once(ctx)
		s.mu.Lock()
		s.peer = nil
		s.mu.Unlock()
		if ctx.Err() != nil {
			return
		}
		state, why := stateOf(err)
		s.setState(ctx, state, why, nil)
		s.attempts++
		if s.m.cfg.Now().Sub(began) > reconnectMax {
			wait = 0
		}
		wait = min(max(wait*2, 500*time.Millisecond), reconnectMax)
	}
}

func stateOf(err error) (model.ConnState, string) {
	var r *link.Refused
	if errors.As(err, &r) && r.State != "" {
		return model.ConnState(r.State), r.Error()
	}
	return model.ConnOffline, err.Error()
}

// once connects, hands over everything and then follows the changes; it answers
// why the session ended.
func (s *session) once(ctx context.Context) error {
	if err := s.m.cfg.Engine.Leading(); err != nil {
		return err
	}
	peer, err := s.m.cfg.Dial(s.node)
	if err != nil {
		return err
	}
	defer peer.Close()
	fence := s.m.fence()
	began := s.m.cfg.Now()
	welcome, err := peer.Hello(ctx, wire.Hello{Fence: fence, Version: wire.Version, MinVersion: wire.MinVersion,
		Program: s.m.cfg.Program, Node: s.node.Name, NodeUUID: s.node.UUID})
	s.m.timed("Hello", s.node.Name, began)
	if err != nil {
		return err
	}
	host := hostInfo(welcome)
	s.setState(ctx, model.ConnConnected, "the satellite is being told what its node shall have", host)
	s.number = welcome.Have
	if err := s.sendFull(ctx, peer, fence); err != nil {
		return fmt.Errorf("hand over what the node shall have: %w", err)
	}
	s.mu.Lock()
	s.peer = peer
	s.mu.Unlock()
	return s.follow(ctx, peer, fence, host)
}

func (s *session) follow(ctx context.Context, peer link.Peer, fence wire.Fence, host *model.HostInfo) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel(nil)
	first := make(chan struct{})
	var once sync.Once
	wg.Go(func() {
		err := peer.Watch(ctx, fence, func(rep wire.Report) {
			s.take(ctx, rep)
			once.Do(func() { close(first) })
		})
		cancel(fmt.Errorf("reports: %w", err))
	})
	wg.Go(func() { cancel(s.pings(ctx, peer, fence)) })
	select {
	case <-first:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	s.attempts = 0
	s.setState(ctx, model.ConnOnline, "", host)
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.news:
			if err := s.sendChanges(ctx, peer, fence); err != nil {
				return fmt.Errorf("tell the satellite of a change: %w", err)
			}
		}
	}
}

func (s *session) pings(ctx context.Context, peer link.Peer, fence wire.Fence) error {
	t := time.NewTicker(pingEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
			if err := s.m.cfg.Engine.Leading(); err != nil {
				return err
			}
			if err := peer.Ping(ctx, fence); err != nil {
				return fmt.Errorf("ping: %w", err)
			}
		}
	}
}
