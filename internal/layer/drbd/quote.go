package drbd

import (
	"strings"
	"unicode/utf8"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

const (
	// maxString is the longest quoted text, with its escapes, that drbdadm reads.
	maxString = 255
	// maxWord is the longest text without quotes.
	maxWord = 128
)

// quote writes a text so that drbdadm reads exactly it; why says what is wrong
// with one that cannot be written.
func quote(s string) (out, why string) {
	if !utf8.ValidString(s) {
		return "", "it is not valid text"
	}
	if strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return "", "it contains a control character"
	}
	if strings.ContainsAny(s, `\"`) { // seldom, and making a replacer takes its time
		s = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)
	}
	if len(s) > maxString {
		return "", "it is longer than 255 bytes, which is the most that drbdadm reads"
	}
	return `"` + s + `"`, ""
}

// bare checks a number, a truth or a symbol that is written without quotes.
func bare(s string) (out, why string) {
	if s == "" {
		return "", "it is empty"
	}
	if len(s) > maxWord {
		return "", "it is too long"
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' && c != '.' {
			return "", "it contains something else than letters, digits, '-', '_' and '.'"
		}
	}
	return s, ""
}

// badValue is the fault for a value that cannot be written into the file.
func badValue(res, what, why string) error {
	return fault.New(v1.FailInvalidProp, "DRBD's configuration of resource '%s' cannot be written.", res).
		Because("the value of %s cannot be used: %s", what, why).
		Fix("Set %s to another value, or delete the property.", what).Ref("RscDfn", res)
}
