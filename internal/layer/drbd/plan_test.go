package drbd_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// wantWeb is the first replica of a resource, with the grant to make it.
func wantWeb() drbd.Wanted {
	return drbd.Wanted{Resource: threeNodes(), Tools: debian, Header: drbd.Header{Program: "holdfast", Version: "1.0"}, Dir: "/var/lib/linstor.d",
		Meta: map[int]drbd.MetaWanted{0: {Create: &drbd.Create{Start: drbd.StartSkip, Day0: 0xABCDEF0123456780, Random: 0x1122334455667788}}}}
}

// emptyDisk is what is observed before anything was done.
func emptyDisk() drbd.Observed {
	return drbd.Observed{Lower: map[int]drbd.Lower{0: {Present: true, SizeKiB: 8192, MetaKnown: true, SignatureKnown: true}}}
}

// running is what is observed when all is as wanted.
func running(t testing.TB, w drbd.Wanted) drbd.Observed {
	t.Helper()
	text := config(t, w.Resource, w.Tools).Text
	state := drbd.State{Name: "web", NodeID: 0, Role: "Secondary", Devices: map[int]drbd.Device{0: {Minor: 1000, Disk: drbd.DiskUpToDate, SizeKiB: 8000}},
		Connections: map[int]drbd.Link{
			1: {Name: "n2", Connection: drbd.Connected, Volumes: map[int]drbd.PeerDevice{0: {Disk: drbd.DiskUpToDate}}},
			2: {Name: "n3", Connection: drbd.Connected, Volumes: map[int]drbd.PeerDevice{0: {Disk: drbd.DiskDiskless}}},
		}}
	return drbd.Observed{File: text, Good: text, State: &state, Lower: map[int]drbd.Lower{0: {Present: true, SizeKiB: 8192}}}
}

func show(out drbd.Outcome) []byte {
	var b strings.Builder
	for _, s := range out.Steps {
		var what string
		switch {
		case s.Cmd != nil:
			what = s.Cmd.String()
		case s.Write != nil:
			what = fmt.Sprintf("write %s mode %o", s.Write.Path, s.Write.Mode)
		default:
			what = "remove " + s.Remove
		}
		mark := ""
		if s.Destructive {
			mark = " DESTRUCTIVE"
		}
		fmt.Fprintf(&b, "%s%s # %s: %s\n", what, mark, s.Effect, s.Why)
	}
	for _, w := range out.Waiting {
		fmt.Fprintf(&b, "waits: %s\n", w)
	}
	for _, w := range out.Warnings {
		fmt.Fprintf(&b, "warns: %s\n", w)
	}
	return []byte(b.String())
}

// planCases change what is wanted or observed when all is well.
var planCases = map[string]func(*drbd.Wanted, *drbd.Observed){
	"new": func(_ *drbd.Wanted, o *drbd.Observed) { *o = emptyDisk() },
	"new-winner": func(w *drbd.Wanted, o *drbd.Observed) {
		*o = emptyDisk()
		w.Meta[0].Create.Start = drbd.StartWinner
	},
	"new-external": func(w *drbd.Wanted, o *drbd.Observed) {
		*o = emptyDisk()
		w.Resource.Volumes[0].MetaPath = "/dev/vg/web.meta_00000"
		w.Meta[0] = drbd.MetaWanted{Create: &drbd.Create{Start: drbd.StartFull}, Layout: drbd.MetaLayout{Peers: 3, ALStripes: 2, ALStripeSizeKiB: 64}}
	},
	"restored": func(w *drbd.Wanted, o *drbd.Observed) {
		*o = emptyDisk()
		o.Lower[0] = drbd.Lower{Present: true, MetaKnown: true, Meta: drbd.Metadata{Found: true, NodeID: 3, MaxPeers: 7, Current: 0x99, DeviceUUID: 0x77}}
		w.Meta[0].Create.Replace = &drbd.Identity{Current: 0x98, DeviceUUID: 0x77}
	},
	"waits-for-storage": func(_ *drbd.Wanted, o *drbd.Observed) { *o = drbd.Observed{} },
	"restart":           func(_ *drbd.Wanted, o *drbd.Observed) { o.State, o.Lower = nil, known(o.Lower) },
	"option":            func(w *drbd.Wanted, _ *drbd.Observed) { w.Resource.Options = nil },
	"lost-storage": func(_ *drbd.Wanted, o *drbd.Observed) {
		delete(o.Lower, 0)
		d := o.State.Devices[0]
		d.Disk = drbd.DiskDiskless
		o.State.Devices[0] = d
	},
	"skip-disk":   func(w *drbd.Wanted, _ *drbd.Observed) { w.SkipDisk = true },
	"to-diskless": func(w *drbd.Wanted, _ *drbd.Observed) { w.Resource.Nodes[1].Diskless = true },
	"to-diskless-waits": func(w *drbd.Wanted, o *drbd.Observed) {
		w.Resource.Nodes[1].Diskless = true
		o.State.Connections[1] = drbd.Link{Name: "n2", Connection: "Connecting"}
	},
	"grow": func(w *drbd.Wanted, _ *drbd.Observed) {
		w.Meta[0] = drbd.MetaWanted{Grow: &drbd.Grow{NetKiB: 16000, AssumeClean: true}}
	},
	"grow-waits": func(w *drbd.Wanted, o *drbd.Observed) {
		w.Meta[0] = drbd.MetaWanted{Grow: &drbd.Grow{NetKiB: 16000}}
		o.State.Connections[1].Volumes[0] = drbd.PeerDevice{Disk: "Inconsistent"}
	},
	"peer-gone": func(w *drbd.Wanted, o *drbd.Observed) {
		w.Resource.Nodes, w.Forget = w.Resource.Nodes[1:], []int{5, 2}
	},
	"split-brain": func(_ *drbd.Wanted, o *drbd.Observed) {
		o.State.Connections[1] = drbd.Link{Name: "n2", Connection: drbd.StandAlone}
		o.State.Suspended.Quorum = true
	},
	"grown-while-down": func(_ *drbd.Wanted, o *drbd.Observed) {
		o.State, o.Lower = nil, known(o.Lower)
		l := o.Lower[0]
		l.Meta.Moved = true
		o.Lower[0] = l
	},
	"down":         func(w *drbd.Wanted, _ *drbd.Observed) { w.Down = true },
	"down-already": func(w *drbd.Wanted, o *drbd.Observed) { w.Down, *o = true, drbd.Observed{} },
	"resync-after": func(w *drbd.Wanted, o *drbd.Observed) {
		w.Resource.Disk = []drbd.Option{{Name: "resync-after", Value: "other/0"}}
		o.Others = map[string]drbd.State{"other": {Devices: map[int]drbd.Device{0: {}}}}
	},
	"resync-after-gone": func(w *drbd.Wanted, _ *drbd.Observed) {
		w.Resource.Disk = []drbd.Option{{Name: "resync-after", Value: "other/0"}}
	},
	"settled": func(*drbd.Wanted, *drbd.Observed) {},
}

func TestPlanGolden(t *testing.T) {
	for name, change := range planCases {
		t.Run(name, func(t *testing.T) {
			w := wantWeb()
			o := running(t, w)
			change(&w, &o)
			out, err := drbd.Plan(w, o)
			if err != nil {
				t.Fatal(err)
			}
			text := show(out)
			if strings.Contains(string(text), w.Resource.Secret) {
				t.Error("the plan shows the secret")
			}
			golden(t, "plan-"+name+".txt", text)
		})
	}
}

// TestPlanTellsWhetherDRBDFollows: others wait for a node to know of them, whatever else it
// still waits for.
func TestPlanTellsWhetherDRBDFollows(t *testing.T) {
	cases := map[string]struct {
		change func(*drbd.Wanted, *drbd.Observed)
		want   bool
	}{
		"settled": {func(*drbd.Wanted, *drbd.Observed) {}, true},
		"its disk is missing": {func(_ *drbd.Wanted, o *drbd.Observed) {
			o.Lower = map[int]drbd.Lower{}
			d := o.State.Devices[0]
			d.Disk = drbd.DiskDiskless
			o.State.Devices[0] = d
		}, true},
		"a peer is not in the kernel": {func(_ *drbd.Wanted, o *drbd.Observed) { delete(o.State.Connections, 1) }, false},
		"an option is new": {func(w *drbd.Wanted, _ *drbd.Observed) {
			w.Resource.Disk = []drbd.Option{{Name: "al-extents", Value: "1237"}}
		}, false},
		"not running": {func(_ *drbd.Wanted, o *drbd.Observed) { o.State, o.Lower = nil, known(o.Lower) }, false},
	}
	for name, tc := range cases {
		w := wantWeb()
		o := running(t, w)
		tc.change(&w, &o)
		out, err := drbd.Plan(w, o)
		if err != nil {
			t.Fatal(err)
		}
		if out.Follows != tc.want {
			t.Errorf("%s: follows %v; %+v", name, out.Follows, out)
		}
	}
}

// known adds metadata that belongs to the replica.
func known(in map[int]drbd.Lower) map[int]drbd.Lower {
	out := maps.Clone(in)
	for n, l := range out {
		l.MetaKnown, l.Meta = true, drbd.Metadata{Found: true, NodeID: 0, MaxPeers: 7, Current: 0x55, DeviceUUID: 0x66}
		out[n] = l
	}
	return out
}

// other is another resource in the kernel.
func other(change func(*drbd.State)) map[string]drbd.State {
	s := drbd.State{Name: "old", Devices: map[int]drbd.Device{0: {Minor: 7}}, Connections: map[int]drbd.Link{}}
	change(&s)
	return map[string]drbd.State{"old": s}
}

// lower changes the device of a replica that is only being made.
func lower(o *drbd.Observed, change func(*drbd.Lower)) {
	*o = emptyDisk()
	l := o.Lower[0]
	change(&l)
	o.Lower[0] = l
}

// planRefusals has what must never get a step, by a word of the cause.
var planRefusals = map[string]func(*drbd.Wanted, *drbd.Observed){
	"something on the node has": func(_ *drbd.Wanted, o *drbd.Observed) { lower(o, func(l *drbd.Lower) { l.InUse = true }) },
	"DRBD's resource 'old' has": func(_ *drbd.Wanted, o *drbd.Observed) {
		o.Others = other(func(s *drbd.State) { s.Devices[0] = drbd.Device{Minor: 7, Backing: "/dev/vg/web_00000"} })
	},
	"does not begin with":  func(_ *drbd.Wanted, o *drbd.Observed) { o.File = []byte("resource \"web\" {}\n") },
	"its secret is not":    func(_ *drbd.Wanted, o *drbd.Observed) { o.File, o.Good = nil, nil },
	"in the kernel, there": func(w *drbd.Wanted, o *drbd.Observed) { w.Down, o.File, o.Good = true, nil, nil },
	"runs with node id 4":  func(_ *drbd.Wanted, o *drbd.Observed) { o.State.NodeID = 4 },
	"runs with minor":      func(w *drbd.Wanted, _ *drbd.Observed) { w.Resource.Volumes[0].Minor = 1001 },
	"resource 'old' has it": func(_ *drbd.Wanted, o *drbd.Observed) {
		o.Others = other(func(s *drbd.State) { s.Devices[3] = drbd.Device{Minor: 1000} })
	},
	"resource 'old' uses":     func(_ *drbd.Wanted, o *drbd.Observed) { o.Others = other(otherPort) },
	"one of its devices is":   func(w *drbd.Wanted, o *drbd.Observed) { w.Down, o.State.Role = true, drbd.RolePrimary },
	"metadata could not be":   func(_ *drbd.Wanted, o *drbd.Observed) { lower(o, func(l *drbd.Lower) { l.MetaKnown = false }) },
	"holds other data: ext4":  func(_ *drbd.Wanted, o *drbd.Observed) { lower(o, func(l *drbd.Lower) { l.Signature = "ext4" }) },
	"data could not be found": func(_ *drbd.Wanted, o *drbd.Observed) { lower(o, func(l *drbd.Lower) { l.SignatureKnown = false }) },
	"replica is not new":      func(w *drbd.Wanted, o *drbd.Observed) { *o = emptyDisk(); w.Meta = nil },
	"has none now": func(w *drbd.Wanted, o *drbd.Observed) {
		file := o.File
		*o = emptyDisk()
		o.File = file
	},
	"was not made for it": func(_ *drbd.Wanted, o *drbd.Observed) {
		lower(o, func(l *drbd.Lower) { l.Meta = drbd.Metadata{Found: true, NodeID: -1, MaxPeers: 7, Current: 0x10} })
	},
	"written with node id 9": func(_ *drbd.Wanted, o *drbd.Observed) {
		lower(o, func(l *drbd.Lower) { l.Meta = drbd.Metadata{Found: true, NodeID: 9, MaxPeers: 7} })
	},
	"has 0 peer slots": func(_ *drbd.Wanted, o *drbd.Observed) {
		lower(o, func(l *drbd.Lower) { l.Meta = drbd.Metadata{Found: true, NodeID: 0} })
	},
	"begin with": func(w *drbd.Wanted, o *drbd.Observed) { *o = emptyDisk(); w.Meta[0].Create.Day0 = 0 },
	"needs drbd-utils": func(w *drbd.Wanted, o *drbd.Observed) {
		*o = emptyDisk()
		w.Meta[0] = drbd.MetaWanted{Create: w.Meta[0].Create, Layout: drbd.MetaLayout{BitmapBlockKiB: 64}}
	},
	"peer slots are wanted": func(w *drbd.Wanted, o *drbd.Observed) {
		*o = emptyDisk()
		w.Meta[0] = drbd.MetaWanted{Create: w.Meta[0].Create, Layout: drbd.MetaLayout{Peers: 99}}
	},
	"no volumes":         func(w *drbd.Wanted, _ *drbd.Observed) { w.Resource.Volumes = nil },
	"both a member and":  func(w *drbd.Wanted, o *drbd.Observed) { w.Forget = []int{2}; delete(o.State.Connections, 2) },
	"something else tha": func(w *drbd.Wanted, _ *drbd.Observed) { w.Resource.Options[0].Value = "a b" },
}

func TestPlanRefuses(t *testing.T) {
	for word, change := range planRefusals {
		t.Run(word, func(t *testing.T) {
			w := wantWeb()
			o := running(t, w)
			change(&w, &o)
			out, err := drbd.Plan(w, o)
			f, ok := fault.As(err)
			if !ok || len(out.Steps) != 0 {
				t.Fatalf("got %v and steps\n%s", err, show(out))
			}
			if !strings.Contains(f.Error(), word) || strings.Contains(f.Error(), w.Resource.Secret) {
				t.Errorf("the fault is %q", f.Error())
			}
		})
	}
}

// TestPlanStandIn: a path that stands in for that of storage which nobody had seen yet does
// not tell of metadata that was lost.
func TestPlanStandIn(t *testing.T) {
	w := wantWeb()
	o := running(t, w)
	file := strings.Replace(string(o.File), "/dev/vg/web_00000", "/dev/storage-of/web/0", 1)
	o = emptyDisk()
	o.File = []byte(file)
	if out, err := drbd.Plan(w, o); err != nil || len(out.Steps) == 0 || !strings.Contains(out.Steps[0].String(), "create-md") {
		t.Errorf("%v, steps\n%s", err, show(out))
	}
	w.Meta = nil
	if out, err := drbd.Plan(w, o); err == nil {
		t.Errorf("without a grant there are steps\n%s", show(out))
	}
}

func otherPort(s *drbd.State) {
	s.Connections[1] = drbd.Link{Paths: map[drbd.PathKey]bool{{Local: "ipv4:10.0.0.1:7000", Peer: "ipv4:10.0.0.9:7000"}: true}}
}

func TestPlanKnowsItsOwnBySecret(t *testing.T) {
	w := wantWeb()
	o := running(t, w)
	o.File, o.Good, o.RunningSecret = nil, nil, w.Resource.Secret
	if out, err := drbd.Plan(w, o); err != nil || len(out.Steps) == 0 {
		t.Errorf("%d steps, %v", len(out.Steps), err)
	}
}

// TestPlanTakesOver has a file of another manager for this very resource.
func TestPlanTakesOver(t *testing.T) {
	w := wantWeb()
	w.Meta = nil
	o := running(t, w)
	o.Good, o.File = nil, []byte("# by something else\n\nresource \"web\"\n{\n  net {\n shared-secret   \""+w.Resource.Secret+"\";\n}\n}\n")
	out, err := drbd.Plan(w, o)
	if err != nil || len(out.Steps) == 0 || out.Steps[0].Write == nil {
		t.Errorf("%s, %v", show(out), err)
	}
}

func TestFallback(t *testing.T) {
	w := wantWeb()
	o := running(t, w)
	if steps := drbd.Fallback(w, o); len(steps) != 0 {
		t.Errorf("%d steps where all is well", len(steps))
	}
	o.File = slices.Concat(o.File, []byte("# broken"))
	if steps := drbd.Fallback(w, o); len(steps) != 1 || string(steps[0].Write.Data) != string(o.Good) {
		t.Errorf("%+v", steps)
	}
}

func TestExplain(t *testing.T) {
	c := run.Command("drbdadm", "adjust", "web")
	err := drbd.Explain(c, run.Result{ExitCode: 1, Stderr: []byte("r1: Failure: (161) Minor or volume exists already (delete it first)\n" +
		"Command 'drbdsetup new-peer r1 1 --shared-secret=s3cr3t --protocol=C' terminated with exit code 10\n")})
	f, ok := fault.As(err)
	if !ok || !strings.Contains(f.Message, "minor number") || f.Correction == "" || strings.Contains(f.Error()+f.Details, "s3cr3t") {
		t.Errorf("%+v", f)
	}
	f, ok = fault.As(drbd.Explain(c, run.Result{ExitCode: 3, Stderr: []byte("odd --shared-secret=s3cr3t")}))
	if !ok || !strings.Contains(f.Cause, "exit code 3") || strings.Contains(f.Error()+f.Details, "s3cr3t") {
		t.Errorf("%+v", f)
	}
}

// TestPlanReal executes the steps for new metadata on a file, and lets drbdadm say
// what it would do for the others.
func TestPlanReal(t *testing.T) {
	tools := realTools(t)
	needTool(t, "drbdmeta")
	for _, start := range []drbd.Start{drbd.StartWinner, drbd.StartSkip, drbd.StartFull} {
		dir := t.TempDir()
		w := wantWeb()
		w.Dir, w.Tools, w.Meta[0].Create.Start = dir, tools, start
		disk := filepath.Join(dir, "disk")
		w.Resource.Volumes[0].BackingPath = disk
		w.Resource.Volumes[0].Minor, _ = strconv.Atoi(realMinor)
		mustDo(t, os.WriteFile(disk, nil, 0o600), os.Truncate(disk, 8<<20), os.Mkdir(filepath.Join(dir, ".backup"), 0o700))
		out, err := drbd.Plan(w, emptyDisk())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range out.Steps {
			execute(t, s)
		}
		o := emptyDisk()
		l := o.Lower[0]
		l.Meta = dumpMetadata(t, disk)
		o.Lower[0] = l
		o.File, o.Good = read(t, w.Path()), read(t, w.GoodPath())
		out, err = drbd.Plan(w, o)
		if err != nil {
			t.Fatal(err)
		}
		if text := string(show(out)); strings.Contains(text, "drbdmeta") || !strings.Contains(text, "adjust") {
			t.Errorf("%s: the second plan is\n%s", start, text)
		}
	}
}

func mustDo(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// execute does a step; drbdadm only says what it would do.
func execute(t *testing.T, s provider.Step) {
	t.Helper()
	if s.Write != nil {
		mustDo(t, os.WriteFile(s.Write.Path, s.Write.Data, 0o600))
		return
	}
	argv := s.Cmd.Argv
	if argv[0] == "drbdadm" {
		argv = slices.Insert(slices.Clone(argv), 1, "--dry-run")
	}
	if _, said, code := tool(t, argv...); code != 0 {
		t.Fatalf("%s exits with %d: %s", s.Cmd, code, said)
	}
}

// TestPlanRealCommands lets drbdadm read the other command lines.
func TestPlanRealCommands(t *testing.T) {
	tools := realTools(t)
	dir := t.TempDir()
	w := wantWeb()
	w.Dir, w.Tools = dir, tools
	o := running(t, w)
	mustDo(t, os.Mkdir(filepath.Join(dir, ".backup"), 0o700), os.WriteFile(w.Path(), o.File, 0o600))
	for _, change := range []func(){
		func() { w.Meta[0] = drbd.MetaWanted{Grow: &drbd.Grow{NetKiB: 16000, AssumeClean: true}} },
		func() { w.SkipDisk, w.Resource.Options = true, nil },
	} {
		change()
		out, err := drbd.Plan(w, o)
		if err != nil || len(out.Steps) == 0 {
			t.Fatalf("%d steps, %v", len(out.Steps), err)
		}
		for _, s := range out.Steps {
			execute(t, s)
		}
	}
}

// TestPlanReplacesOnce has a copy whose metadata looks like what it is to become.
func TestPlanReplacesOnce(t *testing.T) {
	w := wantWeb()
	c := w.Meta[0].Create
	c.Replace = &drbd.Identity{Current: c.Day0}
	o := emptyDisk()
	l := o.Lower[0]
	l.Meta = drbd.Metadata{Found: true, NodeID: -1, MaxPeers: 7, Current: c.Day0}
	o.Lower[0] = l
	out, err := drbd.Plan(w, o)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(show(out)); strings.Contains(text, "create-md") {
		t.Errorf("metadata that is right is made again:\n%s", text)
	}
}

// TestPlanReplacesUnusedMetadata has metadata of an earlier grant that was never used.
func TestPlanReplacesUnusedMetadata(t *testing.T) {
	for name, c := range map[string]struct {
		meta drbd.Metadata
		own  bool
		want bool
	}{
		"never used":            {drbd.Metadata{Found: true, NodeID: -1, MaxPeers: 7, Current: 0x10}, true, true},
		"used by this replica":  {drbd.Metadata{Found: true, NodeID: 0, MaxPeers: 7, Current: 0x10, DeviceUUID: 1}, true, false},
		"of nobody knows whom":  {drbd.Metadata{Found: true, NodeID: -1, MaxPeers: 7, Current: 0x10}, false, false},
		"used, the node unsaid": {drbd.Metadata{Found: true, NodeID: -1, MaxPeers: 7, Current: 0x10, DeviceUUID: 1}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, o := wantWeb(), emptyDisk()
			l := o.Lower[0]
			l.Own, l.Meta = c.own, c.meta
			o.Lower[0] = l
			out, _ := drbd.Plan(w, o)
			if got := strings.Contains(string(show(out)), "create-md"); got != c.want {
				t.Errorf("made anew: %v\n%s", got, show(out))
			}
		})
	}
}

// TestReplaceReal makes sure that drbdmeta's new metadata has nothing of the old.
func TestReplaceReal(t *testing.T) {
	realTools(t)
	needTool(t, "drbdmeta")
	disk := filepath.Join(t.TempDir(), "disk")
	makeMetadata(t, disk, 8192, drbd.MetaLayout{})
	dump, _, _ := tool(t, "drbdmeta", "--force", realMinor, "v09", disk, "internal", "dump-md")
	used := strings.NewReplacer("node-id -1;", "node-id 3;", "current-uuid 0x0000000000000004;", "current-uuid 0x1234567812345678;",
		"device-uuid 0x0000000000000000;", "device-uuid 0x1111111122222222;").Replace(dump)
	mustDo(t, os.WriteFile(disk+".dump", []byte(used), 0o600))
	if _, said, code := tool(t, "drbdmeta", "--force", realMinor, "v09", disk, "internal", "restore-md", disk+".dump"); code != 0 {
		t.Fatalf("restore-md exits with %d: %s", code, said)
	}
	w := wantWeb()
	w.Resource.Volumes[0].BackingPath = disk
	w.Resource.Volumes[0].Minor, _ = strconv.Atoi(realMinor)
	o := emptyDisk()
	l := o.Lower[0]
	l.Meta = dumpMetadata(t, disk)
	o.Lower[0] = l
	if l.Meta.NodeID != 3 || l.Meta.DeviceUUID == 0 {
		t.Fatalf("restored metadata %+v", l.Meta)
	}
	id := l.Meta.Identity()
	w.Meta[0].Create.Replace = &id
	out, err := drbd.Plan(w, o)
	if err != nil {
		t.Fatal(err)
	}
	if !out.Steps[0].Destructive {
		t.Error("the step is not marked as destructive")
	}
	for _, s := range out.Steps {
		if s.Cmd != nil && s.Cmd.Argv[0] == "drbdmeta" {
			execute(t, s)
		}
	}
	if md := dumpMetadata(t, disk); md.NodeID != -1 || md.Current != w.Meta[0].Create.Day0 || md.Identity() == id {
		t.Errorf("new metadata %+v", md)
	}
}

// TestPlanAnew: what is left of a disk whose removal had begun is made anew, once, and
// only where it is allowed; a disk that is in use already is kept.
func TestPlanAnew(t *testing.T) {
	w := wantWeb()
	w.Meta[0] = drbd.MetaWanted{Create: &drbd.Create{Start: drbd.StartFull, Anew: true}}
	left := drbd.Metadata{Found: true, Current: 0xABCDEF0123456780, NodeID: 0, MaxPeers: 7}
	o := emptyDisk()
	lower(&o, func(l *drbd.Lower) { l.Meta = left })
	created := func(o drbd.Observed) (n int) {
		out, err := drbd.Plan(w, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range out.Steps {
			if s.Cmd != nil && slices.Contains(s.Cmd.Argv, "create-md") {
				if n++; !s.Destructive {
					t.Errorf("%s is not said to take something away", s.Cmd)
				}
			}
		}
		return n
	}
	if n := created(o); n != 1 {
		t.Errorf("metadata of the removed disk is made anew %d times, want once", n)
	}
	lower(&o, func(l *drbd.Lower) {
		l.Meta = drbd.Metadata{Found: true, Current: drbd.JustCreated, NodeID: -1, MaxPeers: 7}
	})
	if n := created(o); n != 0 {
		t.Errorf("metadata that was made anew is made %d times more", n)
	}
	lower(&o, func(l *drbd.Lower) { l.Meta = left })
	o.File = config(t, w.Resource, w.Tools).Text
	if n := created(o); n != 0 {
		t.Errorf("metadata of a disk that is in use is made anew %d times", n)
	}
	o.File = nil
	w.Meta[0].Create.Anew = false
	// On a device that was empty when it was made it can only be its own.
	lower(&o, func(l *drbd.Lower) { l.Meta, l.Own = left, true })
	if n := created(o); n != 0 {
		t.Errorf("metadata that is the replica's own is made anew %d times", n)
	}
	lower(&o, func(l *drbd.Lower) { l.Meta, l.Own = left, false })
	if _, err := drbd.Plan(w, o); err == nil {
		t.Error("without being allowed to, metadata of another time is used")
	}
}
