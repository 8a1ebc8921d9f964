package v1

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// ApiCallRc is one entry of the answer to a mutating call, or of an error.
// Error, warning, info and success are told apart by the type bits of RetCode.
type ApiCallRc struct {
	RetCode        Code              `json:"ret_code"`
	Message        string            `json:"message"`
	Cause          string            `json:"cause,omitempty"`
	Details        string            `json:"details,omitempty"`
	Correction     string            `json:"correction,omitempty"`
	ErrorReportIDs []string          `json:"error_report_ids,omitempty"`
	ObjRefs        map[string]string `json:"obj_refs,omitempty"`
	CreatedAt      *time.Time        `json:"created_at,omitempty"`
}

// IsError tells whether both type bits are set.
func (c Code) IsError() bool { return c&MaskBitsType == MaskError }

// IsWarning tells whether the type bits say warning.
func (c Code) IsWarning() bool { return c&MaskBitsType == MaskWarn }

// IsInfo tells whether the type bits say info.
func (c Code) IsInfo() bool { return c&MaskBitsType == MaskInfo }

// Number is the code proper, without type, operation and object bits.
func (c Code) Number() int { return int(c & MaskBitsCode) }

// With adds the operation and object masks where the code has none yet.
func (c Code) With(op, object Code) Code {
	if c&MaskBitsOp == 0 {
		c |= op
	}
	if c&MaskBitsObj == 0 {
		c |= object
	}
	return c
}

// MarshalJSON writes the code as the signed number that every client expects.
func (c Code) MarshalJSON() ([]byte, error) {
	return strconv.AppendInt(nil, int64(c), 10), nil
}

// UnmarshalJSON reads the signed number, or the unsigned one some tools write.
func (c *Code) UnmarshalJSON(b []byte) error {
	var n json.Number
	if err := json.Unmarshal(b, &n); err != nil {
		return fmt.Errorf("return code: %w", err)
	}
	if i, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
		*c = Code(i)
		return nil
	}
	u, err := strconv.ParseUint(n.String(), 10, 64)
	if err != nil {
		return fmt.Errorf("return code %q is not a 64-bit number", n)
	}
	*c = Code(u)
	return nil
}

// HasError tells whether any entry is an error.
func HasError(rcs []ApiCallRc) bool {
	for _, rc := range rcs {
		if rc.RetCode.IsError() {
			return true
		}
	}
	return false
}
