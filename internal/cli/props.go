package cli

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// Positional is a positional of a command: its name and what it is.
type Positional struct{ Name, Help string }

// Pos makes a Positional.
func Pos(name, help string) Positional { return Positional{name, help} }

func declare(s *args.Spec, list []Positional) {
	for _, p := range list {
		s.Pos(p.Name, p.Help)
	}
}

// PropsPatch is a change of properties.
type PropsPatch struct {
	Override map[string]string
	Delete   []string
}

// SetProperty makes the set-property command of an object: the positionals name
// the object, modify sends the change.
func SetProperty(object []Positional, modify func(context.Context, *Call, *client.Client, PropsPatch) (*client.Reply, error)) *Command {
	return &Command{
		Name: "set-property", Aliases: []string{"sp"},
		Short: "Sets a property; without a value the property is removed.",
		Args: func(s *args.Spec) {
			declare(s, object)
			s.Flag("--aux", "the key is below Aux/")
			s.Pos("key", "property key")
			s.Pos("value", "new value; none removes the property").Maybe()
		},
		Run: func(ctx context.Context, c *Call) error {
			key := c.V.Str("key")
			if c.V.Bool("aux") && !strings.HasPrefix(key, "Aux/") {
				key = "Aux/" + key
			}
			patch := PropsPatch{Override: map[string]string{key: c.V.Str("value")}}
			if c.V.Str("value") == "" {
				patch = PropsPatch{Delete: []string{key}}
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(modify(ctx, c, api, patch))
		},
	}
}

// ListProperties makes the list-properties command of an object. fromFile tells
// whether it has --from-file; get then reads with Read.
func ListProperties(object []Positional, fromFile bool, get func(context.Context, *Call) (map[string]string, error)) *Command {
	return &Command{
		Name: "list-properties", Aliases: []string{"lp"},
		Short: "Prints the properties that are set.",
		Args: func(s *args.Spec) {
			declare(s, object)
			Pastable(s)
			if fromFile {
				FromFile(s)
			}
		},
		Run: func(ctx context.Context, c *Call) error {
			props, err := get(ctx, c)
			if err != nil {
				return err
			}
			return c.ShowProps(props)
		},
	}
}

type keyValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// ShowProps prints properties, sorted by key.
func (c *Call) ShowProps(props map[string]string) error {
	keys := slices.Sorted(maps.Keys(props))
	if c.G.Machine {
		list := []keyValue{}
		for _, k := range keys {
			list = append(list, keyValue{k, props[k]})
		}
		return c.PrintJSON([][]keyValue{list})
	}
	t := c.Table().Columns("Key", "Value")
	for _, k := range keys {
		t.Strings(k, props[k])
	}
	return t.Render(c.Env.Out)
}

// One gives the only element whose name matches, without regard to case; the error
// says that there is none and ends the program with code 3.
func One[T any](list []T, kind, want string, name func(T) string) (T, error) {
	for _, v := range list {
		if strings.EqualFold(name(v), want) {
			return v, nil
		}
	}
	var zero T
	return zero, Exitf(ExitNotFound, "%s '%s' not found on controller.", kind, want)
}

// SameName compares object names, whose case does not matter.
func SameName(a, b string) bool { return strings.EqualFold(a, b) }

// InsertNumber makes a positional for a volume number, at a place among the
// positionals.
func InsertNumber(s *args.Spec, at int, name string) {
	s.InsertPos(at, name, "volume number").Range(0, maxVolumeNumber)
}

// maxVolumeNumber is the largest volume number DRBD has.
const maxVolumeNumber = 65534

// FlexInt is a number argument for the API, nil when it was not given.
func FlexInt(c *Call, dest string) *v1.FlexInt {
	if !c.V.Given(dest) {
		return nil
	}
	n := v1.FlexInt(c.V.Int(dest))
	return &n
}
