// Package rest is the HTTP adapter of the API: it decodes requests, runs the pure
// routes of package object through the engine, waits for the satellites concerned
// and writes the answers. It alone knows the quirks of the API's dialect.
//
// Invariant: every error answer is a list of ApiCallRc entries, and its HTTP
// status follows from the return code.
package rest

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/engine"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/link"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/report"
)

// Satellites is what the adapter needs of the link.
type Satellites interface {
	Peer(node string) (link.Peer, bool)
	Fence() wire.Fence
	Reconnect(node string)
	// Relook has a node look anew at its part of a resource, and report.
	Relook(node, definition string)
}

// Config is what a server is made of.
type Config struct {
	Engine     *engine.Engine
	Satellites Satellites
	Routes     []object.Route
	Reports    *report.Book
	Log        *slog.Logger
	Now        func() time.Time
	Version    v1.ControllerVersion
	// Settings is the configuration as GET /controller/config shows it.
	Settings v1.ControllerConfig
	// SetLogLevel changes the level of the running controller.
	SetLogLevel func(v1.LogLevel)
	// LogLevel is the level that the running controller has; nil shows the configured one.
	LogLevel func() v1.LogLevel
	// Wait is how long a call waits for satellites unless it says otherwise.
	Wait time.Duration
	// Metrics serves /metrics; nil leaves it out.
	Metrics http.Handler
	// Observe is told of every finished call.
	Observe func(call string, status int, took time.Duration)
}

// Server serves the API.
type Server struct {
	cfg     Config
	mux     *http.ServeMux
	streams *streams
}

// New makes a server; the engine must not run yet, as the server listens to it.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg, mux: http.NewServeMux(), streams: newStreams()}
	cfg.Engine.Listen(s.streams.notice)
	for _, r := range cfg.Routes {
		s.mux.HandleFunc(r.Method+" /v1"+r.Path, s.route(r))
	}
	s.live()
	for _, p := range unimplemented() {
		s.mux.HandleFunc(p, s.notImplemented)
	}
	s.mux.HandleFunc("GET /v1/events/drbd/promotion", s.promotionEvents)
	s.mux.HandleFunc("GET /v1/events/nodes", s.nodeEvents)
	s.mux.HandleFunc("GET /health", s.health)
	s.mux.HandleFunc("GET /{$}", s.root)
	if cfg.Metrics != nil {
		s.mux.Handle("GET /metrics", cfg.Metrics)
	}
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := s.cfg.Now()
	cors(w.Header())
	if p := r.URL.Path; len(p) > 1 && strings.HasSuffix(p, "/") && !strings.HasPrefix(p, "/ui") {
		r.URL.Path = strings.TrimRight(p, "/")
		r.URL.RawPath = strings.TrimRight(r.URL.RawPath, "/")
	}
	rec := &recorder{ResponseWriter: w, status: http.StatusOK}
	zw, done := compress(rec, r)
	defer done()
	defer s.recovered(zw, r)
	_, pattern := s.mux.Handler(r)
	switch {
	case pattern != "":
		s.mux.ServeHTTP(zw, r)
	case r.Method == http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
	default:
		s.lost(zw, r)
	}
	if s.cfg.Observe != nil {
		s.cfg.Observe(pattern, rec.status, s.cfg.Now().Sub(began))
	}
}

func cors(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Allow-Headers", "origin, content-type, accept, authorization")
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD")
}

// lost answers for a path or a method that does not exist.
func (s *Server) lost(w http.ResponseWriter, r *http.Request) {
	for _, m := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		probe := r.Clone(r.Context())
		probe.Method = m
		if _, p := s.mux.Handler(probe); p != "" {
			s.fail(w, r, fault.New(v1.FailUnknownError, "Method %s is not allowed for '%s'.", r.Method, r.URL.Path).
				Fix("Use %s.", m).WithStatus(http.StatusMethodNotAllowed), 0)
			return
		}
	}
	s.fail(w, r, fault.New(v1.FailUnknownError, "Path '%s' not found on server.", r.URL.Path).
		Fix("Check the path; the API is below /v1.").WithStatus(http.StatusNotFound), 0)
}

func (s *Server) notImplemented(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, fault.New(v1.UnknownAPICall, "%s %s is not available in this version.", r.Method, r.URL.Path).
		Because("the call belongs to a part of the API that is not implemented yet").
		Fix("Nothing was changed; see the release notes for what is supported.").WithStatus(http.StatusNotImplemented), 0)
}

// recovered turns a panic of a handler into an error report.
func (s *Server) recovered(w http.ResponseWriter, r *http.Request) {
	if p := recover(); p != nil {
		s.fail(w, r, engine.Panicked(p), 0)
	}
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	if s.cfg.Engine.Deposed() {
		http.Error(w, "Services not running: another controller has taken over the database", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (s *Server) root(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte("<!doctype html><title>Holdfast</title><h1>Holdfast controller " + s.cfg.Version.Version +
		"</h1><p>REST API: <a href=\"/v1/controller/version\">/v1</a> · <a href=\"/metrics\">metrics</a> · <a href=\"/health\">health</a>"))
}

// context bounds how long a call waits for satellites.
func (s *Server) patience(r *http.Request) (context.Context, context.CancelFunc, error) {
	wait := s.cfg.Wait
	switch q := strings.ToLower(r.URL.Query().Get("wait")); q {
	case "", "true":
	case "false":
		wait = 0
	default:
		d, err := time.ParseDuration(q)
		if err != nil || d < 0 {
			return nil, nil, fault.New(v1.FailInvalidRequest, "'%s' is no time to wait.", q).
				Because("query parameter 'wait' must be a duration").Fix("Use true, false, or a duration such as 30s.").WithStatus(http.StatusBadRequest)
		}
		wait = d
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	return ctx, cancel, nil
}
