package lvm_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/lvm"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/test/tools"
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

func (realHost) ReadFile(_ context.Context, name string) ([]byte, error) { return os.ReadFile(name) }

// needReal skips where real volumes cannot be made.
func needReal(t *testing.T) {
	t.Helper()
	tools.Need(t, "lvm", "losetup", "thin_check", "wipefs")
	// In some sandboxes the node is there, but nothing behind it.
	control, err := os.OpenFile("/dev/mapper/control", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("the kernel has no device-mapper: %v", err)
	}
	_ = control.Close()
}

func sh(t *testing.T, argv ...string) string {
	t.Helper()
	r, err := run.Must(context.Background(), realHost{}, run.Command(argv...))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(r.Stdout))
}

// TestReal makes a device pool on a loop device, and volumes in it.
func TestReal(t *testing.T) {
	needReal(t)
	for _, kind := range []v1.ProviderKind{v1.ProviderKindLvm, v1.ProviderKindLvmThin} {
		t.Run(string(kind), func(t *testing.T) { realLife(t, kind) })
	}
}

func realLife(t *testing.T, kind v1.ProviderKind) {
	ctx, h, p := context.Background(), realHost{}, lvm.New()
	image := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, 1<<30); err != nil {
		t.Fatal(err)
	}
	loop := sh(t, "losetup", "--find", "--show", image)
	name := "hft" + uuid.NewString()[:8]
	vg, _, _ := strings.Cut(p.Backing(kind, name), "/")
	t.Cleanup(func() {
		for _, c := range [][]string{{"vgremove", "-f", "-y", vg}, {"losetup", "-d", loop}} {
			if _, err := h.Run(ctx, run.Command(c...)); err != nil {
				t.Error(err)
			}
		}
	})
	dp := provider.DevicePool{Kind: kind, Name: name, Devices: []provider.BlockDevice{{Path: loop, SizeBytes: 1 << 30}}}
	settle(t, h, func() ([]provider.Step, error) {
		have, err := p.ScanDevicePool(ctx, h, kind, name)
		if err != nil {
			return nil, err
		}
		return p.PlanDevicePool(dp, have)
	})
	pool := provider.Pool{Name: "p", Kind: kind, Backing: p.Backing(kind, name)}
	want := provider.Volume{Name: "r_00000", UUID: uuid.NewString(), SizeKiB: 10000}
	volume := func(remove bool) func() ([]provider.Step, error) {
		return func() ([]provider.Step, error) {
			obs, err := p.Scan(ctx, h, []provider.Pool{pool})
			if err != nil {
				return nil, err
			}
			var have *provider.Observed
			if d, found := obs.Devices["p"][want.Name]; found {
				have = &d
			}
			if remove {
				return p.PlanDelete(pool, want, have)
			}
			return p.Plan(pool, obs.Pools["p"], want, have)
		}
	}
	settle(t, h, volume(false))
	want.SizeKiB = 50000
	settle(t, h, volume(false))
	sh(t, "lvchange", "-an", vg+"/"+want.Name)
	settle(t, h, volume(false))
	if _, err := os.Stat("/dev/" + vg + "/" + want.Name); err != nil {
		t.Error(err)
	}
	other := want
	other.UUID = uuid.NewString()
	want, other = other, want
	if steps, err := volume(true)(); err == nil {
		t.Errorf("a volume of another identity would be removed: %v", steps)
	}
	want = other
	settle(t, h, volume(true))
	if left := sh(t, "lvs", "--noheadings", "-o", "lv_name", "-S", "lv_name="+want.Name, vg); left != "" {
		t.Errorf("left: %s", left)
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
