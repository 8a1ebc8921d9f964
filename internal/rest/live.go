package rest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// live registers the calls that are no pure function on the state: they ask the
// process itself or a satellite.
func (s *Server) live() {
	handle := func(pattern string, f func(*http.Request) (any, error)) {
		method, path, _ := strings.Cut(pattern, " ")
		s.mux.HandleFunc(method+" /v1"+path, func(w http.ResponseWriter, r *http.Request) {
			body, err := f(r)
			if err != nil {
				s.fail(w, r, err, 0)
				return
			}
			s.write(w, http.StatusOK, body)
		})
	}
	handle("GET /controller/version", func(*http.Request) (any, error) { return s.cfg.Version, nil })
	handle("GET /controller/config", func(*http.Request) (any, error) { return s.settings(), nil })
	handle("GET /error-reports", s.listReports)
	handle("GET /journal", func(r *http.Request) (any, error) {
		return object.Page(&object.Request{Query: r.URL.Query()}, s.cfg.Engine.Journal()), nil
	})
	handle("GET /error-reports/{reportid}", s.getReport)
	handle("GET /stats/error-reports", func(*http.Request) (any, error) {
		return v1.ErrorReportStats{Count: int64(len(s.cfg.Reports.List()))}, nil
	})
	handle("GET /physical-storage", s.physicalAll)
	handle("GET /physical-storage/{node}", s.physicalNode)
	handle("GET /nodes/{node}/config", s.nodeConfig)
	handle("GET /explain/resources/{resource}", s.explainResource)
	handle("GET /explain/nodes/{node}", s.explainNode)
	handle("GET /doctor", s.doctorAll)
	handle("GET /resource-definitions/{resource}/doctor", s.doctorOne)
	s.mux.HandleFunc("PUT /v1/resource-definitions/{resource}/doctor", s.doctorOrder)
	handle("GET /remotes", func(*http.Request) (any, error) { return v1.RemoteList{}, nil })
	for _, kind := range []string{"s3", "linstor", "ebs"} {
		handle("GET /remotes/"+kind, emptyList)
	}
	handle("GET /schedules", func(*http.Request) (any, error) { return v1.ScheduleList{Data: []v1.Schedule{}}, nil })
	handle("GET /files", emptyList)
	handle("GET /space-report", func(*http.Request) (any, error) {
		return nil, fault.New(v1.FailUnknownError, "The space tracking service is not installed.").
			Because("this controller keeps no record of space used over time").
			Fix("'storage-pool list' shows the space that is used now.").WithStatus(http.StatusServiceUnavailable)
	})
	s.mux.HandleFunc("PUT /v1/controller/config", s.putConfig)
	s.mux.HandleFunc("PATCH /v1/error-reports", s.deleteReports)
	s.mux.HandleFunc("DELETE /v1/error-reports/{reportid}", s.deleteReport)
	s.mux.HandleFunc("PUT /v1/nodes/{node}/reconnect", s.reconnect)
	s.mux.HandleFunc("PUT /v1/nodes/{node}/config", s.putNodeConfig)
	s.mux.HandleFunc("POST /v1/physical-storage/{node}", s.createDevicePool)
	s.mux.HandleFunc("GET /metrics/scrape-target", s.scrapeTarget)
}

func emptyList(*http.Request) (any, error) { return []any{}, nil }

// done answers a call that changes nothing but this process: with a plan where it
// was a dry run.
func (s *Server) done(w http.ResponseWriter, r *http.Request, mask v1.Code, rc v1.ApiCallRc) {
	if dryRun(r) {
		rc.RetCode = masked(rc.RetCode, mask)
		s.write(w, http.StatusOK, v1.Plan{Messages: []v1.ApiCallRc{rc}})
		return
	}
	s.answer(w, http.StatusOK, mask, []v1.ApiCallRc{rc})
}

// dropReports deletes error reports, or only counts them in a dry run.
func (s *Server) dropReports(r *http.Request, which func(v1.ErrorReport) bool) int {
	if !dryRun(r) {
		return s.cfg.Reports.Delete(which)
	}
	n := 0
	for _, e := range s.cfg.Reports.List() {
		if which(e) {
			n++
		}
	}
	return n
}

// between reads since and to, in ms since 1970.
func between(r *http.Request) (func(v1.ErrorReport) bool, error) {
	since, to := int64(0), int64(1<<62)
	for key, at := range map[string]*int64{"since": &since, "to": &to} {
		v := r.URL.Query().Get(key)
		if v == "" {
			continue
		}
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return nil, fault.New(v1.FailInvalidRequest, "'%s' is no point in time.", v).
				Because("query parameter '%s' must be milliseconds since 1970", key).Fix("Give a number.").WithStatus(http.StatusBadRequest)
		}
		*at = n
	}
	return func(e v1.ErrorReport) bool { return e.ErrorTime >= since && e.ErrorTime <= to }, nil
}

func (s *Server) listReports(r *http.Request) (any, error) {
	within, err := between(r)
	if err != nil {
		return nil, err
	}
	node, content := r.URL.Query().Get("node"), strings.EqualFold(r.URL.Query().Get("withContent"), "true")
	out := []v1.ErrorReport{}
	for _, e := range s.cfg.Reports.List() {
		if !within(e) || node != "" && !strings.EqualFold(node, e.NodeName) {
			continue
		}
		if !content {
			e.Text = ""
		}
		out = append(out, e)
	}
	return object.Page(&object.Request{Query: r.URL.Query()}, out), nil
}

func sameReport(e v1.ErrorReport, id string) bool {
	trim := func(n string) string {
		return strings.ToUpper(strings.TrimSuffix(strings.TrimPrefix(n, "ErrorReport-"), ".log"))
	}
	return trim(e.Filename) == trim(id)
}

// getReport answers a list of one, as the API has it.
func (s *Server) getReport(r *http.Request) (any, error) {
	id := r.PathValue("reportid")
	for _, e := range s.cfg.Reports.List() {
		if sameReport(e, id) {
			return []v1.ErrorReport{e}, nil
		}
	}
	return nil, fault.New(v1.FailUnknownError, "Error report '%s' not found.", id).
		Fix("'error-reports list' shows those there are.").WithStatus(http.StatusNotFound)
}

func (s *Server) deleteReports(w http.ResponseWriter, r *http.Request) {
	var in v1.ErrorReportDelete
	if err := decode(r, &in, true); err != nil {
		s.fail(w, r, err, v1.MaskDelete)
		return
	}
	n := s.dropReports(r, func(e v1.ErrorReport) bool { return matches(e, in) })
	s.done(w, r, v1.MaskDelete, object.Info(v1.Deleted, strconv.Itoa(n)+" error report(s) deleted."))
}

func matches(e v1.ErrorReport, in v1.ErrorReportDelete) bool {
	anyOf := func(list []string, is func(string) bool) bool {
		return len(list) == 0 || slices.ContainsFunc(list, is)
	}
	return anyOf(in.IDs, func(id string) bool { return sameReport(e, id) }) &&
		anyOf(in.Nodes, func(n string) bool { return strings.EqualFold(n, e.NodeName) }) &&
		(in.Since == 0 || e.ErrorTime >= in.Since) && (in.To == 0 || e.ErrorTime <= in.To) &&
		(in.Exception == "" || e.Exception == in.Exception) && (in.Version == "" || e.Version == in.Version)
}

func (s *Server) deleteReport(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("reportid")
	n := s.dropReports(r, func(e v1.ErrorReport) bool { return sameReport(e, id) })
	rc := object.Info(v1.Deleted, "Error report deleted.")
	if n == 0 {
		rc = object.Info(v1.WarnNotFound, "Error report '"+id+"' does not exist.")
	}
	s.done(w, r, v1.MaskDelete, rc)
}

func (s *Server) node(r *http.Request) (*model.Node, error) {
	n := r.PathValue("node")
	if got, ok := s.cfg.Engine.World().Nodes.Get(n); ok {
		return got, nil
	}
	return nil, object.NotFound(v1.FailNotFoundNode, show.NodeName(n), "Node", n)
}

func (s *Server) reconnect(w http.ResponseWriter, r *http.Request) {
	const mask = v1.MaskNode | v1.MaskModify
	n, err := s.node(r)
	if err != nil {
		s.fail(w, r, err, mask)
		return
	}
	if n.Evicted {
		s.done(w, r, mask, v1.ApiCallRc{RetCode: v1.WarnNodeEvicted, Message: "Node '" + n.Name + "' is evicted and is not reconnected.",
			Correction: "Use 'node restore " + n.Name + "' first."})
		return
	}
	if !dryRun(r) {
		s.cfg.Satellites.Reconnect(n.Name)
	}
	s.done(w, r, mask, object.Info(v1.Modified, "Node '"+n.Name+"' will be reconnected."))
}

func offline(w *model.World, n string) error {
	return fault.New(v1.FailNotConnected, "No active connection to satellite '%s'.", n).
		Because("%s", show.WhyOffline(w, n)).Fix("%s", show.BackOnline(w, n)).
		Ref("Node", n).WithStatus(http.StatusServiceUnavailable)
}

func (s *Server) scrapeTarget(w http.ResponseWriter, _ *http.Request) {
	targets := []string{}
	for n := range s.cfg.Engine.World().Nodes.All {
		if i, ok := n.SatelliteAddress(); ok && n.Type.HasSatellite() {
			targets = append(targets, i.Address+":9942")
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode([]map[string][]string{{"targets": targets}})
}

// physicalTime bounds how long listing devices may take.
const physicalTime = 30 * time.Second
