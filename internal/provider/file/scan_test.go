package file

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// node is a simulated node with one thin pool.
type node struct {
	t    *testing.T
	m    *sim.Machine
	pool provider.Pool
}

func newNode(t *testing.T, f sim.FileSystem) *node {
	t.Helper()
	m := sim.NewMachine("n1")
	f.CapacityBytes = 1 << 30
	m.MountFS(poolDir, f)
	return &node{t: t, m: m, pool: provider.Pool{Name: "p", Kind: v1.ProviderKindFileThin, Backing: poolDir}}
}

func (n *node) scan() (provider.PoolState, map[string]provider.Observed) {
	n.t.Helper()
	obs, err := New().Scan(context.Background(), n.m, []provider.Pool{n.pool})
	if err != nil {
		n.t.Fatal(err)
	}
	return obs.Pools[n.pool.Name], obs.Devices[n.pool.Name]
}

func (n *node) plan(name string, remove bool) ([]provider.Step, error) {
	n.t.Helper()
	state, devices := n.scan()
	var have *provider.Observed
	if d, found := devices[name]; found {
		have = &d
	}
	want := provider.Volume{UUID: ours, Name: name, SizeKiB: 1024}
	if remove {
		return New().PlanDelete(n.pool, want, have)
	}
	return New().Plan(n.pool, state, want, have)
}

func (n *node) create(name string) string {
	n.t.Helper()
	steps, err := n.plan(name, false)
	if err != nil {
		n.t.Fatal(err)
	}
	n.execute(steps)
	_, devices := n.scan()
	return devices[name].Path
}

func (n *node) execute(steps []provider.Step) {
	n.t.Helper()
	for _, s := range steps {
		if err := provider.Execute(context.Background(), n.m, s); err != nil {
			n.t.Fatal(err)
		}
	}
}

func (n *node) wantFault(name string, remove bool, code v1.Code) {
	n.t.Helper()
	steps, err := n.plan(name, remove)
	if f, is := fault.As(err); !is || f.Code != code || len(steps) != 0 {
		n.t.Errorf("plan (remove %v) = %v, %v, want a fault with code %d", remove, steps, err, code.Number())
	}
}

func TestScanSeesAccidents(t *testing.T) {
	const img = poolDir + "/r_00000.img"
	for name, c := range map[string]struct {
		accident       func(n *node, dev string)
		plan, planGone v1.Code // 0: no fault
	}{
		"image deleted":                      {func(n *node, _ string) { n.m.PowerLoss(0); n.m.Restart(); n.m.Unlink(img) }, v1.FailNotFoundVolume, 0},
		"image deleted while attached":       {func(n *node, _ string) { n.m.Unlink(img) }, v1.FailNotFoundVolume, 0},
		"image deleted while in use":         {func(n *node, dev string) { n.m.Unlink(img); n.must(n.m.HoldAs(dev, "drbd1000")) }, v1.FailNotFoundVolume, v1.FailInUse},
		"image replaced while attached":      {func(n *node, _ string) { n.m.Unlink(img); n.must(n.m.PlantFile(img, 'f', 1<<20)) }, v1.FailNotFoundVolume, v1.FailNotFoundVolume},
		"image cut":                          {func(n *node, _ string) { n.must(n.m.ResizeFile(img, 1000)) }, v1.FailInvalidVolumeSize, 0},
		"second loop device":                 {func(n *node, _ string) { n.plantLoop(img, 0) }, v1.FailInUse, 0},
		"loop device on a part of the image": {func(n *node, _ string) { n.m.PowerLoss(0); n.m.Restart(); n.plantLoop(img, 4096) }, v1.FailInUse, 0},
		"mounted":                            {func(n *node, dev string) { n.must(n.m.Mount(dev, "/mnt")) }, 0, v1.FailInUse},
		"hard link to the image":             {func(n *node, _ string) { n.must(n.m.HardLink(img, poolDir+"/backup")) }, 0, 0},
		"sidecar deleted":                    {func(n *node, _ string) { n.m.Unlink(sidecarPath(poolDir, "r_00000")) }, v1.FailExistsVolume, v1.FailExistsVolume},
		"image and sidecar deleted while attached": {func(n *node, _ string) {
			n.m.Unlink(sidecarPath(poolDir, "r_00000"))
			n.m.Unlink(img)
		}, v1.FailInUse, v1.FailInUse},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t, sim.FileSystem{Type: "ext4"})
			c.accident(n, n.create("r_00000"))
			for remove, code := range map[bool]v1.Code{false: c.plan, true: c.planGone} {
				if code != 0 {
					n.wantFault("r_00000", remove, code)
				} else if _, err := n.plan("r_00000", remove); err != nil {
					t.Errorf("plan (remove %v): %v", remove, err)
				}
			}
		})
	}
}

func (n *node) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) plantLoop(img string, offset int64) {
	n.t.Helper()
	_, err := n.m.PlantLoop(img, offset)
	n.must(err)
}

// TestRemnant: only of what was never ready it is known that it holds no data.
func TestRemnant(t *testing.T) {
	for _, tt := range []struct {
		what string
		im   image
		want bool
	}{
		{"the name alone", image{Phase: phaseReady, SizeKiB: 1024}, true},
		{"an empty image", image{Kind: "f", Phase: phaseReserved}, true},
		{"an image on its way to its size", image{Kind: "f", Phase: phaseAllocating, Bytes: 4096}, true},
		{"a complete image", image{Kind: "f", Phase: phaseReady, SizeKiB: 1024, Bytes: 1 << 20}, false},
		{"an image that was cut", image{Kind: "f", Phase: phaseReady, SizeKiB: 1024}, false},
		{"a file that came before the image", image{Kind: "f", Phase: phaseReserved, Bytes: 4096}, false},
		{"a file without a sidecar", image{Kind: "f"}, false},
		{"a sidecar that cannot be read", image{BadSidecar: "it is empty"}, false},
		{"a loop device on it", image{Kind: "f", Phase: phaseAllocating, Loops: []attachment{{Device: "/dev/loop0"}}}, false},
	} {
		if got := tt.im.remnant(); got != tt.want {
			t.Errorf("%s: remnant %v, want %v", tt.what, got, tt.want)
		}
	}
}

func TestAnImageOfOddSizeIsUsable(t *testing.T) {
	n := newNode(t, sim.FileSystem{Type: "ext4"})
	dev := n.create("r_00000")
	n.must(n.m.ResizeFile(poolDir+"/r_00000.img", 1<<20+700))
	n.m.PowerLoss(0)
	n.m.Restart()
	steps, err := n.plan("r_00000", false)
	n.must(err)
	n.execute(steps)
	if size := n.m.DeviceSize(dev); size != 1<<20+512 {
		t.Errorf("device has %d bytes", size)
	}
	if steps, err = n.plan("r_00000", false); err != nil || len(steps) != 0 {
		t.Errorf("plan = %v, %v", steps, err)
	}
	if _, d := n.scan(); d["r_00000"].SizeKiB != 1024 {
		t.Errorf("usable size = %d KiB", d["r_00000"].SizeKiB)
	}
}

func TestDirectIOThatIsRefusedDoesNotMatter(t *testing.T) {
	n := newNode(t, sim.FileSystem{Type: "ext4", NoDirectIO: true})
	steps, err := n.plan("r_00000", false)
	n.must(err)
	last := steps[len(steps)-1]
	n.execute(steps[:len(steps)-1])
	if err := provider.Execute(context.Background(), n.m, last); err == nil {
		t.Error("the model of losetup does not refuse direct I/O")
	}
	if steps, err = n.plan("r_00000", false); err != nil || len(steps) != 0 {
		t.Errorf("after an attachment without direct I/O: %v, %v", steps, err)
	}
}

func TestFileSystemsWithoutFallocate(t *testing.T) {
	n := newNode(t, sim.FileSystem{Type: "zfs", NoFallocate: true})
	n.create("r_00001") // thin volumes do not need it
	n.pool.Kind = v1.ProviderKindFile
	n.wantFault("r_00000", false, v1.FailStoragePoolConfigurationError)

	n = newNode(t, sim.FileSystem{Type: "newfs", NoFallocate: true})
	n.pool.Kind = v1.ProviderKindFile
	steps, err := n.plan("r_00000", false)
	n.must(err)
	var failed error
	for _, s := range steps {
		if failed = provider.Execute(context.Background(), n.m, s); failed != nil {
			break
		}
	}
	if failed == nil {
		t.Fatal("the model of fallocate works")
	}
	steps, err = n.plan("r_00000", true)
	n.must(err)
	n.execute(steps)
	if _, devices := n.scan(); len(devices) != 0 {
		t.Errorf("left behind: %v", devices)
	}
}

func TestTwoPoolsMayShareADirectory(t *testing.T) {
	n := newNode(t, sim.FileSystem{Type: "ext4"})
	n.create("r_00000")
	other := n.pool
	other.Name = "q"
	obs, err := New().Scan(context.Background(), n.m, []provider.Pool{n.pool, other})
	n.must(err)
	a, b := obs.Devices["p"]["r_00000"], obs.Devices["q"]["r_00000"]
	b.Pool = "p"
	if d := cmp.Diff(a, b); d != "" || a.UUID != ours {
		t.Errorf("pools differ: %s", d)
	}
}

func TestScanWithoutPoolsAsksNothing(t *testing.T) {
	m := sim.NewMachine("n1")
	obs, err := New().Scan(context.Background(), m, []provider.Pool{{Name: "bad", Backing: "not/absolute"}})
	if err != nil || obs.Pools["bad"].Err == nil {
		t.Errorf("scan = %+v, %v", obs, err)
	}
	if c := m.Commands(); len(c) != 0 {
		t.Errorf("commands: %v", c)
	}
}

func TestScanOrderOfCommands(t *testing.T) {
	n := newNode(t, sim.FileSystem{Type: "ext4"})
	n.m.ForgetCommands()
	n.scan()
	got := ""
	for _, c := range n.m.Commands() {
		got += c.String() + "\n"
	}
	want := "losetup --list --json --output NAME,BACK-FILE,BACK-INO,BACK-MAJ:MIN,OFFSET,SIZELIMIT,AUTOCLEAR,RO\n" +
		"find -H /srv/pool -ignore_readdir_race -maxdepth 1 '(' -type d -o -name '*.img' -o -name '.*.img.holdfast' ')' -printf '" + listFormat + "'\n" +
		"df --block-size=1K --output=fstype,size,avail,file /srv/pool\n"
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestSnapshot(t *testing.T) {
	snap := provider.Volume{UUID: "snap", Name: New().SnapshotName("r_00000", "s1")}
	source := provider.Volume{UUID: ours, Name: "r_00000"}
	plan := func(n *node) ([]provider.Step, error) {
		state, devices := n.scan()
		var from, have *provider.Observed
		if d, found := devices[source.Name]; found {
			from = &d
		}
		if d, found := devices[snap.Name]; found {
			have = &d
		}
		return New().PlanSnapshot(n.pool, state, source, from, snap, have)
	}
	for k := range 12 {
		t.Run(fmt.Sprintf("crash after change %d", k), func(t *testing.T) {
			n := newNode(t, sim.FileSystem{Type: "xfs", Reflink: true})
			dev := n.create("r_00000")
			n.must(n.m.SetMark(dev, sim.MarkData, "at snapshot"))
			steps, err := plan(n)
			n.must(err)
			n.m.SetFaults(sim.AfterChange(k, sim.Fault{Kind: sim.Power, Lost: -1}))
			for _, s := range steps {
				if err := provider.Execute(context.Background(), n.m, s); err != nil {
					break
				}
			}
			n.m.SetFaults(nil)
			n.m.Restart()
			n.create("r_00000")
			steps, err = plan(n)
			n.must(err)
			n.execute(steps)
			if steps, err = plan(n); err != nil || len(steps) != 0 {
				t.Errorf("second plan = %v, %v", steps, err)
			}
			n.must(n.m.SetMark(dev, sim.MarkData, "later"))
			clone, err := n.m.PlantLoop(imagePath(poolDir, snap.Name), 0)
			n.must(err)
			if got := n.m.Mark(clone, sim.MarkData); got != "at snapshot" {
				t.Errorf("data of the snapshot = %q", got)
			}
		})
	}
	t.Run("not ours", func(t *testing.T) {
		n := newNode(t, sim.FileSystem{Type: "xfs", Reflink: true})
		n.create("r_00000")
		n.must(n.m.PlantFile(imagePath(poolDir, snap.Name), 'f', 100))
		if steps, err := plan(n); err == nil || len(steps) != 0 {
			t.Errorf("plan = %v, %v", steps, err)
		}
		if d := n.m.Disturbed(); len(d) != 0 {
			t.Error(d)
		}
	})
	t.Run("no source", func(t *testing.T) {
		if steps, err := plan(newNode(t, sim.FileSystem{Type: "xfs"})); err == nil || len(steps) != 0 {
			t.Errorf("plan = %v, %v", steps, err)
		}
	})
}

func TestCanReflink(t *testing.T) {
	for _, can := range []bool{false, true} {
		n := newNode(t, sim.FileSystem{Type: "xfs", Reflink: can})
		got, err := CanReflink(context.Background(), n.m, poolDir)
		if err != nil || got != can {
			t.Errorf("CanReflink = %v, %v, want %v", got, err, can)
		}
		left, err := n.m.Glob(context.Background(), poolDir+"/.*")
		if err != nil || len(left) != 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
	if _, err := CanReflink(context.Background(), sim.NewMachine("n"), "/missing"); err == nil {
		t.Error("a missing directory is no error")
	}
}

// A busy node: the price of one scan with thirty volumes.
func BenchmarkScan(b *testing.B) {
	m := sim.NewMachine("n1")
	pool := provider.Pool{Name: "p", Kind: v1.ProviderKindFileThin, Backing: "/tmp"}
	for i := range 30 {
		want := provider.Volume{UUID: ours, Name: fmt.Sprintf("r_%05d", i), SizeKiB: 1024}
		obs, err := New().Scan(context.Background(), m, []provider.Pool{pool})
		if err != nil {
			b.Fatal(err)
		}
		steps, err := New().Plan(pool, obs.Pools["p"], want, nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, s := range steps {
			if err := provider.Execute(context.Background(), m, s); err != nil {
				b.Fatal(err)
			}
		}
	}
	var h run.Host = m
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New().Scan(context.Background(), h, []provider.Pool{pool}); err != nil {
			b.Fatal(err)
		}
		m.ForgetCommands()
	}
}
