//go:build linux

package file

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run/oshost"
	"github.com/holdfast-storage/holdfast/test/tools"
)

// realPool is a pool on the machine that runs the test.
type realPool struct {
	t    *testing.T
	h    *oshost.Host
	pool provider.Pool
}

// needLoops skips where the kernel has no loop devices for us.
func needLoops(t *testing.T) {
	t.Helper()
	tools.Need(t, "losetup", "find", "df", "fallocate", "truncate", "sync")
	probe := filepath.Join(t.TempDir(), "probe")
	if err := os.WriteFile(probe, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("losetup", "--find", "--show", probe).CombinedOutput()
	if err != nil {
		t.Skipf("no loop devices here: %s", out)
	}
	if out, err := exec.Command("losetup", "--detach", strings.TrimSpace(string(out))).CombinedOutput(); err != nil {
		t.Fatalf("detach probe: %s", out)
	}
}

// newRealPool makes a pool of a directory and sees to it that none of its images
// stays attached, whatever happens to the test.
func newRealPool(t *testing.T, kind v1.ProviderKind, dir string) *realPool {
	t.Helper()
	t.Cleanup(func() { detachBelow(t, dir) })
	return &realPool{t: t, h: oshost.New(), pool: provider.Pool{Name: "p", Kind: kind, Backing: dir}}
}

func detachBelow(t *testing.T, dir string) {
	loops, err := listLoops(context.Background(), oshost.New())
	if err != nil {
		t.Errorf("clean up: %v", err)
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		real = dir
	}
	for _, l := range loops {
		if strings.HasPrefix(l.BackFile, dir+"/") || strings.HasPrefix(l.BackFile, real+"/") {
			if out, err := exec.Command("losetup", "--detach", l.Name).CombinedOutput(); err != nil {
				t.Errorf("clean up %s: %s", l.Name, out)
			}
		}
	}
}

func (p *realPool) scan() (provider.PoolState, *provider.Observed) {
	p.t.Helper()
	obs, err := New().Scan(p.t.Context(), p.h, []provider.Pool{p.pool})
	if err != nil {
		p.t.Fatal(err)
	}
	state := obs.Pools["p"]
	if state.Err != nil {
		p.t.Fatal(state.Err)
	}
	if d, found := obs.Devices["p"]["rsc_00000"]; found {
		return state, &d
	}
	return state, nil
}

func (p *realPool) plan(want provider.Volume, remove bool) ([]provider.Step, error) {
	p.t.Helper()
	state, have := p.scan()
	if remove {
		return New().PlanDelete(p.pool, want, have)
	}
	return New().Plan(p.pool, state, want, have)
}

func (p *realPool) converge(want provider.Volume, remove bool) {
	p.t.Helper()
	for range 6 {
		steps, err := p.plan(want, remove)
		if err != nil {
			p.t.Fatal(err)
		}
		if len(steps) == 0 {
			return
		}
		for _, s := range steps {
			if err := provider.Execute(p.t.Context(), p.h, s); err != nil {
				p.t.Fatal(err)
			}
		}
	}
	p.t.Fatal("no fixpoint")
}

func (p *realPool) wantFault(want provider.Volume, remove bool) {
	p.t.Helper()
	steps, err := p.plan(want, remove)
	if _, is := fault.As(err); !is || len(steps) != 0 {
		p.t.Errorf("plan = %v, %v, want a fault", steps, err)
	}
}

func command(t *testing.T, argv ...string) string {
	t.Helper()
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v: %s", argv, err, out)
	}
	return strings.TrimSpace(string(out))
}

func volume0(sizeKiB int64) provider.Volume {
	return provider.Volume{UUID: ours, Name: "rsc_00000", SizeKiB: sizeKiB}
}

func TestRealLife(t *testing.T) {
	needLoops(t)
	for _, kind := range []v1.ProviderKind{v1.ProviderKindFile, v1.ProviderKindFileThin} {
		t.Run(string(kind), func(t *testing.T) {
			p := newRealPool(t, kind, t.TempDir())
			p.converge(volume0(1022), false)
			_, d := p.scan()
			if d == nil || d.SizeKiB != 1024 || command(t, "blockdev", "--getsize64", d.Path) != "1048576" {
				t.Fatalf("device = %+v", d)
			}
			if thick := d.AllocatedKiB >= 1024; thick != (kind == v1.ProviderKindFile) {
				t.Errorf("%d KiB are allocated", d.AllocatedKiB)
			}
			writeDevice(t, d.Path, "precious")
			first := d.Path

			p.converge(volume0(4096), false)
			if _, d = p.scan(); d.SizeKiB != 4096 || d.Path != first {
				t.Errorf("grown device = %+v, was %s", d, first)
			}
			if size := command(t, "blockdev", "--getsize64", d.Path); size != fmt.Sprint(4096<<10) {
				t.Errorf("grown device has %s bytes", size)
			}

			command(t, "losetup", "--detach", d.Path) // what a reboot does
			p.converge(volume0(4096), false)
			if _, d = p.scan(); readDevice(t, d.Path, 8) != "precious" {
				t.Error("data is gone")
			}
			other := volume0(4096)
			other.UUID = "other"
			p.wantFault(other, false)
			p.wantFault(other, true)

			p.converge(volume0(4096), true)
			if _, d = p.scan(); d != nil {
				t.Errorf("deleted, but still there: %+v", d)
			}
			entries, err := os.ReadDir(p.pool.Backing)
			if err != nil || len(entries) != 0 {
				t.Errorf("left behind: %v, %v", entries, err)
			}
		})
	}
}

func TestRealAccidents(t *testing.T) {
	needLoops(t)
	start := func(t *testing.T) (*realPool, string, string) {
		p := newRealPool(t, v1.ProviderKindFileThin, t.TempDir())
		p.converge(volume0(1024), false)
		_, d := p.scan()
		return p, d.Path, imagePath(p.pool.Backing, "rsc_00000")
	}
	t.Run("image deleted while attached", func(t *testing.T) {
		p, _, img := start(t)
		if err := os.Remove(img); err != nil {
			t.Fatal(err)
		}
		p.wantFault(volume0(1024), false)
		p.converge(volume0(1024), true)
	})
	t.Run("image replaced while attached", func(t *testing.T) {
		p, _, img := start(t)
		if err := os.Remove(img); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(img, make([]byte, 1<<20), 0o600); err != nil {
			t.Fatal(err)
		}
		p.wantFault(volume0(1024), false)
		p.wantFault(volume0(1024), true)
	})
	t.Run("two loop devices", func(t *testing.T) {
		p, _, img := start(t)
		second := command(t, "losetup", "--find", "--show", img)
		p.wantFault(volume0(1024), false)
		command(t, "losetup", "--detach", second)
		if steps, err := p.plan(volume0(1024), false); err != nil || len(steps) != 0 {
			t.Errorf("after the second one is gone: %v, %v", steps, err)
		}
	})
	t.Run("detached while a program has it open", func(t *testing.T) {
		p, dev, img := start(t)
		f, err := os.Open(dev)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		steps, err := p.plan(volume0(1024), true)
		if err != nil || len(steps) != 1 {
			t.Fatalf("plan = %v, %v", steps, err)
		}
		if err := provider.Execute(t.Context(), p.h, steps[0]); err != nil {
			t.Fatal(err)
		}
		p.wantFault(volume0(1024), true)
		if _, err := os.Stat(img); err != nil {
			t.Errorf("image of a device in use: %v", err)
		}
		p.converge(volume0(1024), false) // taken back before the last user left
		f.Close()
		if _, d := p.scan(); d == nil || d.Path != dev {
			t.Errorf("device = %+v, want %s to stay", d, dev)
		}
	})
	t.Run("foreign file", func(t *testing.T) {
		p := newRealPool(t, v1.ProviderKindFile, t.TempDir())
		img := imagePath(p.pool.Backing, "rsc_00000")
		if err := os.WriteFile(img, []byte("foreign"), 0o600); err != nil {
			t.Fatal(err)
		}
		p.wantFault(volume0(1024), false)
		p.wantFault(volume0(1024), true)
		if data, err := os.ReadFile(img); err != nil || string(data) != "foreign" {
			t.Errorf("foreign file = %q, %v", data, err)
		}
	})
	t.Run("pool behind a symbolic link with odd characters", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "a b'c")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(dir, link); err != nil {
			t.Fatal(err)
		}
		p := newRealPool(t, v1.ProviderKindFile, link)
		p.converge(volume0(1024), false)
		p.converge(volume0(1024), true)
	})
	t.Run("missing directory beside a good one", func(t *testing.T) {
		p := newRealPool(t, v1.ProviderKindFile, t.TempDir())
		bad := provider.Pool{Name: "bad", Kind: v1.ProviderKindFile, Backing: filepath.Join(p.pool.Backing, "no")}
		obs, err := New().Scan(t.Context(), p.h, []provider.Pool{bad, p.pool})
		if err != nil {
			t.Fatal(err)
		}
		if _, is := fault.As(obs.Pools["bad"].Err); !is || obs.Pools["p"].Err != nil {
			t.Errorf("pools = %+v", obs.Pools)
		}
	})
}

func writeDevice(t *testing.T, dev, text string) {
	t.Helper()
	f, err := os.OpenFile(dev, os.O_WRONLY|os.O_SYNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func readDevice(t *testing.T, dev string, n int) string {
	t.Helper()
	f, err := os.Open(dev)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	buf := make([]byte, n)
	if _, err := f.Read(buf); err != nil {
		t.Fatal(err)
	}
	return string(buf)
}
