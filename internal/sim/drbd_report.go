package sim

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// object is a JSON object of a report.
type object = map[string]any

// report models status --json, show --json and events2 --now.
func (d *DRBD) report(c run.Cmd, o options) run.Result {
	all := d.sorted()
	var res run.Result
	if len(o.rest) > 1 {
		all = nil
		if r := d.res[o.rest[1]]; r != nil && o.rest[1] != "all" {
			all = []*drbdRes{r}
		} else {
			res = noResource(o.rest[1])
		}
	}
	out := []any{}
	switch o.rest[0] {
	case "events2":
		if !o.has("now") {
			return usage(c, "following; use --now, or Events of the model")
		}
		return d.eventsNow(o, all, res)
	case "status":
		for _, r := range all {
			out = append(out, r.status())
		}
	case "show":
		for _, r := range all {
			out = append(out, r.show())
		}
	}
	if !o.has("json") {
		return usage(c, "anything but --json")
	}
	data, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return fail(1, "%v", err)
	}
	res.Stdout = append(data, '\n')
	return res
}

func (r *drbdRes) status() object {
	devices, conns, ordering := []any{}, []any{}, "none"
	for _, v := range r.sortedVols() {
		if v.md != nil {
			ordering = "flush"
		}
		devices = append(devices, object{"volume": v.nr, "minor": v.minor, "disk-state": v.disk, "client": v.client, "quorum": v.quorum,
			"size": v.sizeKiB, "read": 0, "written": 0, "al-writes": 0, "bm-writes": 0, "upper-pending": 0, "lower-pending": 0})
	}
	for _, l := range r.sortedLinks() {
		peers := []any{}
		for _, nr := range slices.Sorted(maps.Keys(l.vols)) {
			peers = append(peers, l.status(nr))
		}
		conns = append(conns, object{"peer-node-id": l.peerID, "name": l.name, "connection-state": l.state, "congested": false,
			"peer-role": l.peerRole(), "ap-in-flight": 0, "rs-in-flight": 0, "peer_devices": peers})
	}
	quorum := r.suspendedQuorum()
	return object{"name": r.name, "node-id": r.nodeID, "role": r.role(), "suspended": quorum || r.user, "suspended-user": r.user,
		"suspended-no-data": false, "suspended-fencing": false, "suspended-quorum": quorum, "force-io-failures": false,
		"write-ordering": ordering, "devices": devices, "connections": conns}
}

// syncing tells whether a replication state is one of a resync.
func syncing(repl string) bool { return strings.Contains(repl, "Sync") }

func (l *drbdLink) status(nr int) object {
	p, oos, percent := l.vols[nr], l.outOfSyncKiB(nr), 100.0
	if v := l.res.vols[nr]; v != nil && v.sizeKiB > 0 {
		percent = 100 * float64(v.sizeKiB-oos) / float64(v.sizeKiB)
	}
	out := object{"volume": nr, "replication-state": p.repl, "peer-disk-state": l.peerDisk(nr), "peer-client": p.client,
		"resync-suspended": suspendedBy(p), "received": 0, "sent": 0, "out-of-sync": oos, "pending": 0, "unacked": 0,
		"has-sync-details": syncing(p.repl), "has-online-verify-details": false, "percent-in-sync": percent}
	if syncing(p.repl) {
		for _, k := range []string{"rs-dt-start-ms", "rs-paused-ms", "rs-dt0-ms", "rs-db0-sectors", "rs-dt1-ms", "rs-db1-sectors", "rs-failed",
			"rs-same-csum", "want", "db0/dt0 [MiB/s]", "db1/dt1 [MiB/s]", "estimated-seconds-to-finish", "db/dt [MiB/s]", "percent-resync-done"} {
			out[k] = 0
		}
		out["rs-total"] = oos * 2
	}
	return out
}

func suspendedBy(p *drbdPeer) string {
	if strings.HasPrefix(p.repl, "Paused") {
		return "dependency"
	}
	return "no"
}

// typed are options as show --json writes them.
func typed(opts map[string]string) object {
	out := object{}
	for k, v := range opts {
		switch v {
		case "yes", "no":
			out[k] = v == "yes"
		default:
			out[k] = v
		}
	}
	return out
}

func (r *drbdRes) show() object {
	vols, conns := []any{}, []any{}
	for _, v := range r.sortedVols() {
		o := object{"volume_nr": v.nr, "device_minor": v.minor}
		if v.md != nil {
			o["backing-disk"], o["meta-disk"] = v.lower, v.meta
			if len(v.opts) > 0 {
				o["disk"] = typed(v.opts)
			}
		}
		vols = append(vols, o)
	}
	for _, l := range r.sortedLinks() {
		net := typed(l.opts)
		net["_name"] = l.name
		o := object{"net": net, "_peer_node_id": l.peerID}
		for _, p := range l.paths {
			o["path"] = object{"_this_host": strings.Replace(p.local, ":", " ", 1), "_remote_host": strings.Replace(p.remote, ":", " ", 1)}
		}
		var off []any
		for _, nr := range slices.Sorted(maps.Keys(l.vols)) {
			if !l.vols[nr].bitmap {
				off = append(off, object{"volume_nr": nr, "disk": object{"bitmap": false}})
			}
		}
		if off != nil {
			o["volumes"] = off
		}
		conns = append(conns, o)
	}
	return object{"resource": r.name, "options": typed(r.options), "_this_host": object{"node-id": r.nodeID, "volumes": vols}, "connections": conns}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// line is one object as events2 prints it: what names it, what tells its state, and
// what only --statistics shows.
type line struct{ object, key, state, stats string }

func (n line) String() string {
	return strings.Join(strings.Fields(n.object+" "+n.key+" "+n.state+" "+n.stats), " ")
}

// lines are all objects of a resource.
func (r *drbdRes) lines() (out []line) {
	suspended := []string{}
	if r.user {
		suspended = append(suspended, "user")
	}
	if r.suspendedQuorum() {
		suspended = append(suspended, "quorum")
	}
	if len(suspended) == 0 {
		suspended = []string{"no"}
	}
	_, why := r.mayPromote(false)
	name := "name:" + r.name
	ordering := "none"
	for _, v := range r.vols {
		if v.md != nil {
			ordering = "flush"
		}
	}
	score := r.score()
	promotable := score > 0 && why == "" && r.role() == roleSecondary
	out = append(out, line{"resource", name, fmt.Sprintf("role:%s suspended:%s force-io-failures:no", r.role(), strings.Join(suspended, ",")),
		fmt.Sprintf("write-ordering:%s may_promote:%s promotion_score:%d", ordering, yes(promotable), score)})
	for _, v := range r.sortedVols() {
		lower := v.lower
		if lower == "" {
			lower = "none"
		}
		out = append(out, line{"device", fmt.Sprintf("%s volume:%d minor:%d", name, v.nr, v.minor),
			fmt.Sprintf("backing_dev:%s disk:%s client:%s quorum:%s", lower, v.disk, yes(v.client), yes(v.quorum)),
			fmt.Sprintf("size:%d read:0 written:0 al-writes:0 bm-writes:0 upper-pending:0 lower-pending:0 al-suspended:no blocked:no", v.sizeKiB)})
	}
	for _, l := range r.sortedLinks() {
		conn := fmt.Sprintf("%s peer-node-id:%d conn-name:%s", name, l.peerID, l.name)
		out = append(out, line{"connection", conn, fmt.Sprintf("connection:%s role:%s", l.state, l.peerRole()), "congested:no ap-in-flight:0 rs-in-flight:0"})
		for _, nr := range slices.Sorted(maps.Keys(l.vols)) {
			p := l.vols[nr]
			state := fmt.Sprintf("replication:%s peer-disk:%s peer-client:%s resync-suspended:%s", p.repl, l.peerDisk(nr), yes(p.client), suspendedBy(p))
			if syncing(p.repl) {
				state += " done:0.00"
			}
			out = append(out, line{"peer-device", fmt.Sprintf("%s volume:%d", conn, nr), state,
				fmt.Sprintf("received:0 sent:0 out-of-sync:%d pending:0 unacked:0", l.outOfSyncKiB(nr))})
		}
		for i, p := range l.paths {
			out = append(out, line{"path", fmt.Sprintf("%s local:%s peer:%s", conn, p.local, p.remote), "established:" + yes(i == l.established), ""})
		}
	}
	return out
}

// score tells how good a place for a primary this is; 0 for none.
func (r *drbdRes) score() int {
	best := 0
	for _, v := range r.sortedVols() {
		if v.source() == nil || r.quorumMatters() && !v.quorum {
			return 0
		}
		n := 0
		if v.md != nil && v.disk == diskUpToDate {
			n = 10101
		}
		for _, l := range r.links {
			if l.peerDisk(v.nr) == diskUpToDate {
				n++
			}
		}
		best = max(best, n)
	}
	return best
}

const eventStamp = "2026-01-01T00:00:00.000000+00:00 "

func (d *DRBD) eventsNow(o options, all []*drbdRes, res run.Result) run.Result {
	stamp := ""
	if o.has("timestamps") {
		stamp = eventStamp
	}
	for _, r := range all {
		for _, n := range r.lines() {
			if !o.has("statistics") {
				keep := ""
				if i := strings.Index(n.stats, "may_promote"); i >= 0 {
					keep = n.stats[i:]
				}
				n.stats = keep
			}
			res.Stdout = append(res.Stdout, stamp+"exists "+n.String()+"\n"...)
		}
	}
	res.Stdout = append(res.Stdout, stamp+"exists -\n"...)
	return res
}

// Events are the lines that events2 --full --statistics would have printed since
// the last call, without timestamps: create, change and destroy.
func (d *DRBD) Events() (out []string) {
	d.m.do(func() { out, d.events = d.events, nil })
	return out
}

// noteEvents compares what is with what was told last.
func (d *DRBD) noteEvents() {
	now := map[string]string{}
	var order []string
	for _, r := range d.sorted() {
		for _, n := range r.lines() {
			k := n.object + " " + n.key
			now[k] = n.String()
			order = append(order, k)
		}
	}
	gone := []string{}
	for k := range d.shown {
		if _, still := now[k]; !still {
			gone = append(gone, k)
		}
	}
	// What is below goes first: paths, peer devices, devices, connections, resources.
	rank := func(k string) int {
		return slices.Index([]string{"path", "peer-device", "device", "connection", "resource"}, strings.SplitN(k, " ", 2)[0])
	}
	slices.SortFunc(gone, func(a, b string) int {
		if c := rank(a) - rank(b); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	for _, k := range gone {
		d.tell("destroy " + k)
	}
	for _, k := range order {
		switch old, known := d.shown[k]; {
		case !known:
			d.tell("create " + now[k])
		case old != now[k]:
			d.tell("change " + now[k])
		}
	}
	d.shown = now
}
