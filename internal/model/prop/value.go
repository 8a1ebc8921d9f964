package prop

import (
	"math/bits"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/model/name"
)

// accept gives the form in which a value is kept, or says why it is not one.
func (r *Rule) accept(value string) (kept, why string) {
	trimmed := strings.TrimSpace(value)
	switch r.Kind {
	case KindPattern:
		return r.acceptPattern(value)
	case KindWhole, KindRange:
		return r.acceptNumber(trimmed)
	case KindFraction:
		return r.acceptFraction(trimmed)
	case KindSymbol:
		return r.acceptSymbol(trimmed)
	case KindNumberOrSymbols:
		if kept, why = r.acceptSymbol(trimmed); why == "" {
			return kept, ""
		}
		return r.acceptNumber(trimmed)
	case KindTrueFalse:
		return acceptTruth(trimmed, "true", "false")
	case KindYesNo:
		return acceptTruth(trimmed, "yes", "no")
	}
	if r.free {
		return value, ""
	}
	return acceptText(value)
}

func acceptTruth(value, yes, no string) (kept, why string) {
	if truth, ok := ParseBool(value); ok {
		if truth {
			return yes, ""
		}
		return no, ""
	}
	return "", "it is neither " + yes + " nor " + no
}

// ParseBool reads true, yes, false and no in any case.
func ParseBool(value string) (truth, ok bool) {
	switch {
	case strings.EqualFold(value, "true"), strings.EqualFold(value, "yes"):
		return true, true
	case strings.EqualFold(value, "false"), strings.EqualFold(value, "no"):
		return false, true
	}
	return false, false
}

func acceptText(value string) (kept, why string) {
	if strings.ContainsFunc(value, isControl) {
		return "", "it contains a control character, such as a line break"
	}
	return value, ""
}

func isControl(c rune) bool { return c < ' ' || c == 0x7f }

func (r *Rule) acceptPattern(value string) (kept, why string) {
	if r.ranges {
		list, err := name.ParseRanges(value, int(r.Min), int(r.Max))
		if err != nil {
			return "", err.Error()
		}
		if r.single && len(list) != 1 {
			return "", "it is more than one range"
		}
		return list.String(), ""
	}
	if kept, why = acceptText(value); why != "" {
		return "", why
	}
	if r.pattern != nil && !r.pattern.MatchString(value) {
		return "", "it does not have the right form"
	}
	return kept, ""
}

func (r *Rule) acceptSymbol(value string) (kept, why string) {
	for _, s := range r.Symbols {
		if s == value {
			return s, ""
		}
	}
	for _, s := range r.Symbols {
		if strings.EqualFold(s, value) {
			return s, ""
		}
	}
	return "", "it is none of the known words"
}

func (r *Rule) acceptFraction(value string) (kept, why string) {
	f, err := strconv.ParseFloat(value, 64)
	switch {
	case err != nil:
		return "", "it is not a number"
	case !(f >= 0 && f <= r.MaxFraction):
		return "", "it is out of range"
	}
	return value, ""
}

func (r *Rule) acceptNumber(value string) (kept, why string) {
	if r.Scale != 0 {
		return r.acceptScaled(value)
	}
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil && strings.Contains(err.Error(), "range"):
		return "", "it is out of range"
	case err != nil:
		return "", "it is not a whole number"
	case n < r.Min || n > r.Max:
		return "", "it is out of range"
	}
	return strconv.FormatInt(n, 10), ""
}

// acceptScaled reads a number with an optional unit, as DRBD's tools do. The text is
// kept with its unit.
func (r *Rule) acceptScaled(value string) (kept, why string) {
	digits := strings.TrimRight(value, "sSkKmMgG")
	if len(value)-len(digits) > 1 {
		return "", "it has more than one unit"
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return "", "it is not a whole number with an optional unit s, k, M or G"
	}
	base := scaleBytes(r.Scale)
	unit := base
	if suffix := value[len(digits):]; suffix != "" {
		unit = scaleBytes(suffix[0] | 0x20)
	}
	high, low := bits.Mul64(n, unit)
	minHigh, minLow := bits.Mul64(uint64(r.Min), base)
	maxHigh, maxLow := bits.Mul64(uint64(r.Max), base)
	if high < minHigh || high == minHigh && low < minLow || high > maxHigh || high == maxHigh && low > maxLow {
		return "", "it is out of range"
	}
	return strconv.FormatUint(n, 10) + value[len(digits):], ""
}

func scaleBytes(unit byte) uint64 {
	switch unit {
	case 's':
		return 512
	case 'k':
		return 1 << 10
	case 'm':
		return 1 << 20
	case 'g':
		return 1 << 30
	}
	return 1
}
