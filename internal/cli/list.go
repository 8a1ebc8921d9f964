package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
	"github.com/holdfast-storage/holdfast/internal/cli/table"
)

// Shape says how -m prints an answer.
type Shape int

// The shapes: within one more array, as it is, or in one line.
const (
	Wrapped Shape = iota
	Bare
)

// Fetch gets a list from the controller, or from the file of --from-file, and
// shows it: as JSON in machine-readable mode, else with show. legacy gives the v0
// shape; nil means that v0 prints the same.
func Fetch[T any](c *Call, shape Shape, get func(api *client.Client, opts ...client.Option) (T, error),
	legacy func(T) any, show func(T) error) error {
	v, raw, err := Read(c, get)
	if err != nil {
		return err
	}
	if !c.G.Machine {
		return show(v)
	}
	if c.G.V0 && legacy != nil {
		return c.PrintJSON([]any{legacy(v)})
	}
	if shape == Bare {
		return c.PrintJSON(json.RawMessage(raw))
	}
	return c.PrintJSON([]json.RawMessage{raw})
}

// Read gets a value and its JSON text from the controller, or from the file of
// --from-file.
func Read[T any](c *Call, get func(api *client.Client, opts ...client.Option) (T, error)) (T, []byte, error) {
	var v T
	if name := c.V.Str("from-file"); name != "" {
		raw, err := os.ReadFile(filepath.Clean(name))
		if err != nil {
			return v, nil, fmt.Errorf("read --from-file: %w", err)
		}
		if err := json.Unmarshal(raw, &v); err != nil {
			return v, nil, fmt.Errorf("--from-file %s: %w", name, err)
		}
		return v, raw, nil
	}
	api, err := c.API()
	if err != nil {
		return v, nil, err
	}
	var raw []byte
	v, err = get(api, client.Raw(&raw))
	return v, raw, err
}

// Pastable declares -p.
func Pastable(s *args.Spec) { s.Flag("-p,--pastable", "plain output for mails and tickets") }

// FromFile declares --from-file.
func FromFile(s *args.Spec) { s.Opt("--from-file", "read the JSON to show from a file") }

// GroupBy declares -g.
func GroupBy(s *args.Spec, columns ...string) {
	s.Opt("-g,--groupby", "columns to sort by").Many().Choose(columns...).Fold()
}

// Props declares the server-side filter for properties.
func Props(s *args.Spec) { s.Opt("--props", "only those with the property: KEY or KEY=VALUE").Many() }

// ShowProps declares property columns; names is "-s,--show-props" or only the long
// one.
func ShowProps(s *args.Spec, names string) {
	s.Opt(names, "add a column for a property: KEY or KEY=TITLE").Many()
}

// PropColumns adds the columns of --show-props to a table.
func (c *Call) PropColumns(t *table.Table) {
	for _, p := range c.V.List("show-props") {
		key, title, ok := strings.Cut(p, "=")
		if !ok {
			title = key
		}
		t.Columns(title)
	}
}

// PropCells are the cells for the columns of --show-props.
func (c *Call) PropCells(props map[string]string) []table.Cell {
	var cells []table.Cell
	for _, p := range c.V.List("show-props") {
		key, _, _ := strings.Cut(p, "=")
		cells = append(cells, table.Text(props[key]))
	}
	return cells
}
