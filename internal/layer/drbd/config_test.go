package drbd_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
)

type configCase struct {
	name  string
	res   drbd.Resource
	tools drbd.Tools
	warns int
}

func configCases() []configCase {
	with := func(change func(*drbd.Resource)) drbd.Resource {
		r := threeNodes()
		change(&r)
		return r
	}
	return []configCase{
		{"plain", threeNodes(), debian, 0},
		{"tiebreaker", with(func(r *drbd.Resource) { r.Nodes[0].Client = true }), newest, 0},
		{"diskless-view", with(func(r *drbd.Resource) {
			r.Local = "gamma"
			r.Nodes = append(r.Nodes, drbd.Node{Name: "delta", Uname: "n4", NodeID: 3, Diskless: true, Endpoint: endpoint("10.0.0.4", 7000)})
		}), debian, 0},
		{"external", with(func(r *drbd.Resource) {
			r.Suffix = ".x"
			r.Volumes = append(r.Volumes, drbd.Volume{Number: 12, Minor: 1001, BackingPath: "/dev/zvol/tank/web_00012", MetaPath: "/dev/vg/web.meta_00012", SizeKiB: 1 << 40})
		}), debian, 0},
		{"options", with(manyOptions), newest, 0},
		{"old-tools", with(manyOptions), debian, 4},
		{"paths", with(func(r *drbd.Resource) {
			r.Connections = []drbd.Connection{
				{A: "beta", B: "alpha", Net: []drbd.Option{{Name: "protocol", Value: "A"}}, PeerDevice: []drbd.Option{{Name: "c-max-rate", Value: "4096"}},
					Paths: []drbd.Path{
						{Name: "one", A: endpoint("10.1.0.2", 7001), B: endpoint("10.1.0.1", 7000)},
						{Name: "two", A: endpoint("fe80::2%eth1", 7001), B: endpoint("fe80::1%eth1", 7000)},
					}},
			}
			r.Nodes[0].Endpoint = endpoint("2001:db8::3", 7002)
			r.Nodes[1].Endpoint = endpoint("2001:db8::1", 7000)
		}), debian, 0},
		{"peer-volumes", with(func(r *drbd.Resource) {
			r.Volumes = append(r.Volumes, drbd.Volume{Number: 1, Minor: 1001, BackingPath: "/dev/vg/web_00001"})
			r.Connections = []drbd.Connection{{A: "alpha", B: "beta", PeerDevice: []drbd.Option{{Name: "c-max-rate", Value: "4096"}},
				VolumeOptions: map[int][]drbd.Option{1: {{Name: "bitmap", Value: "no"}}, 7: {{Name: "bitmap", Value: "no"}}}}}
		}), debian, 0},
		{"outside", with(outside), newest, 0},
		{"outside-old-tools", with(outside), debian, 1},
		{"proxy", with(func(r *drbd.Resource) {
			r.Connections = []drbd.Connection{{A: "alpha", B: "beta", Proxy: true}}
			r.Proxy = &drbd.Proxy{Options: []drbd.Option{{Name: "memlimit", Value: "104857600"}}, Compression: "zlib",
				CompressionOptions: []drbd.Option{{Name: "level", Value: "9"}}}
		}), debian, 0},
	}
}

func outside(r *drbd.Resource) { r.Nodes[2].Endpoint.Outside = netip.MustParseAddr("192.0.2.7") }

func manyOptions(r *drbd.Resource) {
	r.Handlers = []drbd.Option{{Name: "split-brain", Value: `/usr/bin/mail -s "split \ brain" root`}}
	r.Net = []drbd.Option{
		{Name: "verify-alg", Value: "crct10dif", Overrides: []drbd.Override{{Value: "sha1", From: "RD (web)"}, {Value: "crct10dif", From: "C"}}},
		{Name: "allow-two-primaries", Value: "yes"}, {Name: "load-balance-paths", Value: "yes"},
	}
	r.Options = append(r.Options, drbd.Option{Name: "max-io-depth", Value: "4294967295"})
	r.Disk = []drbd.Option{{Name: "on-io-error", Value: "detach"}}
	r.Nodes[1].VolumeOptions = map[int][]drbd.Option{0: {
		{Name: "discard-zeroes-if-aligned", Value: "yes", Overrides: []drbd.Override{{Value: "no", From: "N (alpha\n})"}}},
		{Name: "block-size", Value: "4096"}, {Name: "discard-granularity", Value: "65536"},
	}}
	r.Nodes[2].VolumeOptions = map[int][]drbd.Option{0: {{Name: "discard-granularity", Value: "65536"}}}
}

func TestConfig(t *testing.T) {
	for _, c := range configCases() {
		t.Run(c.name, func(t *testing.T) {
			f := config(t, c.res, c.tools)
			golden(t, c.name+".res", f.Text)
			if len(f.Warnings) != c.warns {
				t.Errorf("%d warnings, want %d: %q", len(f.Warnings), c.warns, f.Warnings)
			}
			if !drbd.Ours(f.Text) || len(drbd.Body(f.Text)) == 0 {
				t.Error("the file is not known as ours")
			}
		})
	}
}

func config(t testing.TB, r drbd.Resource, tools drbd.Tools) drbd.File {
	t.Helper()
	f, err := drbd.Config(&r, tools, drbd.Header{Program: "holdfast", Version: "1.0"})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestConfigOrderIsOfNoMatter(t *testing.T) {
	a, b := threeNodes(), threeNodes()
	b.Nodes[0], b.Nodes[2] = b.Nodes[2], b.Nodes[0]
	if diff := cmp.Diff(string(config(t, a, debian).Text), string(config(t, b, debian).Text)); diff != "" {
		t.Error(diff)
	}
}

func TestConfigLeavesOut(t *testing.T) {
	r := threeNodes()
	r.Net = []drbd.Option{{Name: "no-such", Value: "1"}}
	r.Disk = []drbd.Option{{Name: "diskless", Value: "yes"}}
	f := config(t, r, newest)
	for _, word := range []string{"no-such", "diskless yes"} {
		if strings.Contains(string(f.Text), word) {
			t.Errorf("%s is in the file", word)
		}
	}
	if len(f.Warnings) != 2 {
		t.Errorf("warnings %q", f.Warnings)
	}
}

// TestConfigRefuses has what must never be written, with a word of the cause.
func TestConfigRefuses(t *testing.T) {
	for word, change := range map[string]func(*drbd.Resource){
		"no name":             func(r *drbd.Resource) { r.Name = "" },
		"not a member":        func(r *drbd.Resource) { r.Local = "nobody" },
		"same DRBD node id":   func(r *drbd.Resource) { r.Nodes[0].NodeID = 1 },
		"allowed are 0 to 31": func(r *drbd.Resource) { r.Nodes[0].NodeID = 32 },
		"not known yet":       func(r *drbd.Resource) { r.Nodes[0].Uname = "" },
		"same host name":      func(r *drbd.Resource) { r.Nodes[0].Uname = "n1" },
		"no volumes":          func(r *drbd.Resource) { r.Volumes = nil },
		"not absolute":        func(r *drbd.Resource) { r.Volumes[0].BackingPath = "vg/x" },
		"no TCP port":         func(r *drbd.Resource) { r.Nodes[1].Endpoint.Port = 0 },
		"no address":          func(r *drbd.Resource) { r.Nodes[1].Endpoint.Addr = netip.Addr{} },
		"IPv4 and an IPv6":    func(r *drbd.Resource) { r.Nodes[2].Endpoint = endpoint("::1", 1) },
		"is a client":         func(r *drbd.Resource) { r.Nodes[2].Client = true },
		"same minor number": func(r *drbd.Resource) {
			r.Volumes = append(r.Volumes, drbd.Volume{Number: 1, Minor: 1000, BackingPath: "/d"})
		},
		"control character":    func(r *drbd.Resource) { r.Secret = "a\nb" },
		"longer than 255":      func(r *drbd.Resource) { r.Secret = strings.Repeat("\\", 130) },
		"is there twice":       func(r *drbd.Resource) { r.Nodes[0].Name = "beta" },
		"something else than":  func(r *drbd.Resource) { r.Options[0].Value = "majority; } resource x {" },
		"no shared secret":     func(r *drbd.Resource) { r.Secret = "" },
		"leads to itself":      func(r *drbd.Resource) { r.Connections = []drbd.Connection{{A: "beta", B: "beta"}} },
		"cannot be connected":  func(r *drbd.Resource) { r.Nodes[1].Endpoint.Addr = netip.IPv4Unspecified() },
		"there twice or leads": func(r *drbd.Resource) { r.Connections = []drbd.Connection{{A: "a", B: "b"}, {A: "b", B: "a"}} },
	} {
		t.Run(word, func(t *testing.T) {
			r := threeNodes()
			change(&r)
			_, err := drbd.Config(&r, debian, drbd.Header{})
			f, ok := fault.As(err)
			if !ok {
				t.Fatalf("got %v, want a fault", err)
			}
			if !strings.Contains(f.Cause, word) || f.Correction == "" {
				t.Errorf("cause %q, correction %q", f.Cause, f.Correction)
			}
			if strings.Contains(f.Error(), "c2VjcmV0") {
				t.Error("the error shows the secret")
			}
		})
	}
}

func TestRedact(t *testing.T) {
	for in, want := range map[string]string{
		`drbdsetup new-peer r0 1 --_name=n2 --shared-secret=abc+/== --protocol=C`: `drbdsetup new-peer r0 1 --_name=n2 --shared-secret=… --protocol=C`,
		`--shared-secret=ab\ cd\;x end`:                                           `--shared-secret=… end`,
		`shared-secret "a\"b"; x`:                                                 `shared-secret …; x`,
		`"shared-secret": "s3cr3t", "max-buffers": "8000"`:                        `"shared-secret": …, "max-buffers": "8000"`,
		"shared-secret    abc;\n":                                                 "shared-secret    …;\n",
	} {
		if got := drbd.Redact(in); got != want {
			t.Errorf("Redact(%q) = %q, want %q", in, got, want)
		}
	}
}
