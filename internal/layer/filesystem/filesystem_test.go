package filesystem

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
	"github.com/holdfast-storage/holdfast/test/fixed"
)

func TestMain(m *testing.M) { fixed.Cases(m) }

func machine() *sim.Machine {
	m := sim.NewMachine("n1")
	m.AddDisk("/dev/vdb", "b", 1<<30)
	m.Register("id", func(_ *sim.Machine, c run.Cmd) run.Result {
		if c.Argv[3] != "alice" && c.Argv[3] != "nobody" {
			return run.Result{ExitCode: 1, Stderr: []byte("no such user")}
		}
		return run.Result{Stdout: []byte(map[string]string{"-u": "1000\n", "-g": "1001\n"}[c.Argv[1]])}
	})
	m.Register("getent", func(_ *sim.Machine, _ run.Cmd) run.Result { return run.Result{Stdout: []byte("staff:x:50:\n")} })
	return m
}

func tend(m run.Host, v link.Volume) (steps []string, found string, err error) {
	top := layer.Device{Path: "/dev/vdb", SizeKiB: 1 << 20, Present: true}
	st, err := Probe(context.Background(), m, &v, top)
	if err != nil {
		return nil, "", err
	}
	plan, found, err := Plan("r", &v, top, st)
	for _, s := range plan {
		steps = append(steps, s.String())
		if err := provider.Execute(context.Background(), m, s.Step); err != nil {
			return steps, found, err
		}
	}
	return steps, found, err
}

func TestCommands(t *testing.T) {
	for name, c := range map[string]struct {
		props map[string]string
		want  []string
	}{
		"ext4":            {map[string]string{KeyType: "ext4"}, []string{"mkfs.ext4 -q -E nodiscard /dev/vdb"}},
		"ext4 of a user":  {map[string]string{KeyType: "ext4", KeyUser: "alice"}, []string{"mkfs.ext4 -q -E nodiscard,root_owner=1000:1001 /dev/vdb"}},
		"ext4 of a group": {map[string]string{KeyType: "ext4", KeyGroup: "staff", KeyParams: "-L 'my data'"}, []string{"mkfs.ext4 -q -E nodiscard,root_owner=1000:50 -L 'my data' /dev/vdb"}},
		"xfs":             {map[string]string{KeyType: "xfs", KeyParams: "-L data"}, []string{"mkfs.xfs -q -K -L data /dev/vdb"}},
		"xfs by numbers": {map[string]string{KeyType: "xfs", KeyUser: "7", KeyGroup: "8"},
			[]string{"write /run/holdfast-r-0.proto (19 bytes)", "mkfs.xfs -q -K -p /run/holdfast-r-0.proto /dev/vdb"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := machine()
			v := link.Volume{Format: true, Props: c.props}
			got, _, err := tend(m, v)
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
			// The next look finds it, and that ends the grant.
			if steps, found, err := tend(m, v); len(steps) > 0 || found != c.props[KeyType] || err != nil {
				t.Errorf("second look: steps %v, found %q, %v", steps, found, err)
			}
		})
	}
}

// TestNothingIsOverwritten: without the grant, with a signature, or where it is not
// known what is there, nothing is made.
func TestNothingIsOverwritten(t *testing.T) {
	ext4 := map[string]string{KeyType: "ext4"}
	t.Run("no grant", func(t *testing.T) {
		if steps, _, err := tend(machine(), link.Volume{Props: ext4}); len(steps) > 0 || err != nil {
			t.Errorf("steps %v, %v", steps, err)
		}
	})
	t.Run("signature", func(t *testing.T) {
		m := machine()
		if err := m.SetMark("/dev/vdb", sim.MarkFS, "btrfs"); err != nil {
			t.Fatal(err)
		}
		if steps, found, err := tend(m, link.Volume{Format: true, Props: ext4}); len(steps) > 0 || found != "btrfs" || err != nil {
			t.Errorf("steps %v, found %q, %v", steps, found, err)
		}
	})
	for name, r := range map[string]run.Result{
		"cannot be opened":   {ExitCode: 2, Stderr: []byte("blkid: error: /dev/vdb: Wrong medium type")},
		"cannot be read":     {ExitCode: 4, Stderr: []byte("usage")},
		"several signatures": {ExitCode: 8},
	} {
		t.Run(name, func(t *testing.T) {
			m := machine()
			m.Register("blkid", func(*sim.Machine, run.Cmd) run.Result { return r })
			if steps, found, err := tend(m, link.Volume{Format: true, Props: ext4}); len(steps) > 0 || err == nil && found == "" {
				t.Errorf("steps %v, found %q, %v", steps, found, err)
			}
		})
	}
	t.Run("unknown owner", func(t *testing.T) {
		_, _, err := tend(machine(), link.Volume{Format: true, Props: map[string]string{KeyType: "ext4", KeyUser: "bob"}})
		if err == nil || !strings.Contains(err.Error(), KeyUser) {
			t.Errorf("error %v, want one that names the property", err)
		}
	})
}
