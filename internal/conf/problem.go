package conf

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong with the settings.
type Problem struct {
	// Where is the source, such as /etc/linstor/linstor.toml:12.
	Where string
	Key   string
	What  string
	Fix   string
}

// Error shows where, what and how to mend it in one line.
func (p Problem) Error() string {
	var b strings.Builder
	if p.Where != "" {
		fmt.Fprintf(&b, "%s: ", p.Where)
	}
	if p.Key != "" {
		fmt.Fprintf(&b, "%s: ", p.Key)
	}
	b.WriteString(p.What)
	if p.Fix != "" {
		fmt.Fprintf(&b, "; %s", p.Fix)
	}
	return b.String()
}

// Problems are all that was found, so that one start shows them all.
type Problems []Problem

// Error is one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

func (ps Problems) orNil() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// UsageError is a command line that cannot be understood.
type UsageError struct{ What string }

// Error says what is wrong with the command line.
func (e *UsageError) Error() string { return e.What }

// nearest is the candidate that was most likely meant; empty if none is near.
func nearest(wanted string, candidates []string) string {
	w := strings.ToLower(wanted)
	best, found := max(2, len(w)/3)+1, ""
	for _, c := range candidates {
		d := distance(w, strings.ToLower(c))
		// The right name in the wrong section is a common slip.
		if w[strings.LastIndexByte(w, '.')+1:] == strings.ToLower(c[strings.LastIndexByte(c, '.')+1:]) {
			d = min(d, 2)
		}
		if d < best {
			best, found = d, c
		}
	}
	return found
}

// distance is the number of single-byte edits that make a into b.
func distance(a, b string) int {
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
	return row[len(b)]
}
