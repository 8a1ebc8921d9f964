package drbd_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
)

// TestConfigReal lets the installed drbdadm read what is written for it.
func TestConfigReal(t *testing.T) {
	tools := realTools(t)
	for _, c := range configCases() {
		t.Run(c.name, func(t *testing.T) {
			node, _ := c.res.LocalUname()
			t.Setenv("__DRBD_NODE__", node)
			accepted(t, t.TempDir(), config(t, c.res, tools), c.res)
			if tools.Utils.AtLeast(c.tools.Utils) {
				accepted(t, t.TempDir(), config(t, c.res, c.tools), c.res)
			}
		})
	}
}

// accepted checks that drbdadm reads the file and would do what is meant.
func accepted(t testing.TB, dir string, f drbd.File, r drbd.Resource) string {
	t.Helper()
	out, why := admDryRun(t, dir, f, r)
	if why != "" {
		t.Fatalf("%s\n%s", why, f.Text)
	}
	return out
}

func admDryRun(t testing.TB, dir string, f drbd.File, r drbd.Resource) (out, why string) {
	path := filepath.Join(dir, "x.res")
	if err := os.WriteFile(path, f.Text, 0o600); err != nil {
		t.Fatal(err)
	}
	node, id := r.LocalUname()
	cmd := []string{"env", "__DRBD_NODE__=" + node, "drbdadm", "-c", path}
	if _, said, code := tool(t, append(cmd, "dump", r.FullName())...); code != 0 {
		return "", fmt.Sprintf("dump exits with %d: %s", code, said)
	}
	out, said, code := tool(t, append(cmd, "-d", "adjust", r.FullName())...)
	if code != 0 {
		return "", fmt.Sprintf("adjust exits with %d: %s", code, said)
	}
	if want := fmt.Sprintf("new-resource %s %d", r.FullName(), id); !strings.Contains(out, want) {
		return "", fmt.Sprintf("adjust does not %s:\n%s", want, out)
	}
	disks, peers := r.Expectation()
	if got := strings.Count(out, "drbdsetup attach "); got != disks {
		return "", fmt.Sprintf("adjust attaches %d disks, want %d:\n%s", got, disks, out)
	}
	if got := strings.Count(out, "drbdsetup new-peer "); got != peers {
		return "", fmt.Sprintf("adjust knows %d peers, want %d:\n%s", got, peers, out)
	}
	return out, ""
}

func TestConfigRealAny(t *testing.T) {
	tools := realTools(t)
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		r := anyResource(rt)
		f, err := drbd.Config(&r, tools, drbd.Header{Program: "holdfast"})
		if err != nil {
			rt.Fatal(err)
		}
		if _, why := admDryRun(t, dir, f, r); why != "" {
			rt.Fatalf("%s\n%s", why, f.Text)
		}
	})
}

func anyResource(rt *rapid.T) drbd.Resource {
	r := drbd.Resource{
		Name:   rapid.StringMatching(`[a-zA-Z_][a-zA-Z0-9_-]{1,47}`).Filter(func(s string) bool { return s != "all" }).Draw(rt, "name"),
		Suffix: rapid.SampledFrom([]string{"", ".a"}).Draw(rt, "suffix"),
		Secret: anyText(rt, "secret"),
	}
	if rapid.Bool().Draw(rt, "handler") {
		r.Handlers = []drbd.Option{{Name: "fence-peer", Value: anyText(rt, "handler")}}
	}
	if rapid.Bool().Draw(rt, "options") {
		r.Options = []drbd.Option{{Name: "quorum", Value: rapid.SampledFrom([]string{"off", "majority", "all", "3"}).Draw(rt, "quorum"),
			Overrides: []drbd.Override{{Value: rapid.String().Draw(rt, "hidden"), From: rapid.String().Draw(rt, "from")}}}}
	}
	diskless := 0
	for i := range rapid.IntRange(1, 8).Draw(rt, "nodes") {
		n := drbd.Node{Name: fmt.Sprintf("node%d", i), Uname: fmt.Sprintf("h%d.example.com", i), NodeID: 31 - i*3,
			Diskless: i > 0 && rapid.Bool().Draw(rt, "diskless"), Endpoint: drbd.Endpoint{Addr: netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}), Port: uint16(7000 + i)}}
		if n.Diskless {
			diskless++
		}
		r.Nodes = append(r.Nodes, n)
	}
	r.Local = r.Nodes[rapid.IntRange(0, len(r.Nodes)-1).Draw(rt, "local")].Name
	for i := range rapid.IntRange(1, 4).Draw(rt, "volumes") {
		v := drbd.Volume{Number: i * 7, Minor: 1000 + i, BackingPath: fmt.Sprintf("/dev/vg/%s_%05d", r.Name, i), SizeKiB: rapid.SampledFrom([]int64{0, 1 << 20}).Draw(rt, "size")}
		if rapid.Bool().Draw(rt, "external") {
			v.MetaPath = v.BackingPath + ".meta"
		}
		r.Volumes = append(r.Volumes, v)
	}
	return r
}

// anyText is text as a user may set it, short enough for drbdadm.
func anyText(rt *rapid.T, label string) string {
	return rapid.StringMatching(`[ -~äß€]{1,60}`).Draw(rt, label)
}

// TestResyncAfterReal: drbdadm understands an order of resyncs where it reads the files
// of both resources, and leaves it out where it cannot find the other one. ADR 6 stands
// on that.
func TestResyncAfterReal(t *testing.T) {
	tools := realTools(t)
	dir := t.TempDir()
	first, second := threeNodes(), threeNodes()
	second.Name = "later"
	second.Volumes[0].Minor, second.Volumes[0].BackingPath = 1001, "/dev/vg/later_00000"
	for i := range second.Nodes {
		second.Nodes[i].Endpoint.Port += 100
	}
	second.Disk = []drbd.Option{{Name: "resync-after", Value: first.FullName() + "/0"}}
	node, _ := first.LocalUname()
	adjust := func(files ...drbd.File) (string, int) {
		t.Helper()
		var text []byte
		for _, f := range files {
			text = append(text, f.Text...)
		}
		path := filepath.Join(dir, "all.conf")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		out, _, code := tool(t, "env", "__DRBD_NODE__="+node, "drbdadm", "-c", path, "-d", "adjust", second.FullName())
		return out, code
	}
	a, b := config(t, first, tools), config(t, second, tools)
	if out, code := adjust(a, b); code != 0 || !strings.Contains(out, "--resync-after=1000") {
		t.Errorf("both files: exits with %d:\n%s", code, out)
	}
	second.Disk[0].Value = "gone/0"
	if out, code := adjust(a, config(t, second, tools)); code == 0 && strings.Contains(out, "--resync-after") {
		t.Errorf("a resource that is gone: drbdadm would do\n%s", out)
	}
	second.Disk[0].Value = first.FullName() + "/0"
	if out, code := adjust(config(t, second, tools)); code == 0 && strings.Contains(out, "--resync-after") {
		t.Errorf("its own file alone: drbdadm would do\n%s", out)
	}
}
