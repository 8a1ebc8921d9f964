package args

import (
	"slices"
	"strings"
)

// Spec declares the arguments of one command.
type Spec struct {
	// Prog is the command with its objects and verbs.
	Prog        string
	Description string
	// Epilog stands at the end of the help.
	Epilog string
	// Global are options that are accepted everywhere; its values go to the values
	// that Parse is given for them.
	Global *Spec
	// StopEarly ends parsing at the first positional; the rest is left over.
	StopEarly bool

	args []*Arg
}

// Opt declares an option with one value; names are comma separated, the first long
// one gives the key.
func (s *Spec) Opt(names, help string) *Arg {
	a := &Arg{Names: strings.Split(names, ","), Help: help}
	a.Dest = dest(a.Names)
	a.Meta = strings.ToUpper(strings.ReplaceAll(a.Dest, "-", "_"))
	s.args = append(s.args, a)
	return a
}

// Flag declares an option without a value.
func (s *Spec) Flag(names, help string) *Arg {
	a := s.Opt(names, help)
	a.Arity = Flag
	return a
}

// Pos declares a positional.
func (s *Spec) Pos(name, help string) *Arg {
	a := &Arg{Dest: name, Meta: name, Help: help}
	s.args = append(s.args, a)
	return a
}

func dest(names []string) string {
	for _, n := range names {
		if long, ok := strings.CutPrefix(n, "--"); ok {
			return long
		}
	}
	return strings.TrimLeft(names[0], "-")
}

// Args are all declared arguments.
func (s *Spec) Args() []*Arg { return s.args }

func (s *Spec) positionals() []*Arg {
	var out []*Arg
	for _, a := range s.args {
		if len(a.Names) == 0 {
			out = append(out, a)
		}
	}
	return out
}

func (s *Spec) options() []*Arg {
	var out []*Arg
	for _, a := range s.args {
		if len(a.Names) > 0 {
			out = append(out, a)
		}
	}
	return out
}

// exact finds an option by a full spelling.
func (s *Spec) exact(name string) *Arg {
	for _, a := range s.args {
		if slices.Contains(a.Names, name) {
			return a
		}
	}
	return nil
}

// abbreviated finds the options that a shortened long option may mean.
func (s *Spec) abbreviated(name string) (matches []*Arg, spellings []string) {
	for _, a := range s.args {
		for _, n := range a.Names {
			if strings.HasPrefix(n, "--") && strings.HasPrefix(n, name) {
				spellings = append(spellings, n)
				if len(matches) == 0 || matches[len(matches)-1] != a {
					matches = append(matches, a)
				}
			}
		}
	}
	return matches, spellings
}

// hasNumberOption tells whether -1 could be an option here.
func (s *Spec) hasNumberOption() bool {
	for _, a := range s.args {
		if slices.ContainsFunc(a.Names, isNegativeNumber) {
			return true
		}
	}
	return false
}

func isNegativeNumber(s string) bool {
	if len(s) < 2 || s[0] != '-' {
		return false
	}
	for i, r := range s[1:] {
		if (r < '0' || r > '9') && (r != '.' || i == 0) {
			return false
		}
	}
	return true
}

// InsertPos declares a positional before the one that is now at the place.
func (s *Spec) InsertPos(at int, name, help string) *Arg {
	a := &Arg{Dest: name, Meta: name, Help: help}
	n := 0
	for i, have := range s.args {
		if len(have.Names) > 0 {
			continue
		}
		if n == at {
			s.args = append(s.args[:i:i], append([]*Arg{a}, s.args[i:]...)...)
			return a
		}
		n++
	}
	s.args = append(s.args, a)
	return a
}
