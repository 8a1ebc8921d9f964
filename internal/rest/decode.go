package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/object"
)

// maxBody bounds a request's body; external files are the largest.
const maxBody = 64 << 20

var wildcard = regexp.MustCompile(`\{([^}.]+)(?:\.\.\.)?\}`)

func request(r *http.Request, pattern string) *object.Request {
	out := &object.Request{Path: map[string]string{}, Query: r.URL.Query()}
	for _, m := range wildcard.FindAllStringSubmatch(pattern, -1) {
		out.Path[m[1]] = r.PathValue(m[1])
	}
	return out
}

// decode reads a body strictly: an unknown or mistyped field is the user's error.
func decode(r *http.Request, into any, optional bool) error {
	data, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return parseFault("The request's body could not be read.", err, "")
	}
	data = bytes.TrimSpace(data)
	if len(data) == 0 || bytes.Equal(data, []byte("null")) {
		if optional || bytes.Equal(data, []byte("null")) {
			return nil
		}
		return parseFault("The request has no body.", errors.New("a JSON document is required"), "Send the object as JSON.")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return explain(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return parseFault("The request's body is not one JSON document.", errors.New("there is more behind the first document"), "Send one document.")
	}
	return nil
}

func parseFault(message string, err error, fix string) *fault.Fault {
	f := fault.New(v1.APICallParseError, "%s", message).Because("%v", err)
	if fix != "" {
		f.Fix("%s", fix)
	}
	return f
}

// explain names the field, the cause and the correction of a decoding error.
func explain(err error) error {
	var typ *json.UnmarshalTypeError
	var syn *json.SyntaxError
	switch {
	case errors.As(err, &typ):
		field := typ.Field
		if field == "" {
			field = "body"
		}
		return parseFault(fmt.Sprintf("Field '%s' has the wrong type.", field),
			fmt.Errorf("it is a JSON %s", typ.Value), "Send "+article(typ.Type.Kind().String())+".").Detail("%v", err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return parseFault("The request's body is not valid JSON.", errors.New("it ends too early"), "Correct the JSON.")
	case errors.As(err, &syn):
		return parseFault("The request's body is not valid JSON.", fmt.Errorf("%w (at byte %d)", err, syn.Offset), "Correct the JSON.")
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return parseFault("Unknown field "+name+" in the request.", errors.New("the call has no such field"),
			"Check the spelling, or leave it out.").Detail("%v", err)
	}
	return parseFault("The request's body cannot be understood.", err, "Compare it with the API's documentation.")
}

func article(kind string) string {
	switch kind {
	case "bool":
		return "true or false"
	case "int", "int32", "int64":
		return "a whole number"
	case "float64":
		return "a number"
	case "slice":
		return "a list"
	case "map", "struct", "ptr":
		return "an object"
	}
	return "a " + kind
}
