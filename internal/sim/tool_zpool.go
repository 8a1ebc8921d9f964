package sim

import (
	"fmt"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

func (z *ZFS) zpool(c run.Cmd) run.Result {
	if len(c.Argv) < 2 {
		return usage(c, "no subcommand")
	}
	sub := run.Command(c.Argv[1:]...)
	switch c.Argv[1] {
	case "list":
		return z.listPools(sub)
	case "create":
		return z.createPool(sub)
	}
	return usage(c, "subcommand")
}

func (z *ZFS) listPools(c run.Cmd) run.Result {
	o, bad := parseArgs(c, "H", "p", "P", "L", "v", "o:")
	if bad != nil {
		return *bad
	}
	if !o.has("H") || o.has("v") == (o.set["o"] != "") || len(o.rest) == 0 {
		return usage(c, "anything but -H with -v or -o FIELDS, and names")
	}
	var res run.Result
	for _, name := range o.rest {
		p := z.pools[name]
		if p == nil {
			res.ExitCode = 1
			res.Stderr = fmt.Appendf(res.Stderr, "cannot open '%s': no such pool\n", name)
			continue
		}
		if o.has("v") {
			res.Stdout = fmt.Appendf(res.Stdout, "%s\t%d\t-\n", p.name, p.size)
			for _, d := range p.disks {
				res.Stdout = fmt.Appendf(res.Stdout, "\t%s\t-\t-\n", d)
			}
			continue
		}
		used := z.used(name)
		v := map[string]string{"name": name, "size": fmt.Sprint(p.size), "allocated": fmt.Sprint(used),
			"free": fmt.Sprint(max(p.size-used, 0)), "health": p.health, "readonly": "off"}
		var row []string
		for f := range strings.SplitSeq(o.set["o"], ",") {
			value, known := v[f]
			if !known {
				return usage(c, "the field "+f)
			}
			row = append(row, value)
		}
		res.Stdout = fmt.Appendf(res.Stdout, "%s\n", strings.Join(row, "\t"))
	}
	return res
}

// createPool models zpool create -O holdfast:… -m none NAME [LEVEL] DISK…, which
// refuses disks with anything on them.
func (z *ZFS) createPool(c run.Cmd) run.Result {
	o, bad := parseArgs(c, "O:", "m:")
	if bad != nil {
		return *bad
	}
	key, value, isProp := strings.Cut(o.set["O"], "=")
	if len(o.rest) < 2 || !isProp {
		return usage(c, "a pool without disks or user property")
	}
	name, disks := o.rest[0], o.rest[1:]
	if !strings.HasPrefix(disks[0], "/") {
		disks = disks[1:]
	}
	if z.pools[name] != nil {
		return fail(1, "cannot create '%s': pool already exists", name)
	}
	for _, p := range disks {
		d := z.m.lookDevice(p)
		switch {
		case d == nil:
			return fail(1, "cannot resolve path '%s'", p)
		case d.open():
			return fail(1, "cannot open '%s': Device or resource busy\ncannot create '%s': one or more vdevs refer to the same device, or one of\nthe devices is part of an active md or lvm device", p, name)
		case fsType(d) != "":
			return fail(1, "invalid vdev specification\nuse '-f' to override the following errors:\n%s contains a filesystem of type '%s'", p, fsType(d))
		}
	}
	if err := z.addPool(name, map[string]string{key: value}, disks); err != nil {
		return fail(1, "cannot create '%s': %v", name, err)
	}
	z.m.changed()
	return ok("")
}
