package arch_test

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

// TestPureCode finds what imports do not show: clocks and goroutines.
func TestPureCode(t *testing.T) {
	clock := []string{"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "Tick", "NewTimer", "NewTicker"}
	for _, s := range sources(t) {
		if s.test || !matches(s.dir, pure()...) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s:%d: a goroutine in a pure package; let the caller start it", s.path, s.line(n))
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clock, n.Sel.Name) {
					t.Errorf("%s:%d: time.%s in a pure package; take the time as an argument", s.path, s.line(n), n.Sel.Name)
				}
			}
			return true
		})
	}
}

func TestNoInit(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" && !s.test {
				t.Errorf("%s:%d: func init; call what is needed from where it is needed", s.path, s.line(f))
			}
		}
	}
}

// TestNoGlobalState finds package variables that functions change.
func TestNoGlobalState(t *testing.T) {
	globals := map[string]map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		pkg := s.dir
		if globals[pkg] == nil {
			globals[pkg] = map[string]bool{}
		}
		for _, spec := range packageVars(s.file) {
			for _, name := range spec.Names {
				globals[pkg][name.Name] = name.Name != "_"
			}
		}
	}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, w := range writes(s.file) {
			if globals[s.dir][w.Name] {
				t.Errorf("%s:%d: the package variable %s is changed; keep it in a struct that is passed on", s.path, s.line(w), w.Name)
			}
		}
	}
}

func packageVars(f *ast.File) (specs []*ast.ValueSpec) {
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
			for _, spec := range g.Specs {
				specs = append(specs, spec.(*ast.ValueSpec))
			}
		}
	}
	return specs
}

// writes are the names that are assigned to in functions and are not local there.
func writes(f *ast.File) (names []*ast.Ident) {
	// Locals are those that the parser has resolved to something within the file
	// that is not a package variable.
	packageLevel := map[any]bool{}
	for _, spec := range packageVars(f) {
		packageLevel[spec] = true
	}
	note := func(e ast.Expr) {
		for {
			switch x := e.(type) {
			case *ast.IndexExpr:
				e = x.X
			case *ast.SelectorExpr:
				e = x.X
			case *ast.StarExpr:
				e = x.X
			case *ast.ParenExpr:
				e = x.X
			case *ast.Ident:
				if x.Obj == nil || packageLevel[x.Obj.Decl] {
					names = append(names, x)
				}
				return
			default:
				return
			}
		}
	}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					for _, e := range n.Lhs {
						note(e)
					}
				}
			case *ast.IncDecStmt:
				note(n.X)
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "delete" || id.Name == "clear") && len(n.Args) > 0 {
					note(n.Args[0])
				}
			}
			return true
		})
	}
	return names
}

func TestPackageDocs(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		documented[s.dir] = documented[s.dir] || s.file.Doc != nil
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s has no package comment; say what it is for, its invariant, and what it must not do", dir)
		}
	}
}

const maxFileLines = 600

func TestFileLength(t *testing.T) {
	for _, s := range sources(t) {
		if s.lines > maxFileLines {
			t.Errorf("%s has %d lines, more than %d; split it by subject", s.path, s.lines, maxFileLines)
		}
	}
}

const maxFuncLines = 70

// longFunctions are those that would not be easier to read in parts.
func longFunctions() map[string]string {
	return map[string]string{}
}

func TestFunctionLength(t *testing.T) {
	allowed := longFunctions()
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || s.test {
				continue
			}
			lines := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1
			name := s.dir + "." + funcName(f)
			if lines <= maxFuncLines {
				continue
			}
			if allowed[name] == "" {
				t.Errorf("%s:%d: %s has %d lines, more than %d; split it", s.path, s.line(f), name, lines, maxFuncLines)
			}
			delete(allowed, name)
		}
	}
	for name := range allowed {
		t.Errorf("%s is no longer too long; take it off the list", name)
	}
}

func funcName(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	return receiver(f) + "." + f.Name.Name
}

func receiver(f *ast.FuncDecl) string {
	e := f.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

const minDocumented = 0.98

// TestExportedDocs counts the exported names that have a comment.
func TestExportedDocs(t *testing.T) {
	var all int
	missing := map[string][]string{}
	for _, s := range sources(t) {
		if s.test || s.file.Name.Name == "main" {
			continue
		}
		for name, ok := range exported(s.file) {
			all++
			if !ok {
				missing[s.dir] = append(missing[s.dir], path.Base(s.path)+":"+name)
			}
		}
	}
	n := 0
	for _, names := range missing {
		n += len(names)
	}
	if share := 1 - float64(n)/float64(all); share < minDocumented {
		t.Errorf("%.1f %% of %d exported names have a comment; at least %.0f %% must", share*100, all, minDocumented*100)
		for dir, names := range missing {
			slices.Sort(names)
			t.Logf("%s: %s", dir, strings.Join(names, " "))
		}
	}
}

// exported gives every exported name of a file and whether it has a comment.
func exported(f *ast.File) map[string]bool {
	out := map[string]bool{}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && (d.Recv == nil || ast.IsExported(receiver(d))) {
				out[funcName(d)] = d.Doc != nil
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					if spec.Name.IsExported() {
						out[spec.Name.Name] = d.Doc != nil || spec.Doc != nil || spec.Comment != nil
					}
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						if name.IsExported() {
							out[name.Name] = d.Doc != nil || spec.Doc != nil || spec.Comment != nil
						}
					}
				}
			}
		}
	}
	return out
}
