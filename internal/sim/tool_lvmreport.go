package sim

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// lvmArgs reads the arguments that every lvm command has; one that would look at
// DRBD devices is not let through.
func lvmArgs(c run.Cmd, spec ...string) (options, *run.Result) {
	o, bad := parseArgs(c, append(spec, "config:", "qq", "y|yes")...)
	if bad == nil && !strings.Contains(o.set["config"], `r|^/dev/drbd.*|`) {
		r := usage(c, "a command without a filter that rejects /dev/drbd*")
		bad = &r
	}
	return o, bad
}

func (l *LVM) version(c run.Cmd) run.Result {
	if len(c.Argv) != 2 || c.Argv[1] != "version" {
		return usage(c, "anything but version")
	}
	return ok("  LVM version:     2.03.16(2) (2022-05-18)\n  Library version: 1.02.185 (2022-05-18)\n  Driver version:  4.47.0\n")
}

// report answers a report command for the named groups; rows gives those of one
// group by field.
func (l *LVM) report(c run.Cmd, kind string, rows func(g *volGroup) []map[string]string) run.Result {
	o, bad := lvmArgs(c, "reportformat:", "units:", "nosuffix", "o|options:", "sort:", "select:")
	if bad != nil {
		return *bad
	}
	if o.set["reportformat"] != "json" || o.set["options"] == "" || kind != "pv" && (o.set["units"] != "b" || !o.has("nosuffix")) {
		return usage(c, "anything but JSON with --units b --nosuffix")
	}
	names := o.rest
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(l.vgs))
	}
	var res run.Result
	var lines []string
	for _, n := range names {
		g := l.vgs[n]
		if g == nil {
			res.ExitCode = 5
			res.Stderr = fmt.Appendf(res.Stderr, "  Volume group %q not found\n  Cannot process volume group %s\n", n, n)
			continue
		}
		for _, row := range rows(g) {
			var cols []string
			for f := range strings.SplitSeq(o.set["options"], ",") {
				value, known := row[f]
				if !known {
					return usage(c, "the field "+f)
				}
				data, _ := json.Marshal(value)
				cols = append(cols, fmt.Sprintf("%q:%s", f, data))
			}
			lines = append(lines, "{"+strings.Join(cols, ", ")+"}")
		}
	}
	res.Stdout = fmt.Appendf(nil, "  {\n      \"report\": [\n          {\n              %q: [\n%s\n              ]\n          }\n      ]\n  }\n",
		kind, strings.Join(lines, ",\n"))
	return res
}

func (l *LVM) lvsTool(c run.Cmd) run.Result {
	return l.report(c, "lv", func(g *volGroup) (rows []map[string]string) {
		for _, v := range g.sorted() {
			rows = append(rows, v.row())
		}
		return rows
	})
}

func (v *logVol) row() map[string]string {
	r := map[string]string{"lv_name": v.name, "vg_name": v.vg.name, "lv_size": fmt.Sprint(v.size), "segtype": v.segType,
		"pool_lv": "", "origin": v.origin, "data_percent": v.fill(), "metadata_percent": "", "lv_health_status": v.health,
		"lv_check_needed": "unknown", "chunk_size": "0", "lv_active": "", "lv_device_open": "", "lv_suspended": "",
		"lv_path": "/dev/" + v.vg.name + "/" + v.name, "lv_role": "public", "lv_tags": strings.Join(v.tags, ",")}
	kind, state, open, target := "-", "-", "-", "-"
	if v.pool != nil {
		kind, target, r["pool_lv"] = "V", "t", v.pool.name
	}
	if v.segType == "thin-pool" {
		kind, target = "t", "t"
		r["chunk_size"], r["lv_check_needed"], r["lv_path"], r["lv_role"] = "65536", "", "", "private"
		if v.active {
			r["metadata_percent"] = "10.00"
		}
	}
	if v.active {
		state, r["lv_active"] = "a", "active"
	}
	if v.open() {
		open, r["lv_device_open"] = "o", "open"
	}
	health := map[string]string{"": "-", "failed": "F", "out_of_data": "D", "metadata_read_only": "M", "partial": "p"}[v.health]
	r["lv_attr"] = kind + "wi-" + state + open + target + "-" + health + "-"
	return r
}

func (l *LVM) vgsTool(c run.Cmd) run.Result {
	return l.report(c, "vg", func(g *volGroup) (rows []map[string]string) {
		var total int64
		for _, p := range g.pvs {
			total += p.extent
		}
		attr, missing := "wz--n-", "0"
		if g.missing {
			attr, missing = "wz-pn-", "1"
		}
		for _, p := range g.pvs {
			rows = append(rows, map[string]string{"vg_name": g.name, "vg_attr": attr, "vg_size": fmt.Sprint(total * extentBytes),
				"vg_free": fmt.Sprint(g.free() * extentBytes), "vg_extent_size": fmt.Sprint(extentBytes), "vg_missing_pv_count": missing,
				"vg_tags": strings.Join(g.tags, ","), "pv_name": p.path, "pv_used": fmt.Sprint(p.used * extentBytes), "pv_missing": ""})
		}
		return rows
	})
}

func (l *LVM) pvsTool(c run.Cmd) run.Result {
	return l.report(c, "pv", func(g *volGroup) (rows []map[string]string) {
		for _, p := range g.pvs {
			rows = append(rows, map[string]string{"pv_name": p.path, "vg_name": g.name})
		}
		return rows
	})
}
