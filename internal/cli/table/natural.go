package table

import (
	"cmp"
	"strings"
)

// Natural compares texts with the numbers in them by value: node2 comes before
// node10.
func Natural(a, b string) int {
	for a != "" && b != "" {
		x, restA := chunk(a)
		y, restB := chunk(b)
		var d int
		switch dx, dy := digit(x[0]), digit(y[0]); {
		case dx && dy:
			d = compareNumbers(x, y)
		case dx != dy:
			// A number sorts before a text at the same place.
			if dx {
				return -1
			}
			return 1
		default:
			d = strings.Compare(x, y)
		}
		if d != 0 {
			return d
		}
		a, b = restA, restB
	}
	return cmp.Compare(len(a), len(b))
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// chunk splits off the leading run of digits or of other bytes.
func chunk(s string) (head, rest string) {
	n := 1
	for n < len(s) && digit(s[n]) == digit(s[0]) {
		n++
	}
	return s[:n], s[n:]
}

func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if d := cmp.Compare(len(a), len(b)); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}
