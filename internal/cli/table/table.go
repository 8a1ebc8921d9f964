// Package table draws the CLI's tables: a frame of UTF-8 or ASCII characters,
// coloured cells, cells of several lines, right-aligned columns and rows grouped
// in natural order.
//
// Invariant: what is drawn depends on the rows and the options alone.
package table

import (
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Color is an ANSI escape; empty is no colour.
type Color string

// The colours that lists use.
const (
	None     Color = ""
	DarkPink Color = "\x1b[0;35m"
	Green    Color = "\x1b[0;32m"
	DarkBlue Color = "\x1b[0;34m"
	Red      Color = "\x1b[1;31m"
	Lime     Color = "\x1b[1;32m"
	Yellow   Color = "\x1b[1;33m"
	Blue     Color = "\x1b[1;34m"
)

const reset = "\x1b[0m"

// Paint colours a text.
func Paint(text string, color Color, enabled bool) string {
	if !enabled || color == None {
		return text
	}
	return string(color) + text + reset
}

// Cell is one field of a row; line feeds make it several lines high.
type Cell struct {
	Text  string
	Color Color
}

// Text makes a cell without colour.
func Text(s string) Cell { return Cell{Text: s} }

// Colored makes a coloured cell.
func Colored(s string, c Color) Cell { return Cell{Text: s, Color: c} }

// Options say how to draw.
type Options struct {
	UTF8  bool
	Color bool
}

// Table collects rows.
type Table struct {
	opts   Options
	heads  []string
	right  []bool
	rows   [][]Cell
	groups []int
	sorted bool
}

// New makes an empty table.
func New(opts Options) *Table { return &Table{opts: opts} }

// Columns adds left-aligned columns.
func (t *Table) Columns(names ...string) *Table {
	for _, n := range names {
		t.heads = append(t.heads, strings.ReplaceAll(n, "_", " "))
		t.right = append(t.right, false)
	}
	return t
}

// Right adds right-aligned columns.
func (t *Table) Right(names ...string) *Table {
	t.Columns(names...)
	for i := range names {
		t.right[len(t.right)-1-i] = true
	}
	return t
}

// GroupBy sorts the rows by the columns with these names, in natural order; the
// case of the names does not matter and unknown ones do not count. No name means
// the first column.
func (t *Table) GroupBy(names ...string) *Table {
	t.sorted, t.groups = true, nil
	for _, n := range names {
		n = strings.ReplaceAll(n, "_", " ")
		for i, h := range t.heads {
			if strings.EqualFold(h, n) || strings.EqualFold(strings.ReplaceAll(h, " ", ""), n) {
				t.groups = append(t.groups, i)
				break
			}
		}
	}
	if len(t.groups) == 0 {
		t.groups = []int{0}
	}
	return t
}

// Row adds a row; missing cells are empty.
func (t *Table) Row(cells ...Cell) {
	for len(cells) < len(t.heads) {
		cells = append(cells, Cell{})
	}
	t.rows = append(t.rows, cells)
}

// Strings adds a row without colours.
func (t *Table) Strings(texts ...string) {
	cells := make([]Cell, len(texts))
	for i, s := range texts {
		cells[i].Text = s
	}
	t.Row(cells...)
}

// Len is the number of rows.
func (t *Table) Len() int { return len(t.rows) }

type frame struct {
	topLeft, topRight, line, sep       string
	headLeft, headRight, headLine      string
	rowLeft, rowRight, rowLine         string
	bottomLeft, bottomRight, bottomRow string
}

var (
	ascii = frame{"+", "+", "-", "|", "|", "|", "=", "|", "|", "-", "+", "+", "-"}
	utf   = frame{"╭", "╮", "─", "┊", "╞", "╡", "═", "╞", "╡", "┄", "╰", "╯", "─"}
)

// Render writes the table.
func (t *Table) Render(w io.Writer) error {
	rows := t.rows
	if t.sorted {
		rows = t.ordered()
	}
	f := ascii
	if t.opts.UTF8 {
		f = utf
	}
	widths, tall := t.measure(rows)
	inner := len(widths)*3 - 1
	for _, n := range widths {
		inner += n
	}
	var b strings.Builder
	rule := func(left, line, right string) {
		b.WriteString(left + strings.Repeat(line, inner) + right + "\n")
	}
	rule(f.topLeft, f.line, f.topRight)
	heads := make([]Cell, len(t.heads))
	for i, h := range t.heads {
		heads[i].Text = h
	}
	t.writeRow(&b, f, heads, widths)
	rule(f.headLeft, f.headLine, f.headRight)
	for i, r := range rows {
		if tall && i > 0 {
			rule(f.rowLeft, f.rowLine, f.rowRight)
		}
		t.writeRow(&b, f, r, widths)
	}
	rule(f.bottomLeft, f.bottomRow, f.bottomRight)
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *Table) measure(rows [][]Cell) (widths []int, tall bool) {
	widths = make([]int, len(t.heads))
	for i, h := range t.heads {
		widths[i] = utf8.RuneCountInString(h)
	}
	for _, r := range rows {
		for i := range t.heads {
			for n, line := range strings.Split(r[i].Text, "\n") {
				widths[i] = max(widths[i], utf8.RuneCountInString(line))
				tall = tall || n > 0
			}
		}
	}
	return widths, tall
}

func (t *Table) writeRow(b *strings.Builder, f frame, cells []Cell, widths []int) {
	lines := make([][]string, len(widths))
	height := 1
	for i := range widths {
		lines[i] = strings.Split(cells[i].Text, "\n")
		height = max(height, len(lines[i]))
	}
	for n := range height {
		b.WriteString(f.sep)
		for i, width := range widths {
			text := ""
			if n < len(lines[i]) {
				text = lines[i][n]
			}
			pad := strings.Repeat(" ", width-utf8.RuneCountInString(text))
			if t.right[i] {
				text = pad + text
			} else {
				text += pad
			}
			b.WriteString(" " + Paint(text, cells[i].Color, t.opts.Color) + " " + f.sep)
		}
		b.WriteString("\n")
	}
}

func (t *Table) ordered() [][]Cell {
	rows := slices.Clone(t.rows)
	slices.SortStableFunc(rows, func(a, b []Cell) int {
		for _, i := range t.groups {
			if d := Natural(a[i].Text, b[i].Text); d != 0 {
				return d
			}
		}
		return 0
	})
	return rows
}
