package conf

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// readFile sets the fields that a TOML file names. A missing file is no error.
func (s *settings) readFile(path string) error {
	data, err := s.in.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return Problems{{Where: path, What: fmt.Sprintf("cannot be read: %v", err), Fix: "make it readable for the user that the daemon runs as"}}
	}
	// A full decode first: it finds every fault of syntax and every double key.
	var all map[string]any
	if err := toml.Unmarshal(data, &all); err != nil {
		if d, ok := errors.AsType[*toml.DecodeError](err); ok {
			row, col := d.Position()
			return Problems{{Where: fmt.Sprintf("%s:%d:%d", path, row, col), What: strings.TrimPrefix(d.Error(), "toml: "),
				Fix: "mend the TOML syntax there"}}
		}
		return Problems{{Where: path, What: strings.TrimPrefix(err.Error(), "toml: "), Fix: "mend the TOML syntax"}}
	}
	w := walker{settings: s, path: path}
	w.parser.Reset(data)
	w.document()
	return w.problems.orNil()
}

// walker goes through the expressions of a file that is known to be valid. The
// parser's low-level interface is used for the line numbers.
type walker struct {
	settings *settings
	path     string
	parser   unstable.Parser
	problems Problems
}

func (w *walker) document() {
	prefix, skip := "", false
	for w.parser.NextExpression() {
		e := w.parser.Expression()
		switch e.Kind {
		case unstable.Table:
			prefix, _ = w.key("", e)
			skip = false
		case unstable.ArrayTable:
			key, where := w.key("", e)
			w.problems = append(w.problems, Problem{Where: where, Key: key, What: "is a list of sections, which no setting is", Fix: "write [" + key + "]"})
			skip = true
		case unstable.KeyValue:
			if !skip {
				w.keyValue(prefix, e)
			}
		}
	}
}

// key is the full dotted key of a node, and its place in the file.
func (w *walker) key(prefix string, n *unstable.Node) (key, where string) {
	where = w.path
	var parts []string
	if prefix != "" {
		parts = append(parts, prefix)
	}
	for it := n.Key(); it.Next(); {
		k := it.Node()
		if where == w.path {
			where = fmt.Sprintf("%s:%d", w.path, w.parser.Shape(k.Raw).Start.Line)
		}
		parts = append(parts, string(k.Data))
	}
	return strings.Join(parts, "."), where
}

func (w *walker) keyValue(prefix string, n *unstable.Node) {
	key, where := w.key(prefix, n)
	if n.Value().Kind == unstable.InlineTable {
		for it := n.Value().Children(); it.Next(); {
			w.keyValue(key, it.Node())
		}
		return
	}
	f := w.settings.find(key)
	if f == nil {
		w.problems = append(w.problems, w.settings.unknown(key, where))
		return
	}
	text, ok := literal(f, n.Value())
	if !ok {
		w.problems = append(w.problems, Problem{Where: where, Key: key, What: "has a value of the wrong type", Fix: f.wanted()})
		return
	}
	if err := f.set(text, where); err != nil {
		w.problems = w.problems.add(err)
	}
}

// literal is a TOML value as text, if it is of the field's type.
func literal(f *field, v *unstable.Node) (string, bool) {
	switch f.ptr.(type) {
	case *bool:
		return string(v.Data), v.Kind == unstable.Bool
	case *int:
		return strings.ReplaceAll(string(v.Data), "_", ""), v.Kind == unstable.Integer
	case *[]string:
		var items []string
		for it := v.Children(); it.Next(); {
			if it.Node().Kind != unstable.String {
				return "", false
			}
			items = append(items, string(it.Node().Data))
		}
		return strings.Join(items, ","), v.Kind == unstable.Array
	default:
		return string(v.Data), v.Kind == unstable.String
	}
}

func (ps Problems) add(err error) Problems {
	var p Problem
	var many Problems
	switch {
	case errors.As(err, &p):
		return append(ps, p)
	case errors.As(err, &many):
		return append(ps, many...)
	case err != nil:
		return append(ps, Problem{What: err.Error()})
	}
	return ps
}
