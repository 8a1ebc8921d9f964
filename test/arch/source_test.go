package arch_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const (
	root   = "../.."
	module = "github.com/holdfast-storage/holdfast"
)

// listed is what "go list" says of a package.
type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
	Standard   bool
}

// name is the package's path within the module.
func (l listed) name() string { return strings.TrimPrefix(l.ImportPath, module+"/") }

func ours(importPath string) bool { return strings.HasPrefix(importPath, module+"/") }

var goList = sync.OnceValues(func() ([]listed, error) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Deps,Standard", "-deps", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.String())
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("read go list: %w", err)
		}
		all = append(all, l)
	}
})

// packages are the module's own packages.
func packages(t *testing.T) []listed {
	t.Helper()
	all, err := goList()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(slices.Clone(all), func(l listed) bool { return !ours(l.ImportPath) })
}

// source is one parsed Go file.
type source struct {
	// path is relative to the root, dir its folder.
	path, dir string
	test      bool
	file      *ast.File
	fset      *token.FileSet
	lines     int
}

func (s source) line(n ast.Node) int { return s.fset.Position(n.Pos()).Line }

var parsed = sync.OnceValues(func() ([]source, error) {
	names, err := tracked()
	if err != nil {
		return nil, err
	}
	var all []source
	fset := token.NewFileSet()
	for _, name := range names {
		if !strings.HasSuffix(name, ".go") || strings.Contains(name, "testdata/") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return nil, err
		}
		f, err := parser.ParseFile(fset, name, data, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		if ast.IsGenerated(f) {
			continue
		}
		all = append(all, source{path: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go"),
			file: f, fset: fset, lines: bytes.Count(data, []byte("\n"))})
	}
	return all, nil
})

func sources(t *testing.T) []source {
	t.Helper()
	all, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no Go file was found, so nothing would be checked")
	}
	return all
}

// tracked are the files of the project: those that git knows or would add, and
// without git all that are not hidden or built.
var tracked = sync.OnceValues(func() ([]string, error) {
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return walk()
	}
	var names []string
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		// A file that was deleted but is still in the index is not there to check.
		if _, err := os.Stat(filepath.Join(root, name)); err == nil {
			names = append(names, name)
		}
	}
	return names, nil
})

func walk() (names []string, err error) {
	err = fs.WalkDir(os.DirFS(root), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != "." && (d.Name()[0] == '.' && d.Name() != ".ci" || p == "bin" || p == "dist"):
			return fs.SkipDir
		case d.Type().IsRegular():
			names = append(names, p)
		}
		return nil
	})
	return names, err
}

// matches tells whether a package or folder is one of the patterns: "a/b" is only
// that, "a/b/..." is it and all below, "a/b/*" only those right below.
func matches(name string, patterns ...string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		switch {
		case strings.HasSuffix(p, "/..."):
			p = strings.TrimSuffix(p, "/...")
			return name == p || strings.HasPrefix(name, p+"/")
		case strings.HasSuffix(p, "/*"):
			return path.Dir(name) == strings.TrimSuffix(p, "/*")
		}
		return name == p
	})
}
