// Package object is the contract of an API object: a list of routes, each a pure
// function on the state. One folder below this one holds one kind of object;
// all/ lists them. The HTTP side (decoding, committing, waiting, status codes) is
// done once, by package rest.
//
// Invariant: a route reads a World or changes a Tx and nothing else: no I/O, no
// clock, no randomness but what the Tx brings.
package object

import (
	"net/url"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/place"
)

// Route is one call of the API.
type Route struct {
	Method string
	// Path is a net/http pattern path with {wildcards}, without the /v1 prefix.
	Path string
	// Success is the HTTP status without an error; 0 means 200.
	Success int
	// Body makes the value that the request's body is decoded into; nil takes none.
	Body func() any
	// Optional bodies may be left out.
	Optional bool
	// Mask is the operation and object part of the answer's codes.
	Mask v1.Code
	// Read answers a reading call. Exactly one of Read and Write is set.
	Read func(w *model.World, r *Request) (any, error)
	// Write changes the state and answers what was done.
	Write func(tx *model.Tx, r *Request) ([]v1.ApiCallRc, error)
	// NoWait routes answer without waiting for satellites.
	NoWait bool
}

// Request is a decoded call.
type Request struct {
	Path  map[string]string
	Query url.Values
	Body  any
	// Placements collects what the placer said, for plans and explanations; see Verdicts.
	Placements []place.Result
	// AwaitNodes and AwaitPools are waited for besides the touched resources.
	AwaitNodes []string
	AwaitPools [][2]string
}

// Verdicts puts into words what the placer said. Few calls ask for that, so it is not
// done before.
func (r *Request) Verdicts() []place.Row {
	var out []place.Row
	for i := range r.Placements {
		out = append(out, place.Explain(&r.Placements[i]).Rows...)
	}
	return out
}

// Param is a part of the path.
func (r *Request) Param(name string) string { return r.Path[name] }

// Bool reads a query flag as clients write it: true, True, 1.
func (r *Request) Bool(name string, missing bool) bool {
	switch strings.ToLower(r.Query.Get(name)) {
	case "":
		return missing
	case "true", "1", "yes":
		return true
	}
	return false
}

// List reads a repeatable query key.
func (r *Request) List(name string) []string { return r.Query[name] }

// NotFound is the fault for a missing object.
func NotFound(code v1.Code, inline string, refs ...string) *fault.Fault {
	f := fault.New(code, "%s not found.", upperFirst(inline)).
		Because("the specified %s does not exist", inline).
		Fix("Check the spelling, or create it first.")
	for i := 0; i+1 < len(refs); i += 2 {
		f = f.Ref(refs[i], refs[i+1])
	}
	return f
}

// Exists is the fault for an object that is already there.
func Exists(code v1.Code, inline string) *fault.Fault {
	return fault.New(code, "%s already exists.", upperFirst(inline)).
		Because("an object of that name was created before").
		Fix("Use another name, or modify the existing object.")
}

// Created is the answer for a new object.
func Created(inline, uuid string, refs ...string) v1.ApiCallRc {
	return v1.ApiCallRc{RetCode: v1.Created, Message: "New " + inline + " created.",
		Details: upperFirst(inline) + " UUID is: " + uuid, ObjRefs: refMap(uuid, refs)}
}

// Modified is the answer for a changed object.
func Modified(inline, uuid string, refs ...string) v1.ApiCallRc {
	return v1.ApiCallRc{RetCode: v1.Modified, Message: upperFirst(inline) + " modified.",
		Details: upperFirst(inline) + " UUID is: " + uuid, ObjRefs: refMap(uuid, refs)}
}

// Deleted is the answer for an object that is gone or on its way.
func Deleted(inline, uuid string, refs ...string) v1.ApiCallRc {
	return v1.ApiCallRc{RetCode: v1.Deleted, Message: upperFirst(inline) + " deleted.",
		Details: upperFirst(inline) + " UUID was: " + uuid, ObjRefs: refMap(uuid, refs)}
}

// Missing is the warning for deleting what is not there.
func Missing(inline string, refs ...string) v1.ApiCallRc {
	return v1.ApiCallRc{RetCode: v1.WarnNotFound, Message: "The specified " + inline + " does not exist; nothing was deleted.",
		ObjRefs: refMap("", refs)}
}

// Info is an answer that only tells something.
func Info(code v1.Code, message string) v1.ApiCallRc {
	return v1.ApiCallRc{RetCode: code, Message: message}
}

func refMap(uuid string, refs []string) map[string]string {
	m := map[string]string{}
	if uuid != "" {
		m["UUID"] = uuid
	}
	for i := 0; i+1 < len(refs); i += 2 {
		m[refs[i]] = refs[i+1]
	}
	if len(m) == 0 {
		return nil
	}
	return m
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// Page applies offset and limit; they count only with a positive limit.
func Page[T any](r *Request, all []T) []T {
	limit, offset := atoi(r.Query.Get("limit")), atoi(r.Query.Get("offset"))
	if limit <= 0 {
		return all
	}
	if offset >= len(all) {
		return all[:0]
	}
	return all[max(0, offset):min(len(all), max(0, offset)+limit)]
}

func atoi(s string) int {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' || n > 1<<40 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// Filter is a set of names that a list is narrowed to; empty lets all pass.
type Filter map[string]bool

// NameFilter makes a filter from a repeatable query key.
func NameFilter(r *Request, key string) Filter {
	f := Filter{}
	for _, n := range r.List(key) {
		f[model.Key(n)] = true
	}
	return f
}

// Has tells whether a name passes.
func (f Filter) Has(name string) bool { return len(f) == 0 || f[model.Key(name)] }

// HasProps tells whether an object's properties match every "key" and "key=value"
// of the request's props.
func HasProps(r *Request, props map[string]string) bool {
	for _, want := range r.List("props") {
		k, v, exact := strings.Cut(want, "=")
		got, ok := props[k]
		if !ok || exact && got != v {
			return false
		}
	}
	return true
}

// New makes an empty body of a type.
func New[T any]() any { return new(T) }
