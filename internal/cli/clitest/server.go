// Package clitest is a controller for tests of the CLI: it answers reads with
// fixed JSON files, accepts every change and remembers it. It has no behaviour of
// a real controller, so that tests of the CLI test the CLI alone.
package clitest

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

//go:embed testdata
var data embed.FS

// Server is the controller.
type Server struct {
	*httptest.Server

	mu       sync.Mutex
	requests []string
	answers  map[string]answer
}

type answer struct {
	status int
	body   []byte
}

// New starts a controller.
func New() *Server {
	s := &Server{answers: map[string]answer{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	return s
}

// Address is the controller as LS_CONTROLLERS wants it.
func (s *Server) Address() string { return s.Listener.Addr().String() }

// Answer sets what a method and path get from now on.
func (s *Server) Answer(method, path string, status int, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[method+" "+path] = answer{status, body}
}

// Requests gives the requests since the last call, one line each.
func (s *Server) Requests() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := strings.Join(s.requests, "")
	s.requests = nil
	return text
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	line := r.Method + " " + r.URL.RequestURI()
	if len(body) > 0 {
		line += " " + string(bytes.TrimSpace(body))
	}
	s.mu.Lock()
	s.requests = append(s.requests, line+"\n")
	a, ok := s.answers[r.Method+" "+r.URL.Path]
	s.mu.Unlock()
	if !ok {
		a = fixed(r)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	// A client that hung up shows in the client.
	_, _ = w.Write(a.body)
}

// fixed is the answer that is not set by a test.
func fixed(r *http.Request) answer {
	path := strings.TrimPrefix(strings.TrimRight(r.URL.Path, "/"), "/v1/")
	if r.URL.Query().Get("dry_run") == "true" {
		return file("plan")
	}
	switch {
	case r.Method == http.MethodGet, r.Method == http.MethodOptions, strings.HasSuffix(path, "query-size-info"), strings.HasSuffix(path, "backups/info"):
		return file("api/" + path)
	case strings.HasSuffix(path, "/clone"):
		return answer{http.StatusCreated, []byte(`{"location":"/v1/x","source_name":"db","clone_name":"copy","messages":[{"ret_code":1,"message":"Clone started."}]}`)}
	default:
		return answer{http.StatusOK, fmt.Appendf(nil, `[{"ret_code":1,"message":"%s %s"}]`, r.Method, path)}
	}
}

func file(name string) answer {
	text, err := data.ReadFile("testdata/" + name + ".json")
	if err != nil {
		return answer{http.StatusNotFound, fmt.Appendf(nil, `[{"ret_code":-4611686018427387604,"message":"%s not found"}]`, name)}
	}
	return answer{http.StatusOK, text}
}
