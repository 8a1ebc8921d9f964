package drbd_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

const includeFile = "/etc/drbd.d/linstor-resources.res"

func drbdMachine() (*sim.Machine, *sim.DRBD) {
	m := sim.NewMachine("n1")
	return m, sim.NewDRBD(m, sim.NewNetwork())
}

// says lets drbdadm report versions; the kernel's is that of the answer of kernel.
func says(m *sim.Machine, utils string, kernel func() string) {
	m.Register("drbdadm", func(*sim.Machine, run.Cmd) run.Result {
		return run.Result{Stdout: []byte("DRBD_KERNEL_VERSION=" + kernel() + "\nDRBDADM_VERSION=" + utils + "\n")}
	})
}

func always(s string) func() string { return func() string { return s } }

func TestSupport(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(m *sim.Machine)
		reason  string
		warning string
	}{
		"sound":        {prepare: func(m *sim.Machine) { says(m, "9.22.0", always("9.2.19")) }},
		"as installed": {prepare: func(*sim.Machine) {}, warning: "silently come to differ"},
		"no tools":     {prepare: func(m *sim.Machine) { m.Uninstall("drbdmeta") }, reason: "drbdmeta is not installed (package drbd-utils)"},
		"no drbdadm":   {prepare: func(m *sim.Machine) { m.Uninstall("drbdadm") }, reason: "drbdadm is not installed"},
		"old module":   {prepare: func(m *sim.Machine) { says(m, "9.22.0", always("8.4.11")) }, reason: "the module of the plain kernel is DRBD 8"},
		"no module": {prepare: func(m *sim.Machine) {
			says(m, "9.22.0", always(""))
			m.Register("modprobe", func(*sim.Machine, run.Cmd) run.Result {
				return run.Result{ExitCode: 1, Stderr: []byte("modprobe: FATAL: Module drbd not found in directory /lib/modules/6.1\n")}
			})
		}, reason: "(modprobe drbd: modprobe: FATAL: Module drbd not found"},
		"no modprobe": {prepare: func(m *sim.Machine) { says(m, "9.22.0", always("")) }, reason: "modprobe is not installed"},
		"module to be loaded": {prepare: func(m *sim.Machine) {
			loaded := ""
			says(m, "9.22.0", func() string { return map[bool]string{true: "9.2.19"}[loaded == "drbd drbd_transport_tcp "] })
			m.Register("modprobe", func(_ *sim.Machine, c run.Cmd) run.Result { loaded += c.Argv[1] + " "; return run.Result{} })
		}},
		"another's include": {prepare: func(m *sim.Machine) {
			says(m, "9.22.0", always("9.2.19"))
			if err := m.WriteFile(context.Background(), run.File{Path: includeFile, Data: []byte("# nothing\n")}); err != nil {
				t.Fatal(err)
			}
		}, warning: "is left as it is"},
	} {
		t.Run(name, func(t *testing.T) {
			m, _ := drbdMachine()
			c.prepare(m)
			got := drbd.New().Support(context.Background(), m)
			for what, pair := range map[string][2]string{"reasons": {strings.Join(got.Reasons, "\n"), c.reason}, "warnings": {strings.Join(got.Warnings, "\n"), c.warning}} {
				if !strings.Contains(pair[0], pair[1]) || (pair[0] == "") != (pair[1] == "") {
					t.Errorf("%s: %q, want %q", what, pair[0], pair[1])
				}
			}
		})
	}
}

// The folders and the line for drbdadm are made once; what is there stays.
func TestSupportLaysOutTheNode(t *testing.T) {
	m, _ := drbdMachine()
	l := drbd.New()
	if _, err := l.Scan(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	text, err := m.ReadFile(context.Background(), includeFile)
	if err != nil || string(text) != "include \"/var/lib/linstor.d/*.res\";\n" {
		t.Errorf("include: %q %v", text, err)
	}
	if info, ok := m.File("/var/lib/linstor.d/.backup"); !ok {
		t.Errorf("no folder: %+v", info)
	}
	m.ForgetCommands()
	for range 3 {
		if _, err := l.Scan(context.Background(), m); err != nil {
			t.Fatal(err)
		}
	}
	if got := m.Commands(); len(got) != 3 {
		t.Errorf("three scans cost %v", got)
	}
	own := []byte("  include \"/var/lib/linstor.d/*.res\" ; # by hand\n")
	if err := m.WriteFile(context.Background(), run.File{Path: includeFile, Data: own}); err != nil {
		t.Fatal(err)
	}
	if s := drbd.New().Support(context.Background(), m); len(s.Reasons) > 0 || len(s.Warnings) > 1 {
		t.Errorf("%+v", s)
	}
	if text, _ := m.ReadFile(context.Background(), includeFile); string(text) != string(own) {
		t.Errorf("overwritten: %s", text)
	}
}

func TestScanIsSureOrNothing(t *testing.T) {
	for name, r := range map[string]run.Result{
		"cut off": {Stdout: []byte("exists resource name:web role:Secondary\n")},
		"broken":  {Stdout: []byte("exists device name:web\nexists -\n")},
		"failed":  {ExitCode: 20, Stderr: []byte("could not connect to 'drbd' generic netlink family\n")},
	} {
		m, _ := drbdMachine()
		m.Register("drbdsetup", func(*sim.Machine, run.Cmd) run.Result { return r })
		if got, err := drbd.New().Scan(context.Background(), m); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A change of a resource is told by its name, and what is there at the beginning as
// a change of all.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 2, 2, true)
		l.settle()
		ctx, cancel := context.WithCancel(t.Context())
		var heard []string
		ended := make(chan error, 1)
		go func() {
			ended <- l.nodes[0].layer.Watch(ctx, l.nodes[0].process, func(name string) { heard = append(heard, name) })
		}()
		synctest.Wait()
		if !slices.Equal(heard, []string{""}) {
			t.Errorf("at the beginning: %q", heard)
		}
		heard = nil
		l.net.Cut("n1", "n2")
		synctest.Wait()
		if heard = slices.Compact(heard); !slices.Equal(heard, []string{"web"}) {
			t.Errorf("after a change: %q", heard)
		}
		heard = nil
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("error: %v", err)
		}
		l.net.HealAll()
		if len(heard) > 0 {
			t.Errorf("after the end: %q", heard)
		}
	})
}

// A source of news that is lost is told, not waited for.
func TestWatchEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := drbdMachine()
		process := m.Process()
		ended := make(chan error, 1)
		go func() { ended <- drbd.New().Watch(t.Context(), process, func(string) {}) }()
		synctest.Wait()
		m.Crash()
		if err := <-ended; !errors.Is(err, sim.ErrCrashed) {
			t.Errorf("error: %v", err)
		}
	})
	m, _ := drbdMachine()
	if err := drbd.New().Watch(context.Background(), struct{ run.Host }{m}, nil); !errors.Is(err, drbd.ErrNoStream) {
		t.Errorf("error: %v", err)
	}
	if err := drbd.New().Watch(context.Background(), sim.NewMachine("n2"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error: %v", err)
	}
}

func TestLayerSizes(t *testing.T) {
	l := drbd.New()
	r := &link.Resource{Name: "web", Stack: []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage},
		DRBD: &link.DRBD{Volumes: []link.DRBDVolume{{Number: 0, Peers: 7}, {Number: 1, Peers: 7, ExternalMeta: true}}}}
	type sizes struct{ Lower, Upper int64 }
	var got []sizes
	for n := range 2 {
		v := &link.Volume{Number: n}
		lower, err := l.LowerKiB(r, v, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		upper, err := l.UpperKiB(r, v, lower)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, sizes{lower, upper})
	}
	internal, err := drbd.GrossKiB(1<<20, drbd.MetaLayout{Peers: 7})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]sizes{{internal, 1 << 20}, {1 << 20, 1 << 20}}, got); diff != "" {
		t.Error(diff)
	}
	v := &link.Volume{Number: 1, Parts: []link.Part{{Suffix: ".meta", Pool: "fast", UUID: "u"}}}
	parts, err := l.Parts(r, v, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	want, err := drbd.ExternalKiB(1<<30, drbd.MetaLayout{Peers: 7})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]link.Part{{Suffix: ".meta", Pool: "fast", UUID: "u", SizeKiB: want}}, parts); diff != "" {
		t.Error(diff)
	}
	v.Parts[0].SizeKiB = 4096
	if parts, err = l.Parts(r, v, 1<<30); err != nil || parts[0].SizeKiB != 4096 {
		t.Errorf("parts %+v, %v", parts, err)
	}
	if parts, err = l.Parts(r, &link.Volume{}, 1<<30); err != nil || len(parts) > 0 {
		t.Errorf("internal metadata: %+v, %v", parts, err)
	}
	if _, err := l.LowerKiB(r, &link.Volume{Number: 5}, 1<<20); err == nil {
		t.Error("an unknown volume has a size")
	}
}
