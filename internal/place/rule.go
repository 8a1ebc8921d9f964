package place

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// Rule is an entry of replicas_on_same or replicas_on_different: a node property, and
// maybe the value that it is about.
type Rule struct {
	Key      string
	Value    string
	HasValue bool
}

// ParseRule reads "key" or "key=value". The value may be empty and may contain "=".
func ParseRule(field, text string) (Rule, error) {
	key, value, has := strings.Cut(text, "=")
	r := Rule{Key: strings.TrimSpace(key), Value: strings.TrimSpace(value), HasValue: has}
	if r.Key == "" {
		return Rule{}, fault.New(v1.FailInvalidRequest, "%s: entry %q names no property", field, text).
			Fix("Write the key of a node property, for example Aux/site, or key=value.")
	}
	return r, nil
}

// String writes the rule the way ParseRule reads it.
func (r Rule) String() string {
	if r.HasValue {
		return r.Key + "=" + r.Value
	}
	return r.Key
}

// parseRules reads a list, leaving out what is repeated.
func parseRules(field string, texts []string) ([]Rule, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	out := make([]Rule, 0, len(texts))
next:
	for _, t := range texts {
		r, err := ParseRule(field, t)
		if err != nil {
			return nil, err
		}
		for _, seen := range out {
			if seen == r {
				continue next
			}
		}
		out = append(out, r)
	}
	return out, nil
}
