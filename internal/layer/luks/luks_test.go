package luks_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer/luks"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

func TestLifecycle(t *testing.T) {
	b := newBench(t)
	out := b.must()
	d := out.Devices[0]
	if d.Path != mapped || d.SizeKiB != lowKiB-headKiB || !d.Present || d.Open || d.ZeroFilled || !d.Thin || len(d.Parts) != 1 {
		t.Errorf("device %+v", d)
	}
	if r := out.Volumes[0]; !r.Opened || r.DevicePath != mapped || r.BackingPath != lv || !out.Made[0] {
		t.Errorf("report %+v, made %v", r, out.Made)
	}
	// What is there stays as it is: nothing is done, and nothing is tried.
	b.m.ForgetCommands()
	b.must()
	if got := b.m.Commands(); len(got) != 2 {
		t.Errorf("a look at a settled volume took %d commands: %v", len(got), got)
	}

	b.lvm("lvextend", "--size", fmt.Sprint(2*lowKiB, "k"), "vg/web_00000")
	b.lowKiB *= 2
	if got := b.must().Devices[0].SizeKiB; got != 2*lowKiB-headKiB {
		t.Errorf("size after growing %d", got)
	}

	b.volume.Props = map[string]string{"Luks/AllowDiscards": "True"}
	b.must()
	b.do("", "dmsetup", "table", "--target", "crypt")
	b.m.ForgetCommands()
	b.must()
	if got := b.m.Changes(); len(got) != 0 {
		t.Errorf("discards were not let through at once: %v", got)
	}
	b.volume.Props = nil
	if out, err := b.plan(); err != nil || len(out.Steps) != 1 || !strings.Contains(out.Steps[0].String(), "refresh") {
		t.Errorf("switching discards off: %v %v", out.Steps, err)
	}
	b.must()

	b.down = true
	if out := b.must(); !out.Released[0] || b.m.DeviceSize(mapped) >= 0 {
		t.Error("the container was not closed")
	}
	b.records()
}

func TestDataSurvivesReboot(t *testing.T) {
	b := newBench(t)
	b.must()
	if err := b.m.SetMark(mapped, sim.MarkData, "precious"); err != nil {
		t.Fatal(err)
	}
	b.m.PowerLoss(0)
	b.m.Restart()
	b.activate()
	b.must()
	if got := b.m.Mark(mapped, sim.MarkData); got != "precious" {
		t.Errorf("data after a reboot: %q", got)
	}
}

func TestBusyDeviceIsExplained(t *testing.T) {
	b := newBench(t)
	b.must()
	if err := b.m.Hold(mapped); err != nil {
		t.Fatal(err)
	}
	if out, _ := b.plan(); out.InUse == nil || !*out.InUse {
		t.Error("an open device is not in use")
	}
	b.down = true
	out, err := b.settle()
	if f, ok := fault.As(err); !ok || f.Code != v1.FailInUse || out.Released[0] {
		t.Errorf("closing a device in use: %v, released %v", err, out.Released)
	}
}

// Without the master passphrase nothing can be opened, but what is open goes on, and
// everything can be taken down.
func TestLocked(t *testing.T) {
	b := newBench(t)
	b.volume.LUKS = &link.LUKS{}
	locked := func(state string) {
		t.Helper()
		out := b.must()
		if len(out.Waiting) != 1 || !strings.Contains(out.Waiting[0], "enter-passphrase") || out.Volumes[0].DiskState != state {
			t.Errorf("waiting %q, state %q, want %q", out.Waiting, out.Volumes[0].DiskState, state)
		}
	}
	locked("Locked")
	b.volume.LUKS = &link.LUKS{Passphrase: keyOne}
	b.must()
	b.volume.LUKS = &link.LUKS{}
	if out := b.must(); len(out.Waiting) != 0 || !out.Devices[0].Present {
		t.Errorf("an open volume does not go on: %v", out.Waiting)
	}
	b.volume.Props = map[string]string{"Luks/AllowDiscards": "true"}
	locked("Opened")
	b.volume.Props = nil
	b.do("", "cryptsetup", "close", strings.TrimPrefix(mapped, "/dev/mapper/"))
	locked("Locked")
	b.volume.LUKS = &link.LUKS{Passphrase: keyOne}
	b.must()
	b.volume.LUKS, b.down = nil, true
	if out := b.must(); !out.Released[0] {
		t.Error("a locked volume cannot be taken down")
	}
}

func TestWrongKey(t *testing.T) {
	b := newBench(t)
	b.must()
	b.do("", "cryptsetup", "close", strings.TrimPrefix(mapped, "/dev/mapper/"))
	b.volume.LUKS.Passphrase = keyTwo
	for _, former := range []string{"", "hush-three"} {
		b.volume.LUKS.Former = former
		_, err := b.settle()
		if f, ok := fault.As(err); !ok || f.Code != v1.FailInvalidCryptPassphrase {
			t.Errorf("former %q: %v", former, err)
		}
	}
	b.records()
}

func TestChangeOfPassphrase(t *testing.T) {
	tests := map[string]func(b *bench){
		"open":             func(*bench) {},
		"closed":           func(b *bench) { b.do("", "cryptsetup", "close", strings.TrimPrefix(mapped, "/dev/mapper/")) },
		"cut off half way": func(b *bench) { b.luks.AddKey(lv, keyTwo) },
		"done before": func(b *bench) {
			b.do(keyOne+"\n"+keyTwo+"\n", "cryptsetup", "luksChangeKey", lv)
		},
	}
	for what, before := range tests {
		t.Run(what, func(t *testing.T) {
			b := newBench(t)
			b.must()
			before(b)
			b.volume.LUKS = &link.LUKS{Passphrase: keyTwo, Former: keyOne}
			if !b.must().Devices[0].Present {
				t.Error("the volume is not open")
			}
			if b.luks.UnlockedBy(lv, keyOne) || !b.luks.UnlockedBy(lv, keyTwo) {
				t.Error("the former passphrase still opens the volume, or the new one does not")
			}
			b.records()
		})
	}
}

// TestForeign wants that nothing is done to what is not ours, with and without the
// grant to make the volume.
func TestForeign(t *testing.T) {
	plants := map[string]func(b *bench){
		"another LUKS header": func(b *bench) { b.do("k", "cryptsetup", "luksFormat", "--uuid", other, "--key-file=-", lv) },
		"a file system":       func(b *bench) { b.do("", "mkfs.ext4", lv) },
		"another open container of that name": func(b *bench) {
			b.m.AddDisk("/dev/vdz", "z", 1<<28)
			if err := b.luks.PlantLUKS("/dev/vdz", strings.TrimPrefix(mapped, "/dev/mapper/"), "k"); err != nil {
				b.t.Fatal(err)
			}
		},
	}
	for what, plant := range plants {
		for _, mayMake := range []bool{true, false} {
			t.Run(fmt.Sprint(what, mayMake), func(t *testing.T) {
				b := newBench(t)
				plant(b)
				b.mayMake = mayMake
				b.m.ForgetCommands()
				_, err := b.settle()
				if f, ok := fault.As(err); !ok || f.Code != v1.FailUUIDVolume || f.Correction == "" {
					t.Errorf("fault %v", err)
				}
				b.down = true
				if out := b.must(); !out.Released[0] {
					t.Error("what is not ours keeps the volume from going")
				}
				if got := b.m.Changes(); len(got) != 0 {
					t.Errorf("changed: %v", got)
				}
				if got := b.m.Disturbed(); len(got) != 0 {
					t.Errorf("disturbed: %v", got)
				}
			})
		}
	}
}

// A header that has vanished is never replaced by a new one.
func TestLostHeader(t *testing.T) {
	b := newBench(t)
	b.must()
	b.do("", "cryptsetup", "close", strings.TrimPrefix(mapped, "/dev/mapper/"))
	b.do("", "wipefs", "--all", lv)
	_, err := b.settle()
	if f, ok := fault.As(err); !ok || f.Code != v1.FailUUIDVolume {
		t.Errorf("fault %v", err)
	}
	// One whose key is gone can be made again only while it is new.
	b = newBench(t)
	b.do(keyOne, "cryptsetup", "luksFormat", "--uuid", uuid, "--key-file=-", lv)
	b.do("", "cryptsetup", "--batch-mode", "erase", lv)
	b.mayMake = false
	_, err = b.settle()
	if f, ok := fault.As(err); !ok || f.Code != v1.FailInvalidCryptPassphrase {
		t.Errorf("fault %v", err)
	}
	b.mayMake = true
	b.must()
}

// TestCrash stops every operation after each of its changes and wants the next run
// to get there.
func TestCrash(t *testing.T) {
	faults := map[string]sim.Fault{"killed": {Kind: sim.Crash}, "lost reply": {Kind: sim.Half}, "hung": {Kind: sim.Hang},
		"power loss": {Kind: sim.Power}, "power loss, newest change lost": {Kind: sim.Power, Lost: 1}}
	operations := map[string]struct{ before, change func(b *bench) }{
		"create": {func(*bench) {}, func(*bench) {}},
		"grow": {func(b *bench) { b.must() }, func(b *bench) {
			b.lvm("lvextend", "--size", fmt.Sprint(2*lowKiB, "k"), "vg/web_00000")
			b.lowKiB = 2 * lowKiB
		}},
		"change of passphrase": {func(b *bench) { b.must() }, func(b *bench) { b.volume.LUKS = &link.LUKS{Passphrase: keyTwo, Former: keyOne} }},
		"discards":             {func(b *bench) { b.must() }, func(b *bench) { b.volume.Props = map[string]string{"Luks/AllowDiscards": "true"} }},
		"close":                {func(b *bench) { b.must() }, func(b *bench) { b.down = true }},
	}
	for what, f := range faults {
		for name, op := range operations {
			t.Run(name+", "+what, func(t *testing.T) {
				for k := range 10 {
					b := newBench(t)
					op.before(b)
					op.change(b)
					b.m.SetFaults(sim.AfterChange(k, f))
					_, err := b.settle()
					b.m.SetFaults(sim.NoFaults{})
					if err == nil {
						return
					}
					b.m.Restart()
					b.activate()
					out := b.must()
					if b.down != out.Released[0] || b.down == out.Devices[0].Present {
						t.Errorf("after a fault at change %d: %+v", k, out)
					}
					if !b.luks.UnlockedBy(lv, b.volume.LUKS.Passphrase) {
						t.Errorf("after a fault at change %d the passphrase does not fit", k)
					}
					b.records()
				}
				t.Error("the operation has no end")
			})
		}
	}
}

func TestSizes(t *testing.T) {
	l, r := luks.New(), &link.Resource{Name: "web"}
	for options, header := range map[string]int64{"": 16 << 10, "--offset 65536": 32 << 10, "--luks2-keyslots-size=1m": 2 << 10,
		"--luks2-metadata-size 64k": 16 << 10, "--sector-size 4096": 16 << 10, "-o 8192": 4 << 10} {
		v := &link.Volume{Props: map[string]string{"StorDriver/LuksFormatOptions": options}}
		rapid.Check(t, func(t *rapid.T) {
			size := rapid.Int64Range(4, 1<<40).Draw(t, "size")
			lower, err := l.LowerKiB(r, v, size)
			if err != nil || lower < size+header || lower >= size+header+4 {
				t.Fatalf("%q: lower of %d is %d, %v", options, size, lower, err)
			}
			upper, err := l.UpperKiB(r, v, lower)
			if err != nil || upper < size || upper+header > lower {
				t.Fatalf("%q: upper of %d is %d, %v", options, lower, upper, err)
			}
		})
	}
	_, err := l.UpperKiB(r, &link.Volume{}, 16<<10)
	if f, ok := fault.As(err); !ok || f.Code != v1.FailInvalidVolumeSize {
		t.Errorf("a device with room for the header only: %v", err)
	}
}

func TestOptionsThatCannotBeUsed(t *testing.T) {
	for _, props := range []map[string]string{
		{"StorDriver/LuksFormatOptions": "--key-file /etc/key"}, {"StorDriver/LuksFormatOptions": "--header=x"}, {"StorDriver/LuksFormatOptions": "-d /x"},
		{"StorDriver/LuksFormatOptions": "--uuid " + other}, {"StorDriver/LuksFormatOptions": "--offset many"}, {"StorDriver/LuksFormatOptions": "'open"},
		{"StorDriver/LuksOpenOptions": "--readonly"}, {"StorDriver/LuksOpenOptions": "--test-passphrase"},
	} {
		b := newBench(t)
		b.volume.Props = props
		b.m.ForgetCommands()
		_, err := b.settle()
		if _, open := props["StorDriver/LuksOpenOptions"]; !open && len(b.m.Changes()) > 0 {
			t.Errorf("%v: changed %v", props, b.m.Changes())
		}
		if f, ok := fault.As(err); !ok || f.Code != v1.FailInvalidProp || f.Correction == "" {
			t.Errorf("%v: %v", props, err)
		}
	}
}

func TestOptionsReachTheTool(t *testing.T) {
	b := newBench(t)
	b.volume.Props = map[string]string{"StorDriver/LuksFormatOptions": "--sector-size 4096 --pbkdf pbkdf2", "StorDriver/LuksOpenOptions": "--perf-no_read_workqueue"}
	b.must()
	var all string
	for _, r := range b.m.Commands() {
		all += r.String() + "\n"
	}
	for _, want := range []string{"--sector-size 4096", "--pbkdf pbkdf2", "--perf-no_read_workqueue", "--offset 32768"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
	if strings.Contains(all, "--pbkdf-memory") {
		t.Errorf("the user's choice is overruled:\n%s", all)
	}
}

func TestCorruptKey(t *testing.T) {
	b := newBench(t)
	b.volume.LUKS = &link.LUKS{Corrupt: true}
	if _, err := b.settle(); err == nil || !strings.Contains(err.Error(), "cannot be decrypted") {
		t.Errorf("fault %v", err)
	}
}

func TestSupport(t *testing.T) {
	b := newBench(t)
	if s := luks.New().Support(context.Background(), b.m); len(s.Reasons) != 0 {
		t.Errorf("reasons %q", s.Reasons)
	}
	b.m.Uninstall("cryptsetup")
	if s := luks.New().Support(context.Background(), b.m); len(s.Reasons) != 1 || !strings.Contains(s.Reasons[0], "cryptsetup-bin") {
		t.Errorf("reasons without cryptsetup: %q", s.Reasons)
	}
}
