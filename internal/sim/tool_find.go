package sim

import (
	"fmt"
	"path"
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
		if hit, _ := path.Match(g, name); hit {
			return true
		}
	}
	return false
}

func find(m *Machine, c run.Cmd) run.Result {
	q, known := parseFind(c)
	if !known {
		return usage(c, "expression")
	}
	var res run.Result
	var out strings.Builder
	for _, dir := range q.dirs {
		n := m.files.at(dir)
		if n == nil {
			res.Stderr = fmt.Appendf(res.Stderr, "find: '%s': No such file or directory\n", dir)
			res.ExitCode = 1
			continue
		}
		if q.wants(path.Base(dir), n) {
			findPrint(&out, q.format, dir, path.Base(dir), 0, n)
		}
		for _, name := range m.files.names(path.Clean(dir)) {
			if e := m.files.at(path.Join(dir, name)); q.wants(name, e) {
				findPrint(&out, q.format, dir, name, 1, e)
			}
		}
	}
	res.Stdout = []byte(out.String())
	return res
}

func findPrint(out *strings.Builder, format, dir, name string, depth int, n *inode) {
	for i := 0; i < len(format); i++ {
		if i+1 >= len(format) || format[i] != '%' && format[i] != '\\' {
			out.WriteByte(format[i])
			continue
		}
		i++
		switch format[i-1 : i+1] {
		case `\0`:
			out.WriteByte(0)
		case `\t`:
			out.WriteByte('\t')
		case "%H":
			out.WriteString(dir)
		case "%f":
			out.WriteString(name)
		case "%d":
			fmt.Fprint(out, depth)
		case "%y":
			out.WriteByte(n.kind)
		case "%s":
			fmt.Fprint(out, n.size)
		case "%b":
			fmt.Fprint(out, n.alloc/512)
		case "%D":
			fmt.Fprint(out, n.fs.dev)
		case "%i":
			fmt.Fprint(out, n.ino)
		default:
			out.WriteString("?")
		}
	}
}
