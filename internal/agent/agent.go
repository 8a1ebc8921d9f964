// Package agent is the satellite's runtime: it holds what the controller wants of
// this node, compares it with what is there, and brings the one to the other step
// by step. It keeps no state of its own that could contradict the machine: after a
// crash at any step it observes and plans again.
//
// Invariant: nothing is destroyed without a grant in the instruction and an
// observation made after the instruction arrived; what the controller does not
// mention is left alone.
package agent

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Config is what an agent is made of.
type Config struct {
	Host      run.Host
	Providers []provider.Provider
	Layers    []layer.Layer
	// Finishers work on volumes whose stack is up.
	Finishers []layer.Finisher
	Log       *slog.Logger
	// Workers is how many resources are worked on at a time.
	Workers int
	// Rescan is how often the machine is looked at without being asked.
	Rescan time.Duration
	// AttachOnly forbids everything but bringing up what exists; it holds until the
	// first set of a controller arrives.
	AttachOnly bool
	// Node and Version are what error reports are marked with.
	Node, Version string
}

// Agent tends the resources of one node.
type Agent struct {
	cfg      Config
	scanners []*scanner
	byKind   map[v1.ProviderKind]*scanner
	traits   map[v1.ProviderKind]provider.Traits
	layers   map[v1.LayerType]stacked

	mu         sync.Mutex
	number     uint64
	attachOnly bool
	pools      map[string]link.Pool
	items      map[string]*item
	queue      []string
	wake       chan struct{}
	out        *outbox
	errors     errorBook
	// poolFailures are the unexpected failures of pools that last.
	poolFailures map[string]poolFailure
	life         *life
}

// item is one resource that the agent tends.
type item struct {
	spec link.Resource
	// seen counts the instructions, so that work on an older one is noticed.
	seen    uint64
	need    need
	queued  bool
	running bool
	again   bool
	// forgotten items are gone as soon as the work on them has ended.
	forgotten bool
	retries   int
	timer     *time.Timer
	// calmUntil ends the pause after a failure, in which news do not count: they may come
	// from steps of its own that lead nowhere.
	calmUntil time.Time
	// busySince is when something was first found to be in use that is to be changed.
	busySince time.Time
	// made is what was seen complete since the agent started: volumes and parts by
	// identity, layers of them with the kind behind.
	made map[string]bool
	// failure is what went wrong unexpectedly, and errorID the report about it.
	failure, errorID string
}

func (it *item) stopTimer() {
	if it.timer != nil {
		it.timer.Stop()
	}
}

// New makes an agent; Run makes it work.
func New(cfg Config) *Agent {
	a := &Agent{cfg: cfg, attachOnly: cfg.AttachOnly, byKind: map[v1.ProviderKind]*scanner{},
		traits: map[v1.ProviderKind]provider.Traits{}, layers: map[v1.LayerType]stacked{}, pools: map[string]link.Pool{}, poolFailures: map[string]poolFailure{},
		items: map[string]*item{}, wake: make(chan struct{}, 1), out: newOutbox(), errors: errorBook{node: cfg.Node, version: cfg.Version}, life: newLife()}
	for _, p := range cfg.Providers {
		s := newScanner(lookWith(p, cfg.Host), a.life)
		s.provider, s.tell = p, a.tellPools
		s.sweep = func(sc *scan, pools []provider.Pool) { a.sweep(s, sc, pools) }
		a.scanners = append(a.scanners, s)
		for _, t := range p.Kinds() {
			a.byKind[t.Kind] = s
			a.traits[t.Kind] = t
		}
	}
	for _, l := range cfg.Layers {
		a.layers[l.Kind()] = stacked{l, newScanner(lookAt(l, cfg.Host), a.life)}
	}
	return a
}

// Run works until the context ends and all workers have stopped.
func (a *Agent) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for range max(1, a.cfg.Workers) {
		wg.Go(func() { a.work(ctx) })
	}
	if a.cfg.Rescan > 0 {
		wg.Go(func() { a.rescan(ctx) })
	}
	for _, l := range a.layers {
		if w, ok := l.layer.(layer.Watcher); ok {
			wg.Go(func() { a.watch(ctx, l, w) })
		}
	}
	wg.Wait()
	a.life.stop()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, it := range a.items {
		it.stopTimer()
	}
}

func (a *Agent) rescan(ctx context.Context) {
	t := time.NewTicker(a.cfg.Rescan)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			a.lookAgain()
		}
	}
}

// lookAgain asks for a new observation of everything.
func (a *Agent) lookAgain() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.needAll()
	for _, s := range a.scanners {
		if len(s.pools()) > 0 {
			a.refresh(s)
		}
	}
}

// refresh looks at a scanner's pools on the side.
func (a *Agent) refresh(s *scanner) {
	// An agent that has stopped need not look any more.
	_ = a.life.start(s.refresh)
}

// needAll queues every item with a fresh observation; the caller holds mu.
func (a *Agent) needAll() {
	n := a.bumpAll()
	for name, it := range a.items {
		if it.forgotten {
			continue
		}
		it.need = n
		a.enqueue(name, it)
	}
}

// bumpAll asks everything for observations that begin from now on.
func (a *Agent) bumpAll() need {
	n := need{}
	for _, s := range a.scanners {
		n[s] = s.bump()
	}
	for _, l := range a.layers {
		n[l.scanner] = l.bump()
	}
	return n
}

// enqueue queues an item once; the caller holds mu.
func (a *Agent) enqueue(name string, it *item) {
	if it.running {
		it.again = true
		return
	}
	if it.queued {
		return
	}
	it.queued = true
	a.queue = append(a.queue, name)
	a.signal()
}

func (a *Agent) signal() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// take hands out the next item, or nothing.
func (a *Agent) take() (name string, it *item, spec link.Resource, seen uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.queue) > 0 {
		name = a.queue[0]
		a.queue = a.queue[1:]
		it, ok := a.items[name]
		if !ok || !it.queued {
			// It was forgotten, and perhaps wanted again, since it was queued.
			continue
		}
		it.queued, it.running = false, true
		if len(a.queue) > 0 {
			a.signal()
		}
		return name, it, it.spec, it.seen
	}
	return "", nil, link.Resource{}, 0
}

func (a *Agent) work(ctx context.Context) {
	for {
		name, it, spec, seen := a.take()
		if it == nil {
			select {
			case <-ctx.Done():
				return
			case <-a.wake:
				continue
			}
		}
		if ctx.Err() != nil {
			return
		}
		rep := a.reconcile(ctx, it, spec, seen)
		if ctx.Err() != nil {
			return // a step that was cut off has not failed
		}
		a.finish(name, it, seen, rep)
	}
}

// finish reports the outcome and queues the item again where needed.
func (a *Agent) finish(name string, it *item, seen uint64, rep link.ResourceReport) {
	a.mu.Lock()
	defer a.mu.Unlock()
	it.running = false
	if it.forgotten {
		it.again = false
		a.out.forgetResource(name)
		delete(a.items, name)
		return
	}
	again := it.again
	it.again = false
	if it.seen != seen {
		a.enqueue(name, it)
		return
	}
	failed := rep.Progress == progressFailed
	if again && !failed {
		a.enqueue(name, it)
	}
	it.bear(&rep, time.Now())
	a.noteError(it, &rep)
	a.out.resource(rep)
	switch rep.Progress {
	case progressFailed:
		it.retries++
	case progressWorking:
		// What it waits for is mostly heard of; looking now and then is for the rest.
		it.retries = waitRetries
	default:
		it.retries = 0
		return
	}
	it.need = a.bumpAll()
	pause := retryAfter(it.retries)
	if failed {
		it.calmUntil = time.Now().Add(calm)
		if again {
			pause = calm
		}
	}
	a.later(name, it, pause)
}

// calm is the least pause after a failure, unless there is a new instruction.
const calm = time.Second

// later queues an item after a pause; the caller holds mu.
func (a *Agent) later(name string, it *item, pause time.Duration) {
	it.stopTimer()
	it.timer = time.AfterFunc(pause, func() { a.requeue(name, it) })
}

func (a *Agent) requeue(name string, it *item) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.items[name] == it {
		a.enqueue(name, it)
	}
}

// waitRetries gives the pause between two looks at a resource that waits for others.
const waitRetries = 2

// retryAfter grows from a second to ten minutes.
func retryAfter(retries int) time.Duration {
	steps := []time.Duration{1, 2, 5, 10, 30, 60, 120, 300, 600}
	return steps[min(retries, len(steps))-1] * time.Second
}

// ReadyCount is the number of resources that were last reported ready.
func (a *Agent) ReadyCount() int { return a.out.count(progressReady) }

// Settled tells whether nothing is being worked on or waiting.
func (a *Agent) Settled() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, it := range a.items {
		if it.queued || it.running {
			return false
		}
	}
	return true
}

func (a *Agent) poolList() []provider.Pool {
	out := make([]provider.Pool, 0, len(a.pools))
	for _, p := range a.pools {
		out = append(out, provider.Pool{Name: p.Name, Kind: p.Kind, Backing: p.Backing, Props: p.Props})
	}
	slices.SortFunc(out, func(x, y provider.Pool) int {
		if x.Name < y.Name {
			return -1
		}
		return 1
	})
	return out
}
