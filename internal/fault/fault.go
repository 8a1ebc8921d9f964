// Package fault is the project's one error type for what a user can act on: what
// happened, why, and what would be right. It maps to the API's return code once,
// here, so that REST, plans and logs never disagree.
//
// Invariant: Message, Cause and Correction never carry a secret.
package fault

import (
	"errors"
	"fmt"
	"maps"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// Fault is an error with everything the user needs to mend it.
type Fault struct {
	Code       v1.Code
	Message    string
	Cause      string
	Correction string
	Details    string
	Refs       map[string]string
	// Status is the HTTP status where the code alone does not tell it (501, 503); 0
	// means that the code decides.
	Status int
	// Err is the wrapped error, for logs and errors.Is; its text is not shown.
	Err error
}

// New makes a fault with a formatted message.
func New(code v1.Code, format string, args ...any) *Fault {
	return &Fault{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Error is the message with its cause.
func (f *Fault) Error() string {
	if f.Cause == "" {
		return f.Message
	}
	return f.Message + " (" + f.Cause + ")"
}

// Unwrap gives the wrapped error.
func (f *Fault) Unwrap() error { return f.Err }

// Because adds why it happened.
func (f *Fault) Because(format string, args ...any) *Fault {
	f.Cause = fmt.Sprintf(format, args...)
	return f
}

// Fix adds what the user can do.
func (f *Fault) Fix(format string, args ...any) *Fault {
	f.Correction = fmt.Sprintf(format, args...)
	return f
}

// Detail adds more lines for the curious.
func (f *Fault) Detail(format string, args ...any) *Fault {
	f.Details = fmt.Sprintf(format, args...)
	return f
}

// Ref adds an object reference, such as Node or RscDfn.
func (f *Fault) Ref(key, value string) *Fault {
	refs := maps.Clone(f.Refs)
	if refs == nil {
		refs = map[string]string{}
	}
	refs[key] = value
	f.Refs = refs
	return f
}

// Wrap keeps an underlying error for errors.Is and logs.
func (f *Fault) Wrap(err error) *Fault {
	f.Err = err
	return f
}

// WithStatus sets the HTTP status.
func (f *Fault) WithStatus(status int) *Fault {
	f.Status = status
	return f
}

// RC is the fault as an entry of an API answer.
func (f *Fault) RC() v1.ApiCallRc {
	return v1.ApiCallRc{RetCode: f.Code, Message: f.Message, Cause: f.Cause,
		Details: f.Details, Correction: f.Correction, ObjRefs: f.Refs}
}

// As finds the fault in an error chain.
func As(err error) (*Fault, bool) {
	var f *Fault
	ok := errors.As(err, &f)
	return f, ok
}

// HTTPStatus is the status of an answer that carries the fault, by the API's
// rule: the code's number decides, unless the fault sets a status of its own.
func (f *Fault) HTTPStatus() int {
	if f.Status != 0 {
		return f.Status
	}
	return StatusOf(f.Code)
}

// StatusOf is the HTTP status for an error code.
func StatusOf(code v1.Code) int {
	const ops = v1.MaskBitsOp | v1.MaskBitsObj
	if code|ops == v1.APICallParseError|ops {
		return 400
	}
	switch n := code.Number(); {
	case n >= 300 && n <= 399:
		return 404
	case n >= 400 && n <= 499:
		return 403
	default:
		return 500
	}
}
