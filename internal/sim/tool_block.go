package sim

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// blockTools are the tools that look at any block device, and wipefs.
func blockTools() map[string]Tool {
	return map[string]Tool{"blockdev": blockdev, "blkid": blkid, "lsblk": lsblk, "wipefs": wipefs}
}

func blockdev(m *Machine, c run.Cmd) run.Result {
	o, bad := parseArgs(c, "getsize64", "getss", "flushbufs")
	if bad != nil {
		return *bad
	}
	var res run.Result
	for _, p := range o.rest {
		d := m.lookDevice(p)
		if d == nil {
			return fail(1, "blockdev: cannot open %s: No such file or directory", p)
		}
		if o.has("getsize64") {
			res.Stdout = fmt.Appendf(res.Stdout, "%d\n", d.size())
		}
		if o.has("getss") {
			res.Stdout = fmt.Appendf(res.Stdout, "%d\n", d.SectorBytes)
		}
	}
	return res
}

// fsType is the signature that blkid and lsblk show first.
func fsType(d *Device) string {
	for _, s := range []struct{ mark, shown string }{
		{markBcache, "bcache"}, {"drbd-md", "drbd"}, {"luks", "crypto_LUKS"}, {"lvm", "LVM2_member"}, {"zfs", "zfs_member"},
	} {
		if d.content().Get(s.mark) != "" {
			return s.shown
		}
	}
	return d.content().Get(MarkFS)
}

// blkid models blkid [-p] -o export DEVICE; 2 is its code for no signature.
func blkid(m *Machine, c run.Cmd) run.Result {
	o, bad := parseArgs(c, "p|probe", "o|output:", "c|cache-file:")
	if bad != nil {
		return *bad
	}
	if len(o.rest) != 1 || o.set["output"] != "export" {
		return usage(c, "anything but -o export DEVICE")
	}
	d := m.lookDevice(o.rest[0])
	if d == nil || fsType(d) == "" {
		return run.Result{ExitCode: 2}
	}
	return ok("DEVNAME=%s\nUUID=%s\nTYPE=%s\n", d.Path, d.content().Get(MarkUUID), fsType(d))
}

func wipefs(m *Machine, c run.Cmd) run.Result {
	o, bad := parseArgs(c, "a|all", "f|force", "q|quiet")
	if bad != nil {
		return *bad
	}
	if !o.has("all") || len(o.rest) != 1 {
		return usage(c, "anything but --all DEVICE")
	}
	d := m.lookDevice(o.rest[0])
	switch {
	case d == nil:
		return fail(1, "wipefs: error: %s: probing initialization failed: No such file or directory", o.rest[0])
	case d.open() && !o.has("force"):
		return fail(1, "wipefs: error: %s: probing initialization failed: Device or resource busy", o.rest[0])
	}
	if fsType(d) != "" {
		err := d.use(func() {
			for _, mark := range []string{markBcache, "drbd-md", "luks", "lvm", "zfs", MarkFS, MarkUUID} {
				d.content().Set(mark, "")
			}
		})
		if err != nil {
			return fail(1, "wipefs: error: %v", err)
		}
		m.changed()
	}
	return ok("")
}

// lsblk models lsblk --json --bytes --list --output COLUMNS [DEVICE…]: a flat list.
// Without --list it is the same where devices have no children.
func lsblk(m *Machine, c run.Cmd) run.Result {
	o, bad := parseArgs(c, "J|json", "b|bytes", "l|list", "d|nodeps", "p|paths", "a|all", "o|output:")
	if bad != nil {
		return *bad
	}
	if !o.has("json") || !o.has("bytes") || o.set["output"] == "" {
		return usage(c, "anything but --json --bytes --output")
	}
	devices := m.deviceList()
	if len(o.rest) > 0 {
		devices = devices[:0]
		for _, p := range o.rest {
			d := m.lookDevice(p)
			if d == nil {
				return fail(32, "lsblk: %s: not a block device", p)
			}
			devices = append(devices, d)
		}
	}
	rows := []map[string]any{}
	for _, d := range devices {
		row, known := m.lsblkRow(d, strings.Split(strings.ToLower(o.set["output"]), ","))
		if !known {
			return usage(c, "a column")
		}
		rows = append(rows, row)
	}
	data, err := json.MarshalIndent(map[string]any{"blockdevices": rows}, "", "   ")
	if err != nil {
		return fail(1, "lsblk: %v", err)
	}
	return ok("%s\n", data)
}

func (m *Machine) lsblkRow(d *Device, cols []string) (map[string]any, bool) {
	orNull := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	parent := ""
	if len(d.Parents) > 0 {
		if p := m.lookDevice(d.Parents[0]); p != nil {
			parent = p.kname()
		}
	}
	all := map[string]any{"name": strings.TrimPrefix(strings.TrimPrefix(d.Path, "/dev/mapper/"), "/dev/"),
		"kname": d.kname(), "path": d.Path, "size": d.size(), "type": d.Type, "serial": orNull(d.Serial),
		"model": orNull(d.Model), "fstype": orNull(fsType(d)), "uuid": orNull(d.content().Get(MarkUUID)),
		"mountpoint": orNull(m.mounts[d.Path]), "mountpoints": []any{orNull(m.mounts[d.Path])},
		"rota": d.Rotational, "ro": d.ReadOnly, "log-sec": d.SectorBytes, "pkname": orNull(parent),
		"wwn": nil, "pttype": orNull(d.content().Get(MarkPartitions)), "maj:min": nil}
	row := map[string]any{}
	for _, c := range cols {
		v, known := all[c]
		if !known {
			return nil, false
		}
		row[c] = v
	}
	return row, true
}
