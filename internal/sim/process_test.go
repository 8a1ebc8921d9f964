package sim

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/internal/run"
)

var bg = context.Background()

func do(t *testing.T, h run.Host, argv ...string) run.Result {
	t.Helper()
	res, err := h.Run(bg, run.Command(argv...))
	if err != nil {
		t.Fatalf("%v: %v", argv, err)
	}
	return res
}

func must(t *testing.T, h run.Host, argv ...string) string {
	t.Helper()
	res := do(t, h, argv...)
	if res.ExitCode != 0 {
		t.Fatalf("%v: exit %d: %s", argv, res.ExitCode, res.Stderr)
	}
	return string(res.Stdout)
}

func write(t *testing.T, h run.Host, path, data string) {
	t.Helper()
	if err := h.WriteFile(bg, run.File{Path: path, Data: []byte(data)}); err != nil {
		t.Fatal(err)
	}
}

func TestAProcessThatCrashedIsDeadForGood(t *testing.T) {
	m := NewMachine("n1")
	old := m.Process()
	write(t, old, "/tmp/a", "kept")
	m.Crash()
	if _, err := old.ReadFile(bg, "/tmp/a"); !errors.Is(err, ErrCrashed) {
		t.Errorf("old process: %v", err)
	}
	now := m.Process()
	if data, err := now.ReadFile(bg, "/tmp/a"); err != nil || string(data) != "kept" {
		t.Errorf("new process: %q, %v", data, err)
	}
	if err := old.WriteFile(bg, run.File{Path: "/tmp/a"}); !errors.Is(err, ErrCrashed) {
		t.Errorf("old process after the restart: %v", err)
	}
	if err := m.Remove(bg, "/tmp/a"); !errors.Is(err, ErrCrashed) {
		t.Errorf("the machine's own process: %v", err)
	}
	m.Restart()
	if err := m.Remove(bg, "/tmp/a"); err != nil {
		t.Errorf("the machine's own process after Restart: %v", err)
	}
}

func TestFaultKinds(t *testing.T) {
	for name, c := range map[string]struct {
		fault   Fault
		before  bool
		err     error
		changed bool
	}{
		"hang before":   {Fault{Kind: Hang}, true, context.DeadlineExceeded, false},
		"hang after":    {Fault{Kind: Hang}, false, context.DeadlineExceeded, true},
		"half":          {Fault{Kind: Half}, false, ErrUnknown, true},
		"crash before":  {Fault{Kind: Crash}, true, ErrCrashed, false},
		"crash after":   {Fault{Kind: Crash}, false, ErrCrashed, true},
		"power before":  {Fault{Kind: Power}, true, ErrPowerLoss, false},
		"power after":   {Fault{Kind: Power}, false, ErrPowerLoss, true},
		"power, undone": {Fault{Kind: Power, Lost: -1}, false, ErrPowerLoss, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := NewMachine("n1")
			write(t, m, "/tmp/a", "")
			m.SetFaults(FaultFunc(func(p Point) Fault {
				if p.After == c.before {
					return Fault{}
				}
				return c.fault
			}))
			_, err := m.Run(bg, run.Command("truncate", "--size=4096", "/tmp/a"))
			if !errors.Is(err, c.err) {
				t.Errorf("error = %v, want %v", err, c.err)
			}
			if f, _ := m.File("/tmp/a"); (f.SizeBytes == 4096) != c.changed {
				t.Errorf("size = %d, changed should be %v", f.SizeBytes, c.changed)
			}
		})
	}
}

func TestFailAndFull(t *testing.T) {
	m := NewMachine("n1")
	write(t, m, "/tmp/a", "")
	m.SetFaults(FaultFunc(func(p Point) Fault { return Fault{Kind: Fail, Exit: 5, Stderr: "no"} }))
	if res := do(t, m, "truncate", "--size=4096", "/tmp/a"); res.ExitCode != 5 || string(res.Stderr) != "no\n" {
		t.Errorf("result = %+v", res)
	}
	if err := m.WriteFile(bg, run.File{Path: "/tmp/b"}); err == nil {
		t.Error("a file operation does not fail")
	}
	m.SetFaults(FaultFunc(func(p Point) Fault { return Fault{Kind: Full} }))
	if err := m.WriteFile(bg, run.File{Path: "/tmp/b", Data: []byte("x")}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("write to a full file system: %v", err)
	}
	if res := do(t, m, "fallocate", "--length=4096", "/tmp/a"); res.ExitCode == 0 {
		t.Error("fallocate works on a full file system")
	}
	m.SetFaults(nil)
	must(t, m, "fallocate", "--length=4096", "/tmp/a")
}

func TestAfterChangeCountsChanges(t *testing.T) {
	for n := range 4 {
		m := NewMachine("n1")
		m.SetFaults(AfterChange(n, Fault{Kind: Crash}))
		done := 0
		for i := range 3 {
			if _, err := m.ReadFile(bg, "/proc/self/mountinfo"); err != nil {
				break
			}
			if err := m.WriteFile(bg, run.File{Path: fmt.Sprintf("/tmp/%d", i)}); err != nil {
				break
			}
			done++
		}
		m.SetFaults(nil)
		m.Restart()
		files, err := m.Glob(bg, "/tmp/*")
		if err != nil || len(files) != min(n, 3) && n < 3 {
			t.Errorf("crash after %d changes leaves %v (%d writes were answered), %v", n, files, done, err)
		}
	}
}

func TestSeededRepeats(t *testing.T) {
	life := func(seed uint64) (out []string) {
		m := NewMachine("n1")
		m.SetFaults(Seeded(seed, Rates{Fail: .1, Hang: .1, Half: .1, Crash: .1, Power: .1, Full: .1}))
		for i := range 60 {
			err := m.WriteFile(bg, run.File{Path: fmt.Sprintf("/tmp/%d", i), Data: []byte("x")})
			out = append(out, fmt.Sprint(err))
			m.Restart()
		}
		return out
	}
	if d := cmp.Diff(life(1), life(1)); d != "" {
		t.Errorf("the same seed gives another life: %s", d)
	}
	if cmp.Equal(life(1), life(2)) {
		t.Error("two seeds give the same life")
	}
	kinds := map[string]bool{}
	for _, e := range life(3) {
		kinds[e] = true
	}
	if len(kinds) < 5 {
		t.Errorf("only these things happened: %v", kinds)
	}
}

func TestCommandsAreRecorded(t *testing.T) {
	m := NewMachine("n1")
	must(t, m, "truncate", "--size=8192", "/tmp/a")
	must(t, m, "truncate", "--size=8192", "/tmp/a")
	do(t, m, "stat", "--format=%s", "/tmp/b")
	want := []Record{
		{Argv: []string{"truncate", "--size=8192", "/tmp/a"}, Changing: true},
		{Argv: []string{"truncate", "--size=8192", "/tmp/a"}},
		{Argv: []string{"stat", "--format=%s", "/tmp/b"}, ExitCode: 1},
	}
	if d := cmp.Diff(want, m.Commands()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want[:1], m.Changes()); d != "" {
		t.Error(d)
	}
	m.ForgetCommands()
	if len(m.Commands()) != 0 {
		t.Error("not forgotten")
	}
}

func TestUnknownCommandLinesDoNotPass(t *testing.T) {
	m := NewMachine("n1")
	if _, err := m.Run(bg, run.Command("nosuchtool")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("unknown tool: %v", err)
	}
	for _, argv := range [][]string{
		{"truncate", "--reference=/tmp/a", "/tmp/b"}, {"losetup", "--all"}, {"df", "/tmp"}, {"cp", "/tmp/a", "/tmp/b"},
		{"lsblk"}, {"blkid", "/dev/sda"}, {"find", "/tmp", "-delete"}, {"losetup", "--list", "--json", "--output", "NOSUCH"},
	} {
		if argv[0] == "losetup" && len(argv) > 2 {
			write(t, m, "/tmp/img", "x")
			must(t, m, "losetup", "--find", "--show", "/tmp/img")
		}
		if res := do(t, m, argv...); res.ExitCode != 64 {
			t.Errorf("%v: exit %d, want 64", argv, res.ExitCode)
		}
	}
	m.Uninstall("df")
	if _, err := m.Run(bg, run.Command("df")); err == nil {
		t.Error("a tool that was uninstalled runs")
	}
}

func TestAnEndedContextStopsEverything(t *testing.T) {
	ctx, cancel := context.WithCancel(bg)
	cancel()
	if _, err := NewMachine("n1").Run(ctx, run.Command("sync")); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
}

func TestConcurrentUse(t *testing.T) {
	m := NewMachine("n1")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			p := m.Process()
			img := fmt.Sprintf("/tmp/%d.img", i)
			for range 20 {
				for _, argv := range [][]string{
					{"truncate", "--size=1M", img}, {"losetup", "--find", "--show", "--nooverlap", img},
					{"losetup", "--list", "--json", "--output", "NAME,BACK-FILE"}, {"df", "--block-size=1K", "--output=size", "/tmp"},
				} {
					if _, err := p.Run(bg, run.Command(argv...)); err != nil {
						t.Error(err)
					}
				}
				for _, l := range m.LoopsOf(img) {
					if _, err := p.Run(bg, run.Command("losetup", "--detach", l)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if got := must(t, m, "losetup", "--list", "--json", "--output", "NAME"); got != "{\n   \"loopdevices\": [\n   ]\n}\n" {
		t.Errorf("loop devices left: %s", got)
	}
}

func BenchmarkCommand(b *testing.B) {
	m := NewMachine("n1")
	for i := range 30 {
		img := fmt.Sprintf("/tmp/%d.img", i)
		for _, argv := range [][]string{{"truncate", "--size=1M", img}, {"losetup", "--find", "--show", img}} {
			if _, err := m.Run(bg, run.Command(argv...)); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, argv := range [][]string{
		{"truncate", "--size=>1M", "/tmp/0.img"},
		{"losetup", "--find", "--show", "--nooverlap", "/tmp/29.img"},
		{"df", "--block-size=1K", "--output=fstype,size,avail,file", "/tmp"},
		{"losetup", "--list", "--json", "--output", "NAME,BACK-FILE,OFFSET"},
	} {
		b.Run(argv[0], func(b *testing.B) {
			for b.Loop() {
				if _, err := m.Run(bg, run.Command(argv...)); err != nil {
					b.Fatal(err)
				}
				m.ForgetCommands()
			}
		})
	}
}
