package qos

import (
	"context"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// kernel is a node with files of control groups; the device /dev/vg/r is 253:4.
type kernel map[string]string

func (k kernel) Run(_ context.Context, c run.Cmd) (run.Result, error) {
	if c.String() != "stat --dereference --format=%t:%T /dev/vg/r" {
		return run.Result{ExitCode: 1, Stderr: []byte("unexpected: " + c.String())}, nil
	}
	return run.Result{Stdout: []byte("fd:4\n")}, nil
}

func (k kernel) ReadFile(_ context.Context, p string) ([]byte, error) {
	if text, ok := k[p]; ok {
		return []byte(text), nil
	}
	return nil, fs.ErrNotExist
}

func (kernel) WriteFile(context.Context, run.File) error { return fs.ErrPermission }
func (kernel) Remove(context.Context, string) error      { return fs.ErrPermission }

func (k kernel) Glob(_ context.Context, pattern string) (out []string, err error) {
	for _, p := range slices.Sorted(maps.Keys(k)) {
		if hit, _ := path.Match(pattern, p); hit {
			out = append(out, p)
		}
	}
	return out, nil
}

func v1Files(write string) kernel {
	return kernel{blkio + "read_bps_device": "", blkio + "write_bps_device": write, blkio + "read_iops_device": "", blkio + "write_iops_device": "8:0 5\n"}
}

func TestPlan(t *testing.T) {
	const system = root + "/system.slice/io.max"
	limited := map[string]string{"sys/fs/blkio_throttle_write": "1048576"}
	for name, c := range map[string]struct {
		node  kernel
		props map[string]string
		want  []string
		fault string
	}{
		"v1 set":       {node: v1Files(""), props: limited, want: []string{blkio + "write_bps_device < 253:4 1048576"}},
		"v1 is set":    {node: v1Files("253:4 1048576\n"), props: limited},
		"v1 change":    {node: v1Files("253:4 99\n"), props: limited, want: []string{blkio + "write_bps_device < 253:4 1048576"}},
		"v1 remove":    {node: v1Files("253:4 99\n8:0 1\n"), want: []string{blkio + "write_bps_device < 253:4 0"}},
		"v1 of others": {node: v1Files("8:0 1\n")},
		"v2 set":       {node: kernel{system: ""}, props: limited, want: []string{system + " < 253:4 rbps=max wbps=1048576 riops=max wiops=max"}},
		"v2 is set":    {node: kernel{system: "253:4 rbps=max wbps=1048576 riops=max wiops=max\n"}, props: limited},
		"v2 remove":    {node: kernel{system: "253:4 rbps=7 wbps=max riops=max wiops=max\n"}, want: []string{system + " < 253:4 rbps=max wbps=max riops=max wiops=max"}},
		"nothing":      {node: kernel{}},
		"no groups":    {node: kernel{}, props: limited, fault: "control groups"},
		"no number":    {node: v1Files(""), props: map[string]string{"sys/fs/blkio_throttle_read": "1M"}, fault: "sys/fs/blkio_throttle_read"},
	} {
		t.Run(name, func(t *testing.T) {
			targets := []Target{{Path: "/dev/vg/r", Props: c.props}}
			seen, err := Probe(context.Background(), c.node, targets)
			if err != nil {
				t.Fatal(err)
			}
			steps, err := Plan(targets, seen)
			if c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) || c.fault == "" && err != nil {
				t.Errorf("error %v, want %q", err, c.fault)
			}
			var got []string
			for _, s := range steps {
				got = append(got, s.Cmd.Argv[1]+" < "+strings.TrimSpace(string(s.Cmd.Stdin)))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
