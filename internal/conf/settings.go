package conf

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// DefaultDir is where the files are unless -c says otherwise.
const DefaultDir = "/etc/linstor"

// Input is all that settings are read from.
type Input struct {
	// Args are the words of the command line after the program's name.
	Args []string
	// Getenv gives environment variables.
	Getenv func(string) string
	// ReadFile reads a file; Stat looks whether a directory is there.
	ReadFile func(string) ([]byte, error)
	Stat     func(string) (fs.FileInfo, error)
}

// Warning is a value that was read but does not do what its author expects.
type Warning struct {
	Where, Key, Why string
}

// settings is what both daemons' settings have in common.
type settings struct {
	in      Input
	fields  []*field
	options []option
	dir     string
	help    bool
	version bool
}

// option is an upstream name of a setting on the command line or in the
// environment. Its value may go to several keys.
type option struct {
	env, long, short string
	// arg names the argument in the help; a switch has none and means "true".
	arg, help string
	hidden    bool
	keys      func(value string) (map[string]string, error)
}

// to sends the value to one key.
func to(key string) func(string) (map[string]string, error) {
	return func(v string) (map[string]string, error) { return map[string]string{key: v}, nil }
}

// pending is a value from the command line that waits for the weaker sources.
type pending struct{ key, value, source string }

// load reads all sources; rest are the words that are no options.
func (s *settings) load(file string) (rest []string, err error) {
	s.dir = DefaultDir
	late, rest, err := s.parseArgs()
	if err != nil || s.help || s.version {
		return rest, err
	}
	problems := s.applyEnv()
	if s.dir != DefaultDir {
		if info, err := s.in.Stat(s.dir); err != nil || !info.IsDir() {
			return rest, append(problems, Problem{Where: "command line --config-directory", What: fmt.Sprintf("%s is not a directory", s.dir),
				Fix: "give the directory that " + file + " is in"})
		}
	}
	if err := s.readFile(filepath.Join(s.dir, file)); err != nil {
		problems = problems.add(err)
	}
	for _, p := range late {
		if err := s.find(p.key).set(p.value, p.source); err != nil {
			return rest, &UsageError{What: err.Error()}
		}
	}
	return rest, problems.orNil()
}

func (s *settings) find(key string) *field {
	i := slices.IndexFunc(s.fields, func(f *field) bool { return f.key == key || f.alias == key && key != "" })
	if i < 0 {
		return nil
	}
	return s.fields[i]
}

func (s *settings) unknown(key, where string) Problem {
	p := Problem{Where: where, Key: key, What: "is not a known setting", Fix: "remove it; 'config show' lists all settings"}
	keys := make([]string, len(s.fields))
	for i, f := range s.fields {
		keys[i] = f.key
	}
	if n := nearest(key, keys); n != "" {
		p.Fix = "did you mean " + n + "?"
	}
	return p
}

// EnvName is the variable that every key can be set by beside those that
// upstream has: http.port is HOLDFAST_HTTP_PORT.
func EnvName(key string) string {
	return "HOLDFAST_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

func (s *settings) applyEnv() (problems Problems) {
	for _, o := range s.options {
		if o.env == "" || s.in.Getenv(o.env) == "" {
			continue
		}
		source := "environment " + o.env
		pairs, err := o.keys(s.in.Getenv(o.env))
		if err != nil {
			problems = append(problems, Problem{Where: source, What: err.Error()})
		}
		for _, key := range slices.Sorted(maps.Keys(pairs)) {
			problems = problems.add(s.find(key).set(pairs[key], source))
		}
	}
	for _, f := range s.fields {
		if v := s.in.Getenv(EnvName(f.key)); v != "" {
			problems = problems.add(f.set(v, "environment "+EnvName(f.key)))
		}
	}
	return problems
}

// parseArgs reads the command line. What it sets is kept for later, since files
// and environment are weaker.
func (s *settings) parseArgs() (late []pending, rest []string, err error) {
	fset := flag.NewFlagSet("", flag.ContinueOnError)
	fset.SetOutput(io.Discard)
	for _, n := range []string{"c", "config-directory"} {
		fset.StringVar(&s.dir, n, s.dir, "")
	}
	for _, n := range []string{"h", "help"} {
		fset.BoolVar(&s.help, n, false, "")
	}
	for _, n := range []string{"v", "version"} {
		fset.BoolVar(&s.version, n, false, "")
	}
	fset.Func("set", "", func(v string) error {
		key, value, ok := strings.Cut(v, "=")
		f := s.find(key)
		switch {
		case !ok:
			return errors.New("write --set key=value")
		case f == nil:
			return s.unknown(key, "")
		case f.secret:
			return fmt.Errorf("%s is a secret, which other users could see on the command line; set it in the file", key)
		}
		late = append(late, pending{f.key, value, "command line --set"})
		return nil
	})
	for _, o := range s.options {
		apply := func(v string) error {
			pairs, err := o.keys(v)
			for _, key := range slices.Sorted(maps.Keys(pairs)) {
				late = append(late, pending{key, pairs[key], "command line --" + o.long})
			}
			return err
		}
		for _, n := range []string{o.long, o.short} {
			switch {
			case n == "":
			case o.arg == "":
				fset.BoolFunc(n, "", apply)
			default:
				fset.Func(n, "", apply)
			}
		}
	}
	if err := fset.Parse(s.in.Args); err != nil {
		return nil, nil, &UsageError{What: strings.Replace(err.Error(), "flag provided but not defined: -", "unknown option -", 1)}
	}
	return late, fset.Args(), nil
}

// check looks at all values once every source has been read.
func (s *settings) check() (problems Problems) {
	for _, f := range s.fields {
		if f.check == nil || f.inert != "" {
			continue
		}
		if what, fix := f.check(); what != "" {
			problems = append(problems, Problem{Where: f.source, Key: f.key, What: what, Fix: fix})
		}
	}
	return problems
}

// problem points at the place where a key was set.
func (s *settings) problem(key, what, fix string) Problem {
	return Problem{Where: s.find(key).source, Key: key, What: what, Fix: fix}
}

// isSet tells whether someone has set the key.
func (s *settings) isSet(key string) bool { return s.find(key).source != fromDefault }

// inertWarnings are the values that were set but do nothing.
func (s *settings) inertWarnings() (ws []Warning) {
	for _, f := range s.fields {
		if f.inert != "" && f.source != fromDefault {
			ws = append(ws, Warning{Where: f.source, Key: f.key, Why: "read, has no effect in this version: " + f.inert})
		}
	}
	return ws
}

// Dir is the directory that the file was looked for in.
func (s *settings) Dir() string { return s.dir }

// WantsHelp tells that -h was given.
func (s *settings) WantsHelp() bool { return s.help }

// WantsVersion tells that -v was given.
func (s *settings) WantsVersion() bool { return s.version }
