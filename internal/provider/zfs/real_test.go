package zfs_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/zfs"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// realHost runs commands on this machine.
type realHost struct{ run.Host }

func (realHost) Run(ctx context.Context, c run.Cmd) (run.Result, error) {
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	r := run.Result{Stdout: out.Bytes(), Stderr: said.Bytes()}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		r.ExitCode = exit.ExitCode()
		return r, nil
	}
	return r, err
}

// TestReal makes a pool on a file, and volumes in it.
func TestReal(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("not root")
	}
	for _, tool := range []string{"zfs", "zpool"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	if _, err := os.Stat("/dev/zfs"); err != nil {
		t.Skip("the kernel has no ZFS: /dev/zfs is missing")
	}
	for _, kind := range []v1.ProviderKind{v1.ProviderKindZfs, v1.ProviderKindZfsThin} {
		t.Run(string(kind), func(t *testing.T) { realLife(t, kind) })
	}
}

func realLife(t *testing.T, kind v1.ProviderKind) {
	ctx, h, p := context.Background(), realHost{}, zfs.New()
	image := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, 1<<30); err != nil {
		t.Fatal(err)
	}
	name := "hft" + uuid.NewString()[:8]
	t.Cleanup(func() {
		if _, err := run.Must(ctx, h, run.Command("zpool", "destroy", name)); err != nil {
			t.Error(err)
		}
	})
	dp := provider.DevicePool{Kind: kind, Name: name, Devices: []provider.BlockDevice{{Path: image, SizeBytes: 1 << 30}}}
	settle(t, h, func() ([]provider.Step, error) {
		have, err := p.ScanDevicePool(ctx, h, kind, name)
		if err != nil {
			return nil, err
		}
		return p.PlanDevicePool(dp, have)
	})
	pool := provider.Pool{Name: "p", Kind: kind, Backing: name}
	want := provider.Volume{Name: "r_00000", UUID: uuid.NewString(), SizeKiB: 10001}
	volume := func(v provider.Volume, remove bool) func() ([]provider.Step, error) {
		return func() ([]provider.Step, error) {
			obs, err := p.Scan(ctx, h, []provider.Pool{pool})
			if err != nil {
				return nil, err
			}
			have := have(obs, "p", v.Name)
			if remove {
				return p.PlanDelete(pool, v, have)
			}
			return p.Plan(pool, obs.Pools["p"], v, have)
		}
	}
	settle(t, h, volume(want, false))
	want.SizeKiB = 50001
	settle(t, h, volume(want, false))
	other := want
	other.UUID = uuid.NewString()
	if steps, err := volume(other, true)(); err == nil {
		t.Errorf("a volume of another identity would be removed: %v", steps)
	}
	realSnapshot(t, h, p, pool, want)
	if _, err := run.Must(ctx, h, run.Command("zfs", "snapshot", name+"/r_00000@s")); err != nil {
		t.Fatal(err)
	}
	kept := want
	kept.Props = map[string]string{zfs.KeyDeleteStrategy: "Delete"}
	if steps, err := volume(kept, true)(); err == nil {
		t.Errorf("a volume with a snapshot would be removed: %v", steps)
	}
	settle(t, h, volume(want, true)) // it is put aside
	sweep := func() ([]provider.Step, error) {
		obs, err := p.Scan(ctx, h, []provider.Pool{pool})
		return slices.Concat(p.PlanSweep([]provider.Pool{pool}, obs)...), err
	}
	if steps, err := sweep(); err != nil || len(steps) > 0 {
		t.Errorf("a volume with a snapshot would be swept: %v, %v", steps, err)
	}
	if _, err := run.Must(ctx, h, run.Command("zfs", "destroy", name+"/_deleted_r_00000_"+want.UUID+"@s")); err != nil {
		t.Fatal(err)
	}
	settle(t, h, sweep)
	r, err := run.Must(ctx, h, run.Command("zfs", "list", "-H", "-o", "name", "-r", name))
	if err != nil || strings.Contains(string(r.Stdout), "r_00000") {
		t.Errorf("left: %s, %v", r.Stdout, err)
	}
}

// realSnapshot takes a snapshot and removes it; one that merely inherits the identity of
// its volume is somebody else's.
func realSnapshot(t *testing.T, h run.Host, p *zfs.Provider, pool provider.Pool, source provider.Volume) {
	t.Helper()
	ctx := context.Background()
	snapshot := func(s provider.Volume, remove bool) func() ([]provider.Step, error) {
		return func() ([]provider.Step, error) {
			obs, err := p.Scan(ctx, h, []provider.Pool{pool})
			if err != nil {
				return nil, err
			}
			if remove {
				return p.PlanSnapshotDelete(pool, s, have(obs, "p", s.Name))
			}
			return p.PlanSnapshot(pool, obs.Pools["p"], source, have(obs, "p", source.Name), s, have(obs, "p", s.Name))
		}
	}
	snap := provider.Volume{Name: p.SnapshotName(source.Name, "before-heal-20261121-191500"), UUID: uuid.NewString()}
	settle(t, h, snapshot(snap, false))
	r, err := run.Must(ctx, h, run.Command("zfs", "list", "-H", "-t", "snapshot", "-o", "name,holdfast:uuid", "-r", pool.Backing))
	if err != nil || strings.TrimSpace(string(r.Stdout)) != pool.Backing+"/"+snap.Name+"\t"+snap.UUID {
		t.Errorf("the snapshot is %q, %v", r.Stdout, err)
	}
	if steps, err := snapshot(provider.Volume{Name: snap.Name, UUID: uuid.NewString()}, true)(); err == nil {
		t.Errorf("a snapshot of another identity would be removed: %v", steps)
	}
	settle(t, h, snapshot(snap, true))
	foreign := provider.Volume{Name: p.SnapshotName(source.Name, "foreign"), UUID: source.UUID}
	if _, err := run.Must(ctx, h, run.Command("zfs", "snapshot", pool.Backing+"/"+foreign.Name)); err != nil {
		t.Fatal(err)
	}
	if steps, err := snapshot(foreign, true)(); err == nil {
		t.Errorf("somebody else's snapshot would be removed: %v", steps)
	}
	if _, err := run.Must(ctx, h, run.Command("zfs", "destroy", pool.Backing+"/"+foreign.Name)); err != nil {
		t.Fatal(err)
	}
}

// settle plans and carries out until nothing is left to do.
func settle(t *testing.T, h run.Host, plan func() ([]provider.Step, error)) {
	t.Helper()
	for range 5 {
		steps, err := plan()
		if err != nil {
			t.Fatal(err)
		}
		if len(steps) == 0 {
			return
		}
		for _, s := range steps {
			if err := provider.Execute(context.Background(), h, s); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Fatal("no fixpoint")
}
