package sim

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// sysBlock is where the kernel shows block devices.
const sysBlock = "/sys/class/block/"

// kernelFile gives the files of /sys and /proc that the model knows:
// /sys/class/block/NAME/size, /proc/self/mountinfo and the host name.
func (m *Machine) kernelFile(p string) ([]byte, bool) {
	if p == "/proc/self/mountinfo" {
		return m.mountinfo(), true
	}
	if p == "/proc/sys/kernel/hostname" {
		return []byte(m.name + "\n"), true
	}
	name, found := strings.CutPrefix(p, sysBlock)
	if !found {
		return nil, false
	}
	name, attr, _ := strings.Cut(name, "/")
	if attr != "size" {
		return nil, false
	}
	// Nearly all devices have the same name everywhere, and there may be thousands.
	if d, ok := m.devices["/dev/"+name]; ok && d.kname() == name {
		return append(strconv.AppendInt(nil, d.size()/512, 10), '\n'), true
	}
	for _, d := range m.devices {
		if d.kname() == name {
			return fmt.Appendf(nil, "%d\n", d.size()/512), true
		}
	}
	return nil, false
}

// kernelPaths lists what Glob finds below /sys/class/block: sizes and holders, of the
// depth that a pattern has.
func (m *Machine) kernelPaths(pattern string) []string {
	var out []string
	depth := strings.Count(pattern[len(sysBlock):], "/")
	for _, d := range m.devices {
		switch depth {
		case 0:
			out = append(out, sysBlock+d.kname())
			continue
		case 1:
			out = append(out, sysBlock+d.kname()+"/size")
			continue
		}
		if len(d.holders) == 0 {
			continue
		}
		dir := sysBlock + d.kname()
		for h := range d.holders {
			if h != userHolder {
				out = append(out, dir+"/holders/"+path.Base(h))
			}
		}
	}
	return out
}

func (m *Machine) mountinfo() []byte {
	var b []byte
	b = append(b, "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw\n"...)
	for i, dev := range slices.Sorted(maps.Keys(m.mounts)) {
		b = fmt.Appendf(b, "%d 22 7:%d / %s rw,relatime shared:2 - %s %s rw\n", 30+i, i, m.mounts[dev],
			m.fsTypeOf(dev), dev)
	}
	return b
}

func (m *Machine) fsTypeOf(dev string) string {
	if d := m.lookDevice(dev); d != nil {
		if t := d.content().Get(MarkFS); t != "" {
			return t
		}
	}
	return "unknown"
}
