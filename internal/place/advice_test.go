package place

import (
	"slices"
	"testing"
)

// TestAdviceNamesEachRemedyOnce: pools that lack space for different reasons are helped
// by the same remedy, which is said once for all their nodes.
func TestAdviceNamesEachRemedyOnce(t *testing.T) {
	given := []*reason{{code: CodeSpace, nodes: []string{"n1", "n2"}}, {code: CodeOffline, nodes: []string{"n3"}}, {code: CodeSpace, nodes: []string{"n2", "n4"}}}
	var tips []string
	for _, g := range merged(given) {
		tips = append(tips, g.tip())
	}
	want := []string{"free or add space on n1, n2, n4, or ask for smaller volumes", "bring the satellite on n3 online"}
	if !slices.Equal(tips, want) {
		t.Errorf("tips %q, want %q", tips, want)
	}
	if len(given[0].nodes) != 2 {
		t.Errorf("the verdict itself was changed: %q", given[0].nodes)
	}
}
