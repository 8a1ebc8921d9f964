package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"testing"
)

// The detectors are tested themselves: one that finds nothing would let all pass.

const sample = `package sample

var table = map[string]int{}
var count int
var Documented = 1 // yes

// Good has a comment.
type Good struct{}

func (g *Good) Bare() {}
func (h hidden) Ignored() {}

type hidden struct{}

func change(table2 map[string]int) {
	table["a"] = 1
	count++
	delete(table, "a")
	elsewhere.field = 2
	table2["b"] = 2
	count := 1
	count = 2
	_ = count
}
`

func parse(t *testing.T) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "sample.go", sample, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestWritesAreFound(t *testing.T) {
	var got []string
	for _, w := range writes(parse(t)) {
		got = append(got, w.Name)
	}
	// A blank is resolved to nothing too, and is never in the table of globals.
	got = slices.DeleteFunc(got, func(s string) bool { return s == "_" })
	if want := []string{"table", "count", "table", "elsewhere"}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}

func TestExportedAreFound(t *testing.T) {
	got := exported(parse(t))
	if len(got) != 3 || !got["Good"] || !got["Documented"] || got["Good.Bare"] {
		t.Errorf("found %v", got)
	}
}

func TestMatches(t *testing.T) {
	tests := []struct {
		name, pattern string
		want          bool
	}{
		{"a/b", "a/b", true},
		{"a/b/c", "a/b", false},
		{"a/b", "a/b/...", true},
		{"a/b/c/d", "a/b/...", true},
		{"a/bc", "a/b/...", false},
		{"a/b", "a/b/*", false},
		{"a/b/c", "a/b/*", true},
		{"a/b/c/d", "a/b/*", false},
	}
	for _, tt := range tests {
		if got := matches(tt.name, tt.pattern); got != tt.want {
			t.Errorf("matches(%q, %q) = %v", tt.name, tt.pattern, got)
		}
	}
}
