package place

import "strings"

// Names of nodes, pools and resources ignore case; fold makes one comparable.
func fold(name string) string { return strings.ToLower(name) }

// compareNames orders names without regard to case; names that differ in case only
// are ordered too, so that every order is total.
func compareNames(a, b string) int {
	for i := range min(len(a), len(b)) {
		if x, y := lower(a[i]), lower(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func containsName(list []string, name string) bool {
	for _, n := range list {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}
