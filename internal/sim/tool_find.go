package sim

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// findTools is find, as far as a listing of directories needs it.
func findTools() map[string]Tool { return map[string]Tool{"find": find} }

// findQuery is find [-H] DIR… [-ignore_readdir_race] -maxdepth 1 [( -type d -o
// -name GLOB … )] -printf FORMAT.
type findQuery struct {
	dirs   []string
	format string
	dirsOK bool
	globs  []string
}

func parseFind(c run.Cmd) (findQuery, bool) {
	var q findQuery
	args := c.Argv[1:]
	for i := 0; i < len(args); i++ {
		next := ""
		if i+1 < len(args) {
			next = args[i+1]
		}
		switch a := args[i]; {
		case a == "-H" || a == "(" || a == ")" || a == "-o" || a == "-ignore_readdir_race":
		case a == "-maxdepth" && next == "1":
			i++
		case a == "-type" && next == "d":
			q.dirsOK = true
			i++
		case a == "-name":
			q.globs = append(q.globs, next)
			i++
		case a == "-printf":
			q.format = next
			i++
		case strings.HasPrefix(a, "-"):
			return q, false
		default:
			q.dirs = append(q.dirs, a)
		}
	}
	return q, q.format != ""
}

func (q findQuery) wants(name string, n *inode) bool {
	if q.dirsOK && n.kind == 'd' || !q.dirsOK && len(q.globs) == 0 {
		return true
	}
	for _, g := range q.globs {
		if matches(g, name) {
			return true
		}
	}
	return false
}

// matches is path.Match for a name; a single star, as most globs have, is matched here.
func matches(glob, name string) bool {
	before, after, star := strings.Cut(glob, "*")
	if star && !strings.ContainsAny(before, `?[\`) && !strings.ContainsAny(after, `*?[\`) {
		return len(name) >= len(before)+len(after) && strings.HasPrefix(name, before) && strings.HasSuffix(name, after)
	}
	hit, _ := path.Match(glob, name)
	return hit
}

func find(m *Machine, c run.Cmd) run.Result {
	q, known := parseFind(c)
	if !known {
		return usage(c, "expression")
	}
	var res run.Result
	var out []byte
	for _, dir := range q.dirs {
		n := m.files.at(dir)
		if n == nil {
			res.Stderr = fmt.Appendf(res.Stderr, "find: '%s': No such file or directory\n", dir)
			res.ExitCode = 1
			continue
		}
		if q.wants(path.Base(dir), n) {
			out = findPrint(out, q.format, dir, path.Base(dir), 0, n)
		}
		in := m.files.dirs[path.Clean(dir)]
		out = slices.Grow(out, 80*len(in))
		for _, name := range slices.Sorted(maps.Keys(in)) {
			if e := in[name]; q.wants(name, e) {
				out = findPrint(out, q.format, dir, name, 1, e)
			}
		}
	}
	res.Stdout = out
	return res
}

func findPrint(out []byte, format, dir, name string, depth int, n *inode) []byte {
	for i := 0; i < len(format); i++ {
		if i+1 >= len(format) || format[i] != '%' && format[i] != '\\' {
			out = append(out, format[i])
			continue
		}
		i++
		switch format[i-1 : i+1] {
		case `\0`:
			out = append(out, 0)
		case `\t`:
			out = append(out, '\t')
		case "%H":
			out = append(out, dir...)
		case "%f":
			out = append(out, name...)
		case "%d":
			out = strconv.AppendInt(out, int64(depth), 10)
		case "%y":
			out = append(out, n.kind)
		case "%s":
			out = strconv.AppendInt(out, n.size, 10)
		case "%b":
			out = strconv.AppendInt(out, n.alloc/512, 10)
		case "%D":
			out = strconv.AppendUint(out, n.fs.dev, 10)
		case "%i":
			out = strconv.AppendUint(out, n.ino, 10)
		default:
			out = append(out, '?')
		}
	}
	return out
}
