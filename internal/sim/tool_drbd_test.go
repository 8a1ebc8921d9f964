package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// drbdLab is a cluster for tests: nodes n1, n2 … with a volume group each.
type drbdLab struct {
	t     *testing.T
	net   *Network
	m     []*Machine
	d     []*DRBD
	disks int
	// options, fencing and secret go into the resource files.
	options, fencing, secret string
}

const (
	drbdDev  = "/dev/drbd1000"
	lowerDev = "/dev/vg/web_00000"
	day0     = "A0B0C0D0E0F01234"
)

// newDRBDLab makes so many nodes, of which the first ones have disks.
func newDRBDLab(t *testing.T, nodes, disks int) *drbdLab {
	lab := &drbdLab{t: t, net: NewNetwork(), disks: disks, options: "quorum off;", fencing: "dont-care", secret: "c2VjcmV0"}
	for i := range nodes {
		m := NewMachine(fmt.Sprintf("n%d", i+1))
		m.AddDisk("/dev/vdb", "b", 1<<30)
		if err := NewLVM(m).AddVG("vg", "/dev/vdb"); err != nil {
			t.Fatal(err)
		}
		lab.m, lab.d = append(lab.m, m), append(lab.d, NewDRBD(m, lab.net))
		must(t, m, "mkdir", "-p", drbdDir)
		if i < disks {
			exits(t, 0, lvmDo(t, m, "lvcreate", "--yes", "--name", "web_00000", "--size", "262144k", "vg"))
		}
	}
	return lab
}

// file is the resource file of node i; secret is that of the file.
func (l *drbdLab) file(i int, secret string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# a comment with { and ;\nresource \"web\" {\n    options { %s }\n    net {\n        fencing %s;\n        cram-hmac-alg sha1;\n        shared-secret \"%s\";\n    }\n", l.options, l.fencing, secret)
	for j := range l.m {
		disk := "none"
		if j < l.disks {
			disk = `"` + lowerDev + `"`
		}
		fmt.Fprintf(&b, "    on \"n%d\" {\n        volume 0 {\n            disk %s;\n            disk { rs-discard-granularity 65536; }\n"+
			"            meta-disk internal;\n            device minor 1000;\n        }\n        node-id %d;\n    }\n", j+1, disk, j)
	}
	for j := range l.m {
		if j != i && (i < l.disks || j < l.disks) {
			fmt.Fprintf(&b, "    connection {\n        host \"n%d\" address ipv4 10.0.0.%d:7000;\n        host \"n%d\" address ipv4 10.0.0.%d:7000;\n    }\n", i+1, i+1, j+1, j+1)
		}
	}
	return b.String() + "}\n"
}

func (l *drbdLab) write(i int, secret string) {
	l.t.Helper()
	if err := l.m[i].WriteFile(bg, run.File{Path: drbdDir + "web.res", Data: []byte(l.file(i, secret))}); err != nil {
		l.t.Fatal(err)
	}
}

// setup makes metadata: the first node begins with the data, the others as told.
func (l *drbdLab) setup(skip bool) {
	l.t.Helper()
	for i := range l.disks {
		meta := func(args ...string) {
			must(l.t, l.m[i], append([]string{"drbdmeta", "--force"}, args...)...)
		}
		meta("1000", "v09", lowerDev, "internal", "create-md", "7")
		set := func(id int, arg string) {
			meta("--node-id", fmt.Sprint(id), "1000", "v09", lowerDev, "internal", "set-gi", arg)
		}
		if i == 0 {
			for id := 1; id < 32; id++ {
				set(id, ":"+day0+"::::")
			}
			set(0, "1122334455667788:"+day0+":::1:1")
		} else if skip {
			set(i, day0+"::::1:1")
		}
	}
}

func (l *drbdLab) adjust() {
	l.t.Helper()
	for i := range l.m {
		l.write(i, l.secret)
		must(l.t, l.m[i], "drbdadm", "adjust", "web")
	}
}

// state is "disk role" and then "connection:replication:peer disk" of each peer.
func (l *drbdLab) state(i int) string {
	l.t.Helper()
	var out string
	l.d[i].m.do(func() {
		r := l.d[i].res["web"]
		if r == nil {
			out = "down"
			return
		}
		out = r.vols[0].disk + " " + r.role()
		for _, k := range r.sortedLinks() {
			out += fmt.Sprintf(" %s:%s:%s", k.state, k.vols[0].repl, k.peerDisk(0))
		}
	})
	return out
}

func (l *drbdLab) want(states ...string) {
	l.t.Helper()
	for i, w := range states {
		if got := l.state(i); got != w {
			l.t.Fatalf("n%d is %q, want %q", i+1, got, w)
		}
	}
}

func (l *drbdLab) put(i int, value string) {
	l.t.Helper()
	if err := l.m[i].SetMark(drbdDev, MarkData, value); err != nil {
		l.t.Fatal(err)
	}
}

func (l *drbdLab) lower(want ...string) {
	l.t.Helper()
	for i, w := range want {
		if got := l.m[i].Mark(lowerDev, MarkData); got != w {
			l.t.Errorf("n%d has %q on its disk, want %q", i+1, got, w)
		}
	}
}

const (
	bothUp  = "UpToDate Secondary Connected:Established:UpToDate"
	aloneUp = "UpToDate Secondary Connecting:Off:DUnknown"
)

// With identifiers of the first day, nothing is copied when nodes meet; without,
// all is.
func TestDRBDInitialSync(t *testing.T) {
	for _, skip := range []bool{true, false} {
		lab := newDRBDLab(t, 2, 2)
		if err := lab.m[0].SetMark(lowerDev, "old", "garbage"); err != nil {
			t.Fatal(err)
		}
		lab.setup(skip)
		lab.adjust()
		lab.want(bothUp, bothUp)
		want := map[bool]string{true: "", false: "garbage"}[skip]
		if got := lab.m[1].Mark(lowerDev, "old"); got != want {
			t.Errorf("skip %v: n2 has %q, want %q", skip, got, want)
		}
		if got := lab.m[0].DeviceSize(drbdDev); got != 262052<<10 {
			t.Errorf("size %d", got)
		}
	}
}

func TestDRBDWritesReachPeers(t *testing.T) {
	lab := newDRBDLab(t, 3, 2)
	lab.setup(true)
	lab.adjust()
	lab.put(0, "one")
	lab.lower("one", "one")
	lab.put(2, "two") // a diskless node
	lab.lower("two", "two")
	if got := lab.m[2].Mark(drbdDev, MarkData); got != "two" {
		t.Errorf("the diskless node reads %q", got)
	}
	must(t, lab.m[0], "mkfs.ext4", drbdDev)
	if got := must(t, lab.m[1], "blkid", "-p", "-o", "export", lowerDev); !strings.Contains(got, "TYPE=drbd\n") {
		t.Errorf("blkid of the lower device: %s", got)
	}
	must(t, lab.m[0], "wipefs", "--all", drbdDev)
	if lab.m[0].Mark(lowerDev, markDRBD) == "" {
		t.Error("metadata was wiped from above")
	}
}

// What a node misses it gets when it is back, and only that.
func TestDRBDResync(t *testing.T) {
	lab := newDRBDLab(t, 2, 2)
	lab.setup(true)
	lab.adjust()
	lab.put(0, "one")
	lab.net.Cut("n1", "n2")
	lab.want(aloneUp, aloneUp)
	lab.put(0, "two")
	lab.lower("two", "one")
	lab.net.HoldResync(true)
	lab.net.Heal("n1", "n2")
	lab.want("UpToDate Secondary Connected:SyncSource:Inconsistent", "Inconsistent Secondary Connected:SyncTarget:UpToDate")
	if got := lab.m[1].Mark(drbdDev, MarkData); got != "two" {
		t.Errorf("a node in resync reads %q", got)
	}
	lab.lower("two", "one")
	lab.net.FinishResync()
	lab.want(bothUp, bothUp)
	lab.lower("two", "two")
}

func TestDRBDSplitBrain(t *testing.T) {
	lab := newDRBDLab(t, 2, 2)
	lab.setup(true)
	lab.adjust()
	lab.put(0, "one")
	lab.net.Cut("n1", "n2")
	lab.put(0, "mine")
	lab.put(1, "yours")
	lab.net.Heal("n1", "n2")
	lab.want("UpToDate Secondary StandAlone:Off:DUnknown", "UpToDate Secondary StandAlone:Off:DUnknown")
	lab.lower("mine", "yours")
	must(t, lab.m[1], "drbdsetup", "connect", "web", "0", "--discard-my-data")
	must(t, lab.m[0], "drbdadm", "adjust", "web")
	lab.want(bothUp, bothUp)
	lab.lower("mine", "mine")
}

func TestDRBDPowerLoss(t *testing.T) {
	lab := newDRBDLab(t, 2, 2)
	lab.setup(true)
	lab.adjust()
	lab.put(0, "one")
	lab.m[1].PowerLoss(0)
	lab.want(aloneUp, "down")
	lab.put(0, "two")
	lab.m[1].Restart()
	exits(t, 1, do(t, lab.m[1], "drbdadm", "adjust", "web")) // the lower device is not there
	exits(t, 0, lvmDo(t, lab.m[1], "lvchange", "--activate", "y", "vg/web_00000"))
	must(t, lab.m[1], "drbdadm", "adjust", "web")
	lab.want(bothUp, bothUp)
	lab.lower("two", "two")
	// Only metadata outlives: without peers a node cannot know that it is current, and
	// without fencing it does not care.
	for fencing, disk := range map[string]string{"resource-only": "Consistent", "dont-care": "UpToDate"} {
		lab.fencing = fencing
		lab.m[0].PowerLoss(0)
		lab.m[1].PowerLoss(0)
		lab.m[0].Restart()
		lab.write(0, lab.secret)
		exits(t, 0, lvmDo(t, lab.m[0], "lvchange", "--activate", "y", "vg/web_00000"))
		must(t, lab.m[0], "drbdadm", "adjust", "web")
		lab.want(disk + " Secondary Connecting:Off:DUnknown")
	}
}

func TestDRBDRoles(t *testing.T) {
	lab := newDRBDLab(t, 2, 2)
	lab.options = "auto-promote no; quorum off;"
	lab.setup(true)
	lab.adjust()
	if err := lab.m[0].SetMark(drbdDev, MarkData, "x"); err == nil {
		t.Error("a write on a secondary was accepted")
	}
	must(t, lab.m[0], "drbdadm", "primary", "web")
	exits(t, 17, do(t, lab.m[1], "drbdadm", "primary", "web"))
	if err := lab.m[0].Mount(drbdDev, "/mnt"); err != nil {
		t.Fatal(err)
	}
	exits(t, 11, do(t, lab.m[0], "drbdadm", "secondary", "web"))
	exits(t, 11, do(t, lab.m[0], "drbdsetup", "down", "web"))
	if err := lab.m[0].Release(drbdDev); err != nil {
		t.Fatal(err)
	}
	must(t, lab.m[0], "drbdadm", "secondary", "web")
	must(t, lab.m[0], "drbdsetup", "down", "web")
	lab.want("down", aloneUp)
	exits(t, 0, do(t, lab.m[0], "drbdsetup", "down", "web")) // nothing to do
	exits(t, 0, lvmDo(t, lab.m[0], "lvremove", "--yes", "vg/web_00000"))
}

func TestDRBDForcedPrimary(t *testing.T) {
	lab := newDRBDLab(t, 2, 2)
	for i := range 2 {
		must(t, lab.m[i], "drbdmeta", "--force", "1000", "v09", lowerDev, "internal", "create-md", "7")
	}
	lab.adjust()
	lab.want("Inconsistent Secondary Connected:Established:Inconsistent")
	exits(t, 17, do(t, lab.m[0], "drbdadm", "primary", "web"))
	must(t, lab.m[0], "drbdadm", "primary", "--force", "web")
	lab.want("UpToDate Primary Connected:Established:UpToDate", bothUp)
}

// A node that becomes primary by force where all disks are outdated begins a resync that
// its connected peers do not hear of; one that is connected again takes over the data.
func TestDRBDForcedPrimaryOfOutdated(t *testing.T) {
	outdated := func(t *testing.T) *drbdLab {
		lab := newDRBDLab(t, 2, 2)
		lab.setup(true)
		lab.adjust()
		lab.put(0, "late")
		for i := range 2 {
			must(t, lab.m[i], "drbdsetup", "down", "web")
			must(t, lab.m[i], "drbdmeta", "--force", "1000", "v09", lowerDev, "internal", "outdate")
		}
		lab.adjust()
		lab.want("Outdated Secondary Connected:Established:Outdated", "Outdated Secondary Connected:Established:Outdated")
		return lab
	}
	lab := outdated(t)
	must(t, lab.m[0], "drbdsetup", "primary", "web", "--force")
	must(t, lab.m[0], "drbdsetup", "secondary", "web")
	lab.want("UpToDate Secondary Connected:WFBitMapS:Outdated", "Outdated Secondary Connected:Established:UpToDate")

	lab = outdated(t)
	must(t, lab.m[0], "drbdsetup", "disconnect", "web", "1")
	must(t, lab.m[0], "drbdsetup", "primary", "web", "--force")
	must(t, lab.m[0], "drbdsetup", "secondary", "web")
	must(t, lab.m[0], "drbdsetup", "connect", "web", "1")
	lab.want(bothUp, bothUp)
	lab.lower("late", "late")
}

func TestDRBDClearBitmap(t *testing.T) {
	lab := newDRBDLab(t, 2, 2)
	for i := range 2 {
		must(t, lab.m[i], "drbdmeta", "--force", "1000", "v09", lowerDev, "internal", "create-md", "7")
	}
	lab.adjust()
	must(t, lab.m[1], "drbdsetup", "new-current-uuid", "1000", "--clear-bitmap")
	lab.want(bothUp, bothUp)
}

func TestDRBDResize(t *testing.T) {
	lab := newDRBDLab(t, 3, 2)
	lab.setup(true)
	lab.adjust()
	for i := range 2 {
		exits(t, 0, lvmDo(t, lab.m[i], "lvextend", "--size", "524288k", "vg/web_00000"))
		if i == 0 {
			must(t, lab.m[0], "drbdadm", "resize", "web")
			if got := lab.m[0].DeviceSize(drbdDev); got != 262052<<10 {
				t.Errorf("grown to %d beyond the peer", got)
			}
		}
	}
	must(t, lab.m[0], "drbdsetup", "resize", "1000", "--assume-clean=yes")
	for i := range 3 {
		if got := lab.m[i].DeviceSize(drbdDev) >> 10; got <= 262052 || got >= 524288 {
			t.Errorf("n%d has %d KiB", i+1, got)
		}
	}
	// Grown while it is not attached: metadata has to be moved first.
	must(t, lab.m[0], "drbdsetup", "down", "web")
	exits(t, 0, lvmDo(t, lab.m[0], "lvextend", "--size", "589824k", "vg/web_00000"))
	if got := must(t, lab.m[0], "drbdmeta", "--force", "1000", "v09", lowerDev, "internal", "dump-md"); !strings.Contains(got, "### Device seems to have been resized!") {
		t.Errorf("dump-md: %s", got)
	}
	exits(t, 1, do(t, lab.m[0], "drbdadm", "adjust", "web"))
	must(t, lab.m[0], "drbdsetup", "down", "web")
	must(t, lab.m[0], "drbdmeta", "--force", "1000", "v09", lowerDev, "internal", "check-resize")
	must(t, lab.m[0], "drbdadm", "adjust", "web")
	if got := lab.state(0); !strings.HasPrefix(got, bothUp) {
		t.Errorf("after check-resize: %s", got)
	}
}

func TestDRBDAdjust(t *testing.T) {
	lab := newDRBDLab(t, 2, 2)
	exits(t, 1, do(t, lab.m[0], "drbdadm", "adjust", "web"))
	lab.setup(true)
	lab.adjust()
	lab.m[0].ForgetCommands()
	must(t, lab.m[0], "drbdadm", "-c", drbdDir+"web.res", "adjust", "web")
	if got := lab.m[0].Changes(); len(got) != 0 {
		t.Errorf("a second adjust changed something: %v", got)
	}
	must(t, lab.m[0], "drbdsetup", "disconnect", "web", "1")
	lab.want("UpToDate Secondary StandAlone:Off:DUnknown", aloneUp)
	lab.write(0, "another")
	must(t, lab.m[0], "drbdadm", "adjust", "web")
	lab.want("UpToDate Secondary StandAlone:Off:DUnknown", "UpToDate Secondary StandAlone:Off:DUnknown")
	// Diskless and back, through the peer.
	must(t, lab.m[0], "drbdsetup", "detach", "1000", "--diskless=yes")
	lab.write(0, lab.secret)
	must(t, lab.m[1], "drbdadm", "adjust", "web")
	must(t, lab.m[0], "drbdadm", "adjust", "--skip-disk", "web")
	lab.want("Diskless Secondary Connected:Established:UpToDate")
	lab.put(0, "far")
	lab.lower("", "far")
	// The last disk with the data stays while a peer works with it.
	must(t, lab.m[0], "drbdsetup", "primary", "web")
	exits(t, 17, do(t, lab.m[1], "drbdsetup", "detach", "1000", "--diskless=yes"))
	must(t, lab.m[0], "drbdsetup", "secondary", "web")
	must(t, lab.m[0], "drbdadm", "adjust", "web")
	lab.want(bothUp, bothUp)
	lab.lower("far", "far")
	broken := run.File{Path: drbdDir + "other.res", Data: []byte("resource x {")}
	if err := lab.m[0].WriteFile(bg, broken); err != nil {
		t.Fatal(err)
	}
	exits(t, 10, do(t, lab.m[0], "drbdadm", "adjust", "web"))
	must(t, lab.m[0], "drbdadm", "-c", drbdDir+"web.res", "adjust", "web")
}

func TestDRBDMetaRefusals(t *testing.T) {
	lab := newDRBDLab(t, 2, 2)
	meta := func(args ...string) run.Result {
		return do(t, lab.m[0], append([]string{"drbdmeta", "--force", "1000", "v09", lowerDev, "internal"}, args...)...)
	}
	res := meta("dump-md")
	if exits(t, 1, res); string(res.Stderr) != "No valid meta data found\n" {
		t.Errorf("dump-md: %s", res.Stderr)
	}
	must(t, lab.m[0], "mkfs.ext4", lowerDev)
	exits(t, 40, meta("create-md", "7"))
	must(t, lab.m[0], "wipefs", "--all", lowerDev)
	exits(t, 64, meta("create-md"))
	exits(t, 10, meta("get-gi"))
	lab.setup(true)
	exits(t, 1, do(t, lab.m[0], "drbdmeta", "1000", "v09", lowerDev, "internal", "create-md", "7")) // would ask
	lab.adjust()
	exits(t, 20, meta("create-md", "7"))
	exits(t, 20, meta("wipe-md"))
	exits(t, 0, meta("dump-md"))
	exits(t, 10, do(t, lab.m[0], "drbdsetup", "status", "nosuch", "--json"))
	exits(t, 64, do(t, lab.m[0], "drbdsetup", "guess", "web"))
}

func TestDRBDEvents(t *testing.T) {
	lab := newDRBDLab(t, 2, 2)
	lab.setup(true)
	lab.adjust()
	lab.d[0].Events()
	lab.net.Cut("n1", "n2")
	got := lab.d[0].Events()
	if !slices.ContainsFunc(got, func(l string) bool {
		return strings.HasPrefix(l, "change connection name:web peer-node-id:1 conn-name:n2 connection:Connecting role:Unknown")
	}) {
		t.Errorf("events: %q", got)
	}
	must(t, lab.m[0], "drbdsetup", "down", "web")
	got = lab.d[0].Events()
	if len(got) == 0 || got[len(got)-1] != "destroy resource name:web" {
		t.Errorf("events: %q", got)
	}
}

// keysOf are the keys of an events2 line by its object.
func keysOf(lines string) map[string]string {
	out := map[string]string{}
	for l := range strings.Lines(lines) {
		words := strings.Fields(l)
		var keys []string
		for i, w := range words {
			if k, _, found := strings.Cut(w, ":"); found && i > 0 {
				keys = append(keys, k)
			}
		}
		if i := slices.Index(words, "exists"); i >= 0 {
			out[words[i+1]] = strings.Join(keys, " ")
		}
	}
	return out
}

// TestDRBDLikeReal compares the structure of what is reported with real output.
func TestDRBDLikeReal(t *testing.T) {
	lab := newDRBDLab(t, 3, 2)
	lab.options = "quorum majority; on-no-quorum suspend-io; auto-promote yes;"
	lab.setup(true)
	lab.adjust()
	for name, got := range map[string]string{
		"status-tiebreaker-healthy.json":       must(t, lab.m[0], "drbdsetup", "status", "web", "--json", "--verbose", "--statistics"),
		"status-tiebreaker-diskless-view.json": must(t, lab.m[2], "drbdsetup", "status", "web", "--json", "--verbose", "--statistics"),
		"show-r1-two-paths.json":               must(t, lab.m[0], "drbdsetup", "show", "web", "--json"),
	} {
		var want, have []map[string]any
		for data, to := range map[string]*[]map[string]any{string(sample(t, name)): &want, got: &have} {
			if err := json.Unmarshal([]byte(data), to); err != nil {
				t.Fatal(err)
			}
		}
		if name == "show-r1-two-paths.json" { // options depend on the file
			for _, r := range []map[string]any{want[0], have[0]} {
				delete(r, "options")
				for _, c := range r["connections"].([]any) {
					delete(c.(map[string]any), "net")
				}
			}
		}
		if diff := cmp.Diff(shape(want[0]), shape(have[0])); diff != "" {
			t.Errorf("%s (-real +model):\n%s", name, diff)
		}
	}
	now := must(t, lab.m[0], "drbdsetup", "events2", "--now", "--timestamps", "--statistics", "web")
	if diff := cmp.Diff(keysOf(string(sample(t, "events2-now.txt"))), keysOf(now)); diff != "" {
		t.Errorf("events2 (-real +model):\n%s", diff)
	}
}

func TestDRBDIsDeterministic(t *testing.T) {
	story := func() string {
		lab := newDRBDLab(t, 3, 2)
		lab.setup(true)
		lab.adjust()
		lab.put(0, "one")
		lab.net.Isolate("n2")
		lab.put(0, "two")
		lab.net.HealAll()
		out := strings.Join(lab.d[1].Events(), "\n")
		for i := range 2 {
			out += must(t, lab.m[i], "drbdmeta", "--force", "1000", "v09", lowerDev, "internal", "dump-md")
		}
		return out
	}
	if a, b := story(), story(); a != b {
		t.Errorf("two runs differ:\n%s", cmp.Diff(a, b))
	}
}

// A resource comes up whatever strikes on the way: the same commands once more lead
// to the same end.
func TestDRBDFaults(t *testing.T) {
	for n := range 4 {
		for _, kind := range []Kind{Crash, Power, Half} {
			lab := newDRBDLab(t, 2, 2)
			lab.setup(true)
			lab.adjust()
			lab.put(0, "one")
			must(t, lab.m[1], "drbdsetup", "down", "web")
			lab.put(0, "two")
			lab.m[1].SetFaults(AfterChange(n, Fault{Kind: kind}))
			for range 2 { // the first round may be cut off
				for _, argv := range [][]string{
					{"lvchange", "--config", `devices { filter=["r|^/dev/drbd.*|"] }`, "--activate", "y", "vg/web_00000"},
					{"drbdadm", "adjust", "web"},
				} {
					if _, err := lab.m[1].Run(bg, run.Command(argv...)); err != nil {
						lab.m[1].Restart()
					}
				}
			}
			if got := lab.state(1); got != bothUp {
				t.Errorf("kind %d after %d changes: %s", kind, n, got)
			}
			lab.lower("two", "two")
		}
	}
}

func TestDRBDConcurrentUse(t *testing.T) {
	lab := newDRBDLab(t, 3, 2)
	lab.setup(true)
	lab.adjust()
	var wg sync.WaitGroup
	for i, m := range lab.m {
		wg.Go(func() {
			for range 20 {
				_, err1 := m.Run(bg, run.Command("drbdadm", "adjust", "web"))
				_, err2 := m.Run(bg, run.Command("drbdsetup", "status", "--json"))
				if err := errors.Join(err1, err2); err != nil {
					t.Error(err)
				}
				_ = m.SetMark(drbdDev, fmt.Sprintf("mark%d", i), "x") // may be refused while another writes
				lab.net.Isolate("n3")
				lab.net.HealAll()
			}
		})
	}
	wg.Wait()
	for i := range 3 {
		if lab.m[0].Mark(lowerDev, fmt.Sprintf("mark%d", i)) != lab.m[1].Mark(lowerDev, fmt.Sprintf("mark%d", i)) {
			t.Errorf("mark%d differs", i)
		}
	}
}
