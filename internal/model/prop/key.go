package prop

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// MaxKey is the longest key in bytes, with its namespaces.
const MaxKey = 256

// NormalKey gives the form of a key under which it is kept: no slash at either end,
// one between levels.
func NormalKey(key string) (string, *fault.Fault) {
	out := key
	if strings.HasPrefix(key, "/") || strings.HasSuffix(key, "/") || strings.Contains(key, "//") {
		parts := strings.FieldsFunc(key, func(c rune) bool { return c == '/' })
		out = strings.Join(parts, "/")
	}
	why := ""
	switch {
	case out == "":
		why = "it is empty"
	case len(out) > MaxKey:
		why = "it is longer than 256 bytes"
	case strings.ContainsFunc(out, isControl):
		why = "it contains a control character"
	}
	if why != "" {
		return "", fault.New(v1.FailInvalidProp, "'%s' is not a valid property key.", brief(key)).
			Because("%s", why).Fix("Use words separated by '/', at most 256 bytes long.")
	}
	return out, nil
}

// brief keeps a message readable whatever was sent.
func brief(s string) string {
	const limit = 100
	clean := []rune(strings.Map(func(c rune) rune {
		if isControl(c) {
			return '?'
		}
		return c
	}, strings.ToValidUTF8(s, "?")))
	if len(clean) > limit {
		return string(clean[:limit]) + "…"
	}
	return string(clean)
}
