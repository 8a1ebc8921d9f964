package zfs_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/plantest"
	"github.com/holdfast-storage/holdfast/internal/provider/zfs"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

const uuidSnap = "77777777-2222-4333-8444-555555555555"

// bench is a machine with a pool, on which plans are carried out.
type bench struct {
	t    *testing.T
	m    *sim.Machine
	z    *sim.ZFS
	pool provider.Pool
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, m: sim.NewMachine("n1"), pool: thick()}
	b.m.AddDisk("/dev/vdb", "b", 1<<30)
	b.z = sim.NewZFS(b.m)
	if err := b.z.AddPool("tank", "/dev/vdb"); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) look() provider.Observation {
	b.t.Helper()
	obs, err := zfs.New().Scan(context.Background(), b.m, []provider.Pool{b.pool})
	if err != nil {
		b.t.Fatal(err)
	}
	return obs
}

// do carries out at most some steps of a plan.
func (b *bench) do(most int, steps []provider.Step, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	for _, s := range steps[:min(most, len(steps))] {
		if err := provider.Execute(context.Background(), b.m, s); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *bench) make(v provider.Volume) {
	b.t.Helper()
	steps, err := zfs.New().Plan(b.pool, b.look().Pools["fat"], v, have(b.look(), "fat", v.Name))
	b.do(9, steps, err)
}

func (b *bench) snapshot(of provider.Volume, s provider.Volume) {
	b.t.Helper()
	obs := b.look()
	steps, err := zfs.New().PlanSnapshot(b.pool, obs.Pools["fat"], of, have(obs, "fat", of.Name), s, have(obs, "fat", s.Name))
	b.do(9, steps, err)
}

func (b *bench) remove(v provider.Volume, most int) {
	b.t.Helper()
	steps, err := zfs.New().PlanDelete(b.pool, v, have(b.look(), "fat", v.Name))
	b.do(most, steps, err)
}

func (b *bench) sweep() (done int) {
	b.t.Helper()
	for _, steps := range zfs.New().PlanSweep([]provider.Pool{b.pool}, b.look()) {
		b.do(9, steps, nil)
		done++
	}
	return done
}

// TestPutAside: a volume on which a snapshot depends makes room for a new one of its
// name, wherever the work on it is interrupted; the snapshot stays reachable, and the
// volume goes after it.
func TestPutAside(t *testing.T) {
	for cut := range 5 {
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			b := newBench(t)
			old, next := vol("r_00000", uuidA, 8192), vol("r_00000", uuidC, 8192)
			snap := provider.Volume{Name: "r_00000@s1", UUID: uuidSnap}
			b.make(old)
			b.snapshot(old, snap)
			b.remove(old, cut)
			if cut < 3 && b.sweep() > 0 {
				t.Fatal("a volume that still has its name was removed")
			}
			b.remove(old, 9)
			b.make(next)
			obs := b.look()
			if d := have(obs, "fat", "r_00000"); d == nil || d.UUID != uuidC {
				t.Fatalf("the new volume is %+v", d)
			}
			s := have(obs, "fat", snap.Name)
			if s == nil || s.UUID != uuidSnap || !strings.HasPrefix(s.Name, "_deleted_r_00000_"+uuidA) || b.sweep() > 0 {
				t.Fatalf("the snapshot is %+v", s)
			}
			// The new volume has snapshots of its own, and is put aside in its turn.
			newer := provider.Volume{Name: "r_00000@s2", UUID: "88888888-2222-4333-8444-555555555555"}
			b.snapshot(next, newer)
			b.remove(next, 9)
			for i, s := range []provider.Volume{snap, newer} {
				steps, err := zfs.New().PlanSnapshotDelete(b.pool, s, have(b.look(), "fat", s.Name))
				b.do(9, steps, err)
				if got := b.sweep(); got != 1 {
					t.Errorf("after snapshot %d: %d volumes removed", i, got)
				}
			}
			if left := b.look().Devices["fat"]; len(left) > 0 {
				t.Errorf("left: %+v", left)
			}
		})
	}
}

// TestPutAsideTwice: the same volume may be put aside again after its deletion was taken
// back and an empty one was made in its place.
func TestPutAsideTwice(t *testing.T) {
	b := newBench(t)
	v := vol("r_00000", uuidA, 8192)
	for range 2 {
		b.make(v)
		b.z.Snapshot("tank/r_00000", "s")
		b.remove(v, 9)
	}
	if got := len(b.look().Devices["fat"]); got != 4 {
		t.Errorf("%d volumes and snapshots: %+v", got, b.look().Devices["fat"])
	}
}

// TestDeletionTakenBack: a volume that bears the mark only because its deletion was taken
// back is never removed.
func TestDeletionTakenBack(t *testing.T) {
	b := newBench(t)
	v := vol("r_00000", uuidA, 8192)
	snap := provider.Volume{Name: "r_00000@s1", UUID: uuidSnap}
	b.make(v)
	b.snapshot(v, snap)
	b.remove(v, 2)
	steps, err := zfs.New().PlanSnapshotDelete(b.pool, snap, have(b.look(), "fat", snap.Name))
	b.do(9, steps, err)
	if d := have(b.look(), "fat", "r_00000"); b.sweep() > 0 || d == nil || d.UUID != uuidA {
		t.Errorf("the volume is %+v", d)
	}
}

// TestSweepTakesOnlyItsOwn: the mark, the name and the identity are all needed, and
// nothing may depend on the volume; a pool that is in trouble is left alone.
func TestSweepTakesOnlyItsOwn(t *testing.T) {
	obs := scan(t, lab(t), thick(), thin())
	var b strings.Builder
	for _, steps := range zfs.New().PlanSweep([]provider.Pool{thick(), thin()}, obs) {
		b.WriteString(plantest.Show(steps, nil))
	}
	plantest.Golden(t, "sweep", b.String())
	sick := obs.Pools["fat"]
	sick.Err = context.DeadlineExceeded
	obs.Pools["fat"] = sick
	if got := zfs.New().PlanSweep([]provider.Pool{thick()}, obs); len(got) > 0 {
		t.Errorf("a sick pool is swept: %v", got)
	}
}

// TestSweepLosesTheRace: a snapshot that somebody took meanwhile saves the volume.
func TestSweepLosesTheRace(t *testing.T) {
	b := newBench(t)
	v := vol("r_00000", uuidA, 8192)
	b.make(v)
	b.z.Snapshot("tank/r_00000", "s")
	b.remove(v, 9)
	aside := "tank/_deleted_r_00000_" + uuidA
	if _, err := run.Must(context.Background(), b.m, run.Command("zfs", "destroy", aside+"@s")); err != nil {
		t.Fatal(err)
	}
	plan := zfs.New().PlanSweep([]provider.Pool{b.pool}, b.look())
	if len(plan) != 1 {
		t.Fatalf("planned %v", plan)
	}
	b.z.Snapshot(aside, "late")
	for _, s := range plan[0] {
		if err := provider.Execute(context.Background(), b.m, s); err == nil && s.Destructive {
			t.Error("the volume was removed with a snapshot")
		}
	}
	if d := have(b.look(), "fat", strings.TrimPrefix(aside, "tank/")); d == nil {
		t.Error("the volume is gone")
	}
}
