// Package controller assembles and runs the controller: state, rules, link and
// API. It is the only place where they meet.
package controller

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/engine"
	"github.com/holdfast-storage/holdfast/internal/link"
	"github.com/holdfast-storage/holdfast/internal/link/ctrl"
	"github.com/holdfast-storage/holdfast/internal/metrics"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/all"
	"github.com/holdfast-storage/holdfast/internal/obs"
	"github.com/holdfast-storage/holdfast/internal/report"
	"github.com/holdfast-storage/holdfast/internal/rest"
	"github.com/holdfast-storage/holdfast/internal/rules"
	"github.com/holdfast-storage/holdfast/internal/store"
)

// leaseTTL is how long a controller that was killed keeps the next one waiting,
// where the database is not on this host.
const leaseTTL = 15 * time.Second

// Config is what a controller needs to know.
type Config struct {
	// HTTP and HTTPS are listen addresses; empty is off.
	HTTP  string
	HTTPS string
	TLS   *tls.Config
	// Open opens the store, once the addresses are known to be free.
	Open func(context.Context) (store.Store, error)
	// LogDir is where error reports are kept; empty keeps them in memory.
	LogDir string
	// Wait is how long a call waits for satellites.
	Wait  time.Duration
	Log   *slog.Logger
	Level *slog.LevelVar
	// MasterPassphrase is entered at the start, or set where none is; empty leaves
	// encrypted volumes locked until somebody enters it.
	MasterPassphrase string
	// SatelliteTLS is for satellite connections of type SSL.
	SatelliteTLS *tls.Config
	Settings     v1.ControllerConfig
	Version      v1.ControllerVersion
	// Ready is called with the HTTP address once the API answers.
	Ready func(addr string)
	// Dial replaces the network, for tests.
	Dial func(*model.Node) (link.Peer, error)
}

// Controller is a controller that is put together but does not run yet.
type Controller struct {
	cfg     Config
	db      store.Store
	eng     *engine.Engine
	links   *ctrl.Manager
	api     http.Handler
	cluster string
	// listeners are served by Run; there are none where a test calls API itself.
	listeners map[net.Listener]*tls.Config
}

// Run runs a controller until the context ends.
func Run(ctx context.Context, cfg Config) error {
	CollectSeldom()
	// A port that is taken is found out before the database is touched.
	listeners, err := listen(cfg)
	if err != nil {
		return err
	}
	c, err := New(ctx, cfg)
	if err != nil {
		for l := range listeners {
			err = errors.Join(err, l.Close())
		}
		return err
	}
	c.listeners = listeners
	return c.Run(ctx)
}

// New opens the state and puts the parts together.
func New(ctx context.Context, cfg Config) (*Controller, error) {
	db, err := cfg.Open(ctx)
	if err != nil {
		return nil, err
	}
	c, err := assemble(ctx, cfg, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return c, nil
}

func assemble(ctx context.Context, cfg Config, db store.Store) (*Controller, error) {
	holder := uuid.NewString()
	eng, err := openEngine(ctx, cfg, db, holder)
	if err != nil {
		return nil, err
	}
	host, _ := os.Hostname()
	book, err := report.Open(cfg.LogDir, host, "Controller", cfg.Version.Version, time.Now)
	if err != nil {
		return nil, err
	}
	reportBad(book, eng.Bad())
	dial := cfg.Dial
	if dial == nil {
		dial = ctrl.DialHTTP(cfg.SatelliteTLS)
	}
	id := clusterID(eng)
	collector := metrics.New(eng, book, cfg.Version)
	links := ctrl.New(ctrl.Config{Engine: eng, Dial: dial, Log: cfg.Log, Now: time.Now,
		Cluster: id, Controller: holder, Program: cfg.Version.Version, Observe: collector.ObserveLink, Failed: book.Take})
	api := rest.New(rest.Config{Engine: eng, Satellites: links, Routes: all.Routes(), Reports: book, Log: cfg.Log, Now: time.Now,
		Version: cfg.Version, Settings: cfg.Settings, SetLogLevel: func(l v1.LogLevel) { setLevel(cfg.Level, l) }, LogLevel: levelOf(cfg.Level),
		Wait: cfg.Wait, Metrics: collector.Handler(), Observe: collector.Observe})
	return &Controller{cfg: cfg, db: db, eng: eng, links: links, api: api, cluster: id}, nil
}

// reportBad makes an error report of what could not be read from the database.
func reportBad(book *report.Book, bad []store.Bad) {
	if len(bad) == 0 {
		return
	}
	var lines []string
	for _, b := range bad {
		// What concerns the database as a whole has no name.
		lines = append(lines, strings.TrimPrefix(strings.TrimSpace(b.Kind+" "+b.Key)+": "+b.Why, ": "))
	}
	book.Add("open the database", "", fmt.Errorf("the database was not whole; what can be read is served, the rest is kept aside "+
		"(see 'holdfast-controller db check'): %s", lines[0]), strings.Join(lines, "\n"))
}

// API is the controller's HTTP handler; it answers while Run runs.
func (c *Controller) API() http.Handler { return c.api }

// Engine is the controller's state.
func (c *Controller) Engine() *engine.Engine { return c.eng }

func openEngine(ctx context.Context, cfg Config, db store.Store, holder string) (*engine.Engine, error) {
	ecfg := engine.Config{Store: db, Holder: holder, Rules: rules.All(), Log: cfg.Log, Now: time.Now,
		NewUUID: uuid.NewString, Secret: secret, Random: random, LeaseTTL: leaseTTL}
	for {
		eng, err := engine.Open(ctx, ecfg)
		if !errors.Is(err, store.ErrHeld) {
			return eng, err
		}
		if freed, ferr := resignDead(ctx, db); freed || ferr != nil {
			if ferr != nil {
				return nil, ferr
			}
			continue
		}
		// A controller that was killed on another host leaves a lease that runs out.
		cfg.Log.Warn("another controller holds the database; waiting for its lease to run out", "err", err)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(leaseTTL / 3):
		}
	}
}

// resignDead gives back the lease of a controller that was killed on this host, if
// the store can tell.
func resignDead(ctx context.Context, db store.Store) (bool, error) {
	if s, ok := db.(interface {
		ResignDead(context.Context) (bool, error)
	}); ok {
		return s.ResignDead(ctx)
	}
	return false, nil
}

// secret makes a DRBD shared secret: 15 random bytes, 20 characters.
func secret() string {
	var b [15]byte
	// crypto/rand never fails on Linux.
	_, _ = rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}

// random makes bytes for keys.
func random(n int) []byte {
	b := make([]byte, n)
	// crypto/rand never fails on Linux.
	_, _ = rand.Read(b)
	return b
}

func listen(cfg Config) (map[net.Listener]*tls.Config, error) {
	out := map[net.Listener]*tls.Config{}
	open := func(addr string, t *tls.Config) error {
		if addr == "" {
			return nil
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return fmt.Errorf("listen on %s: %w", addr, err)
		}
		out[l] = t
		return nil
	}
	if err := open(cfg.HTTP, nil); err != nil {
		return nil, err
	}
	if cfg.TLS != nil {
		if err := open(cfg.HTTPS, cfg.TLS); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Run serves until the context ends, and closes the database.
func (c *Controller) Run(ctx context.Context) error {
	defer c.db.Close()
	// Requests that are being served may still change the state while the API stops.
	engCtx, stopEngine := context.WithCancel(context.WithoutCancel(ctx))
	defer stopEngine()
	g, gctx := errgroup.WithContext(ctx)
	done := make(chan error, 1)
	go func() { done <- c.eng.Run(engCtx) }()
	if err := initialise(gctx, c.eng, c.cluster); err != nil {
		stopEngine()
		return errors.Join(err, <-done)
	}
	c.unlock(gctx)
	g.Go(func() error { c.links.Run(gctx); return nil })
	g.Go(func() error { c.balance(gctx); return nil })
	g.Go(func() error { c.doctor(gctx); return nil })
	g.Go(func() error { c.tend(gctx); return nil })
	for l, t := range c.listeners {
		c.serve(gctx, g, l, t)
	}
	w := c.eng.World()
	c.cfg.Log.Info("controller is ready", "rev", w.Rev, "nodes", w.Nodes.Len(), "resources", w.Resources.Len())
	err := g.Wait()
	stopEngine()
	return errors.Join(err, <-done)
}

// serve answers on one listener until the context ends.
func (c *Controller) serve(ctx context.Context, g *errgroup.Group, l net.Listener, t *tls.Config) {
	srv := &http.Server{Handler: c.api, ReadHeaderTimeout: 20 * time.Second, TLSConfig: t,
		ErrorLog: slog.NewLogLogger(c.cfg.Log.Handler(), slog.LevelDebug)}
	g.Go(func() error {
		var err error
		if t != nil {
			err = srv.ServeTLS(l, "", "")
		} else {
			err = srv.Serve(l)
		}
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return fmt.Errorf("serve the API: %w", err)
	})
	if e, ok := c.api.(interface{ EndStreams() }); ok {
		// Streams of events would keep the server from stopping.
		srv.RegisterOnShutdown(e.EndStreams)
	}
	g.Go(func() error {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if srv.Shutdown(stop) != nil {
			return srv.Close()
		}
		return nil
	})
	if c.cfg.Ready != nil && (t == nil || c.cfg.HTTP == "") {
		c.cfg.Ready(l.Addr().String())
	}
}

func setLevel(v *slog.LevelVar, name v1.LogLevel) {
	if l, err := obs.Level(string(name)); v != nil && err == nil {
		v.Set(l)
	}
}

func levelOf(v *slog.LevelVar) func() v1.LogLevel {
	if v == nil {
		return nil
	}
	return func() v1.LogLevel { return v1.LogLevel(obs.LevelName(v.Level())) }
}
