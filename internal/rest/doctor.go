package rest

import (
	"context"
	"net/http"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/link"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/doctoring"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// Diagnose asks all nodes of a resource and says what is wrong with it.
func Diagnose(ctx context.Context, s Satellites, w *model.World, d *model.Definition) v1.Diagnosis {
	told := map[string]doctoring.Told{}
	for node, in := range link.Inspect(ctx, s.Peer, s.Fence(), d.Name, doctoring.Nodes(w, d.Name)) {
		t := doctoring.Told{Answer: in.Answer}
		if in.Err != nil {
			t.Why = in.Err.Error()
		}
		if _, online := s.Peer(node); in.Err != nil && !online {
			t.Why = show.WhyOffline(w, node)
		}
		told[node] = t
	}
	return doctoring.Diagnose(w, d, told)
}

// doctorAll asks only about the resources of which something is reported: with many
// of them, asking about each would take long.
func (s *Server) doctorAll(r *http.Request) (any, error) {
	w := s.cfg.Engine.World()
	filter := object.NameFilter(&object.Request{Query: r.URL.Query()}, "resources")
	out := []v1.Diagnosis{}
	for d := range w.Definitions.All {
		if d.Deleting != nil || !replication.Replicated(d) || !filter.Has(d.Name) {
			continue
		}
		if doctoring.Clear(w, d.Name) {
			out = append(out, doctoring.Well(w, d))
			continue
		}
		out = append(out, Diagnose(r.Context(), s.cfg.Satellites, w, d))
	}
	return out, nil
}

// replicated finds the definition that a call is about.
func (s *Server) replicated(r *http.Request) (*model.Definition, error) {
	n := r.PathValue("resource")
	d, ok := s.cfg.Engine.World().Definitions.Get(n)
	if !ok {
		return nil, object.NotFound(v1.FailNotFoundResourceDefinition, show.DefinitionName(n), "RscDfn", n)
	}
	if !replication.Replicated(d) {
		return nil, fault.New(v1.FailInvalidRequest, "Resource '%s' is not replicated.", d.Name).
			Because("its layers have no DRBD, so there are no nodes that could fall out with each other").
			Fix("See 'resource list' for how it is.").Ref("RscDfn", d.Name)
	}
	return d, nil
}

func (s *Server) doctorOne(r *http.Request) (any, error) {
	d, err := s.replicated(r)
	if err != nil {
		return nil, err
	}
	return Diagnose(r.Context(), s.cfg.Satellites, s.cfg.Engine.World(), d), nil
}

const doctorMask = v1.MaskResourceDefinition | v1.MaskModify

func (s *Server) doctorOrder(w http.ResponseWriter, r *http.Request) {
	var in v1.DoctorOrder
	if err := decode(r, &in, false); err != nil {
		s.fail(w, r, err, doctorMask)
		return
	}
	d, err := s.replicated(r)
	if err != nil {
		s.fail(w, r, err, doctorMask)
		return
	}
	found := Diagnose(r.Context(), s.cfg.Satellites, s.cfg.Engine.World(), d)
	rt := object.Route{Method: r.Method, Mask: doctorMask, Write: func(tx *model.Tx, _ *object.Request) ([]v1.ApiCallRc, error) {
		return doctoring.Order(tx, d, found, in)
	}}
	req := &object.Request{Query: r.URL.Query()}
	if dryRun(r) {
		s.preview(w, r, rt, req)
		return
	}
	rcs, err := s.commit(r, rt, req)
	if err != nil {
		s.fail(w, r, err, doctorMask)
		return
	}
	s.answer(w, http.StatusOK, doctorMask, rcs)
}
