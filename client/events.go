package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// maxEventLine bounds one line of an event stream.
const maxEventLine = 4 << 20

// EventService reads server-sent events.
type EventService struct{ c *Client }

// Event is one server-sent event.
type Event struct {
	// Name is the event's kind, such as node-create.
	Name string
	ID   string
	Data []byte
}

// Stream reads events from a path below /v1, such as "events", "nodes", until the
// context ends, the stream ends or an error comes. lastID is where to go on, or
// "current" to be told the present state first, or empty.
func (s *EventService) Stream(ctx context.Context, lastID string, parts ...string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		body, err := s.open(ctx, lastID, path(parts...))
		if err != nil {
			yield(Event{}, err)
			return
		}
		defer body.Close()
		for e, err := range readEvents(body) {
			if ctx.Err() != nil {
				return
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func (s *EventService) open(ctx context.Context, lastID, path string) (io.ReadCloser, error) {
	opts := []Option{header("Accept", "text/event-stream")}
	if lastID != "" {
		opts = append(opts, header("Last-Event-ID", lastID))
	}
	o := options(opts)
	var body io.ReadCloser
	err := s.c.eachEndpoint(ctx, http.MethodGet, path, func(e Endpoint) error {
		res, err := s.c.send(ctx, e, http.MethodGet, path, nil, o)
		if err != nil {
			return err
		}
		if res.StatusCode < 300 {
			body = res.Body
			return nil
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			return fmt.Errorf("read answer: %w", err)
		}
		return &hookError{apiError(http.MethodGet, path, &response{status: res.StatusCode, body: text})}
	})
	return body, err
}

// readEvents decodes the event-stream format.
func readEvents(r io.Reader) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		sc := bufio.NewScanner(r)
		sc.Buffer(make([]byte, 0, 64<<10), maxEventLine)
		var e Event
		var data []string
		for sc.Scan() {
			line := strings.TrimSuffix(sc.Text(), "\r")
			if line == "" {
				if len(data) > 0 || e.Name != "" {
					e.Data = []byte(strings.Join(data, "\n"))
					if !yield(e, nil) {
						return
					}
				}
				e, data = Event{ID: e.ID}, nil
				continue
			}
			field, value, _ := strings.Cut(line, ":")
			value = strings.TrimPrefix(value, " ")
			switch field {
			case "event":
				e.Name = value
			case "id":
				e.ID = value
			case "data":
				data = append(data, value)
			}
		}
		if err := sc.Err(); err != nil {
			yield(Event{}, fmt.Errorf("read events: %w", err))
		}
	}
}

// Promotion reads which resources may become primary where; with replay the
// present state comes first.
func (s *EventService) Promotion(ctx context.Context, replay bool) iter.Seq2[v1.EventMayPromoteChange, error] {
	lastID := ""
	if replay {
		lastID = "current"
	}
	return func(yield func(v1.EventMayPromoteChange, error) bool) {
		for e, err := range s.Stream(ctx, lastID, "events", "drbd", "promotion") {
			var change v1.EventMayPromoteChange
			if err == nil {
				if err = json.Unmarshal(e.Data, &change); err != nil {
					err = fmt.Errorf("event %s: %w", e.Name, err)
				}
			}
			if !yield(change, err) {
				return
			}
		}
	}
}

// NodeEvent is a change of a node.
type NodeEvent struct {
	// Kind is node-create, node-modified, node-delete, node-evacuate, node-evicted
	// or node-restored.
	Kind string
	// Node is the node as it is now; Old is set for node-modified.
	Node *v1.Node
	Old  *v1.Node
}

// Nodes reads changes of nodes.
func (s *EventService) Nodes(ctx context.Context) iter.Seq2[NodeEvent, error] {
	return func(yield func(NodeEvent, error) bool) {
		for e, err := range s.Stream(ctx, "", "events", "nodes") {
			ev := NodeEvent{Kind: e.Name}
			if err == nil {
				err = ev.decode(e.Data)
			}
			if !yield(ev, err) {
				return
			}
		}
	}
}

func (e *NodeEvent) decode(data []byte) error {
	var m struct {
		v1.EventNode
		v1.EventNodeModified
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return fmt.Errorf("event %s: %w", e.Kind, err)
	}
	e.Node, e.Old = m.Node, m.OldNode
	if m.NewNode != nil {
		e.Node = m.NewNode
	}
	if e.Node == nil { // the node itself, not wrapped
		e.Node = &v1.Node{}
		if err := json.Unmarshal(data, e.Node); err != nil {
			return fmt.Errorf("event %s: %w", e.Kind, err)
		}
	}
	return nil
}
