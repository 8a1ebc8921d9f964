package rest

import (
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
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
	out := []v1.Explanation{}
	have := 0
	for res := range w.Resources.Under(d.Name) {
		e := v1.Explanation{Object: show.ResourceName(d.Name, res.Node), Wanted: wantedOf(res), Missing: show.Pending(w, res)}
		if st, ok := w.ResourceStatus.Get(d.Name, res.Node); ok {
			e.Have = string(st.Progress)
			if st.Problem != nil {
				e.Why, e.Correction = st.Problem.Cause, st.Problem.Correction
			}
		}
		if res.Diskless == model.Diskful && res.Deleting == nil {
			have++
		}
		out = append(out, e)
	}
	return append(out, explainCount(w, d, have)...), nil
}

func wantedOf(r *model.Resource) string {
	switch {
	case r.Deleting != nil:
		return "to be removed"
	case r.Inactive:
		return "inactive"
	case r.Diskless != model.Diskful:
		return "diskless"
	}
	return "diskful"
}

func explainCount(w *model.World, d *model.Definition, have int) []v1.Explanation {
	g, ok := w.Groups.Get(d.Group)
	if !ok || g.PlaceCount() <= 0 || d.Deleting != nil || have == g.PlaceCount() {
		return nil
	}
	e := v1.Explanation{Object: show.DefinitionName(d.Name), Wanted: plural(g.PlaceCount()), Have: plural(have)}
	if have < g.PlaceCount() {
		e.Missing, e.Correction = plural(g.PlaceCount()-have), "'explain placement' shows where they could go; 'resource-group adjust "+g.Name+"' places them now."
	}
	return []v1.Explanation{e}
}

func plural(n int) string {
	if n == 1 {
		return "1 diskful replica"
	}
	return strconv.Itoa(n) + " diskful replicas"
}

func (s *Server) explainNode(r *http.Request) (any, error) {
	n, err := s.node(r)
	if err != nil {
		return nil, err
	}
	w := s.cfg.Engine.World()
	rendered := show.Node(w, n)
	out := []v1.Explanation{{Object: show.NodeName(n.Name), Wanted: "ONLINE", Have: rendered.ConnectionStatus, Why: rendered.ConnectionReason}}
	for _, m := range []map[string][]string{rendered.UnsupportedLayers, rendered.UnsupportedProviders} {
		for _, kind := range slices.Sorted(maps.Keys(m)) {
			e, why := v1.Explanation{Object: kind, Missing: "not supported"}, m[kind]
			if len(why) > 0 {
				e.Why = why[0]
			}
			out = append(out, e)
		}
	}
	for res := range w.ResourcesOn(n.Name) {
		if p := show.Pending(w, res); p != "" {
			out = append(out, v1.Explanation{Object: show.ResourceName(res.Definition, res.Node), Wanted: wantedOf(res), Missing: p})
		}
	}
	return out, nil
}
