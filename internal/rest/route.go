package rest

import (
	"net/http"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
)

// route makes a handler of a pure route.
func (s *Server) route(rt object.Route) http.HandlerFunc {
	if rt.Success == 0 {
		rt.Success = http.StatusOK
	}
	// Clients modify by nothing with an empty body.
	rt.Optional = rt.Optional || rt.Method == http.MethodPut
	if rt.Read != nil {
		return func(w http.ResponseWriter, r *http.Request) { s.read(w, r, rt) }
	}
	return func(w http.ResponseWriter, r *http.Request) { s.mutate(w, r, rt) }
}

func (s *Server) read(w http.ResponseWriter, r *http.Request, rt object.Route) {
	req := request(r, rt.Path)
	if rt.Body != nil {
		req.Body = rt.Body()
		if err := decode(r, req.Body, rt.Optional); err != nil {
			s.fail(w, r, err, rt.Mask)
			return
		}
	}
	body, err := rt.Read(s.cfg.Engine.World(), req)
	if err != nil {
		s.fail(w, r, err, rt.Mask)
		return
	}
	s.write(w, rt.Success, body)
}

func (s *Server) mutate(w http.ResponseWriter, r *http.Request, rt object.Route) {
	req := request(r, rt.Path)
	if rt.Body != nil {
		req.Body = rt.Body()
		if err := decode(r, req.Body, rt.Optional); err != nil {
			s.fail(w, r, err, rt.Mask)
			return
		}
	}
	if dryRun(r) {
		s.preview(w, r, rt, req)
		return
	}
	rcs, err := s.commit(r, rt, req)
	if err != nil {
		s.fail(w, r, err, rt.Mask)
		return
	}
	s.answer(w, rt.Success, rt.Mask, rcs)
}

// dryRun tells whether the caller only wants to see what would be done. What is
// spelt unexpectedly counts as yes: it must not be done by mistake.
func dryRun(r *http.Request) bool {
	q := r.URL.Query()
	switch strings.ToLower(q.Get("dry_run")) {
	case "false", "0", "no":
		return false
	}
	return q.Has("dry_run")
}

// commit makes the change and waits for the satellites concerned.
func (s *Server) commit(r *http.Request, rt object.Route, req *object.Request) ([]v1.ApiCallRc, error) {
	ctx, cancel, err := s.patience(r)
	if err != nil {
		return nil, err
	}
	defer cancel()
	var rcs []v1.ApiCallRc
	var asked object.Request
	change := func(tx *model.Tx) error {
		fresh := *req
		fresh.Placements, fresh.AwaitNodes, fresh.AwaitPools = nil, nil, nil
		var err error
		rcs, err = rt.Write(tx, &fresh)
		// Nobody reads the placer's words here, and waiting may take long.
		fresh.Placements = nil
		asked = fresh
		return err
	}
	out, err := s.cfg.Engine.Do(r.Context(), actor(r), change)
	if err != nil && s.justClosed(r, err) {
		out, err = s.cfg.Engine.Do(r.Context(), actor(r), change)
	}
	if err != nil {
		return nil, err
	}
	rcs = append(rcs, out.Notes...)
	if rt.NoWait {
		return rcs, nil
	}
	// What rules have added is waited for like what was asked for.
	return append(rcs, s.wait(ctx, concern(out.Base, out.World, out.Touched, &asked))...), nil
}

func actor(r *http.Request) string { return "rest " + r.RemoteAddr }
