package rest

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/object"
	explanation "github.com/holdfast-storage/holdfast/internal/object/explain"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// explainResource says for each replica what is wanted, what is missing and why it
// is not done yet.
func (s *Server) explainResource(r *http.Request) (any, error) {
	w, n := s.cfg.Engine.World(), r.PathValue("resource")
	d, ok := w.Definitions.Get(n)
	if !ok {
		return nil, object.NotFound(v1.FailNotFoundResourceDefinition, show.DefinitionName(n), "RscDfn", n)
	}
	return explanation.Resource(w, d), nil
}

func (s *Server) explainNode(r *http.Request) (any, error) {
	n, err := s.node(r)
	if err != nil {
		return nil, err
	}
	w := s.cfg.Engine.World()
	rendered := show.Node(w, n)
	out := []v1.Explanation{{Object: show.NodeName(n.Name), Wanted: "ONLINE", Have: rendered.ConnectionStatus, Why: rendered.ConnectionReason}}
	for _, warning := range rendered.Warnings {
		out = append(out, v1.Explanation{Object: show.NodeName(n.Name), Have: "a warning", Why: warning})
	}
	for _, m := range []map[string][]string{rendered.UnsupportedLayers, rendered.UnsupportedProviders} {
		for _, kind := range slices.Sorted(maps.Keys(m)) {
			e, why := v1.Explanation{Object: kind, Missing: "not supported"}, m[kind]
			if len(why) > 0 {
				e.Why = strings.Join(why, "; ")
			}
			out = append(out, e)
		}
	}
	for res := range w.ResourcesOn(n.Name) {
		if p := show.Pending(w, res); p != "" {
			out = append(out, v1.Explanation{Object: show.ResourceName(res.Definition, res.Node), Wanted: explanation.Wanted(res), Missing: p})
		}
	}
	return out, nil
}
