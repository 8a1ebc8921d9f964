package sim

import (
	"fmt"
	"maps"
	"slices"
)

// loop is an attached loop device.
type loop struct {
	number    int
	node      *inode
	path      string
	offset    int64
	sizeLimit int64
	dio       bool
	autoclear bool
	readOnly  bool
	dev       *Device
}

func (l *loop) name() string { return l.dev.Path }

// backing is what the kernel shows as the backing file.
func (m *Machine) backing(l *loop) string {
	if l.node.nlink == 0 || m.files.at(l.path) != l.node {
		return l.path + " (deleted)"
	}
	return l.path
}

func (l *loop) capacity() int64 {
	size := l.node.size - l.offset
	if l.sizeLimit > 0 {
		size = min(size, l.sizeLimit)
	}
	return max(size, 0) / 512 * 512
}

// attachLoop binds a file to the lowest free loop device.
func (m *Machine) attachLoop(p string, node *inode) *loop {
	n := 0
	for m.loops[n] != nil {
		n++
	}
	l := &loop{number: n, node: node, path: p}
	l.dev = m.addDevice(&Device{Path: fmt.Sprintf("/dev/loop%d", n), SizeBytes: l.capacity(), Type: "loop", Content: node.content})
	l.dev.loop = l
	m.loops[n] = l
	node.opens++
	m.changed()
	return l
}

// dropLoop detaches a loop device for good.
func (m *Machine) dropLoop(l *loop) {
	delete(m.loops, l.number)
	m.removeDevice(l.name())
	delete(m.mounts, l.name())
	l.node.opens--
	m.files.release(l.node)
	m.changed()
}

func (m *Machine) loopList() []*loop {
	out := make([]*loop, 0, len(m.loops))
	for _, n := range slices.Sorted(maps.Keys(m.loops)) {
		out = append(out, m.loops[n])
	}
	return out
}

// WriteThrough lets a user of a loop device write so many bytes in all, which
// allocates them in the file; it fails when the file system is full.
func (m *Machine) WriteThrough(device string, bytes int64, data string) error {
	return m.withDevice(device, func(d *Device) error {
		if d.loop != nil {
			if err := m.files.setAlloc(d.loop.node, max(d.loop.node.alloc, bytes)); err != nil {
				return fmt.Errorf("write %s: %w", device, err)
			}
		}
		return d.use(func() { d.content().Set(MarkData, data) })
	})
}
