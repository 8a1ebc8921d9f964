package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// event is one event of a stream. A newer one with the same key replaces one that has
// not been sent yet, where key is not empty.
type event struct {
	key  string
	name string
	data any
}

// stream is what one client has yet to be sent. The engine's writer adds to it and
// must never wait for a client that reads slowly.
type stream struct {
	mu      sync.Mutex
	pending []event
	news    chan struct{}
}

func (s *stream) add(events []event) {
	if len(events) == 0 {
		return
	}
	s.mu.Lock()
	at := map[string]int{}
	for i, e := range s.pending {
		at[e.key] = i
	}
	for _, e := range events {
		if i, ok := at[e.key]; ok && e.key != "" {
			s.pending[i] = e
			continue
		}
		at[e.key] = len(s.pending)
		s.pending = append(s.pending, e)
	}
	s.mu.Unlock()
	select {
	case s.news <- struct{}{}:
	default:
	}
}

func (s *stream) take() []event {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.pending
	s.pending = nil
	return out
}

// streams are the clients that listen to events.
type streams struct {
	mu        sync.Mutex
	promotion map[*stream]bool
	nodes     map[*stream]bool
	ended     chan struct{}
	end       sync.Once
}

func newStreams() *streams {
	return &streams{promotion: map[*stream]bool{}, nodes: map[*stream]bool{}, ended: make(chan struct{})}
}

// EndStreams ends all streams of events, so that the server can stop.
func (s *Server) EndStreams() { s.streams.end.Do(func() { close(s.streams.ended) }) }

// notice turns a change of the state into events. It is called by the engine's writer
// and does nothing while nobody listens.
func (h *streams) notice(old, now *model.World, t model.Touched) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.promotion) > 0 {
		events := promotions(old, now, t)
		for s := range h.promotion {
			s.add(events)
		}
	}
	if len(h.nodes) > 0 {
		events := nodeEvents(old, now, t)
		for s := range h.nodes {
			s.add(events)
		}
	}
}

func mayPromote(w *model.World, definition, node string) bool {
	st, ok := w.ResourceStatus.Get(definition, node)
	return ok && st.DRBD != nil && st.DRBD.MayPromote != nil && *st.DRBD.MayPromote && show.Online(w, node)
}

// promotions are the events for the replicas that can be promoted now or no longer.
func promotions(old, now *model.World, t model.Touched) []event {
	var out []event
	seen := map[string]bool{}
	compare := func(r *model.Resource) {
		key := model.Key(r.Definition, r.Node)
		_, stays := now.Resources.Get(r.Definition, r.Node)
		_, was := old.Resources.Get(r.Definition, r.Node)
		may := stays && mayPromote(now, r.Definition, r.Node)
		if seen[key] || was && stays && may == mayPromote(old, r.Definition, r.Node) || !was && !may || !model.HasLayer(r.Stack, v1.LayerTypeDrbd) {
			return
		}
		seen[key] = true
		out = append(out, promotion(r, may))
	}
	for _, w := range []*model.World{old, now} {
		for _, name := range t.Definitions {
			w.Resources.Under(name)(func(r *model.Resource) bool { compare(r); return true })
		}
		for _, name := range t.Nodes {
			if show.Online(old, name) != show.Online(now, name) {
				w.ResourcesOn(name)(func(r *model.Resource) bool { compare(r); return true })
			}
		}
	}
	return out
}

func promotion(r *model.Resource, may bool) event {
	return event{key: model.Key(r.Definition, r.Node), name: "may-promote-change",
		data: v1.EventMayPromoteChange{ResourceName: r.Definition, NodeName: r.Node, MayPromote: may}}
}

// nodeEvents are the events for nodes that were made, changed or removed.
func nodeEvents(old, now *model.World, t model.Touched) []event {
	var out []event
	for key := range t.Nodes {
		was, had := old.Nodes.Get(key)
		is, has := now.Nodes.Get(key)
		switch {
		case had && !has:
			out = append(out, event{name: "node-delete", data: v1.EventNode{Node: rendered(old, was)}})
		case !had && has:
			out = append(out, event{name: "node-create", data: v1.EventNode{Node: rendered(now, is)}})
		case had && has && was != is:
			out = append(out, event{name: nodeChange(was, is), data: nodeData(old, now, was, is)})
		}
	}
	return out
}

func nodeChange(was, is *model.Node) string {
	switch {
	case !was.Evacuating && is.Evacuating:
		return "node-evacuate"
	case !was.Evicted && is.Evicted:
		return "node-evicted"
	case (was.Evacuating || was.Evicted) && !is.Evacuating && !is.Evicted:
		return "node-restored"
	}
	return "node-modified"
}

func nodeData(old, now *model.World, was, is *model.Node) any {
	if nodeChange(was, is) == "node-modified" {
		return v1.EventNodeModified{OldNode: rendered(old, was), NewNode: rendered(now, is)}
	}
	return v1.EventNode{Node: rendered(now, is)}
}

func rendered(w *model.World, n *model.Node) *v1.Node {
	out := show.Node(w, n)
	return &out
}

// promotionEvents streams which replicas can be promoted; with Last-Event-ID: current
// it begins with how all of them are.
func (s *Server) promotionEvents(w http.ResponseWriter, r *http.Request) {
	var first func(*model.World) []event
	if strings.EqualFold(r.Header.Get("Last-Event-ID"), "current") {
		first = allPromotions
	}
	s.stream(w, r, s.streams.promotion, first)
}

func allPromotions(w *model.World) []event {
	var out []event
	for r := range w.Resources.All {
		if model.HasLayer(r.Stack, v1.LayerTypeDrbd) {
			out = append(out, promotion(r, mayPromote(w, r.Definition, r.Node)))
		}
	}
	return out
}

func (s *Server) nodeEvents(w http.ResponseWriter, r *http.Request) {
	s.stream(w, r, s.streams.nodes, nil)
}

// stream sends events until the client goes or the server stops.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, group map[*stream]bool, first func(*model.World) []event) {
	mine := &stream{news: make(chan struct{}, 1)}
	s.streams.mu.Lock()
	group[mine] = true
	s.streams.mu.Unlock()
	defer func() {
		s.streams.mu.Lock()
		delete(group, mine)
		s.streams.mu.Unlock()
	}()
	out := http.NewResponseController(w)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusOK)
	if first != nil {
		// What changes meanwhile is sent after it, so that the last word is the newest.
		if sendEvents(w, first(s.cfg.Engine.World())) != nil {
			return
		}
	}
	for {
		if sendEvents(w, mine.take()) != nil || out.Flush() != nil {
			return
		}
		select {
		case <-mine.news:
		case <-r.Context().Done():
			return
		case <-s.streams.ended:
			return
		}
	}
}

func sendEvents(w http.ResponseWriter, events []event) error {
	for _, e := range events {
		data, err := json.Marshal(e.data)
		if err != nil {
			return fmt.Errorf("encode event %s: %w", e.name, err)
		}
		if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", e.name, data); err != nil {
			return fmt.Errorf("send event %s: %w", e.name, err)
		}
	}
	return nil
}
