package sim

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// throttleDir is where version 1 of the control groups has its limits.
const throttleDir = "/sys/fs/cgroup/blkio"

// Throttles models the limits of control groups, version 1, and the numbers of devices.
type Throttles struct {
	m       *Machine
	numbers []string
	tee     Tool
	stat    Tool
}

// NewThrottles gives a machine control groups. Tools that write to other files of the
// kernel are to be there before.
func NewThrottles(m *Machine) *Throttles {
	t := &Throttles{m: m}
	m.do(func() {
		t.tee, t.stat = m.tools["tee"], m.tools["stat"]
		m.tools["tee"], m.tools["stat"] = t.write, t.number
		m.files.mkdirAll(throttleDir)
		for _, f := range []string{"read_bps", "write_bps", "read_iops", "write_iops"} {
			p := throttleDir + "/blkio.throttle." + f + "_device"
			_ = m.files.enter(p, m.files.newNode(p, 'f'))
		}
	})
	return t
}

// Limits are the lines of a file such as write_bps.
func (t *Throttles) Limits(file string) (text string) {
	t.m.do(func() { text = string(t.m.files.at(throttleDir + "/blkio.throttle." + file + "_device").data) })
	return text
}

// write replaces the line about a device.
func (t *Throttles) write(m *Machine, c run.Cmd) run.Result {
	p := c.Argv[1]
	if path.Dir(p) != throttleDir {
		if t.tee == nil {
			return fail(1, "tee: %s: No such file or directory", p)
		}
		return t.tee(m, c)
	}
	node := m.files.at(p)
	device, value, both := strings.Cut(strings.TrimSpace(string(c.Stdin)), " ")
	if node == nil || !both {
		return fail(1, "tee: %s: Invalid argument", p)
	}
	var keep []string
	for l := range strings.Lines(string(node.data)) {
		if !strings.HasPrefix(l, device+" ") {
			keep = append(keep, l)
		}
	}
	if value != "0" {
		keep = append(keep, device+" "+value+"\n")
	}
	node.data = []byte(strings.Join(keep, ""))
	node.size = int64(len(node.data))
	m.changed()
	return run.Result{Stdout: c.Stdin}
}

// number answers the numbers of devices, which are given in the order they are asked for.
func (t *Throttles) number(m *Machine, c run.Cmd) run.Result {
	if !slices.Contains(c.Argv, "--format=%t:%T") {
		return t.stat(m, c)
	}
	var out strings.Builder
	for _, p := range c.Argv[3:] {
		d := m.lookDevice(p)
		if d == nil {
			return fail(1, "stat: cannot statx '%s': No such file or directory", p)
		}
		i := slices.Index(t.numbers, d.Path)
		if i < 0 {
			i = len(t.numbers)
			t.numbers = append(t.numbers, d.Path)
		}
		fmt.Fprintf(&out, "fd:%x\n", i)
	}
	return ok("%s", out.String())
}
