package sim

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/holdfast-storage/holdfast/internal/run"
)

func pathErr(op, p string, err error) error { return &fs.PathError{Op: op, Path: p, Err: err} }

func (m *Machine) readFile(p string) ([]byte, error) {
	if data, found := m.kernelFile(p); found {
		return data, nil
	}
	node := m.files.at(p)
	switch {
	case node == nil:
		return nil, pathErr("open", p, syscall.ENOENT)
	case node.kind == 'd':
		return nil, pathErr("read", p, syscall.EISDIR)
	case node.size > 1<<20:
		return nil, pathErr("read", p, syscall.EFBIG)
	}
	data := bytes.Clone(node.data)
	return append(data, make([]byte, node.size-int64(len(data)))...), nil
}

func (m *Machine) writeFile(f run.File) error {
	old := m.files.at(f.Path)
	switch {
	case old != nil && f.Exclusive:
		return pathErr("create", f.Path, syscall.EEXIST)
	case old != nil && old.kind == 'd':
		return pathErr("create", f.Path, syscall.EISDIR)
	case m.files.dirs[path.Dir(path.Clean(f.Path))] == nil:
		return pathErr("create", f.Path, syscall.ENOENT)
	}
	node := m.files.newNode(f.Path, 'f')
	if m.full {
		return pathErr("write", f.Path, syscall.ENOSPC)
	}
	if err := m.files.setAlloc(node, int64(len(f.Data))); err != nil {
		return pathErr("write", f.Path, err)
	}
	node.data, node.size = bytes.Clone(f.Data), int64(len(f.Data))
	m.files.unlink(f.Path)
	if err := m.files.enter(f.Path, node); err != nil {
		return pathErr("create", f.Path, err)
	}
	m.changed()
	return nil
}

func (m *Machine) removeFile(p string) error {
	node := m.files.at(p)
	if node == nil {
		return nil
	}
	if node.kind == 'd' {
		return pathErr("remove", p, syscall.EISDIR)
	}
	m.files.unlink(p)
	m.changed()
	return nil
}

func (m *Machine) glob(pattern string) ([]string, error) {
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("glob %s: %w", pattern, err)
	}
	var out []string
	if strings.HasPrefix(pattern, sysBlock) {
		for _, p := range m.kernelPaths(pattern) {
			if hit, _ := filepath.Match(pattern, p); hit {
				out = append(out, p)
			}
		}
		slices.Sort(out)
		return out, nil
	}
	dirPattern, base := path.Dir(pattern), path.Base(pattern)
	dirs := []string{dirPattern}
	if strings.ContainsAny(dirPattern, `*?[\`) {
		dirs = dirs[:0]
		for dir := range m.files.dirs {
			if hit, _ := path.Match(dirPattern, dir); hit {
				dirs = append(dirs, dir)
			}
		}
	}
	for _, dir := range dirs {
		for name := range m.files.dirs[dir] {
			if hit, _ := path.Match(base, name); hit {
				out = append(out, path.Join(dir, name))
			}
		}
	}
	slices.Sort(out)
	return out, nil
}
