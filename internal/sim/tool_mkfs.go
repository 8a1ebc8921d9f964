package sim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// mkfsTools make file systems: they leave a signature and nothing else.
func mkfsTools() map[string]Tool {
	return map[string]Tool{"mkfs.ext4": mkfs("ext4"), "mkfs.xfs": mkfs("xfs")}
}

// mkfs takes any option, for users pass their own, and its device last.
func mkfs(kind string) Tool {
	return func(m *Machine, c run.Cmd) run.Result {
		p := c.Argv[len(c.Argv)-1]
		d := m.lookDevice(p)
		switch {
		case d == nil:
			return fail(1, "mkfs.%s: %s: No such file or directory", kind, p)
		case d.open():
			return fail(1, "mkfs.%s: %s is apparently in use by the system; will not make a filesystem here!", kind, p)
		case kind == "xfs" && fsType(d) != "" && !slices.ContainsFunc(c.Argv, func(a string) bool { return strings.HasPrefix(a, "-f") }):
			return fail(1, "mkfs.xfs: %s appears to contain an existing filesystem (%s).", p, fsType(d))
		}
		err := d.use(func() {
			d.content().Set(MarkFS, kind)
			d.content().Set(MarkUUID, fmt.Sprintf("%s-%s-%d", m.name, d.kname(), d.content().writes))
		})
		if err != nil {
			return fail(1, "mkfs.%s: %v", kind, err)
		}
		m.changed()
		return ok("")
	}
}
