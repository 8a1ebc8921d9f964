package prop

import "strings"

// nearest finds the key of an object that someone most likely meant; empty if none
// is near enough.
func nearest(class Class, key string) string {
	wanted := strings.ToLower(key)
	limit := max(2, len(wanted)/4)
	best, found := limit+1, ""
	for _, k := range Keys(class) {
		candidate := strings.ToLower(k)
		d := distance(wanted, candidate, best)
		if short := candidate[strings.LastIndexByte(candidate, '/')+1:]; short != candidate {
			// Half a key is a common slip: quorum for DrbdOptions/Resource/quorum.
			d = min(d, 1+distance(wanted[strings.LastIndexByte(wanted, '/')+1:], short, best))
		}
		if d < best {
			best, found = d, k
		}
	}
	return found
}

// distance is the number of single-byte edits that make a into b, or limit if it is
// not smaller than that.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return min(row[len(b)], limit)
}
