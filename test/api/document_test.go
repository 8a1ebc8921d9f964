package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// documentPath is where the API's public document lies when it is at hand.
const documentPath = "../../../shared/facts/data/rest_v1_openapi.yaml"

// document is nil where it is not at hand.
var document *openapi3.T

func TestMain(m *testing.M) {
	if _, err := os.Stat(documentPath); err == nil {
		d, err := openapi3.NewLoader().LoadFromFile(documentPath)
		if err != nil {
			fmt.Fprintln(os.Stderr, "read the API's document:", err)
			os.Exit(1)
		}
		for _, s := range d.Components.Schemas {
			loosen(s.Value, map[*openapi3.Schema]bool{})
		}
		document = d
	}
	os.Exit(m.Run())
}

// loosen corrects what the document says more strictly than real servers answer and
// clients need: enums may be spelt in upper case, and a value may fit several of the
// alternatives that share their fields.
func loosen(s *openapi3.Schema, seen map[*openapi3.Schema]bool) {
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	for _, e := range s.Enum {
		if word, ok := e.(string); ok && strings.ToUpper(word) != word {
			s.Enum = append(s.Enum, strings.ToUpper(word))
		}
	}
	s.AnyOf, s.OneOf = append(s.AnyOf, s.OneOf...), nil
	if s.Items != nil {
		loosen(s.Items.Value, seen)
	}
	for _, list := range []openapi3.SchemaRefs{s.AllOf, s.AnyOf} {
		for _, part := range list {
			loosen(part.Value, seen)
		}
	}
	for _, p := range s.Properties {
		loosen(p.Value, seen)
	}
}

func needDocument(t *testing.T) {
	t.Helper()
	if document == nil {
		t.Skip("the API's document is not at hand")
	}
}

// operation finds what the document says about a request.
func operation(method, path string) (template string, op *openapi3.Operation) {
	best := -1
	for tmpl, item := range document.Paths.Map() {
		fixed, ok := matchPath(tmpl, path)
		if ok && fixed > best && item.GetOperation(method) != nil {
			template, op, best = tmpl, item.GetOperation(method), fixed
		}
	}
	return template, op
}

// matchPath tells whether a path fits a template, and how many parts are literal.
func matchPath(template, path string) (fixed int, ok bool) {
	a, b := strings.Split(strings.Trim(template, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	if len(a) != len(b) {
		return 0, false
	}
	for i := range a {
		switch {
		case strings.HasPrefix(a[i], "{"):
		case a[i] == b[i]:
			fixed++
		default:
			return 0, false
		}
	}
	return fixed, true
}

// successes are the statuses with which real servers answer other than documented.
var successes = map[string]int{
	"POST /v1/resource-groups/{resource_group}/adjust": http.StatusOK,
}

// otherShape lists answers whose shape the document has wrong: the clients read
// one object where it promises a list.
var otherShape = []string{"GET /v1/encryption/passphrase", "GET /v1/remotes",
	"GET /v1/resource-definitions/{resource}/resource-connections/{node_a}/{node_b}"}

// ours are the fields that the document does not know.
var ours = []string{"connection_reason", "connection_since", "warnings"}

// check compares an answer with the document and with what every client relies on.
func check(t *testing.T, r *http.Request, w *httptest.ResponseRecorder) {
	t.Helper()
	what := r.Method + " " + r.URL.RequestURI()
	if w.Code >= http.StatusBadRequest && strings.HasPrefix(r.URL.Path, "/v1") {
		checkError(t, what, w)
		return
	}
	if document == nil || r.URL.Query().Has("dry_run") || w.Header().Get("Content-Encoding") != "" {
		return
	}
	template, op := operation(r.Method, r.URL.EscapedPath())
	if op == nil {
		return
	}
	key := r.Method + " " + template
	ref := documented(op, w.Code)
	if ref == nil && successes[key] == w.Code {
		ref = anySuccess(op)
	}
	if ref == nil {
		t.Errorf("%s answered %d, which the document does not have", what, w.Code)
		return
	}
	media := ref.Value.Content.Get("application/json")
	if media == nil || media.Schema == nil || slices.Contains(otherShape, key) {
		return
	}
	checkBody(t, what, media.Schema.Value, w.Body.Bytes())
}

func documented(op *openapi3.Operation, status int) *openapi3.ResponseRef {
	return op.Responses.Status(status)
}

func anySuccess(op *openapi3.Operation) *openapi3.ResponseRef {
	for _, s := range []int{200, 201} {
		if ref := op.Responses.Status(s); ref != nil {
			return ref
		}
	}
	return nil
}

func checkBody(t *testing.T, what string, schema *openapi3.Schema, body []byte) {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Errorf("%s: the answer is no JSON: %v: %s", what, err, body)
		return
	}
	short := openapi3.SetSchemaErrorMessageCustomizer(func(e *openapi3.SchemaError) string {
		return strings.Join(e.JSONPointer(), "/") + ": " + e.Reason
	})
	if err := schema.VisitJSON(v, openapi3.MultiErrors(), openapi3.VisitAsResponse(), short); err != nil {
		t.Errorf("%s: the answer does not fit the document: %v\n%s", what, err, body)
	}
	for _, f := range unknownFields(schema, v, "") {
		t.Errorf("%s: the document has no field %s", what, f)
	}
}

// unknownFields lists what an answer has and the document has not, but for ours.
func unknownFields(s *openapi3.Schema, v any, at string) []string {
	var out []string
	switch v := v.(type) {
	case []any:
		if s.Items == nil {
			return nil
		}
		for _, e := range v {
			out = append(out, unknownFields(s.Items.Value, e, at+"[]")...)
		}
	case map[string]any:
		props := properties(s)
		for name, e := range v {
			sub := props[name]
			switch {
			case sub != nil:
				out = append(out, unknownFields(sub, e, at+"."+name)...)
			case s.AdditionalProperties.Schema != nil:
				out = append(out, unknownFields(s.AdditionalProperties.Schema.Value, e, at+"."+name)...)
			case len(props) > 0 && !slices.Contains(ours, name):
				out = append(out, at+"."+name)
			}
		}
	}
	return out
}

// properties are those of a schema and of all that it is made of.
func properties(s *openapi3.Schema) map[string]*openapi3.Schema {
	out := map[string]*openapi3.Schema{}
	for name, p := range s.Properties {
		out[name] = p.Value
	}
	for _, list := range []openapi3.SchemaRefs{s.AllOf, s.AnyOf} {
		for _, part := range list {
			maps.Copy(out, properties(part.Value))
		}
	}
	return out
}

// checkError checks what clients rely on in every error: a list that can be
// decoded, an error entry, and a status that follows from it.
func checkError(t *testing.T, what string, w *httptest.ResponseRecorder) {
	t.Helper()
	var rcs []v1.ApiCallRc
	if err := json.Unmarshal(w.Body.Bytes(), &rcs); err != nil || len(rcs) == 0 {
		t.Errorf("%s answered %d with no list of entries: %s", what, w.Code, w.Body)
		return
	}
	if !v1.HasError(rcs) {
		t.Errorf("%s answered %d without an error entry: %s", what, w.Code, w.Body)
	}
	if !strings.Contains(w.Body.String(), `"ret_code":-`) {
		t.Errorf("%s: an error's ret_code must be a negative number: %s", what, w.Body)
	}
	first := rcs[slices.IndexFunc(rcs, func(rc v1.ApiCallRc) bool { return rc.RetCode.IsError() })]
	switch w.Code {
	case http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusServiceUnavailable, http.StatusBadRequest:
	default:
		if want := fault.StatusOf(first.RetCode); want != w.Code && !strings.HasPrefix(first.Message, "Path '") &&
			!strings.HasPrefix(first.Message, "Error report '") && !strings.HasPrefix(first.Message, "Autoplacer could not") {
			t.Errorf("%s answered %d, but code %d means %d", what, w.Code, first.RetCode.Number(), want)
		}
	}
	// A satellite's reports are about its machine; those of the controller are never right.
	if slices.ContainsFunc(first.ErrorReportIDs, func(id string) bool { return strings.Contains(id, "-00000-") }) {
		t.Errorf("%s ended in an error report: %s", what, w.Body)
	}
	if first.Message == "" || first.Correction == "" {
		t.Errorf("%s: the error has no message or no correction: %s", what, w.Body)
	}
}
