package sim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// dmMajor is the major number of the device mapper here.
const dmMajor = 253

// dmsetup models ls, table, info and remove.
func (l *LUKS) dmsetup(c run.Cmd) run.Result {
	o, bad := parseArgs(c, "target:", "C|columns", "c", "noheadings", "o|options:", "separator:", "f|force", "retry", "showkeys")
	if bad != nil {
		return *bad
	}
	if len(o.rest) == 0 {
		return usage(c, "no command")
	}
	if o.rest[0] == "version" {
		return ok("Library version:   1.02.185 (2022-05-18)\nDriver version:    4.47.0\n")
	}
	var found []*Device
	any := false
	for _, d := range l.m.deviceList() {
		any = any || strings.HasPrefix(d.kname(), "dm-")
		if strings.HasPrefix(d.kname(), "dm-") && (o.set["target"] == "" || o.set["target"] == dmTarget(d)) {
			found = append(found, d)
		}
	}
	named := len(o.rest) > 1
	if named {
		found = slices.DeleteFunc(found, func(d *Device) bool { return dmNameOf(d) != strings.TrimPrefix(o.rest[1], "/dev/mapper/") })
		if len(found) == 0 {
			return fail(1, "Device %s not found\nCommand failed.", o.rest[1])
		}
	}
	var res run.Result
	if !any {
		return ok("No devices found\n") // with others than those asked for it is silent
	}
	for _, d := range found {
		var text string
		switch o.rest[0] {
		case "ls":
			text = fmt.Sprintf("%s\t(%s)\n", dmNameOf(d), dmNumber(d))
		case "table":
			if text = l.dmTable(d) + "\n"; !named {
				text = dmNameOf(d) + ": " + text
			}
		case "info":
			var known bool
			if text, known = l.dmInfo(d, o); !known {
				return usage(c, "a column")
			}
		case "remove":
			return l.dmRemove(c, d, named)
		default:
			return usage(c, "the command")
		}
		res.Stdout = append(res.Stdout, text...)
	}
	return res
}

func (l *LUKS) dmRemove(c run.Cmd, d *Device, named bool) run.Result {
	switch {
	case !named || d.Type != "crypt":
		return usage(c, "removal of this")
	case d.open():
		return fail(1, "device-mapper: remove ioctl on %s  failed: Device or resource busy\nCommand failed.", dmNameOf(d))
	}
	l.drop(dmNameOf(d))
	return ok("")
}

func dmNameOf(d *Device) string { return strings.TrimPrefix(dmPath(d), "/dev/mapper/") }

func dmNumber(d *Device) string {
	return fmt.Sprintf("%d:%s", dmMajor, strings.TrimPrefix(d.kname(), "dm-"))
}

func dmTarget(d *Device) string {
	if d.Type == "crypt" {
		return "crypt"
	}
	return "linear"
}

// dmTable is the table of a device; keys in the keyring are shown by name.
func (l *LUKS) dmTable(d *Device) string {
	below := "7:0"
	if len(d.Parents) > 0 {
		if p := l.m.lookDevice(d.Parents[0]); p != nil && strings.HasPrefix(p.kname(), "dm-") {
			below = dmNumber(p)
		}
	}
	p := l.open[dmNameOf(d)]
	if p == nil {
		return fmt.Sprintf("0 %d %s %s 0", d.size()/512, dmTarget(d), below)
	}
	key := strings.Repeat("0", p.header.KeyBits/4)
	if p.keyring {
		key = fmt.Sprintf(":%d:logon:cryptsetup:%s-d0", p.header.KeyBits/8, p.header.UUID)
	}
	table := fmt.Sprintf("0 %d crypt %s %s 0 %s %d", d.size()/512, p.header.Cipher, key, below, p.header.OffsetBytes/512)
	if p.discards {
		table += " 1 allow_discards"
	}
	return table
}

func (l *LUKS) dmUUID(d *Device) string {
	if p := l.open[dmNameOf(d)]; p != nil {
		return "CRYPT-" + strings.ToUpper(p.header.Type) + "-" + strings.ReplaceAll(p.header.UUID, "-", "") + "-" + p.name
	}
	return "LVM-" + d.kname()
}

func (l *LUKS) dmInfo(d *Device, o options) (string, bool) {
	if !o.has("c") && !o.has("columns") {
		return fmt.Sprintf("Name:              %s\nState:             ACTIVE\nRead Ahead:        256\nTables present:    LIVE\n"+
			"Open count:        %d\nEvent number:      0\nMajor, minor:      %s\nNumber of targets: 1\nUUID: %s\n\n",
			dmNameOf(d), len(d.holders), strings.Replace(dmNumber(d), ":", ", ", 1), l.dmUUID(d)), true
	}
	if !o.has("noheadings") || o.set["options"] == "" {
		return "", false
	}
	sep := ":"
	if s, given := o.set["separator"]; given {
		sep = s
	}
	cells := map[string]string{"name": dmNameOf(d), "uuid": l.dmUUID(d), "open": fmt.Sprint(len(d.holders)), "blkdevname": d.kname(),
		"devno": dmNumber(d), "subsystem": strings.ToUpper(d.Type), "suspended": "Active"}
	var row []string
	for col := range strings.SplitSeq(o.set["options"], ",") {
		v, known := cells[col]
		if !known {
			return "", false
		}
		row = append(row, v)
	}
	return strings.Join(row, sep) + "\n", true
}
