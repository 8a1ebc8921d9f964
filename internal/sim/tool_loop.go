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
	b := make([]byte, 0, 64+384*len(loops))
	b = append(b, "{\n   \"loopdevices\": ["...)
	for i, l := range loops {
		if i > 0 {
			b = append(b, ',')
		}
		var known bool
		if b, known = m.losetupRow(b, l, cols); !known {
			return usage(c, "a column")
		}
	}
	return run.Result{Stdout: append(b, "\n   ]\n}\n"...)}
}

func (m *Machine) losetupRow(b []byte, l *loop, cols []string) ([]byte, bool) {
	b = append(b, "\n      {"...)
	for i, col := range cols {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, "\n         \""...), col...), "\": "...)
		var known bool
		if b, known = m.losetupValue(b, l, col); !known {
			return b, false
		}
	}
	return append(b, "\n      }"...), true
}

// losetupValue appends one value as JSON.
func (m *Machine) losetupValue(b []byte, l *loop, col string) ([]byte, bool) {
	switch col {
	case "name":
		return strconv.AppendQuote(b, l.name()), true
	case "back-file":
		return appendJSON(b, m.backing(l)), true
	case "back-ino":
		return strconv.AppendUint(b, l.node.ino, 10), true
	case "back-maj:min":
		dev := l.node.fs.dev
		return fmt.Appendf(b, "\"%6d:%-3d\"", dev>>8, dev&255), true
	case "offset":
		return strconv.AppendInt(b, l.offset, 10), true
	case "sizelimit":
		return strconv.AppendInt(b, l.sizeLimit, 10), true
	case "autoclear":
		return strconv.AppendBool(b, l.autoclear), true
	case "ro":
		return strconv.AppendBool(b, l.readOnly), true
	case "dio":
		return strconv.AppendBool(b, l.dio), true
	case "log-sec":
		return strconv.AppendInt(b, int64(l.dev.SectorBytes), 10), true
	}
	return b, false
}

// appendJSON appends a string as JSON; names without anything odd are nearly all.
func appendJSON(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || strings.IndexByte(`"\\<>&`, c) >= 0 {
			data, _ := json.Marshal(s) // a string cannot fail
			return append(b, data...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
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
