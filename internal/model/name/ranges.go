package name

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Range is the whole numbers from Min to Max, both included.
type Range struct{ Min, Max int }

// String writes 7000-7999, or one number alone.
func (r Range) String() string {
	if r.Min == r.Max {
		return strconv.Itoa(r.Min)
	}
	return strconv.Itoa(r.Min) + "-" + strconv.Itoa(r.Max)
}

// Ranges is a set of numbers. ParseRanges and Simplify keep it sorted, and its
// members neither overlap nor touch.
type Ranges []Range

// ParseRanges reads numbers and ranges such as "7000-7999, 8100", separated by
// commas or spaces, all of them between low and high.
func ParseRanges(text string, low, high int) (Ranges, error) {
	var out Ranges
	rest := strings.TrimSpace(text)
	for rest != "" {
		r, tail, err := cutRange(rest)
		if err != nil {
			return nil, err
		}
		switch {
		case r.Min > r.Max:
			return nil, fmt.Errorf("the range %s ends before it starts", r)
		case r.Min < low || r.Max > high:
			return nil, fmt.Errorf("%s is not between %d and %d", r, low, high)
		}
		out = append(out, r)
		if rest, err = cutSeparator(tail); err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("it names no number")
	}
	return out.Simplify(), nil
}

// cutRange takes one number, or two with '-' between them, off the text.
func cutRange(s string) (Range, string, error) {
	first, s, err := cutNumber(s)
	if err != nil {
		return Range{}, "", err
	}
	after, isRange := strings.CutPrefix(strings.TrimLeft(s, " \t"), "-")
	if !isRange {
		return Range{first, first}, s, nil
	}
	last, s, err := cutNumber(strings.TrimLeft(after, " \t"))
	if err != nil {
		return Range{}, "", err
	}
	return Range{first, last}, s, nil
}

func cutNumber(s string) (int, string, error) {
	end := strings.IndexFunc(s, func(c rune) bool { return !isDigit(c) })
	if end < 0 {
		end = len(s)
	}
	if end == 0 {
		if s == "" {
			return 0, "", fmt.Errorf("a number is missing at the end")
		}
		return 0, "", fmt.Errorf("'%s' is where a number should be", shown(s))
	}
	n, err := strconv.ParseInt(s[:end], 10, 32)
	if err != nil {
		return 0, "", fmt.Errorf("%s is too large", shown(s[:end]))
	}
	return int(n), s[end:], nil
}

// cutSeparator takes spaces with at most one comma off the text.
func cutSeparator(s string) (string, error) {
	rest := strings.TrimLeft(s, " \t")
	if rest == "" {
		return "", nil
	}
	if after, ok := strings.CutPrefix(rest, ","); ok {
		if after = strings.TrimLeft(after, " \t"); after == "" {
			return "", fmt.Errorf("a number is missing after the last comma")
		}
		return after, nil
	}
	if len(rest) == len(s) {
		return "", fmt.Errorf("'%s' is where a comma should be", shown(s))
	}
	return rest, nil
}

// String writes the form that ParseRanges reads back to the same set.
func (rs Ranges) String() string {
	parts := make([]string, len(rs))
	for i, r := range rs {
		parts[i] = r.String()
	}
	return strings.Join(parts, ",")
}

// Simplify sorts the set and joins members that overlap or touch.
func (rs Ranges) Simplify() Ranges {
	sorted := slices.Clone(rs)
	slices.SortFunc(sorted, func(a, b Range) int { return cmp.Compare(a.Min, b.Min) })
	var out Ranges
	for _, r := range sorted {
		if n := len(out); n > 0 && r.Min <= out[n-1].Max+1 {
			out[n-1].Max = max(out[n-1].Max, r.Max)
			continue
		}
		out = append(out, r)
	}
	return out
}

// Contains tells whether a number is in the set.
func (rs Ranges) Contains(n int) bool {
	for _, r := range rs {
		if n >= r.Min && n <= r.Max {
			return true
		}
	}
	return false
}

// Count is how many numbers are in the set.
func (rs Ranges) Count() int {
	total := 0
	for _, r := range rs {
		total += r.Max - r.Min + 1
	}
	return total
}

// LowestFree is the smallest number of the set that is neither used nor blocked;
// used may be nil.
func (rs Ranges) LowestFree(used func(int) bool, blocked Ranges) (int, bool) {
	for _, r := range rs {
		for n := r.Min; n <= r.Max; n++ {
			if end, ok := blocked.endOf(n); ok {
				n = end
				continue
			}
			if used == nil || !used(n) {
				return n, true
			}
		}
	}
	return 0, false
}

// endOf is the last number of the member that holds n.
func (rs Ranges) endOf(n int) (int, bool) {
	for _, r := range rs {
		if n >= r.Min && n <= r.Max {
			return r.Max, true
		}
	}
	return 0, false
}
