package drbd

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// ErrEvent is a line of the event stream that says less than it must. The tree
// is as before; whoever feeds it should start the stream anew.
var ErrEvent = errors.New("broken line of drbdsetup events2")

// Event is what one line of drbdsetup events2 tells.
type Event struct {
	// Action is exists, create, change, destroy, rename, call or response.
	Action string
	// Object is resource, device, connection, peer-device, path or helper; "-" ends
	// the description of what is there.
	Object string
	// Fields are all key:value pairs; keys that nobody knows are here as well.
	Fields map[string]string
}

// Tree is the state of all resources as the event stream tells it. It belongs to
// the one who feeds it; Clone states before handing them on.
type Tree struct {
	Resources map[string]State
	// Complete is set once the stream has told all that is there; before, what is
	// missing from the tree may still come.
	Complete bool
}

// NewTree is a tree before the first line.
func NewTree() *Tree { return &Tree{Resources: map[string]State{}} }

// Apply takes one line of drbdsetup events2 --full --statistics, with or without
// timestamps. Empty lines are passed over; a line with an object that is not
// known is an event that changes nothing.
func (t *Tree) Apply(line string) (Event, error) {
	e, err := parseEvent(line)
	if err != nil || e.Action == "" {
		return e, err
	}
	if e.Object == "-" {
		t.Complete = true
		return e, nil
	}
	switch e.Action {
	case "exists", "create", "change":
		err = t.put(e)
	case "destroy":
		err = t.destroy(e)
	case "rename":
		err = t.rename(e)
	}
	if err != nil {
		return e, fmt.Errorf("%w: %w: %q", ErrEvent, err, brief(line))
	}
	return e, nil
}

func parseEvent(line string) (Event, error) {
	words := strings.Fields(line)
	if len(words) > 0 && words[0] != "" && words[0][0] >= '0' && words[0][0] <= '9' {
		words = words[1:] // The timestamp.
	}
	if len(words) == 0 {
		return Event{}, nil
	}
	if len(words) < 2 {
		return Event{}, fmt.Errorf("%w: %q", ErrEvent, brief(line))
	}
	e := Event{Action: words[0], Object: words[1], Fields: map[string]string{}}
	for _, w := range words[2:] {
		key, val, ok := strings.Cut(w, ":")
		if !ok || key == "" {
			return Event{}, fmt.Errorf("%w: no value in %q: %q", ErrEvent, brief(w), brief(line))
		}
		e.Fields[key] = val
	}
	return e, nil
}

// fields reads the values of an event; its first error stays.
type fields struct {
	m   map[string]string
	err error
}

func (f *fields) fail(key string) {
	if f.err == nil {
		f.err = fmt.Errorf("no usable %s", key)
	}
}

// must is a value that the event has to have.
func (f *fields) must(key string) string {
	v, ok := f.m[key]
	if !ok || v == "" {
		f.fail(key)
	}
	return v
}

func (f *fields) mustInt(key string) int {
	n, err := strconv.Atoi(f.must(key))
	if err != nil || n < 0 {
		f.fail(key)
	}
	return n
}

func (f *fields) text(key string, to *string) {
	if v, ok := f.m[key]; ok {
		*to = v
	}
}

func (f *fields) truth(key string, to *Truth) {
	switch f.m[key] {
	case "yes":
		*to = Yes
	case "no":
		*to = No
	}
}

func (f *fields) number(key string, to *int64) {
	v, ok := f.m[key]
	if !ok {
		return
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		f.fail(key)
		return
	}
	*to = n
}

// put creates or changes an object. What an event does not tell stays. An event
// may come before that of the object above it, so that is made where it is missing.
func (t *Tree) put(e Event) error {
	f := &fields{m: e.Fields}
	s, old := t.Resources[f.must("name")]
	if f.err != nil {
		return f.err
	}
	if old {
		s = s.Clone()
	} else {
		s = newState(e.Fields["name"])
	}
	switch e.Object {
	case "resource":
		putResource(f, &s)
	case "device":
		putDevice(f, &s)
	case "connection", "peer-device", "path":
		putLink(f, &s, e.Object)
	default:
		return nil
	}
	if f.err != nil {
		return f.err
	}
	t.Resources[s.Name] = s
	return nil
}

func (t *Tree) destroy(e Event) error {
	f := &fields{m: e.Fields}
	name := f.must("name")
	s, ok := t.Resources[name]
	if f.err == nil && ok {
		s = s.Clone()
		remove(f, &s, e.Object)
	}
	if f.err != nil || !ok {
		return f.err
	}
	if e.Object == "resource" {
		delete(t.Resources, name)
		return nil
	}
	t.Resources[name] = s
	return nil
}

func remove(f *fields, s *State, object string) {
	switch object {
	case "device":
		delete(s.Devices, f.mustInt("volume"))
		return
	case "connection":
		delete(s.Connections, f.mustInt("peer-node-id"))
		return
	case "peer-device", "path":
	default:
		return
	}
	l := s.Connections[f.mustInt("peer-node-id")]
	if object == "path" {
		delete(l.Paths, PathKey{f.must("local"), f.must("peer")})
		return
	}
	delete(l.Volumes, f.mustInt("volume"))
}

func (t *Tree) rename(e Event) error {
	f := &fields{m: e.Fields}
	from, to := f.must("name"), f.must("new_name")
	if f.err != nil {
		return f.err
	}
	if s, ok := t.Resources[from]; ok {
		s.Name = to
		delete(t.Resources, from)
		t.Resources[to] = s
	}
	return nil
}

// Clone is a copy of all states.
func (t *Tree) Clone() map[string]State {
	out := maps.Clone(t.Resources)
	for n, s := range out {
		out[n] = s.Clone()
	}
	return out
}
