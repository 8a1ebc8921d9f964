// Package engine is the controller's one way to change the cluster's state. Do
// runs a pure function on a private copy, settles the rules, stores the result
// as one durable batch and only then makes it visible; readers take World without
// a lock.
//
// Invariant: what a reader can see is stored, and a change that could not be
// stored has left no trace. The engine knows no REST and no satellites.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/store"
)

// Rule brings a change to its consequences: what became unnecessary is removed,
// what is missing is added. Rules are pure and idempotent.
type Rule func(tx *model.Tx) error

// Config is what an engine is made of.
type Config struct {
	Store  store.Store
	Holder string
	Rules  []Rule
	Log    *slog.Logger
	// Now, NewUUID and Secret are the sources of what a pure function cannot make.
	Now     func() time.Time
	NewUUID func() string
	Secret  func() string
	// Random makes random bytes for keys.
	Random func(n int) []byte
	// LeaseTTL is how long the lease on the database lasts unless renewed.
	LeaseTTL time.Duration
}

// Outcome is what a committed change led to.
type Outcome struct {
	// Base is the world before the change, World the one after it.
	Base    *model.World
	World   *model.World
	Touched model.Touched
	// Notes are what rules did besides, for the caller's answer.
	Notes []v1.ApiCallRc
}

// Listener is told of every new world, in order, by the writer itself; it must
// only take note and return at once.
type Listener func(old, now *model.World, touched model.Touched)

// Engine owns the state.
type Engine struct {
	cfg   Config
	world atomic.Pointer[model.World]
	// begin guards copying a world: a copy marks the original as shared.
	begin     sync.Mutex
	requests  chan *request
	listeners []Listener
	news      atomic.Pointer[chan struct{}]
	lease     atomic.Pointer[store.Lease]
	journal   journal
	bad       atomic.Pointer[[]store.Bad]
	deposed   atomic.Bool
}

type request struct {
	ctx   context.Context
	actor string
	fn    func(*model.Tx) error
	done  chan result
}

type result struct {
	out Outcome
	err error
}

// Open takes the lease, loads the state and answers an engine that is ready to
// read; Run must run for changes to be taken.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	e := &Engine{cfg: cfg, requests: make(chan *request, 256)}
	ch := make(chan struct{})
	e.news.Store(&ch)
	lease, err := cfg.Store.Lead(ctx, cfg.Holder, cfg.Now(), cfg.LeaseTTL)
	if err != nil {
		return nil, fmt.Errorf("take the lease on the database: %w", err)
	}
	e.lease.Store(&lease)
	w, err := e.load(ctx)
	if err != nil {
		return nil, err
	}
	e.world.Store(w)
	return e, nil
}

// load reads the state; nobody else sees it yet.
func (e *Engine) load(ctx context.Context) (*model.World, error) {
	snap, err := e.cfg.Store.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the state: %w", err)
	}
	loaded := model.Load(snap.Rev, func(yield func(kind, key string, data []byte) bool) {
		for _, r := range snap.Records {
			if r.Kind == kindJournal {
				e.journal.load(r.Key, r.Data)
				continue
			}
			if !yield(r.Kind, r.Key, r.Data) {
				return
			}
		}
	})
	bad := snap.Bad
	for _, b := range loaded.Bad {
		bad = append(bad, store.Bad{Kind: b.Kind, Key: b.Key, Why: b.Why})
	}
	e.bad.Store(&bad)
	for _, b := range bad {
		if b.Kind == "" {
			// What concerns the database as a whole says itself what came of it.
			e.cfg.Log.Error("the database was not whole", "why", b.Why)
			continue
		}
		e.cfg.Log.Error("stored object cannot be read; it is kept aside and everything else is served",
			"kind", b.Kind, "key", b.Key, "why", b.Why)
	}
	if old := e.world.Load(); old != nil {
		loaded.World.AdoptStatus(old)
	}
	return loaded.World, nil
}

// reload takes over what is stored where that may be another state than the one in
// memory. Anything may have changed then, and everybody is told so.
func (e *Engine) reload(ctx context.Context) {
	w, err := e.load(ctx)
	if err != nil {
		// The next change fails at its base revision and leads here again.
		e.cfg.Log.Error("load the state again", "err", err)
		return
	}
	e.publish(w, model.Touched{All: true})
}

// Bad lists what could not be read when the state was loaded.
func (e *Engine) Bad() []store.Bad { return *e.bad.Load() }

// World is the present state.
func (e *Engine) World() *model.World { return e.world.Load() }

// Epoch is the number of this controller's reign; satellites refuse older ones.
func (e *Engine) Epoch() uint64 { return e.lease.Load().Epoch }

// Holder is the identity under which this controller holds the lease.
func (e *Engine) Holder() string { return e.cfg.Holder }

// Deposed tells whether another controller has taken over.
func (e *Engine) Deposed() bool { return e.deposed.Load() }

// Leading is nil while this controller leads for sure; satellites must be told
// nothing otherwise. A lease that could not be renewed in time may be another's.
func (e *Engine) Leading() error {
	switch {
	case e.deposed.Load():
		return store.ErrDeposed
	case !e.cfg.Now().Before(e.lease.Load().Until):
		return errRanOut
	}
	return nil
}

var errRanOut = errors.New("the lease on the database has run out and could not be renewed")

// Listen adds a listener; only before Run.
func (e *Engine) Listen(l Listener) { e.listeners = append(e.listeners, l) }

// Do runs a change and answers once it is stored. An error means that nothing has
// changed.
func (e *Engine) Do(ctx context.Context, actor string, fn func(*model.Tx) error) (Outcome, error) {
	r := &request{ctx: ctx, actor: actor, fn: fn, done: make(chan result, 1)}
	select {
	case e.requests <- r:
	case <-ctx.Done():
		return Outcome{}, ctx.Err()
	}
	select {
	case res := <-r.done:
		return res.out, res.err
	case <-ctx.Done():
		// The change may still be made; the caller has gone.
		return Outcome{}, ctx.Err()
	}
}

// Preview runs a change on a copy and throws the copy away. The Tx can be read.
func (e *Engine) Preview(actor string, fn func(*model.Tx) error) (*model.Tx, error) {
	tx := e.beginOn(e.World(), actor)
	if err := fn(tx); err != nil {
		return tx, err
	}
	return tx, e.settle(tx)
}

func (e *Engine) beginOn(w *model.World, actor string) *model.Tx {
	e.begin.Lock()
	defer e.begin.Unlock()
	return w.Begin(model.Env{Now: e.cfg.Now(), NewUUID: e.cfg.NewUUID, Secret: e.cfg.Secret, Random: e.cfg.Random, Actor: actor})
}

func (e *Engine) settle(tx *model.Tx) error {
	for _, rule := range e.cfg.Rules {
		if err := rule(tx); err != nil {
			return err
		}
	}
	return nil
}

// Await waits until the condition holds for some world, or the context ends.
func (e *Engine) Await(ctx context.Context, cond func(*model.World) bool) error {
	for {
		news := *e.news.Load()
		if cond(e.World()) {
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (e *Engine) publish(w *model.World, touched model.Touched) {
	old := e.world.Swap(w)
	next := make(chan struct{})
	close(*e.news.Swap(&next))
	for _, l := range e.listeners {
		l(old, w, touched)
	}
}

// Run takes changes until the context ends, and keeps the lease.
func (e *Engine) Run(ctx context.Context) error {
	renew := time.NewTicker(e.cfg.LeaseTTL / 3)
	defer renew.Stop()
	for {
		select {
		case <-ctx.Done():
			return e.resign()
		case <-renew.C:
			e.renew(ctx)
		case r := <-e.requests:
			e.serve(e.gather(r))
		}
	}
}

func (e *Engine) resign() error {
	if e.deposed.Load() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := e.cfg.Store.Resign(ctx, *e.lease.Load()); err != nil {
		return fmt.Errorf("give the lease back: %w", err)
	}
	return nil
}

func (e *Engine) renew(ctx context.Context) {
	if e.deposed.Load() {
		// Its state is of the past: with the lease it would only keep others away.
		return
	}
	lease, err := e.cfg.Store.Lead(ctx, e.cfg.Holder, e.cfg.Now(), e.cfg.LeaseTTL)
	switch {
	case err == nil:
		lapsed := lease.Epoch != e.lease.Load().Epoch
		e.lease.Store(&lease)
		if lapsed {
			// Another controller may have come and gone meanwhile.
			e.cfg.Log.Warn("the lease had run out and was taken again", "epoch", lease.Epoch)
			e.reload(ctx)
		}
	case errors.Is(err, store.ErrHeld), errors.Is(err, store.ErrDeposed):
		e.deposed.Store(true)
		e.cfg.Log.Error("another controller has taken over this database; this one changes nothing any more")
	default:
		e.cfg.Log.Error("renew the lease on the database", "err", err)
	}
}
