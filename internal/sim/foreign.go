package sim

import (
	"fmt"
	"path"
	"slices"
	"syscall"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// plant is something on the machine that is none of Holdfast's business.
type plant struct {
	what  string
	state func() string // read with the lock held
	was   string
	// volatile things are gone after a power loss and guarded no longer.
	volatile bool
}

// guard remembers what something foreign looks like now. Tool families call it,
// with the lock held, from their own plant helpers.
func (m *Machine) guard(what string, state func() string) {
	m.plants = append(m.plants, plant{what: what, state: state, was: state()})
}

// guardVolatile is guard for what does not outlive a power loss.
func (m *Machine) guardVolatile(what string, state func() string) {
	m.plants = append(m.plants, plant{what: what, state: state, was: state(), volatile: true})
}

// Guard remembers what something looks like now, so that Disturbed tells when it
// was changed. state runs with the machine's lock held.
func (m *Machine) Guard(what string, state func() string) {
	m.do(func() { m.guard(what, state) })
}

// Disturbed says which foreign objects are no longer what they were.
func (m *Machine) Disturbed() (out []string) {
	m.do(func() {
		for _, p := range m.plants {
			if now := p.state(); now != p.was {
				out = append(out, fmt.Sprintf("%s: was %q, is %q", p.what, p.was, now))
			}
		}
	})
	slices.Sort(out)
	return out
}

func (n *inode) fingerprint() string {
	if n == nil {
		return "gone"
	}
	return fmt.Sprintf("inode %d size %d alloc %d links %d data %q writes %d", n.ino, n.size, n.alloc, n.nlink, n.data, n.content.writes)
}

// PlantFile puts somebody else's file in place and guards it. kind is f, d or l.
func (m *Machine) PlantFile(p string, kind byte, sizeBytes int64) (err error) {
	m.do(func() {
		if kind == 'd' {
			m.files.mkdirAll(p)
		} else {
			node := m.files.newNode(p, kind)
			node.size = sizeBytes
			node.content.Set(MarkData, "foreign")
			if err = m.files.setAlloc(node, sizeBytes); err != nil {
				return
			}
			if err = m.files.enter(p, node); err != nil {
				err = pathErr("plant", p, err)
				return
			}
		}
		m.guard("file "+p, func() string { return m.files.at(p).fingerprint() })
	})
	return err
}

// PlantData puts somebody else's small file in place and guards it.
func (m *Machine) PlantData(p string, data []byte) (err error) {
	m.do(func() {
		if err = m.writeFile(run.File{Path: p, Data: data}); err == nil {
			m.guard("file "+p, func() string { return m.files.at(p).fingerprint() })
		}
	})
	return err
}

// PlantLoop attaches a file to a loop device as somebody else would, and guards
// the attachment. An offset makes it a part of the file.
func (m *Machine) PlantLoop(p string, offset int64) (device string, err error) {
	m.do(func() {
		node := m.files.at(p)
		if node == nil {
			err = pathErr("plant loop", p, errNoFile)
			return
		}
		l := m.attachLoop(p, node)
		l.offset = offset
		l.dev.SizeBytes = l.capacity()
		device = l.name()
		m.guardVolatile("loop "+device, func() string {
			now := m.loops[l.number]
			if now != l {
				return "detached"
			}
			return fmt.Sprintf("inode %d size %d autoclear %v writes %d", l.node.ino, l.dev.SizeBytes, l.autoclear, l.node.content.writes)
		})
	})
	return device, err
}

// Files changed behind the program's back.

// MakeDir makes a directory with its parents.
func (m *Machine) MakeDir(p string) { m.do(func() { m.files.mkdirAll(p) }) }

// RemoveDir removes a directory with all that is in it.
func (m *Machine) RemoveDir(p string) { m.do(func() { m.files.rmdir(path.Clean(p)) }) }

// MountFS mounts a file system on a directory, which is made.
func (m *Machine) MountFS(dir string, f FileSystem) { m.do(func() { m.files.mount(dir, f) }) }

// Unlink removes a file as a careless user would.
func (m *Machine) Unlink(p string) { m.do(func() { m.files.unlink(p) }) }

// ResizeFile changes a file's size as a careless user would.
func (m *Machine) ResizeFile(p string, sizeBytes int64) (err error) {
	return m.withFile(p, func(n *inode) error {
		n.size = sizeBytes
		return m.files.setAlloc(n, min(n.alloc, sizeBytes))
	})
}

// HardLink gives a file one more name.
func (m *Machine) HardLink(from, to string) error {
	return m.withFile(from, func(n *inode) error {
		if err := m.files.enter(to, n); err != nil {
			return err
		}
		n.nlink++
		return nil
	})
}

// Fill takes space of a file system until so many bytes are free.
func (m *Machine) Fill(dir string, freeBytes int64) {
	m.do(func() {
		f := m.files.fsOf(dir)
		f.used = f.CapacityBytes - freeBytes
	})
}

// FileInfo is what a test sees of a file.
type FileInfo struct {
	SizeBytes  int64
	AllocBytes int64
	Links      int
	Directory  bool
}

// File looks at a file; ok tells whether it is there.
func (m *Machine) File(p string) (info FileInfo, ok bool) {
	err := m.withFile(p, func(n *inode) error {
		info = FileInfo{SizeBytes: n.size, AllocBytes: n.alloc, Links: n.nlink, Directory: n.kind == 'd'}
		return nil
	})
	return info, err == nil
}

// FreeBytes is the free space of the file system a path is on.
func (m *Machine) FreeBytes(dir string) (free int64) {
	m.do(func() { free = m.files.fsOf(dir).free() })
	return free
}

func (m *Machine) withFile(p string, f func(n *inode) error) (err error) {
	m.do(func() {
		n := m.files.at(p)
		if n == nil {
			err = pathErr("open", p, errNoFile)
			return
		}
		err = f(n)
	})
	return err
}

// errNoFile is the error for a path at which nothing is.
const errNoFile = syscall.ENOENT
