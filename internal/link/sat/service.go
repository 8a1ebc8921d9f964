// Package sat is the satellite's end of the link: it lets one controller at a time
// in, hands what it wants to the agent and streams what the agent observes.
//
// Invariant: a message of a deposed or foreign controller changes nothing.
package sat

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/agent"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/link"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/obs"
)

// silence is how long a controller may be silent before another cluster's
// controller is let in.
const silence = 10 * time.Second

// heartbeat is how often a watching controller hears of the satellite.
const heartbeat = time.Second

// Physical lists and makes device pools on the node.
type Physical interface {
	Physical(ctx context.Context, req wire.PhysicalRequest) (wire.PhysicalAnswer, error)
}

// Inspector reads what DRBD on the node knows of a resource.
type Inspector interface {
	Inspect(ctx context.Context, resource string) (wire.InspectAnswer, error)
}

// Config is what a service is made of.
type Config struct {
	Agent     *agent.Agent
	Physical  Physical
	Inspector Inspector
	Log       *slog.Logger
	Now       func() time.Time
	// Session names this run of the satellite.
	Session string
	// Node is the node name the satellite insists on; empty takes what the controller says.
	Node string
	// Support tells what the host can do; it is asked at every new session.
	Support func(ctx context.Context) wire.Welcome
	// Applied is called after every accepted set, to keep it for the next start.
	Applied func(wire.Set)
	// Level is how much the satellite logs; nil where that cannot be changed.
	Level *slog.LevelVar
	// Known is the fence of the last run; the zero value is none. Admitted keeps a new
	// one for the next start, before it counts; nil keeps nothing.
	Known    wire.Fence
	Admitted func(wire.Fence) error
}

// Service implements link.Peer on an agent.
type Service struct {
	cfg Config

	mu    sync.Mutex
	fence wire.Fence
	heard time.Time
}

var _ link.Peer = (*Service)(nil)

// New makes a service.
func New(cfg Config) *Service {
	// The controller of the last run gets the time to come back first.
	return &Service{cfg: cfg, fence: cfg.Known, heard: cfg.Now()}
}

// admit checks on whose behalf a message comes.
func (s *Service) admit(f wire.Fence, opening bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	switch {
	case s.fence == f, s.fence.Cluster == "":
	case f.Cluster == s.fence.Cluster && f.Epoch < s.fence.Epoch:
		return refuseOlder(s.fence.Epoch, f.Epoch)
	case !opening:
		return refuseOther("the session belongs to another controller")
	case f.Cluster != s.fence.Cluster && now.Sub(s.heard) < silence:
		return refuseOther("the satellite works for a controller of another cluster, heard of %s ago", now.Sub(s.heard).Round(time.Second))
	}
	if s.fence != f && s.cfg.Admitted != nil {
		// Forgotten by a crash, it would let a deposed controller in afterwards.
		if err := s.cfg.Admitted(f); err != nil {
			return link.Refuse("", fault.New(v1.FailUnknownError, "The satellite cannot note which controller leads.").
				Because("%v", err).Fix("Make the satellite's state directory writable and free some space.").RC())
		}
	}
	s.fence, s.heard = f, now
	return nil
}

// refuseOlder refuses a controller that has been deposed, or looks so.
func refuseOlder(known, yours uint64) error {
	f := fault.New(v1.FailNotConnected, "The satellite refuses this controller.").
		Because("a newer controller of the same cluster leads (epoch %d, yours is %d)", known, yours).
		Fix("Stop this controller if another one leads. If its database is a copy of an older one, export it and put " +
			"the export back with 'holdfast-controller db import --force': that begins a new epoch.")
	return link.Refuse(string(model.ConnOtherController), f.RC())
}

func refuseOther(format string, args ...any) error {
	f := fault.New(v1.FailNotConnected, "The satellite refuses this controller.").Because(format, args...).
		Fix("Stop the other controller, or remove the node from its cluster.")
	return link.Refuse(string(model.ConnOtherController), f.RC())
}

// Hello implements link.Peer.
func (s *Service) Hello(ctx context.Context, h wire.Hello) (wire.Welcome, error) {
	version := min(h.Version, wire.Version)
	if version < h.MinVersion || version < wire.MinVersion {
		f := fault.New(v1.FailNotConnected, "Controller and satellite have no protocol version in common.").
			Because("the controller speaks %d to %d, the satellite %d to %d", h.MinVersion, h.Version, wire.MinVersion, wire.Version).
			Fix("Upgrade the older one; versions may differ by one.")
		return wire.Welcome{}, link.Refuse(string(model.ConnVersionMismatch), f.RC())
	}
	if s.cfg.Node != "" && model.Key(s.cfg.Node) != model.Key(h.Node) {
		f := fault.New(v1.FailNotConnected, "The satellite is not the node '%s'.", h.Node).
			Because("it was started as node '%s'", s.cfg.Node).
			Fix("Correct the node's address, or the satellite's node name.")
		return wire.Welcome{}, link.Refuse(string(model.ConnHostname), f.RC())
	}
	if err := s.admit(h.Fence, true); err != nil {
		return wire.Welcome{}, err
	}
	w := s.cfg.Support(ctx)
	w.Version, w.Session, w.Have = version, s.cfg.Session, s.cfg.Agent.Number()
	s.cfg.Log.Info("controller connected", "controller", h.Fence.Controller, "epoch", h.Fence.Epoch, "program", h.Program, "version", version)
	return w, nil
}

// Apply implements link.Peer.
func (s *Service) Apply(_ context.Context, set wire.Set) (wire.Applied, error) {
	if err := s.admit(set.Fence, false); err != nil {
		return wire.Applied{}, err
	}
	done, err := s.cfg.Agent.Apply(set)
	if errors.Is(err, agent.ErrNeedFull) {
		r := link.Refuse("", fault.New(v1.FailUnknownError, "The satellite needs the full set.").Because("%v", err).RC())
		r.NeedFull = true
		return wire.Applied{}, r
	}
	if err == nil && s.cfg.Applied != nil {
		s.cfg.Applied(set)
	}
	return done, err
}

// Watch implements link.Peer.
func (s *Service) Watch(ctx context.Context, f wire.Fence, tell func(wire.Report)) error {
	if err := s.admit(f, false); err != nil {
		return err
	}
	r := s.cfg.Agent.Reports()
	defer r.Close()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.News():
			rep := r.Take()
			rep.Session, rep.Number = s.cfg.Session, s.cfg.Agent.Number()
			tell(rep)
		case <-beat.C:
			if err := s.admit(f, false); err != nil {
				return err
			}
			tell(wire.Report{Heartbeat: true, Session: s.cfg.Session, Number: s.cfg.Agent.Number()})
		}
	}
}

// Ping implements link.Peer.
func (s *Service) Ping(_ context.Context, f wire.Fence) error { return s.admit(f, false) }

// Plan implements link.Peer.
func (s *Service) Plan(ctx context.Context, req wire.PlanRequest) (wire.PlanAnswer, error) {
	return wire.PlanAnswer{Steps: s.cfg.Agent.Plan(ctx, req.Set)}, nil
}

// Physical implements link.Peer.
func (s *Service) Physical(ctx context.Context, req wire.PhysicalRequest) (wire.PhysicalAnswer, error) {
	if err := s.admit(req.Fence, false); err != nil {
		return wire.PhysicalAnswer{}, err
	}
	return s.cfg.Physical.Physical(ctx, req)
}

// Inspect implements link.Peer.
func (s *Service) Inspect(ctx context.Context, req wire.InspectRequest) (wire.InspectAnswer, error) {
	if err := s.admit(req.Fence, false); err != nil {
		return wire.InspectAnswer{}, err
	}
	return s.cfg.Inspector.Inspect(ctx, req.Resource)
}

// LogLevel implements link.Peer.
func (s *Service) LogLevel(_ context.Context, req wire.LogLevelRequest) (wire.LogLevelAnswer, error) {
	if err := s.admit(req.Fence, false); err != nil {
		return wire.LogLevelAnswer{}, err
	}
	if s.cfg.Level == nil {
		return wire.LogLevelAnswer{}, fault.New(v1.FailUnknownError, "The log level of this satellite cannot be changed while it runs.").
			Because("it was started without one that can").Fix("Set it in linstor_satellite.toml, section [logging], and restart the satellite.")
	}
	if req.Level != "" {
		level, err := obs.Level(string(req.Level))
		if err != nil {
			return wire.LogLevelAnswer{}, fault.New(v1.FailInvalidRequest, "'%s' is no log level.", req.Level).
				Because("field 'level' has an unknown value").Fix("Use ERROR, WARN, INFO, DEBUG or TRACE.")
		}
		s.cfg.Level.Set(level)
		s.cfg.Log.Info("log level", "level", req.Level)
	}
	return wire.LogLevelAnswer{Level: v1.LogLevel(obs.LevelName(s.cfg.Level.Level()))}, nil
}

// Close implements link.Peer; there is no connection to drop.
func (s *Service) Close() {}
