package sim

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestLosetup(t *testing.T) {
	m := NewMachine("n1")
	must(t, m, "truncate", "--size=1000K", "/tmp/a.img")
	attach := []string{"losetup", "--find", "--show", "--nooverlap", "--direct-io=on", "/tmp/a.img"}
	if got := must(t, m, attach...); got != "/dev/loop0\n" {
		t.Errorf("first attachment = %q", got)
	}
	if got := must(t, m, attach...); got != "/dev/loop0\n" {
		t.Errorf("second attachment = %q", got)
	}
	if got := must(t, m, "losetup", "--find", "--show", "/tmp/a.img"); got != "/dev/loop1\n" {
		t.Errorf("overlapping attachment = %q", got)
	}
	must(t, m, "losetup", "--detach", "/dev/loop1")
	must(t, m, "truncate", "--size=2000K", "/tmp/a.img")
	if got := m.DeviceSize("/dev/loop0"); got != 1000<<10 {
		t.Errorf("size before set-capacity = %d", got)
	}
	must(t, m, "losetup", "--set-capacity", "/dev/loop0")
	if data, err := m.ReadFile(bg, "/sys/class/block/loop0/size"); err != nil || string(data) != "4000\n" {
		t.Errorf("sectors after set-capacity = %q, %v", data, err)
	}
	m.Unlink("/tmp/a.img")
	var list struct{ LoopDevices []map[string]any }
	out := must(t, m, "losetup", "--list", "--json", "--output", "NAME,BACK-FILE,AUTOCLEAR,DIO")
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	l := list.LoopDevices[0]
	if l["back-file"] != "/tmp/a.img (deleted)" || l["autoclear"] != false || l["dio"] != true {
		t.Errorf("device of a deleted file = %v", l)
	}
	if res := do(t, m, "losetup", "--detach", "/dev/loop9"); res.ExitCode != 1 {
		t.Errorf("detach of nothing: %+v", res)
	}
	if res := do(t, m, "losetup", "--find", "--show", "/tmp/none"); res.ExitCode != 1 {
		t.Errorf("attach of nothing: %+v", res)
	}
}

func TestADeviceInUseIsDetachedByItsLastUser(t *testing.T) {
	m := NewMachine("n1")
	must(t, m, "truncate", "--size=1M", "/tmp/a.img")
	must(t, m, "losetup", "--find", "--show", "/tmp/a.img")
	if err := m.Hold("/dev/loop0"); err != nil {
		t.Fatal(err)
	}
	must(t, m, "losetup", "--detach", "/dev/loop0") // succeeds, as on Linux
	if m.DeviceSize("/dev/loop0") < 0 {
		t.Fatal("a device in use is gone")
	}
	must(t, m, "losetup", "--find", "--show", "--nooverlap", "/tmp/a.img") // takes it back
	if err := m.Release("/dev/loop0"); err != nil {
		t.Fatal(err)
	}
	if m.DeviceSize("/dev/loop0") < 0 {
		t.Fatal("a device that was taken back is gone")
	}
	if err := m.Mount("/dev/loop0", "/mnt"); err != nil {
		t.Fatal(err)
	}
	must(t, m, "losetup", "--detach", "/dev/loop0")
	if err := m.Release("/dev/loop0"); err != nil {
		t.Fatal(err)
	}
	if m.DeviceSize("/dev/loop0") >= 0 {
		t.Error("the device stays without a user")
	}
}

func TestKernelFilesShowUsers(t *testing.T) {
	m := NewMachine("n1")
	m.AddDisk("/dev/sda", "S1", 1<<30)
	if err := m.HoldAs("/dev/sda", "drbd1000"); err != nil {
		t.Fatal(err)
	}
	if err := m.Mount("/dev/sda", "/data"); err != nil {
		t.Fatal(err)
	}
	holders, err := m.Glob(bg, "/sys/class/block/s*/holders/*")
	if err != nil || len(holders) != 1 || holders[0] != "/sys/class/block/sda/holders/drbd1000" {
		t.Errorf("holders = %v, %v", holders, err)
	}
	mounts, err := m.ReadFile(bg, "/proc/self/mountinfo")
	if err != nil || !strings.Contains(string(mounts), " /data ") || !strings.Contains(string(mounts), " /dev/sda ") {
		t.Errorf("mounts = %s, %v", mounts, err)
	}
}

func TestBlockTools(t *testing.T) {
	m := NewMachine("n1")
	m.AddDisk("/dev/sda", "S1", 1<<30)
	if got := must(t, m, "blockdev", "--getsize64", "/dev/sda"); got != "1073741824\n" {
		t.Errorf("size = %q", got)
	}
	if res := do(t, m, "blkid", "-o", "export", "/dev/sda"); res.ExitCode != 2 {
		t.Errorf("blkid of an empty disk: %+v", res)
	}
	must(t, m, "mkfs.ext4", "-q", "-E", "nodiscard", "/dev/disk/by-id/virtio-S1")
	if got := must(t, m, "blkid", "-o", "export", "/dev/sda"); !strings.Contains(got, "TYPE=ext4\n") {
		t.Errorf("blkid = %q", got)
	}
	if res := do(t, m, "mkfs.xfs", "/dev/sda"); res.ExitCode == 0 {
		t.Error("mkfs.xfs overwrites a file system without -f")
	}
	var out struct{ BlockDevices []map[string]any }
	list := must(t, m, "lsblk", "--json", "--bytes", "--output", "NAME,PATH,SIZE,TYPE,SERIAL,FSTYPE,MOUNTPOINTS")
	if err := json.Unmarshal([]byte(list), &out); err != nil {
		t.Fatal(err)
	}
	d := out.BlockDevices[0]
	if d["serial"] != "S1" || d["fstype"] != "ext4" || d["size"] != float64(1<<30) || d["type"] != "disk" {
		t.Errorf("lsblk = %v", d)
	}
	if err := m.Hold("/dev/sda"); err != nil {
		t.Fatal(err)
	}
	for _, argv := range [][]string{{"mkfs.ext4", "/dev/sda"}, {"wipefs", "--all", "/dev/sda"}} {
		if res := do(t, m, argv...); res.ExitCode == 0 {
			t.Errorf("%v works on a device in use", argv)
		}
	}
	if err := m.Release("/dev/sda"); err != nil {
		t.Fatal(err)
	}
	must(t, m, "wipefs", "--all", "/dev/sda")
	if m.Mark("/dev/sda", MarkFS) != "" {
		t.Error("the signature stays")
	}
}

func TestReflinkNeedsTheFileSystem(t *testing.T) {
	m := NewMachine("n1")
	m.MountFS("/srv", FileSystem{Type: "xfs", CapacityBytes: 1 << 20, Reflink: true})
	write(t, m, "/tmp/a", "x")
	write(t, m, "/srv/a", "x")
	for _, c := range []struct {
		from, to string
		works    bool
	}{{"/tmp/a", "/tmp/b", false}, {"/srv/a", "/srv/b", true}, {"/srv/a", "/tmp/b", false}} {
		res := do(t, m, "cp", "--reflink=always", "--no-target-directory", c.from, c.to)
		if (res.ExitCode == 0) != c.works {
			t.Errorf("%s to %s: %+v", c.from, c.to, res)
		}
	}
}

func TestMkdir(t *testing.T) {
	m := NewMachine("n1")
	if res := do(t, m, "mkdir", "/srv/a/b"); res.ExitCode == 0 {
		t.Error("parents were made without -p")
	}
	must(t, m, "mkdir", "-p", "/srv/a/b")
	must(t, m, "mkdir", "-p", "/srv/a/b")
	if f, found := m.File("/srv/a/b"); !found || !f.Directory {
		t.Errorf("directory = %+v, %v", f, found)
	}
	m.RemoveDir("/srv/a")
	if _, found := m.File("/srv/a/b"); found {
		t.Error("the directory stays")
	}
}

func TestFind(t *testing.T) {
	m := NewMachine("n1")
	m.MakeDir("/srv/p/sub.img")
	write(t, m, "/srv/p/a.img", "12345")
	write(t, m, "/srv/p/other", "")
	query := []string{"find", "-H", "/srv/p", "/srv/none", "-maxdepth", "1", "(", "-type", "d", "-o", "-name", "*.img", ")", "-printf", `%H\t%d\t%y\t%s\t%b\t%f\0`}
	res := do(t, m, query...)
	want := "/srv/p\t0\td\t4096\t8\tp\x00/srv/p\t1\tf\t5\t8\ta.img\x00/srv/p\t1\td\t4096\t8\tsub.img\x00"
	if string(res.Stdout) != want || res.ExitCode != 1 || !strings.Contains(string(res.Stderr), "'/srv/none'") {
		t.Errorf("find = %q %q %d", res.Stdout, res.Stderr, res.ExitCode)
	}
}

func TestWritesThroughALoopDeviceTakeSpace(t *testing.T) {
	m := NewMachine("n1")
	m.MountFS("/srv", FileSystem{Type: "xfs", CapacityBytes: 1 << 20})
	must(t, m, "truncate", "--size=10M", "/srv/a")
	must(t, m, "losetup", "--find", "--show", "/srv/a")
	if err := m.WriteThrough("/dev/loop0", 512<<10, "data"); err != nil {
		t.Fatal(err)
	}
	if free := m.FreeBytes("/srv"); free != 512<<10 {
		t.Errorf("free = %d", free)
	}
	if err := m.WriteThrough("/dev/loop0", 2<<20, "more"); err == nil {
		t.Error("a write finds space on a full file system")
	}
	if got := m.Mark("/dev/loop0", MarkData); got != "data" {
		t.Errorf("data = %q", got)
	}
}
