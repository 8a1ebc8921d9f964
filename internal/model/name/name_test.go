package name

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

func TestNames(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n) }
	for _, tt := range []struct {
		what  string
		check func(string) *fault.Fault
		code  v1.Code
		good  []string
		bad   map[string]string // name → what the cause must tell
	}{
		{"resource", CheckResource, v1.FailInvalidResourceName,
			[]string{"ab", "_a", "a-b_c9", long(48), "ALLx"},
			map[string]string{"": "empty", "a": "shorter than 2 characters", long(49): "longer than 48", "1a": "digit '1'", "-a": "starts with '-'",
				"a.b": "contains '.'", "a b": "contains a space", "__": "no letter", "_1": "no letter", "All": "reserved", "PROXY": "reserved",
				"aé": "contains 'é'", "a\x01": "cannot be printed", "a\xff": "cannot be printed"}},
		{"group", CheckResourceGroup, v1.FailInvalidResourceGroupName, []string{"DfltRscGrp", "all"}, map[string]string{"a": "shorter"}},
		{"snapshot", CheckSnapshot, v1.FailInvalidSnapshotName, []string{"back_20260528_101112"}, map[string]string{"a/b": "'/'"}},
		{"key-value store", CheckKeyValueStore, v1.FailInvalidKVSName, []string{"csi-backup-mapping", "__gui__settings"}, map[string]string{"0a": "digit"}},
		{"pool", CheckStoragePool, v1.FailInvalidStoragePoolName, []string{"abc", "DfltStorPool"}, map[string]string{"ab": "shorter than 3", "a;b": "';'"}},
		{"interface", CheckNetInterface, v1.FailInvalidNetName, []string{"default", "10G_nic"}, map[string]string{long(33): "longer than 32", "if": "shorter", "100": "no letter"}},
		{"shared space", CheckSharedSpace, v1.FailInvalidFreeSpaceMgrName, []string{"a", "1a", "lun.1-x"}, map[string]string{"n;p": "';'", "1": "no letter", ".a": "starts with '.'"}},
		{"node", CheckNode, v1.FailInvalidNodeName, []string{"n1", "1n", "node-1.example.com", "10.0.0.1", long(63) + "." + long(63)},
			map[string]string{"": "empty", "n": "shorter", "-n": "starts with '-'", "n-": "ends with '-'", ".n": "starts with '.'", "n.": "ends with '.'",
				"a..b": "two dots", "a_b": "'_'", long(64): "longer than 63", long(256): "longer than 255", "a.-b": "starts with '-'", "a-.b": "ends with '-'"}},
		{"remote", CheckRemote, v1.FailInvalidRemoteName, []string{"s3-remote"}, map[string]string{"a b": "space"}},
		{"schedule", CheckSchedule, v1.FailInvalidScheduleName, []string{"nightly"}, map[string]string{"x": "shorter"}},
		{"external file", CheckExternalFile, v1.FailInvalidExternalFileName, []string{"/etc/a.conf", "/a b"},
			map[string]string{"": "empty", "etc/a": "start with '/'", "/" + long(1024): "1024", "/a/../b": "'..'", "/a/": "directory", "/a\x00": "printed"}},
		{"external name", CheckExternal, v1.FailInvalidExternalName, []string{"vm 100 disk é", "a"}, map[string]string{"": "empty", "a\n": "control"}},
		{"address", CheckAddress, v1.FailInvalidNetAddr, []string{"192.0.2.1", "2001:db8::1", "127.0.0.1"},
			map[string]string{"": "empty", "host": "neither", "192.0.2.256": "neither", "0.0.0.0": "every", "::": "every", "fe80::1%eth0": "zone", "224.0.0.1": "multicast"}},
	} {
		for _, s := range tt.good {
			if f := tt.check(s); f != nil {
				t.Errorf("%s %q: %v", tt.what, s, f)
			}
		}
		for s, cause := range tt.bad {
			f := tt.check(s)
			if f == nil {
				t.Errorf("%s %q is accepted", tt.what, s)
				continue
			}
			if f.Code != tt.code || !strings.Contains(f.Cause, cause) || !strings.HasPrefix(f.Cause, "field '") || f.Correction == "" {
				t.Errorf("%s %q: %x %q %q", tt.what, s, f.Code, f.Cause, f.Correction)
			}
		}
	}
}

func TestKeyIgnoresCase(t *testing.T) {
	if Key("Node-a") != Key("NODE-A") {
		t.Error("names that differ in case differ")
	}
}

func TestFromExternal(t *testing.T) {
	free := func(string) bool { return false }
	for external, want := range map[string]string{
		"web-data": "web-data", "vm 100/disk": "vm_100_disk", "100": "rsc_100", "": "rsc", "all": "all_1", "x": "x_1",
		"é": "rsc_", "-a": "_-a",
	} {
		if got := FromExternal(external, free); got != want {
			t.Errorf("%q gives %q, want %q", external, got, want)
		}
	}
	if got := FromExternal("web", func(s string) bool { return s == "web" || s == "web_1" }); got != "web_2" {
		t.Errorf("a taken name gives %q", got)
	}
	if got := FromExternal("web", func(string) bool { return true }); got != "" {
		t.Errorf("no free name gives %q", got)
	}
}

// A generated name is valid and free, whatever the external one is.
func TestFromExternalIsValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		external := rapid.String().Draw(t, "external")
		if rapid.Bool().Draw(t, "long") {
			external = strings.Repeat("1", rapid.IntRange(30, 60).Draw(t, "digits")) + external
		}
		refusals := rapid.IntRange(0, 1200).Draw(t, "refusals")
		got := FromExternal(external, func(string) bool { refusals--; return refusals >= 0 })
		if f := CheckResource(got); f != nil {
			t.Fatalf("%q gives %q: %v", external, got, f)
		}
	})
}

func FuzzNames(f *testing.F) {
	f.Add("a-b")
	f.Add("node.example.com")
	f.Fuzz(func(t *testing.T, s string) {
		for _, check := range []func(string) *fault.Fault{CheckResource, CheckNode, CheckSharedSpace, CheckExternalFile, CheckExternal, CheckAddress} {
			if refused := check(s); refused != nil && (refused.Cause == "" || refused.Correction == "" || len(refused.Message) > 600) {
				t.Fatalf("%q is refused without help: %+v", s, refused)
			}
		}
		if f := CheckResource(FromExternal(s, func(string) bool { return false })); f != nil {
			t.Fatal(f)
		}
	})
}
