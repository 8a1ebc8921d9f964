package sim

import (
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// options are the parsed arguments of a tool.
type options struct {
	set  map[string]string
	rest []string
}

func (o options) has(name string) bool { _, found := o.set[name]; return found }

// parseArgs reads a command line by a getopt-like specification: words of the form
// "long", "l|long" or, with a value, "l|long:". Unknown options give a usage error.
func parseArgs(c run.Cmd, spec ...string) (options, *run.Result) {
	o := options{set: map[string]string{}}
	args := c.Argv[1:]
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			o.rest = append(o.rest, args[i+1:]...)
			break
		}
		if len(a) < 2 || a[0] != '-' {
			o.rest = append(o.rest, a)
			continue
		}
		word, value, inline := strings.Cut(strings.TrimLeft(a, "-"), "=")
		name, takes, known := specified(spec, word)
		if !known {
			u := usage(c, "option "+a)
			return o, &u
		}
		if takes && !inline {
			if i++; i >= len(args) {
				u := usage(c, "option "+a+" without a value")
				return o, &u
			}
			value = args[i]
		}
		o.set[name] = value
	}
	return o, nil
}

// specified finds the long name of an option, and whether it takes a value.
func specified(spec []string, word string) (full string, takes, known bool) {
	for _, s := range spec {
		name, value := strings.CutSuffix(s, ":")
		short, full, both := strings.Cut(name, "|")
		if !both {
			full = short
		}
		if word == short || word == full {
			return full, value, true
		}
	}
	return "", false, false
}

// parseBytes reads a size with an optional binary suffix.
func parseBytes(s string) (int64, bool) {
	shift := 0
	s = strings.TrimSuffix(strings.TrimSuffix(s, "iB"), "B")
	if s != "" {
		if i := strings.IndexByte("KMGT", s[len(s)-1]&^0x20); i >= 0 {
			shift, s = 10*(i+1), s[:len(s)-1]
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n << shift, err == nil && n >= 0
}
