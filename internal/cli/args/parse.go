package args

import (
	"fmt"
	"strings"
)

// HelpDest is the key that is set when -h or --help was given: then nothing else
// has been checked.
const HelpDest = "help"

type parser struct {
	spec      *Spec
	values    *Values
	globals   *Values
	words     []string
	positions []string
	rest      []string
	unknown   []string
	seen      map[string]*Arg // the first option given of each exclusive group
}

// Parse reads a command line. Global options go into globals, which may be nil
// when the spec has none. With StopEarly the words from the first positional on
// are given back.
func (s *Spec) Parse(words []string, globals *Values) (*Values, []string, error) {
	p := &parser{spec: s, values: NewValues(), globals: globals, words: words, seen: map[string]*Arg{}}
	if err := p.run(); err != nil {
		return nil, nil, &Error{Prog: s.Prog, Usage: s.Usage(0), Msg: err.Error()}
	}
	return p.values, p.rest, nil
}

func (p *parser) run() error {
	for len(p.words) > 0 {
		w := p.words[0]
		if w == "--" {
			p.positions = append(p.positions, p.words[1:]...)
			p.words = nil
			break
		}
		if !p.isOption(w) {
			if p.spec.StopEarly {
				p.rest = p.words
				break
			}
			p.positions = append(p.positions, w)
			p.words = p.words[1:]
			continue
		}
		p.words = p.words[1:]
		if w == "-h" || w == "--help" {
			p.values.Set(HelpDest)
			return nil
		}
		if err := p.option(w); err != nil {
			return err
		}
	}
	if err := p.assign(); err != nil {
		return err
	}
	if len(p.unknown) > 0 {
		return fmt.Errorf("unrecognized arguments: %s", strings.Join(p.unknown, " "))
	}
	return p.finish()
}

// isOption tells whether a word is an option rather than a value: like argparse, a
// lone dash, a negative number and a word with a blank are values.
func (p *parser) isOption(w string) bool {
	if len(w) < 2 || w[0] != '-' {
		return false
	}
	if a, _, _, err := p.find(w); err != nil || a != nil {
		return true
	}
	if isNegativeNumber(w) && !p.spec.hasNumberOption() {
		return false
	}
	return !strings.Contains(w, " ")
}

// find resolves an option word to its declaration and an attached value.
func (p *parser) find(w string) (a *Arg, value *string, into *Values, err error) {
	name, attached, has := strings.Cut(w, "=")
	if has {
		value = &attached
	}
	if a := p.spec.exact(w); a != nil {
		return a, nil, p.values, nil
	}
	if a := p.spec.exact(name); a != nil {
		return a, value, p.values, nil
	}
	if g := p.spec.Global; g != nil {
		if a := g.exact(name); a != nil {
			return a, value, p.globals, nil
		}
	}
	if strings.HasPrefix(w, "--") {
		return p.abbreviation(name, value)
	}
	// -pX and -abc
	if a := p.spec.exact(w[:2]); a != nil {
		v := w[2:]
		return a, &v, p.values, nil
	}
	if g := p.spec.Global; g != nil {
		if a := g.exact(w[:2]); a != nil {
			v := w[2:]
			return a, &v, p.globals, nil
		}
	}
	return nil, nil, nil, nil
}

func (p *parser) abbreviation(name string, value *string) (*Arg, *string, *Values, error) {
	if len(name) > 2 && strings.HasPrefix("--help", name) {
		if m, _ := p.spec.abbreviated(name); len(m) == 0 {
			return &Arg{Names: []string{"--help"}, Dest: HelpDest, Arity: Flag}, nil, p.values, nil
		}
	}
	found, spellings := p.spec.abbreviated(name)
	into := p.values
	if len(found) == 0 && p.spec.Global != nil {
		found, spellings = p.spec.Global.abbreviated(name)
		into = p.globals
	}
	switch len(found) {
	case 0:
		return nil, nil, nil, nil
	case 1:
		return found[0], value, into, nil
	default:
		return nil, nil, nil, fmt.Errorf("ambiguous option: %s could match %s", name, strings.Join(spellings, ", "))
	}
}

// option takes one option with its values.
func (p *parser) option(w string) error {
	a, attached, into, err := p.find(w)
	if err != nil {
		return err
	}
	if a == nil {
		p.unknown = append(p.unknown, w)
		// argparse leaves the values of an unknown option to the positionals; saying
		// them with the option tells the user more.
		return nil
	}
	if a.group != "" {
		if first := p.seen[a.group]; first != nil && first != a {
			return fmt.Errorf("argument %s: not allowed with argument %s", a.Label(), first.Label())
		}
		p.seen[a.group] = a
	}
	if a.Arity == Flag {
		return p.flag(a, w, attached, into)
	}
	values, err := p.optionValues(a, attached)
	if err != nil {
		return err
	}
	return store(a, values, into)
}

func (p *parser) flag(a *Arg, w string, attached *string, into *Values) error {
	into.Set(a.Dest)
	if attached == nil {
		return nil
	}
	if strings.HasPrefix(w, "--") || *attached == "" || strings.HasPrefix(*attached, "=") {
		return fmt.Errorf("argument %s: ignored explicit argument '%s'", a.Label(), *attached)
	}
	// -ab: the rest are further short options
	return p.option("-" + *attached)
}

func (p *parser) optionValues(a *Arg, attached *string) ([]string, error) {
	if attached != nil {
		return []string{strings.TrimPrefix(*attached, "=")}, nil
	}
	limit := 1
	if a.Arity == ZeroOrMore || a.Arity == OneOrMore {
		limit = len(p.words)
	}
	var values []string
	for len(values) < limit && len(p.words) > 0 && p.words[0] != "--" && !p.isOption(p.words[0]) {
		values = append(values, p.words[0])
		p.words = p.words[1:]
	}
	if len(values) == 0 {
		switch a.Arity {
		case One:
			return nil, fmt.Errorf("argument %s: expected one argument", a.Label())
		case OneOrMore:
			return nil, fmt.Errorf("argument %s: expected at least one argument", a.Label())
		}
	}
	return values, nil
}

func store(a *Arg, values []string, into *Values) error {
	checked := make([]string, 0, len(values))
	for _, v := range values {
		c, err := a.check(v)
		if err != nil {
			if a.hideRaw {
				return fmt.Errorf("argument %s: invalid value", a.Label())
			}
			return err
		}
		checked = append(checked, c)
	}
	into.Set(a.Dest, checked...)
	return nil
}

// assign gives the positional words to the positionals: each takes as many as it
// can while the ones behind it still get what they need.
func (p *parser) assign() error {
	declared := p.spec.positionals()
	words := p.positions
	var missing []string
	need := 0
	for _, a := range declared {
		need += least(a)
	}
	for i, a := range declared {
		need -= least(a)
		n := min(most(a), max(len(words)-need, 0))
		if n < least(a) {
			missing = append(missing, metas(declared[i:])...)
			break
		}
		if n == 0 {
			continue
		}
		if err := store(a, words[:n], p.values); err != nil {
			return err
		}
		words = words[n:]
	}
	if len(missing) > 0 {
		return fmt.Errorf("too few arguments, missing: %s", strings.Join(missing, ", "))
	}
	p.unknown = append(p.unknown, words...)
	return nil
}

func metas(list []*Arg) []string {
	var out []string
	for _, a := range list {
		if least(a) > 0 {
			out = append(out, a.Meta)
		}
	}
	return out
}

func least(a *Arg) int {
	if a.Arity == One || a.Arity == OneOrMore {
		return 1
	}
	return 0
}

func most(a *Arg) int {
	if a.Arity == One || a.Arity == Optional {
		return 1
	}
	return 1 << 30
}

// finish checks required options and fills in defaults.
func (p *parser) finish() error {
	for _, a := range p.spec.args {
		if p.values.Given(a.Dest) {
			continue
		}
		if a.Required {
			return fmt.Errorf("argument %s is required", a.Label())
		}
		if a.Default != "" {
			p.values.lists[a.Dest] = []string{a.Default}
		}
	}
	return nil
}
