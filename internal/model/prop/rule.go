package prop

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/model/name"
)

// Kind is the type of a rule as the API names it.
type Kind string

// Kinds of rules.
const (
	KindText            Kind = "string"
	KindPattern         Kind = "regex"
	KindWhole           Kind = "long"
	KindTrueFalse       Kind = "boolean_true_false"
	KindRange           Kind = "range"
	KindFraction        Kind = "range-float"
	KindSymbol          Kind = "symbol"
	KindYesNo           Kind = "boolean"
	KindNumberOrSymbols Kind = "numeric-or-symbol"
)

// Rule says which values a property takes. The zero rule takes any text.
type Rule struct {
	Kind     Kind
	Min, Max int64
	// MaxFraction is the upper bound of a fraction; the lower one is 0.
	MaxFraction float64
	Symbols     []string
	// Pattern must match the whole value.
	Pattern string
	// Scale is the unit of a DRBD number without a suffix: 0 where none is allowed,
	// else '1', 'k' or 's' (sectors of 512 bytes).
	Scale byte
	words string
	// free text may contain anything.
	free bool
	// ranges reads a list of number ranges, single only one range.
	ranges, single bool
	pattern        *regexp.Regexp
}

func text() Rule { return Rule{Kind: KindText, words: "text without control characters"} }

func whole() Rule {
	return Rule{Kind: KindWhole, Min: math.MinInt64, Max: math.MaxInt64, words: "a whole number"}
}

func trueFalse() Rule { return Rule{Kind: KindTrueFalse, words: "true or false"} }

func yesNo() Rule { return Rule{Kind: KindYesNo, words: "yes or no"} }

func oneOf(symbols ...string) Rule {
	return Rule{Kind: KindSymbol, Symbols: symbols, words: orList(symbols)}
}

func between(low, high int64) Rule {
	return Rule{Kind: KindRange, Min: low, Max: high, words: fmt.Sprintf("a whole number from %d to %d", low, high)}
}

// drbdNumber is a number as DRBD's tools read it, with a suffix s, k, M or G.
func drbdNumber(low, high int64, scale byte) Rule {
	r := between(low, high)
	r.Scale = scale
	switch scale {
	case 'k':
		r.words += " (in KiB; with a suffix s, k, M or G the same amount in that unit)"
	case 's':
		r.words += " (in sectors of 512 bytes; with a suffix s, k, M or G the same amount in that unit)"
	default:
		r.words += ", optionally with a suffix k, M or G"
	}
	return r
}

func numberOr(low, high int64, symbols ...string) Rule {
	return Rule{Kind: KindNumberOrSymbols, Min: low, Max: high, Symbols: symbols,
		words: fmt.Sprintf("a whole number from %d to %d, or %s", low, high, orList(symbols))}
}

func fraction(high float64) Rule {
	return Rule{Kind: KindFraction, MaxFraction: high, words: fmt.Sprintf("a number from 0 to %g", high)}
}

func pattern(p, words string) Rule { return Rule{Kind: KindPattern, Pattern: p, words: words} }

// portRanges is a list of TCP ports and ranges of them.
func portRanges() Rule {
	r := pattern(`[0-9]+(\s*-\s*[0-9]+)?([,\s]+[0-9]+(\s*-\s*[0-9]+)?)*`,
		"TCP ports and ranges of them, such as 7000-7999,8100")
	r.Min, r.Max, r.ranges = 1, name.MaxPort, true
	return r
}

func minorRange() Rule {
	r := pattern(`[0-9]+(\s*-\s*[0-9]+)?`, "one range of DRBD minor numbers, such as 1000-49999")
	r.Min, r.Max, r.ranges, r.single = 0, name.MaxMinor, true, true
	return r
}

const poolNamePattern = `[a-zA-Z0-9_][a-zA-Z0-9_-]{2,47}`

func poolName() Rule {
	return pattern("^"+poolNamePattern+"$", "the name of a storage pool: 3 to 48 letters, digits, '_' or '-'")
}

func netInterface() Rule {
	return pattern("^"+poolNamePattern+"$", "the name of a net interface, such as default")
}

func cacheSize() Rule {
	return pattern(`^100%|[0-9]{1,2}([.][0-9]*)?%|[1-9][0-9]{2,}$`, "a size in KiB of at least three digits, or a part of the volume such as 5%")
}

func weight() Rule { return pattern(`^[0-9]+([.][0-9]+)?`, "a number such as 0.5") }

// Words says the rule in plain words.
func (r *Rule) Words() string { return r.words }

// Value is the rule as the API shows it.
func (r *Rule) Value() string {
	switch r.Kind {
	case KindPattern:
		return r.Pattern
	case KindRange:
		return fmt.Sprintf("(%d - %d)", r.Min, r.Max)
	case KindFraction:
		return fmt.Sprintf("(0.0 - %.1f)", r.MaxFraction)
	case KindSymbol:
		return alternatives(r.Symbols)
	case KindNumberOrSymbols:
		return fmt.Sprintf("(%d - %d) or %s", r.Min, r.Max, alternatives(r.Symbols))
	case KindTrueFalse:
		return "(?i)(?:true|false|yes|no)"
	case KindYesNo:
		return "(?i)(?:yes|no)"
	}
	return ""
}

func alternatives(symbols []string) string {
	return "(?:" + strings.Join(slices.Sorted(slices.Values(symbols)), "|") + ")"
}

// orList writes a, b or c.
func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
