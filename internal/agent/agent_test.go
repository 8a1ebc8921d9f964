package agent

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/file"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// slow is a host on which every command and write takes a second.
type slow struct{ run.Host }

func (s slow) Run(ctx context.Context, c run.Cmd) (run.Result, error) {
	time.Sleep(time.Second)
	return s.Host.Run(ctx, c)
}

func (s slow) Remove(ctx context.Context, p string) error {
	time.Sleep(time.Second)
	return s.Host.Remove(ctx, p)
}

// tended starts an agent on a machine with the pool "p" in /pool.
func tended(t *testing.T) (*Agent, *sim.Machine) {
	t.Helper()
	m := sim.NewMachine("n1")
	m.MountFS("/pool", sim.FileSystem{Type: "xfs", CapacityBytes: 1 << 30})
	a := New(Config{Host: slow{m.Process()}, Providers: []provider.Provider{file.New()}, Log: slog.New(slog.DiscardHandler), Workers: 2})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { a.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	return a, m
}

func apply(t *testing.T, a *Agent, set link.Set) {
	t.Helper()
	set.Base, set.Number = a.Number(), a.Number()+1
	if _, err := a.Apply(set); err != nil {
		t.Fatal(err)
	}
}

func replica(uuid, fingerprint string, remove bool) link.Resource {
	return link.Resource{Name: "r", UUID: uuid, Fingerprint: fingerprint, Stack: []v1.LayerType{v1.LayerTypeStorage}, Delete: remove,
		Volumes: []link.Volume{{Number: 0, UUID: uuid, Pool: "p", SizeKiB: 4096, Create: true, Delete: remove}}}
}

func pool() []link.Pool {
	return []link.Pool{{Name: "p", Kind: v1.ProviderKindFileThin, Backing: "/pool"}}
}

// last is the newest report about the resource.
func last(a *Agent) link.ResourceReport {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	return a.out.resources["r"]
}

func progress(a *Agent) string { return last(a).Progress }

// TestLateFullSet: a full set that was under way for long is older than what was
// told since, and is not taken.
func TestLateFullSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := tended(t)
		late := link.Set{Full: true, Base: a.Number(), Number: a.Number() + 1}
		apply(t, a, link.Set{Full: true, Pools: pool(), Resources: []link.Resource{replica("u", "f", false)}})
		if _, err := a.Apply(late); !errors.Is(err, ErrNeedFull) {
			t.Errorf("a late full set was answered %v", err)
		}
	})
}

// TestDeletionTakenBackInTime: the satellite destroys nothing any more once it is
// told that the deletion was taken back.
func TestDeletionTakenBackInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, m := tended(t)
		apply(t, a, link.Set{Full: true, Pools: pool(), Resources: []link.Resource{replica("u", "f1", false)}})
		time.Sleep(time.Minute)
		if progress(a) != progressReady {
			t.Fatalf("progress %q", progress(a))
		}
		if err := m.SetMark("/dev/loop0", sim.MarkData, "precious"); err != nil {
			t.Fatal(err)
		}
		apply(t, a, link.Set{Resources: []link.Resource{replica("u", "f2", true)}})
		time.Sleep(2500 * time.Millisecond) // it looks at the machine once more
		apply(t, a, link.Set{Resources: []link.Resource{replica("u", "f3", false)}})
		time.Sleep(time.Minute)
		if got := m.Mark("/dev/loop0", sim.MarkData); progress(a) != progressReady || got != "precious" {
			t.Errorf("progress %q, data %q", progress(a), got)
		}
	})
}

// TestForgottenWhileWorkedOn: a resource that is wanted again under the same name
// waits until the work on the forgotten one has ended.
func TestForgottenWhileWorkedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, m := tended(t)
		apply(t, a, link.Set{Full: true, Pools: pool(), Resources: []link.Resource{replica("u1", "f1", false)}})
		time.Sleep(1500 * time.Millisecond)
		apply(t, a, link.Set{ForgetResources: []string{"r"}})
		apply(t, a, link.Set{Resources: []link.Resource{replica("u2", "f2", false)}})
		a.mu.Lock()
		n, running := len(a.items), a.items["r"].running
		a.mu.Unlock()
		if n != 1 || !running {
			t.Fatalf("%d items, running %v", n, running)
		}
		time.Sleep(time.Minute)
		if got := last(a); got.Fingerprint != "f2" {
			t.Errorf("the report is about %q", got.Fingerprint)
		}
		if n := len(m.LoopsOf("/pool/r_00000.img")); n > 1 {
			t.Errorf("the image is attached %d times", n)
		}
	})
}

// TestUnreadableSidecarIsNotGone: a volume whose owner cannot be found out is not
// reported gone.
func TestUnreadableSidecarIsNotGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, m := tended(t)
		apply(t, a, link.Set{Full: true, Pools: pool(), Resources: []link.Resource{replica("u", "f1", false)}})
		time.Sleep(time.Minute)
		m.SetFaults(sim.FaultFunc(func(p sim.Point) sim.Fault {
			if p.Path == "/pool/.r_00000.img.holdfast" && !p.After {
				return sim.Fault{Kind: sim.Fail}
			}
			return sim.Fault{}
		}))
		a.lookAgain()
		apply(t, a, link.Set{Resources: []link.Resource{replica("u", "f2", true)}})
		time.Sleep(30 * time.Second)
		if progress(a) != progressFailed {
			t.Errorf("progress %q", progress(a))
		}
		m.SetFaults(nil)
		time.Sleep(10 * time.Minute)
		if _, there := m.File("/pool/r_00000.img"); there || progress(a) != progressGone {
			t.Errorf("progress %q, image there %v", progress(a), there)
		}
	})
}

// TestRetryKeepsOneTimer: however often a failed resource is looked at in between,
// its next try is one.
func TestRetryKeepsOneTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, m := tended(t)
		m.Uninstall("truncate")
		apply(t, a, link.Set{Full: true, Pools: pool(), Resources: []link.Resource{replica("u", "f1", false)}})
		for range 20 {
			time.Sleep(20 * time.Second)
			a.lookAgain()
		}
		time.Sleep(20 * time.Minute)
		m.ForgetCommands()
		time.Sleep(time.Hour)
		scans := 0
		for _, c := range m.Commands() {
			if c.Argv[0] == "find" {
				scans++
			}
		}
		// Six tries at ten minutes each, and a few looks at the machine for each.
		if scans > 6*4 {
			t.Errorf("%d scans in an hour", scans)
		}
	})
}
