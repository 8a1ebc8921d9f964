package drbd_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
)

func feed(t testing.TB, text string) *drbd.Tree {
	t.Helper()
	tree := drbd.NewTree()
	for line := range strings.Lines(text) {
		if _, err := tree.Apply(line); err != nil {
			t.Fatal(err)
		}
	}
	return tree
}

// common keeps what both the status and the event stream tell.
func common(in map[string]drbd.State) map[string]drbd.State {
	for name, s := range in {
		s.NodeID, s.MayPromote, s.PromotionScore = -1, drbd.Untold, 0
		for n, d := range s.Devices {
			d.Backing = ""
			s.Devices[n] = d
		}
		for id, l := range s.Connections {
			clear(l.Paths)
			s.Connections[id] = l
		}
		in[name] = s
	}
	return in
}

// TestEventsAreStatus compares both tools' view of one moment.
func TestEventsAreStatus(t *testing.T) {
	status, err := drbd.ParseStatus(sample(t, "status-verbose.json"))
	if err != nil {
		t.Fatal(err)
	}
	tree := feed(t, string(sample(t, "events2-now.txt")))
	if !tree.Complete {
		t.Error("the tree is not complete")
	}
	r1 := tree.Resources["r1"]
	if r1.MayPromote != drbd.Yes || r1.PromotionScore != 10102 || r1.Devices[0].Backing != "/dev/lab/r1_00000" || len(r1.Connections[1].Paths) != 2 {
		t.Errorf("the stream tells more: %+v", r1)
	}
	if diff := cmp.Diff(common(status), common(tree.Clone())); diff != "" {
		t.Error(diff)
	}
}

func TestStatusSamples(t *testing.T) {
	for name, check := range map[string]func(drbd.State) bool{
		"status-healthy-primary.json": func(s drbd.State) bool { return s.Role == drbd.RolePrimary && s.Used() && !s.Suspended.Any() },
		"status-quorum-lost.json": func(s drbd.State) bool {
			return s.Devices[0].Quorum == drbd.No && s.Connections[2].Volumes[0].OutOfSyncKiB == 10264
		},
		"status-suspended-quorum.json": func(s drbd.State) bool { return s.Suspended.Quorum && s.Suspended.Any() },
		"status-resync.json": func(s drbd.State) bool {
			return s.Connections[2].Volumes[0].DonePercent == 5.47 || s.Connections[0].Volumes[0].DonePercent == 5.47
		},
		"status-tiebreaker-diskless-view.json": func(s drbd.State) bool {
			return s.Devices[0].Disk == drbd.DiskDiskless && s.Devices[0].Client == drbd.Yes
		},
		"status-one-peer-lost.json": func(s drbd.State) bool { return s.NodeID == 1 },
	} {
		got, err := drbd.ParseStatus(sample(t, name))
		if err != nil || len(got) != 1 {
			t.Errorf("%s: %d resources, %v", name, len(got), err)
			continue
		}
		for _, s := range got {
			if !check(s) {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
}

func TestStatusNewerKeys(t *testing.T) {
	got, err := drbd.ParseStatus([]byte(`[{"name":"r","node-id":3,"colour":"red","devices":[{"volume":0,"minor":7,"open":true}],
		"connections":[{"peer-node-id":1,"tls":false,"paths":[{"this_host":{"address":"::1","port":7000,"family":"ipv6"},
		"remote_host":{"address":"::2","port":7001,"family":"ipv6"},"established":true}]}]}]`))
	if err != nil {
		t.Fatal(err)
	}
	r := got["r"]
	if !r.Used() || !r.Connections[1].Paths[drbd.PathKey{Local: "ipv6:[::1]:7000", Peer: "ipv6:[::2]:7001"}] {
		t.Errorf("%+v", r)
	}
	for _, bad := range []string{"", "{", "[{}]", `[{"name":1}]`} {
		if _, err := drbd.ParseStatus([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestEventsHistory(t *testing.T) {
	text := string(sample(t, "events2-full.txt"))
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	tree := feed(t, strings.Join(lines[:len(lines)-1], "\n"))
	before := tree.Clone()
	// The sample's last line is cut off in the middle.
	if _, err := tree.Apply(lines[len(lines)-1]); err == nil {
		t.Error("half a line is taken")
	}
	if diff := cmp.Diff(before, tree.Clone()); diff != "" {
		t.Errorf("half a line changed the tree: %s", diff)
	}
	if len(tree.Resources["r1"].Connections) != 0 || tree.Resources["r1"].Devices[0].Disk != drbd.DiskDiskless {
		t.Errorf("r1 at its end: %+v", tree.Resources["r1"])
	}
	n1 := feed(t, string(sample(t, "events2-partition-n1.txt")))
	if len(n1.Resources) != 0 {
		t.Errorf("left over: %+v", n1.Resources)
	}
}

func TestEventsProgress(t *testing.T) {
	tree := feed(t, `exists resource name:r role:Secondary suspended:user,quorum
exists device name:r volume:0 minor:9 disk:UpToDate shiny:yes
exists peer-device name:r peer-node-id:1 conn-name:b volume:0 replication:SyncTarget done:20.80 eta:nan
exists -
change peer-device name:r peer-node-id:1 volume:0
response helper name:r helper:x status:0
change widget name:r
`)
	r := tree.Resources["r"]
	if r.Connections[1].Volumes[0].DonePercent != 20.8 || !r.Suspended.User || !r.Suspended.Quorum || r.Connections[1].Name != "b" {
		t.Errorf("%+v", r)
	}
	for _, bad := range []string{"change", "change device name:r volume:x minor:1", "change device name:r minor:1", "change resource role:Primary",
		"destroy device name:r", "change path name:r peer-node-id:1", "exists device name:r volume:0 minor:1 size:much"} {
		if _, err := tree.Apply(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	for _, line := range []string{"change peer-device name:r peer-node-id:1 volume:0 replication:Established", "destroy device name:r volume:0",
		"destroy connection name:r peer-node-id:1", "rename resource name:r new_name:s", "destroy device name:nobody volume:0"} {
		if _, err := tree.Apply(line); err != nil {
			t.Error(err)
		}
	}
	if s, ok := tree.Resources["s"]; !ok || len(s.Devices)+len(s.Connections) != 0 {
		t.Errorf("%+v", tree.Resources)
	}
}

func seed(f *testing.F, pattern string) {
	names, _ := filepath.Glob(filepath.Join(samples, pattern))
	for _, n := range names {
		f.Add(string(sample(f, filepath.Base(n))))
	}
}

func FuzzStatus(f *testing.F) {
	seed(f, "status-*.json")
	f.Add(`[{"name":"r"}]`)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := drbd.ParseStatus([]byte(text))
		if err != nil && len(got) > 0 {
			t.Error("an error with a state")
		}
	})
}

func FuzzEvents(f *testing.F) {
	seed(f, "events2-*.txt")
	f.Add("exists resource name:r role:Primary\nchange connection name:r peer-node-id:1 connection:Connected\n")
	f.Fuzz(func(t *testing.T, text string) {
		tree := drbd.NewTree()
		for line := range strings.Lines(text) {
			before := tree.Clone()
			_, err := tree.Apply(line)
			if err != nil && !cmp.Equal(before, tree.Clone()) {
				t.Errorf("a broken line changed the tree: %q", line)
			}
		}
		for name, s := range tree.Resources {
			if name == "" || s.Name != name {
				t.Errorf("resource %q under %q", s.Name, name)
			}
		}
	})
}

func FuzzDumpMD(f *testing.F) {
	f.Add("version \"v09\";\nmax-peers 7;\nnode-id -1;\ncurrent-uuid 0x4;\ndevice-uuid 0x0;\npeer[0] {\n bitmap-uuid 0x1;\n}\n", "", 0)
	f.Add("", "No valid meta data found", 1)
	f.Fuzz(func(t *testing.T, out, said string, code int) {
		m, err := drbd.ParseDumpMD(out, said, code)
		if err != nil && m.Found {
			t.Error("an error with metadata")
		}
		if _, err := drbd.ParseGI(out); err == nil && !strings.Contains(out, ":") {
			t.Error("identifiers from nothing")
		}
	})
}

func TestVersions(t *testing.T) {
	text, _, _ := bytes.Cut(sample(t, "misc-drbd.txt"), []byte("<command"))
	_, rest, _ := strings.Cut(string(text), "invalid command\n")
	tools, err := drbd.ParseAdmVersion(rest)
	if err != nil || tools != debian {
		t.Errorf("tools %+v, %v", tools, err)
	}
	if v, err := drbd.ParseProcDRBD(rest); err != nil || v != debian.Kernel {
		t.Errorf("module %v, %v", v, err)
	}
}
