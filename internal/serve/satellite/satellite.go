// Package satellite assembles and runs the satellite: agent, providers and the
// node's end of the link.
package satellite

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/agent"
	"github.com/holdfast-storage/holdfast/internal/layer"
	layers "github.com/holdfast-storage/holdfast/internal/layer/all"
	"github.com/holdfast-storage/holdfast/internal/link/sat"
	"github.com/holdfast-storage/holdfast/internal/provider/all"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// rescan is how often the machine is looked at without being asked.
const rescan = time.Minute

// attachTime bounds how long the start waits for the devices of the last run.
const attachTime = 2 * time.Minute

// Config is what a satellite needs to know.
type Config struct {
	// Listen is the address of the link; TLS asks for the controller's certificate.
	Listen string
	TLS    *tls.Config
	// Node overrides the node's name; empty takes what the controller says.
	Node string
	// StateDir keeps a copy of what the node shall have, for the next start.
	StateDir string
	Workers  int
	Log      *slog.Logger
	// Level is how much Log takes; nil if that cannot be changed.
	Level   *slog.LevelVar
	Version string
	// Ready is called when the devices are up and the link listens.
	Ready func(addr string)
	// Host is the machine.
	Host run.Host
	// Layers are those that the agent drives; nil for all.
	Layers []layer.Layer
}

// Run runs a satellite until the context ends.
func Run(ctx context.Context, cfg Config) error {
	if cfg.Layers == nil {
		cfg.Layers = layers.Layers()
	}
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", cfg.Listen, err)
	}
	ag := agent.New(agent.Config{Host: cfg.Host, Providers: all.Providers(), Layers: cfg.Layers, Finishers: layers.Finishers(), Log: cfg.Log, Workers: cfg.Workers, Rescan: rescan, AttachOnly: true,
		Node: nameOf(cfg), Version: cfg.Version})
	keep := &keeper{path: filepath.Join(cfg.StateDir, "wanted.json"), log: cfg.Log, agent: ag, dirty: make(chan struct{}, 1)}
	memory := fenceFile{path: filepath.Join(cfg.StateDir, "controller.json"), log: cfg.Log}
	svc := newService(cfg, ag, keep.applied, memory)
	srv := &http.Server{Handler: sat.Handler(svc), TLSConfig: cfg.TLS, ReadHeaderTimeout: 20 * time.Second,
		ErrorLog: slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug)}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { ag.Run(gctx); return nil })
	g.Go(func() error { keep.run(gctx); return nil })
	g.Go(func() error {
		keep.bringUp(gctx)
		if cfg.Ready != nil {
			cfg.Ready(l.Addr().String())
		}
		cfg.Log.Info("satellite is ready", "op", l.Addr().String())
		return nil
	})
	g.Go(func() error { return serve(srv, l) })
	g.Go(func() error {
		<-gctx.Done()
		// Watching controllers would keep a graceful stop waiting.
		return srv.Close()
	})
	return g.Wait()
}

func serve(srv *http.Server, l net.Listener) error {
	var err error
	if srv.TLSConfig != nil {
		err = srv.ServeTLS(l, "", "")
	} else {
		err = srv.Serve(l)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve the link: %w", err)
}

// NewService makes the node's end of the link around an agent.
func NewService(cfg Config, ag *agent.Agent, applied func(wire.Set)) *sat.Service {
	return newService(cfg, ag, applied, fenceFile{})
}

func newService(cfg Config, ag *agent.Agent, applied func(wire.Set), memory fenceFile) *sat.Service {
	if cfg.Layers == nil {
		cfg.Layers = layers.Layers()
	}
	can := &capability{look: func(ctx context.Context) wire.Welcome { return support(ctx, cfg) }}
	return sat.New(sat.Config{Known: memory.read(), Admitted: memory.write,
		Agent: ag, Physical: devices{cfg.Host}, Inspector: inspector{cfg.Host, ag}, Log: cfg.Log, Level: cfg.Level, Now: time.Now, Session: uuid.NewString(),
		Node: cfg.Node, Applied: applied, Support: can.ask})
}

// keeper keeps what the node shall have, so that devices come up after a reboot
// even while no controller answers. It is a cache: without it nothing is lost.
type keeper struct {
	path  string
	log   *slog.Logger
	agent *agent.Agent
	dirty chan struct{}
}

// keepEvery bounds how often the copy is written.
const keepEvery = time.Second

func (k *keeper) applied(wire.Set) {
	select {
	case k.dirty <- struct{}{}:
	default:
	}
}

func (k *keeper) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.dirty:
			k.write()
		}
		select {
		case <-ctx.Done():
			k.write()
			return
		case <-time.After(keepEvery):
		}
	}
}

func (k *keeper) write() {
	data, err := json.Marshal(withoutPassphrases(k.agent.Holds()))
	if err == nil {
		err = writeFile(k.path, data)
	}
	if err != nil {
		k.log.Warn("keep what the node shall have", "err", err)
	}
}

func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the state directory: %w", err)
	}
	tmp := path + ".new"
	if err := writeSynced(tmp, data); err != nil {
		return fmt.Errorf("write %s: %w", tmp, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("put %s in place: %w", path, err)
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes new names in a directory survive a power failure.
func syncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("open the directory: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// writeSynced writes a file that survives a power failure once it has its final name.
func writeSynced(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// bringUp attaches the devices of the last run.
func (k *keeper) bringUp(ctx context.Context) {
	data, err := os.ReadFile(k.path)
	if err != nil {
		return
	}
	var set wire.Set
	if err := json.Unmarshal(data, &set); err != nil {
		k.log.Warn("the kept copy of what the node shall have cannot be read; waiting for the controller", "err", err)
		return
	}
	k.agent.Preload(set)
	deadline := time.NewTimer(attachTime)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !k.agent.Settled() {
		select {
		case <-ctx.Done():
			return
		case <-deadline.C:
			k.log.Warn("not all devices are up yet; going on")
			return
		case <-tick.C:
		}
	}
}

// nameOf is the name by which error reports of this host can be told from others'.
func nameOf(cfg Config) string {
	if cfg.Node != "" {
		return cfg.Node
	}
	// Without a name they are still told apart by the node that sent them.
	name, _ := os.Hostname()
	return name
}
