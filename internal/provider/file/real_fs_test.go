//go:build linux

package file

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/test/tools"
)

// mountReal makes a file system in an image and mounts it for one test.
func mountReal(t *testing.T, kind string, mkfs ...string) string {
	t.Helper()
	needLoops(t)
	dir := t.TempDir()
	mnt := filepath.Join(dir, "mnt")
	if err := os.Mkdir(mnt, 0o700); err != nil {
		t.Fatal(err)
	}
	argv := []string{"mount", "-t", "tmpfs", "-o", "size=64m", "none", mnt}
	if len(mkfs) > 0 {
		tools.Need(t, mkfs[0])
		img := filepath.Join(dir, "fs")
		command(t, "truncate", "--size=512M", img)
		command(t, append(mkfs, img)...)
		dev := command(t, "losetup", "--find", "--show", img)
		t.Cleanup(func() { command(t, "losetup", "--detach", dev) })
		argv = []string{"mount", "-t", kind, dev, mnt}
	}
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		t.Skipf("cannot mount %s here: %s", kind, out)
	}
	t.Cleanup(func() { command(t, "umount", mnt) })
	return mnt
}

func TestRealFileSystems(t *testing.T) {
	for _, fs := range []struct {
		kind    string
		mkfs    []string
		reflink bool
	}{
		{"xfs", []string{"mkfs.xfs", "-q", "-m", "reflink=1"}, true},
		{"btrfs", []string{"mkfs.btrfs", "-q"}, true},
		{"ext4", []string{"mkfs.ext4", "-q"}, false},
		{"tmpfs", nil, false},
	} {
		t.Run(fs.kind, func(t *testing.T) {
			dir := mountReal(t, fs.kind, fs.mkfs...)
			for _, kind := range []v1.ProviderKind{v1.ProviderKindFile, v1.ProviderKindFileThin} {
				p := newRealPool(t, kind, dir)
				p.converge(volume0(1024), false)
				p.converge(volume0(5000), false)
				if _, d := p.scan(); d == nil || d.SizeKiB != 5000 {
					t.Errorf("%s: device = %+v", kind, d)
				}
				p.converge(volume0(5000), true)
			}
			p := newRealPool(t, v1.ProviderKindFileThin, dir)
			got, err := CanReflink(t.Context(), p.h, dir)
			if err != nil || got != fs.reflink {
				t.Errorf("CanReflink = %v, %v", got, err)
			}
			if got {
				p.snapshot()
			}
		})
	}
}

// snapshot takes one and checks that it keeps what the volume was.
func (p *realPool) snapshot() {
	t := p.t
	t.Helper()
	p.converge(volume0(1024), false)
	_, d := p.scan()
	writeDevice(t, d.Path, "at snapshot")
	snap := provider.Volume{UUID: "snap", Name: New().SnapshotName("rsc_00000", "s1")}
	state, from := p.scan()
	steps, err := New().PlanSnapshot(p.pool, state, volume0(1024), from, snap, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		if err := provider.Execute(t.Context(), p.h, s); err != nil {
			t.Fatal(err)
		}
	}
	writeDevice(t, d.Path, "later      ")
	if got := readDevice(t, imagePath(p.pool.Backing, snap.Name), 11); got != "at snapshot" {
		t.Errorf("snapshot holds %q", got)
	}
	obs, err := New().Scan(t.Context(), p.h, []provider.Pool{p.pool})
	if err != nil {
		t.Fatal(err)
	}
	have := obs.Devices["p"][snap.Name]
	if again, err := New().PlanSnapshot(p.pool, state, volume0(1024), from, snap, &have); err != nil || len(again) != 0 {
		t.Errorf("second plan = %v, %v", again, err)
	}
	gone, err := New().PlanDelete(p.pool, snap, &have)
	if err != nil || len(gone) != 2 {
		t.Fatalf("deletion of the snapshot = %v, %v", gone, err)
	}
	p.converge(volume0(1024), true)
}

func TestRealFullPool(t *testing.T) {
	p := newRealPool(t, v1.ProviderKindFile, mountReal(t, "ext4", "mkfs.ext4", "-q"))
	_, err := p.plan(volume0(1<<20), false)
	if f, is := fault.As(err); !is || f.Code != v1.FailNotEnoughFreeSpace {
		t.Fatalf("too large: %v", err)
	}
	// The file system fills up between the plan and its steps.
	steps, err := p.plan(volume0(200<<10), false)
	if err != nil {
		t.Fatal(err)
	}
	hog := filepath.Join(p.pool.Backing, "hog")
	command(t, "fallocate", "--length=380M", hog)
	var failed error
	for _, s := range steps {
		if failed = provider.Execute(t.Context(), p.h, s); failed != nil {
			break
		}
	}
	if failed == nil || !strings.Contains(failed.Error(), "No space left") {
		t.Fatalf("steps on a full file system: %v", failed)
	}
	steps, err = p.plan(volume0(200<<10), false)
	if err != nil || len(steps) == 0 {
		t.Fatalf("plan = %v, %v, want the rest cleared away", steps, err)
	}
	for _, s := range steps {
		if err := provider.Execute(t.Context(), p.h, s); err != nil {
			t.Fatal(err)
		}
	}
	p.wantFault(volume0(200<<10), false)
	left, err := filepath.Glob(filepath.Join(p.pool.Backing, "*rsc*"))
	hidden, herr := filepath.Glob(filepath.Join(p.pool.Backing, ".*rsc*"))
	if err != nil || herr != nil || len(left)+len(hidden) != 0 {
		t.Errorf("left behind: %v %v", left, hidden)
	}
}
