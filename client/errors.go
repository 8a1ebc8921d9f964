package client

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// APIError is an answer that says error.
type APIError struct {
	// Status is the HTTP status; below 400 the messages alone say error.
	Status int
	// RCs are all messages of the answer, errors or not, in order.
	RCs    []v1.ApiCallRc
	Method string
	Path   string
	// Raw is the answer's body as it came.
	Raw []byte
	// Body is the start of an answer that is not a list of messages.
	Body string
}

// Error is the first error message.
func (e *APIError) Error() string {
	for _, rc := range e.RCs {
		if rc.RetCode.IsError() {
			return rc.Message
		}
	}
	if len(e.RCs) > 0 {
		return e.RCs[0].Message
	}
	text := fmt.Sprintf("%s %s: HTTP status %d %s", e.Method, e.Path, e.Status, http.StatusText(e.Status))
	if e.Body != "" {
		text += ": " + e.Body
	}
	return text
}

// IsNotFound tells whether the object does not exist.
func (e *APIError) IsNotFound() bool { return e.Status == http.StatusNotFound }

// Has tells whether an entry carries the code; operation and object bits do not
// count.
func (e *APIError) Has(code v1.Code) bool {
	const mask = v1.MaskBitsType | v1.MaskBitsCode
	for _, rc := range e.RCs {
		if rc.RetCode&mask == code&mask {
			return true
		}
	}
	return false
}

// IsNotFound tells whether the error says that the object does not exist.
func IsNotFound(err error) bool {
	var e *APIError
	return errors.As(err, &e) && e.IsNotFound()
}

// HasCode tells whether the error is an answer with the code.
func HasCode(err error, code v1.Code) bool {
	var e *APIError
	return errors.As(err, &e) && e.Has(code)
}

// Attempt is what one controller said.
type Attempt struct {
	Controller string
	Err        error
}

// ConnectError says that no controller could be reached.
type ConnectError struct {
	Attempts []Attempt
}

// Error has one line per controller.
func (e *ConnectError) Error() string {
	lines := make([]string, 0, len(e.Attempts))
	for _, a := range e.Attempts {
		lines = append(lines, fmt.Sprintf("Unable to connect to %s: %s", a.Controller, a.Err))
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the errors of all controllers.
func (e *ConnectError) Unwrap() []error {
	errs := make([]error, 0, len(e.Attempts))
	for _, a := range e.Attempts {
		errs = append(errs, a.Err)
	}
	return errs
}

// TimeoutError says that a controller took the call but did not answer in time:
// whether the change was made is not known.
type TimeoutError struct {
	Controller string
	Method     string
	Path       string
	Err        error
}

// Error names the call.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("no answer from %s in time: %s %s", e.Controller, e.Method, e.Path)
}

// Unwrap gives the cause.
func (e *TimeoutError) Unwrap() error { return e.Err }

// DecodeError says that an answer is not what the API defines.
type DecodeError struct {
	Path string
	Err  error
}

// Error names the call and the flaw.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("Unable to parse REST json data: %s\nRequest-Uri: %s", e.Err, e.Path)
}

// Unwrap gives the cause.
func (e *DecodeError) Unwrap() error { return e.Err }
