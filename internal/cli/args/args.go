// Package args reads command lines the way the users' scripts write them, which is
// the way of Python's argparse: options that take several values (-n a b c),
// options whose value may be left out, positional lists before a last positional
// (resource create n1 n2 RES), abbreviated long options, --opt=value, -pX and --.
// Command line libraries such as cobra with pflag know no option with several
// values, which is why this is our own.
//
// Unlike argparse, positionals may stand before, between and after options, and
// an option that the command does not know is looked up among the global ones.
//
// Invariant: the package decides by its declarations alone; it does no I/O.
package args

import (
	"fmt"
	"strconv"
	"strings"
)

// Arity says how many values an argument takes.
type Arity int

// The arities; Flag takes none, One exactly one.
const (
	One Arity = iota
	Flag
	Optional
	ZeroOrMore
	OneOrMore
)

// Arg declares an option or a positional.
type Arg struct {
	// Names are the option's spellings with dashes; none for a positional.
	Names []string
	// Dest is the key of the value.
	Dest string
	// Meta stands for the value in help texts.
	Meta  string
	Arity Arity
	// Choices limits the values.
	Choices []string
	// Help is one sentence for the user.
	Help string
	// Required makes an option mandatory.
	Required bool
	// Hidden keeps the option out of usage and help.
	Hidden bool
	// Default is the value when the argument is not given.
	Default string

	group    string
	isInt    bool
	min, max *int64
	foldCase bool
	hideRaw  bool
}

// Int makes the values whole numbers.
func (a *Arg) Int() *Arg { a.isInt = true; return a }

// Range makes the values whole numbers within limits.
func (a *Arg) Range(min, max int64) *Arg {
	a.isInt, a.min, a.max = true, &min, &max
	return a
}

// Choose limits the values.
func (a *Arg) Choose(choices ...string) *Arg { a.Choices = choices; return a }

// Fold makes the case of a choice not matter: the value is the choice's spelling.
func (a *Arg) Fold() *Arg { a.foldCase = true; return a }

// Many makes the option take one or more values.
func (a *Arg) Many() *Arg { a.Arity = OneOrMore; return a }

// Any makes the argument take any number of values.
func (a *Arg) Any() *Arg { a.Arity = ZeroOrMore; return a }

// Maybe makes the value optional.
func (a *Arg) Maybe() *Arg { a.Arity = Optional; return a }

// Exclusive puts the option into a group of which only one may be given.
func (a *Arg) Exclusive(group string) *Arg { a.group = group; return a }

// Must makes an option mandatory.
func (a *Arg) Must() *Arg { a.Required = true; return a }

// As sets how the value is called in help texts.
func (a *Arg) As(meta string) *Arg { a.Meta = meta; return a }

// Or sets the default.
func (a *Arg) Or(value string) *Arg { a.Default = value; return a }

// Hide keeps the option out of the help.
func (a *Arg) Hide() *Arg { a.Hidden = true; return a }

// Secret keeps the value out of error messages.
func (a *Arg) Secret() *Arg { a.hideRaw = true; return a }

// Label is how error messages call the argument.
func (a *Arg) Label() string {
	if len(a.Names) > 0 {
		return strings.Join(a.Names, "/")
	}
	return a.Dest
}

// check validates one value and gives its normal spelling.
func (a *Arg) check(v string) (string, error) {
	if len(a.Choices) > 0 {
		for _, c := range a.Choices {
			if c == v || a.foldCase && strings.EqualFold(c, v) {
				return c, nil
			}
		}
		if a.isInt && isInt(v) {
			return v, a.inRange(v)
		}
		return "", fmt.Errorf("argument %s: invalid choice: '%s' (choose from %s)", a.Label(), v, quoteAll(a.Choices))
	}
	if a.isInt {
		if !isInt(v) {
			return "", fmt.Errorf("argument %s: invalid int value: '%s'", a.Label(), v)
		}
		return v, a.inRange(v)
	}
	return v, nil
}

func isInt(v string) bool {
	_, err := strconv.ParseInt(v, 10, 64)
	return err == nil
}

func (a *Arg) inRange(v string) error {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return fmt.Errorf("argument %s: invalid int value: '%s'", a.Label(), v)
	}
	if a.min != nil && n < *a.min || a.max != nil && n > *a.max {
		return fmt.Errorf("argument %s: %s is not in the range [%d..%d]", a.Label(), v, *a.min, *a.max)
	}
	return nil
}

func quoteAll(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = "'" + s + "'"
	}
	return strings.Join(out, ", ")
}

// Error is a wrong command line.
type Error struct {
	// Prog is the command with its objects and verbs.
	Prog string
	// Usage is the usage text of the command.
	Usage string
	Msg   string
}

// Error is the message alone.
func (e *Error) Error() string { return e.Prog + ": error: " + e.Msg }

// Values are the parsed arguments of one command.
type Values struct {
	lists map[string][]string
	given map[string]bool
}

// NewValues makes an empty set, for tests and for commands run by others.
func NewValues() *Values {
	return &Values{lists: map[string][]string{}, given: map[string]bool{}}
}

// Set stores values as if they had been given.
func (v *Values) Set(dest string, values ...string) {
	v.lists[dest], v.given[dest] = values, true
}

// Given tells whether the argument was on the command line.
func (v *Values) Given(dest string) bool { return v.given[dest] }

// Str is the value, or the default, or "".
func (v *Values) Str(dest string) string {
	if l := v.lists[dest]; len(l) > 0 {
		return l[0]
	}
	return ""
}

// List is all values.
func (v *Values) List(dest string) []string { return v.lists[dest] }

// Bool tells whether a flag was given.
func (v *Values) Bool(dest string) bool { return v.given[dest] }

// Int is the value as a number; Parse has checked it.
func (v *Values) Int(dest string) int64 {
	n, err := strconv.ParseInt(v.Str(dest), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Int32 is a pointer to the value, nil when it was not given.
func (v *Values) Int32(dest string) *int32 {
	if v.Str(dest) == "" {
		return nil
	}
	n := int32(v.Int(dest))
	return &n
}
