package sim

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/holdfast-storage/holdfast/internal/run"
)

func TestFiles(t *testing.T) {
	m := NewMachine("n1")
	write(t, m, "/tmp/a", "one")
	err := m.WriteFile(bg, run.File{Path: "/tmp/a", Data: []byte("two"), Exclusive: true})
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("exclusive write: %v", err)
	}
	if err := m.WriteFile(bg, run.File{Path: "/no/a"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("write without a directory: %v", err)
	}
	if err := m.WriteFile(bg, run.File{Path: "/tmp"}); err == nil {
		t.Error("a directory was overwritten")
	}
	if data, err := m.ReadFile(bg, "/tmp/a"); err != nil || string(data) != "one" {
		t.Errorf("content = %q, %v", data, err)
	}
	if _, err := m.ReadFile(bg, "/tmp/b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if err := m.Remove(bg, "/tmp"); err == nil {
		t.Error("a directory was removed")
	}
	for range 2 {
		if err := m.Remove(bg, "/tmp/a"); err != nil {
			t.Errorf("remove: %v", err)
		}
	}
}

func TestGlob(t *testing.T) {
	m := NewMachine("n1")
	m.MakeDir("/srv/p1")
	m.MakeDir("/srv/p2")
	for _, p := range []string{"/srv/p1/.b.x", "/srv/p1/a.x", "/srv/p2/c.x", "/srv/p2/d"} {
		write(t, m, p, "")
	}
	for pattern, want := range map[string][]string{
		"/srv/p1/*.x": {"/srv/p1/.b.x", "/srv/p1/a.x"},
		"/srv/*/*.x":  {"/srv/p1/.b.x", "/srv/p1/a.x", "/srv/p2/c.x"},
		"/srv/p2/d":   {"/srv/p2/d"},
		"/nothing/*":  nil,
	} {
		got, err := m.Glob(bg, pattern)
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%s: %v %s", pattern, err, d)
		}
	}
	if _, err := m.Glob(bg, "["); err == nil {
		t.Error("a bad pattern is no error")
	}
}

func TestSpaceIsCounted(t *testing.T) {
	m := NewMachine("n1")
	m.MountFS("/srv", FileSystem{Type: "ext4", CapacityBytes: 1 << 20})
	write(t, m, "/srv/a", "x")
	if free := m.FreeBytes("/srv"); free != 1<<20-4096 {
		t.Errorf("free = %d", free)
	}
	must(t, m, "truncate", "--size=10M", "/srv/a") // sparse: costs nothing
	must(t, m, "fallocate", "--length=512K", "/srv/a")
	if free := m.FreeBytes("/srv"); free != 512<<10 {
		t.Errorf("free after fallocate = %d", free)
	}
	if res := do(t, m, "fallocate", "--offset=512K", "--length=600K", "/srv/a"); !strings.Contains(string(res.Stderr), "No space left") {
		t.Errorf("fallocate on a full file system: %+v", res)
	}
	if err := m.HardLink("/srv/a", "/srv/b"); err != nil {
		t.Fatal(err)
	}
	m.Unlink("/srv/a")
	if free := m.FreeBytes("/srv"); free != 0 {
		t.Errorf("free with a name left = %d", free)
	}
	m.Unlink("/srv/b")
	if free := m.FreeBytes("/srv"); free != 1<<20 {
		t.Errorf("free after the last name is gone = %d", free)
	}
}

// TestSpaceNeverLeaks lets anything happen to files and counts afterwards.
func TestSpaceNeverLeaks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := NewMachine("n1")
		m.MountFS("/srv", FileSystem{Type: "xfs", CapacityBytes: 1 << 20, Reflink: true})
		name := func() string { return fmt.Sprintf("/srv/%d", rapid.IntRange(0, 3).Draw(t, "file")) }
		for range rapid.IntRange(1, 30).Draw(t, "ops") {
			var argv []string
			switch rapid.IntRange(0, 8).Draw(t, "op") {
			case 0:
				argv = []string{"truncate", fmt.Sprintf("--size=%d", rapid.IntRange(0, 1<<19).Draw(t, "size")), name()}
			case 1:
				argv = []string{"fallocate", fmt.Sprintf("--length=%d", rapid.IntRange(1, 1<<19).Draw(t, "size")), name()}
			case 2:
				argv = []string{"cp", "--reflink=always", "--no-target-directory", name(), name()}
			case 3:
				argv = []string{"losetup", "--find", "--show", "--nooverlap", name()}
			case 4:
				argv = []string{"losetup", "--detach", fmt.Sprintf("/dev/loop%d", rapid.IntRange(0, 3).Draw(t, "loop"))}
			case 5:
				argv = []string{"sync", name()}
			case 6:
				_ = m.Remove(bg, name())
			case 7:
				_ = m.WriteFile(bg, run.File{Path: name(), Data: make([]byte, 5000)})
			case 8:
				m.PowerLoss(rapid.IntRange(-1, 3).Draw(t, "lost"))
				m.Restart()
			}
			if argv != nil {
				if _, err := m.Run(bg, run.Command(argv...)); err != nil {
					t.Fatal(err)
				}
			}
			if free := m.FreeBytes("/srv"); free < 0 || free > 1<<20 {
				t.Fatalf("free = %d after %v", free, argv)
			}
		}
		m.PowerLoss(0)
		m.Restart()
		for i := range 4 {
			m.Unlink(fmt.Sprintf("/srv/%d", i))
		}
		if free := m.FreeBytes("/srv"); free != 1<<20 {
			t.Fatalf("free = %d when all files are gone", free)
		}
	})
}

func TestPowerLossTakesTheNewestUnsyncedChanges(t *testing.T) {
	size := func(m *Machine, p string) int64 { f, _ := m.File(p); return f.SizeBytes }
	for lost, want := range map[int][2]int64{0: {8192, 8192}, 1: {8192, 4096}, 2: {4096, 4096}, -1: {0, 0}} {
		m := NewMachine("n1")
		write(t, m, "/tmp/a", "")
		write(t, m, "/tmp/b", "")
		for _, s := range []string{"4096", "8192"} {
			must(t, m, "truncate", "--size="+s, "/tmp/a")
			must(t, m, "truncate", "--size="+s, "/tmp/b")
		}
		m.PowerLoss(lost)
		m.Restart()
		if got := [2]int64{size(m, "/tmp/a"), size(m, "/tmp/b")}; got != want {
			t.Errorf("lost %d: sizes %v, want %v", lost, got, want)
		}
	}
	m := NewMachine("n1")
	write(t, m, "/tmp/a", "")
	must(t, m, "truncate", "--size=4096", "/tmp/a")
	must(t, m, "sync", "/tmp/a")
	m.PowerLoss(-1)
	if size(m, "/tmp/a") != 4096 {
		t.Error("a synced change is lost")
	}
}

func TestGuard(t *testing.T) {
	m := NewMachine("n1")
	if err := m.PlantFile("/tmp/foreign", 'f', 8192); err != nil {
		t.Fatal(err)
	}
	dev, err := m.PlantLoop("/tmp/foreign", 4096)
	if err != nil {
		t.Fatal(err)
	}
	if m.DeviceSize(dev) != 4096 {
		t.Errorf("part of a file has %d bytes", m.DeviceSize(dev))
	}
	must(t, m, "truncate", "--size=>4096", "/tmp/foreign")
	if d := m.Disturbed(); len(d) != 0 {
		t.Errorf("disturbed by nothing: %v", d)
	}
	must(t, m, "mkfs.ext4", "-q", dev)
	must(t, m, "losetup", "--detach", dev)
	if d := m.Disturbed(); len(d) != 2 {
		t.Errorf("a formatted file and a detached device give %v", d)
	}
}
