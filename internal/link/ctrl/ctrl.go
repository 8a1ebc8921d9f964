// Package ctrl is the controller's end of the link: it keeps a session with every
// satellite, tells it what its node shall have whenever that changes, and turns
// what it reports into status.
//
// Invariant: sessions are independent; a node that hangs delays no other node.
package ctrl

import (
	"context"
	"log/slog"
	"sync"
	"time"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/engine"
	"github.com/holdfast-storage/holdfast/internal/link"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// Times of a session.
const (
	pingEvery    = time.Second
	pingTimeout  = 5 * time.Second
	silenceLimit = 5 * time.Second
	reconnectMax = 10 * time.Second
)

// Config is what a manager is made of.
type Config struct {
	Engine *engine.Engine
	Dial   func(*model.Node) (link.Peer, error)
	Log    *slog.Logger
	Now    func() time.Time
	// Observe is told how long a call to a satellite took; nil tells nobody.
	Observe func(call, node string, took time.Duration)
	// Failed is told of what failed unexpectedly on a node; nil tells nobody.
	Failed func(node string, e wire.ErrorReport)
	// Cluster and Controller are identities; Program is shown in the peer's log.
	Cluster    string
	Controller string
	Program    string
}

// Manager keeps the sessions.
type Manager struct {
	cfg Config

	mu       sync.Mutex
	sessions map[string]*session
	changed  chan struct{}
}

// New makes a manager and listens to the engine; Run starts it.
func New(cfg Config) *Manager {
	m := &Manager{cfg: cfg, sessions: map[string]*session{}, changed: make(chan struct{}, 1)}
	cfg.Engine.Listen(m.notice)
	return m
}

// timed takes down how long a call to a satellite took; deferred, or called after it.
func (m *Manager) timed(call, node string, began time.Time) {
	if m.cfg.Observe != nil {
		m.cfg.Observe(call, node, m.cfg.Now().Sub(began))
	}
}

func (m *Manager) fence() wire.Fence {
	return wire.Fence{Cluster: m.cfg.Cluster, Controller: m.cfg.Controller, Epoch: m.cfg.Engine.Epoch()}
}

// notice is called by the engine's writer: it only marks what to look at.
func (m *Manager) notice(old, now *model.World, t model.Touched) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range t.Definitions {
		for _, w := range []*model.World{old, now} {
			for r := range w.Resources.Under(name) {
				if s, ok := m.sessions[model.Key(r.Node)]; ok {
					s.markResource(name)
				}
			}
			m.markSnapshots(w, name)
		}
	}
	for _, p := range t.Pools {
		if s, ok := m.sessions[model.Key(p[0])]; ok {
			s.markPools()
		}
	}
	if t.All {
		for _, s := range m.sessions {
			s.markAll()
		}
		m.signal()
	}
	for key := range t.Nodes {
		s, ok := m.sessions[key]
		n, exists := now.Nodes.Get(key)
		if ok != (exists && wanted(n)) || ok && s.moved(n) {
			m.signal()
		}
		// A new replica or a report touches the node too; its pools inherit from it only.
		if was, _ := old.Nodes.Get(key); ok && was != n {
			s.markPools()
		}
	}
}

// markSnapshots marks the nodes that hold snapshots, of which the replica may be gone.
func (m *Manager) markSnapshots(w *model.World, definition string) {
	for snap := range w.Snapshots.Under(definition) {
		for _, n := range snap.Nodes {
			if s, ok := m.sessions[model.Key(n.Node)]; ok {
				s.markResource(definition)
			}
		}
	}
}

func wanted(n *model.Node) bool { return n.Type.HasSatellite() && !n.Evicted }

func (m *Manager) signal() {
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

// Run keeps a session for every node until the context ends.
func (m *Manager) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	m.signal()
	for {
		select {
		case <-ctx.Done():
			m.stopAll()
			return
		case <-m.changed:
			m.align(ctx, &wg)
		}
	}
}

func (m *Manager) stopAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.sessions {
		s.stop()
	}
}

// align starts and stops sessions so that they match the nodes.
func (m *Manager) align(ctx context.Context, wg *sync.WaitGroup) {
	w := m.cfg.Engine.World()
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, s := range m.sessions {
		n, ok := w.Nodes.Get(key)
		if !ok || !wanted(n) || s.moved(n) {
			s.stop()
			delete(m.sessions, key)
		}
	}
	for n := range w.Nodes.All {
		key := model.Key(n.Name)
		if _, ok := m.sessions[key]; ok || !wanted(n) {
			continue
		}
		s := newSession(m, n)
		m.sessions[key] = s
		sctx, cancel := context.WithCancel(ctx)
		s.stop = cancel
		wg.Go(func() { s.run(sctx) })
	}
}

// Reconnect drops a node's session, if any, and connects again at once.
func (m *Manager) Reconnect(node string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.sessions[model.Key(node)]; ok {
		s.stop()
		delete(m.sessions, model.Key(node))
	}
	m.signal()
}

// Relook has a node look anew at its part of a resource, and report.
func (m *Manager) Relook(node, definition string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.sessions[model.Key(node)]; ok {
		s.repeatResource(definition)
	}
}

// Peer is the connection to an online node.
func (m *Manager) Peer(node string) (link.Peer, bool) {
	m.mu.Lock()
	s, ok := m.sessions[model.Key(node)]
	m.mu.Unlock()
	if !ok {
		return nil, false
	}
	return s.online()
}

// Fence is what calls on a Peer are signed with.
func (m *Manager) Fence() wire.Fence { return m.fence() }
