package name

import (
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

const (
	maxExternal = 4096
	// maxCounter ends the search for a free name.
	maxCounter = 1 << 20
)

// CheckExternal checks the name by which another system knows a resource
// definition: anything that can be printed.
func CheckExternal(s string) *fault.Fault {
	why := ""
	switch {
	case s == "":
		why = "it is empty"
	case len(s) > maxExternal:
		why = "it is longer than 4096 bytes"
	case strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f }):
		why = "it contains a control character"
	}
	if why == "" {
		return nil
	}
	return refuse(v1.FailInvalidExternalName, "external name", "external_name", s, why,
		"1 to 4096 bytes without control characters", "Volume 7 of web server")
}

// FromExternal makes a resource name out of an external one. Characters that a
// resource name cannot have become '_', and a counter is appended when the name is
// taken. It is empty only if taken refuses a million names.
func FromExternal(external string, taken func(string) bool) string {
	base := sanitise(external)
	if resourceShape.broken(base) == "" && !taken(base) {
		return base
	}
	for n := 1; n <= maxCounter; n++ {
		suffix := "_" + strconv.Itoa(n)
		candidate := base[:min(len(base), resourceShape.max-len(suffix))] + suffix
		if !taken(candidate) {
			return candidate
		}
	}
	return ""
}

// sanitise gives a base that is a valid name once a suffix is appended.
func sanitise(external string) string {
	var b strings.Builder
	letter := false
	for _, c := range external {
		if b.Len() >= resourceShape.max {
			break
		}
		switch {
		case isLetter(c):
			letter = true
			b.WriteRune(c)
		case isDigit(c) || c == '-':
			if b.Len() == 0 {
				b.WriteByte('_')
			}
			b.WriteRune(c)
		default:
			b.WriteByte('_')
		}
	}
	out := b.String()
	if !letter {
		out = "rsc" + out
	}
	// A letter near the end would be lost when a suffix takes its place.
	if cut := out[:min(len(out), resourceShape.max-len("_")-len(strconv.Itoa(maxCounter)))]; !strings.ContainsFunc(cut, isLetter) {
		out = "rsc" + out
	}
	return out[:min(len(out), resourceShape.max)]
}
