package drbd_test

import (
	"bytes"
	"errors"
	"flag"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/test/tools"
)

var update = flag.Bool("update", false, "write golden files anew")

const samples = "../../../../shared/facts/samples"

// sample reads real output of DRBD's tools, or skips where there is none.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(samples, name))
	if err != nil {
		t.Skipf("no samples here: %v", err)
	}
	return data
}

// golden compares with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// realMinor is what drbdmeta is told; it remembers sizes by minor, so take one
// that no resource has.
const realMinor = "1048573"

// tool runs a real command; code is its exit code.
func tool(t testing.TB, argv ...string) (out, said string, code int) {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(os.Environ(), "__DRBD_NODE__=n1")
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return stdout.String(), stderr.String(), exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), 0
}

// needTool skips where a tool of DRBD is not installed.
func needTool(t testing.TB, name string) {
	t.Helper()
	tools.Need(t, name)
}

// realTools are the versions that the installed tools report.
func realTools(t testing.TB) drbd.Tools {
	t.Helper()
	needTool(t, "drbdadm")
	out, _, _ := tool(t, "drbdadm", "--version")
	tools, err := drbd.ParseAdmVersion(out)
	if err != nil {
		t.Fatal(err)
	}
	if !tools.Utils.AtLeast(drbd.Version{Major: 9, Minor: 22}) {
		t.Skipf("drbd-utils %s are too old to compare with", tools.Utils)
	}
	return tools
}

func endpoint(addr string, port uint16) drbd.Endpoint {
	return drbd.Endpoint{Addr: netip.MustParseAddr(addr), Port: port}
}

// threeNodes is a resource with two disks and a diskless third node.
func threeNodes() drbd.Resource {
	return drbd.Resource{
		Name: "web", Secret: "c2VjcmV0c2VjcmV0c2Vj", Local: "alpha",
		Options: []drbd.Option{{Name: "quorum", Value: "majority"}, {Name: "on-no-quorum", Value: "io-error"}},
		Nodes: []drbd.Node{
			{Name: "gamma", Uname: "n3", NodeID: 2, Diskless: true, Endpoint: endpoint("10.0.0.3", 7002)},
			{Name: "alpha", Uname: "n1", NodeID: 0, Endpoint: endpoint("10.0.0.1", 7000)},
			{Name: "beta", Uname: "n2", NodeID: 1, Endpoint: endpoint("10.0.0.2", 7001)},
		},
		Volumes: []drbd.Volume{{Number: 0, Minor: 1000, BackingPath: "/dev/vg/web_00000"}},
	}
}

var (
	debian = drbd.Tools{Kernel: drbd.Version{Major: 9, Minor: 2, Patch: 18}, Utils: drbd.Version{Major: 9, Minor: 22}}
	newest = drbd.Tools{Kernel: drbd.Version{Major: 9, Minor: 3, Patch: 3}, Utils: drbd.Version{Major: 9, Minor: 34}}
)
