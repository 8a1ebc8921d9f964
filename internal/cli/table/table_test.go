package table_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/holdfast-storage/holdfast/internal/cli/table"
)

func draw(t *testing.T, tab *table.Table) string {
	t.Helper()
	var b strings.Builder
	if err := tab.Render(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRender(t *testing.T) {
	fill := func(o table.Options, last string) *table.Table {
		tab := table.New(o).Columns("Node", "Two_Words").Right("Size").GroupBy()
		tab.Row(table.Text("node10"), table.Colored("ok", table.Green), table.Text("1"))
		tab.Row(table.Text("node2"), table.Colored(last, table.Red), table.Text("100"))
		return tab
	}
	tests := []struct {
		name string
		tab  *table.Table
		want string
	}{
		{"ascii, natural order", fill(table.Options{}, "bad"), `
+---------------------------+
| Node   | Two Words | Size |
|===========================|
| node2  | bad       |  100 |
| node10 | ok        |    1 |
+---------------------------+
`},
		{"utf-8, several lines", fill(table.Options{UTF8: true}, "é\ntwo"), `
╭───────────────────────────╮
┊ Node   ┊ Two Words ┊ Size ┊
╞═══════════════════════════╡
┊ node2  ┊ é         ┊  100 ┊
┊        ┊ two       ┊      ┊
╞┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄╡
┊ node10 ┊ ok        ┊    1 ┊
╰───────────────────────────╯
`},
		{"colour", fill(table.Options{Color: true}, "bad"), "\n" +
			"+---------------------------+\n| Node   | Two Words | Size |\n|===========================|\n" +
			"| node2  | \x1b[1;31mbad      \x1b[0m |  100 |\n| node10 | \x1b[0;32mok       \x1b[0m |    1 |\n+---------------------------+\n"},
		{"empty", table.New(table.Options{}).Columns("A"), "\n+---+\n| A |\n|===|\n+---+\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, "\n"+draw(t, tt.tab)); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

func TestNatural(t *testing.T) {
	list := []string{"node10", "a1b2", "node2", "", "10", "9", "a1b10", "node02x", "node"}
	slices.SortFunc(list, table.Natural)
	want := []string{"", "9", "10", "a1b2", "a1b10", "node", "node2", "node02x", "node10"}
	if d := cmp.Diff(want, list); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// TestNaturalIsAnOrder checks what sorting relies on.
func TestNaturalIsAnOrder(t *testing.T) {
	gen := rapid.StringMatching(`[a-c0-2]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := gen.Draw(t, "a"), gen.Draw(t, "b"), gen.Draw(t, "c")
		if table.Natural(a, b) > 0 && table.Natural(b, a) > 0 {
			t.Fatalf("%q and %q are both greater", a, b)
		}
		if table.Natural(a, b) <= 0 && table.Natural(b, c) <= 0 && table.Natural(a, c) > 0 {
			t.Fatalf("%q ≤ %q ≤ %q, but not %q ≤ %q", a, b, c, a, c)
		}
	})
}
