package sim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// loopTools is losetup.
func loopTools() map[string]Tool { return map[string]Tool{"losetup": losetup} }

func losetup(m *Machine, c run.Cmd) run.Result {
	o, bad := parseArgs(c, "l|list", "J|json", "O|output:", "f|find", "show", "L|nooverlap",
		"direct-io", "r|read-only", "d|detach:", "c|set-capacity:", "V|version")
	if bad != nil {
		return *bad
	}
	switch {
	case o.has("version"):
		return ok("losetup from util-linux 2.38.1\n")
	case o.has("list"):
		return m.losetupList(c, o)
	case o.has("detach"):
		return m.losetupDetach(o.set["detach"])
	case o.has("set-capacity"):
		l := m.loopAt(o.set["set-capacity"])
		if l == nil {
			return fail(1, "losetup: %s: set capacity failed: No such device or address", o.set["set-capacity"])
		}
		if l.dev.SizeBytes != l.capacity() {
			l.dev.SizeBytes = l.capacity()
			m.changed()
		}
		return ok("")
	case o.has("find") && o.has("show") && len(o.rest) == 1:
		return m.losetupAttach(o)
	}
	return usage(c, "combination of options")
}

func (m *Machine) loopAt(p string) *loop {
	if d := m.lookDevice(p); d != nil {
		return d.loop
	}
	return nil
}

// losetupDetach follows the kernel: a device in use is only marked to go with its
// last user, and the command succeeds.
func (m *Machine) losetupDetach(p string) run.Result {
	l := m.loopAt(p)
	if l == nil {
		return fail(1, "losetup: %s: detach failed: No such device or address", p)
	}
	if l.dev.open() {
		if !l.autoclear {
			l.autoclear = true
			m.changed()
		}
		return ok("")
	}
	m.dropLoop(l)
	return ok("")
}

// losetupAttach follows util-linux: with --nooverlap a file that is attached whole
// already gives its device, and direct I/O that is refused leaves the device
// attached behind an exit code of 1.
func (m *Machine) losetupAttach(o options) run.Result {
	p := o.rest[0]
	node := m.files.at(p)
	switch {
	case node == nil:
		return fail(1, "losetup: %s: failed to set up loop device: No such file or directory", p)
	case node.kind != 'f':
		return fail(1, "losetup: %s: failed to set up loop device: Is a directory", p)
	}
	if o.has("nooverlap") {
		for _, l := range m.loopList() {
			if l.node != node {
				continue
			}
			if l.offset != 0 || l.sizeLimit != 0 || l.readOnly != o.has("read-only") {
				return fail(1, "losetup: %s: overlapping loop device exists", p)
			}
			if l.autoclear {
				l.autoclear = false
				m.changed()
			}
			return ok("%s\n", l.name())
		}
	}
	l := m.attachLoop(p, node)
	l.readOnly = o.has("read-only")
	res := ok("%s\n", l.name())
	if o.set["direct-io"] == "on" {
		l.dio = !node.fs.NoDirectIO
		if !l.dio {
			res.ExitCode, res.Stderr = 1, fmt.Appendf(nil, "losetup: %s: set direct io failed: Invalid argument\n", l.name())
		}
	}
	return res
}

func (m *Machine) losetupList(c run.Cmd, o options) run.Result {
	if !o.has("json") || o.set["output"] == "" {
		return usage(c, "--list without --json and --output")
	}
	loops := m.loopList()
	cols := strings.Split(strings.ToLower(o.set["output"]), ",")
	var b strings.Builder
	b.WriteString("{\n   \"loopdevices\": [")
	for i, l := range loops {
		if i > 0 {
			b.WriteString(",")
		}
		if !m.losetupRow(&b, l, cols) {
			return usage(c, "a column")
		}
	}
	b.WriteString("\n   ]\n}\n")
	return ok("%s", b.String())
}

func (m *Machine) losetupRow(b *strings.Builder, l *loop, cols []string) bool {
	b.WriteString("\n      {")
	for i, col := range cols {
		v, known := m.losetupValue(l, col)
		if !known {
			return false
		}
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n         \"" + col + "\": " + v)
	}
	b.WriteString("\n      }")
	return true
}

// losetupValue is one value as JSON.
func (m *Machine) losetupValue(l *loop, col string) (string, bool) {
	switch col {
	case "name":
		return strconv.Quote(l.name()), true
	case "back-file":
		data, _ := json.Marshal(m.backing(l)) // a string cannot fail
		return string(data), true
	case "back-ino":
		return strconv.FormatUint(l.node.ino, 10), true
	case "back-maj:min":
		dev := l.node.fs.dev
		return fmt.Sprintf("\"%6d:%-3d\"", dev>>8, dev&255), true
	case "offset":
		return strconv.FormatInt(l.offset, 10), true
	case "sizelimit":
		return strconv.FormatInt(l.sizeLimit, 10), true
	case "autoclear":
		return strconv.FormatBool(l.autoclear), true
	case "ro":
		return strconv.FormatBool(l.readOnly), true
	case "dio":
		return strconv.FormatBool(l.dio), true
	case "log-sec":
		return strconv.Itoa(l.dev.SectorBytes), true
	}
	return "", false
}

// LoopsOf lists the loop devices on a path, deleted files' ones included.
func (m *Machine) LoopsOf(p string) (out []string) {
	m.do(func() {
		for _, l := range m.loopList() {
			if l.path == p {
				out = append(out, l.name())
			}
		}
	})
	slices.Sort(out)
	return out
}
