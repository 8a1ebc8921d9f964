package sim

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// coreTools are the tools of coreutils and fallocate.
func coreTools() map[string]Tool {
	return map[string]Tool{
		"truncate": truncate, "fallocate": fallocate, "sync": syncFile, "df": df,
		"cp": cp, "mkdir": mkdir, "stat": stat,
	}
}

// truncate models --size=N and --size=>N (at least).
func truncate(m *Machine, c run.Cmd) run.Result {
	o, bad := parseArgs(c, "s|size:", "c|no-create")
	if bad != nil {
		return *bad
	}
	size, valid := parseBytes(strings.TrimPrefix(o.set["size"], ">"))
	if !valid || len(o.rest) != 1 {
		return usage(c, "arguments")
	}
	atLeast := strings.HasPrefix(o.set["size"], ">")
	node := m.files.at(o.rest[0])
	switch {
	case node == nil && o.has("no-create"):
		return ok("")
	case node == nil:
		node = m.files.newNode(o.rest[0], 'f')
		if m.files.enter(o.rest[0], node) != nil {
			return fail(1, "truncate: cannot open '%s' for writing: No such file or directory", o.rest[0])
		}
		m.changed()
	case node.kind == 'd':
		return fail(1, "truncate: cannot open '%s' for writing: Is a directory", o.rest[0])
	}
	if atLeast && node.size >= size || node.size == size {
		return ok("")
	}
	m.resize(node, size)
	if node.alloc > size {
		_ = m.files.setAlloc(node, size) // shrinking cannot fail
	}
	return ok("")
}

// resize changes a file's size, not durably.
func (m *Machine) resize(node *inode, size int64) {
	old := node.size
	node.size = size
	m.files.notSynced(node, func() { node.size = old })
	m.changed()
}

func fallocate(m *Machine, c run.Cmd) run.Result {
	o, bad := parseArgs(c, "l|length:", "o|offset:")
	if bad != nil {
		return *bad
	}
	length, valid := parseBytes(o.set["length"])
	offset, _ := parseBytes(o.set["offset"])
	if !valid || len(o.rest) != 1 {
		return usage(c, "arguments")
	}
	node := m.files.at(o.rest[0])
	if node == nil || node.kind == 'd' {
		return fail(1, "fallocate: cannot open %s: No such file or directory", o.rest[0])
	}
	if node.fs.NoFallocate {
		return fail(1, "fallocate: fallocate failed: Operation not supported")
	}
	end := offset + length
	oldAlloc := node.alloc
	if err := m.files.setAlloc(node, max(node.alloc, end)); err != nil {
		// As on ext4, what was allocated up to here stays.
		if !m.files.full {
			_ = m.files.setAlloc(node, node.alloc+node.fs.free()/blockBytes*blockBytes)
			m.resize(node, max(node.size, node.alloc))
		}
		return fail(1, "fallocate: fallocate failed: No space left on device")
	}
	if node.alloc != oldAlloc {
		m.files.notSynced(node, func() { _ = m.files.setAlloc(node, oldAlloc) })
		m.changed()
	}
	if end > node.size {
		m.resize(node, end)
	}
	return ok("")
}

func syncFile(m *Machine, c run.Cmd) run.Result {
	o, bad := parseArgs(c)
	if bad != nil {
		return *bad
	}
	if len(o.rest) == 0 && len(m.files.unsynced) > 0 {
		m.files.unsynced = nil
		m.changed()
	}
	for _, p := range o.rest {
		node := m.files.at(p)
		if node == nil {
			return fail(1, "sync: error opening '%s': No such file or directory", p)
		}
		if m.files.synced(node) {
			m.changed()
		}
	}
	return ok("")
}

func df(m *Machine, c run.Cmd) run.Result {
	o, bad := parseArgs(c, "block-size:", "output:")
	if bad != nil {
		return *bad
	}
	if o.set["block-size"] != "1K" || o.set["output"] == "" {
		return usage(c, "anything but --block-size=1K with --output")
	}
	var res run.Result
	cols := strings.Split(o.set["output"], ",")
	heads := map[string]string{"fstype": "Type", "size": "1K-blocks", "avail": "Avail", "used": "Used", "file": "File", "target": "Mounted on"}
	for i, col := range cols {
		res.Stdout = fmt.Appendf(res.Stdout, "%s%-9s", strings.Repeat(" ", min(i, 1)), heads[col])
	}
	res.Stdout = append(res.Stdout, '\n')
	for _, p := range o.rest {
		f := m.files.fsOf(p)
		if m.files.at(p) == nil {
			res.Stderr = fmt.Appendf(res.Stderr, "df: %s: No such file or directory\n", p)
			res.ExitCode = 1
			continue
		}
		vals := map[string]string{"fstype": f.Type, "size": fmt.Sprint(f.CapacityBytes >> 10),
			"used": fmt.Sprint(f.used >> 10), "avail": fmt.Sprint(f.free() >> 10), "file": p, "target": f.dir}
		for i, col := range cols {
			res.Stdout = fmt.Appendf(res.Stdout, "%s%9s", strings.Repeat(" ", min(i, 1)), vals[col])
		}
		res.Stdout = append(res.Stdout, '\n')
	}
	return res
}

// cp models only cp --reflink=always onto a file that exists or not.
func cp(m *Machine, c run.Cmd) run.Result {
	o, bad := parseArgs(c, "reflink:", "T|no-target-directory")
	if bad != nil {
		return *bad
	}
	if o.set["reflink"] != "always" || !o.has("no-target-directory") || len(o.rest) != 2 {
		return usage(c, "anything but --reflink=always --no-target-directory SOURCE DEST")
	}
	src, dst := m.files.at(o.rest[0]), m.files.at(o.rest[1])
	switch {
	case src == nil:
		return fail(1, "cp: cannot stat '%s': No such file or directory", o.rest[0])
	case dst == nil:
		dst = m.files.newNode(o.rest[1], 'f')
		if m.files.enter(o.rest[1], dst) != nil {
			return fail(1, "cp: cannot create regular file '%s': No such file or directory", o.rest[1])
		}
		m.changed()
	case dst.kind == 'd':
		return fail(1, "cp: cannot overwrite directory '%s' with non-directory", o.rest[1])
	}
	if !src.fs.Reflink || src.fs != dst.fs {
		return fail(1, "cp: failed to clone '%s' from '%s': Operation not supported", o.rest[1], o.rest[0])
	}
	old := *dst
	dst.fs.used -= dst.charged
	dst.size, dst.alloc, dst.charged = src.size, src.alloc, 0
	dst.data, dst.content = slices.Clone(src.data), src.content.clone()
	m.files.notSynced(dst, func() { dst.size, dst.alloc, dst.data, dst.content = old.size, old.alloc, old.data, old.content })
	m.changed()
	return ok("")
}

func mkdir(m *Machine, c run.Cmd) run.Result {
	o, bad := parseArgs(c, "p|parents")
	if bad != nil {
		return *bad
	}
	for _, p := range o.rest {
		switch node := m.files.at(p); {
		case node != nil && node.kind == 'd' && o.has("parents"):
			continue
		case node != nil:
			return fail(1, "mkdir: cannot create directory '%s': File exists", p)
		case !o.has("parents") && m.files.at(path.Dir(p)) == nil:
			return fail(1, "mkdir: cannot create directory '%s': No such file or directory", p)
		}
		m.files.mkdirAll(p)
		m.changed()
	}
	return ok("")
}

func stat(m *Machine, c run.Cmd) run.Result {
	o, bad := parseArgs(c, "c|format:")
	if bad != nil {
		return *bad
	}
	if o.set["format"] == "" {
		return usage(c, "no --format")
	}
	var res run.Result
	kinds := map[byte]string{'f': "regular file", 'd': "directory", 'l': "symbolic link"}
	for _, p := range o.rest {
		n := m.files.at(p)
		if n == nil {
			res.Stderr = fmt.Appendf(res.Stderr, "stat: cannot statx '%s': No such file or directory\n", p)
			res.ExitCode = 1
			continue
		}
		line := strings.NewReplacer("%s", fmt.Sprint(n.size), "%b", fmt.Sprint(n.alloc/512), "%B", "512",
			"%i", fmt.Sprint(n.ino), "%h", fmt.Sprint(n.nlink), "%F", kinds[n.kind], "%n", p,
			"%d", fmt.Sprint(n.fs.dev)).Replace(o.set["format"])
		res.Stdout = append(append(res.Stdout, line...), '\n')
	}
	return res
}
