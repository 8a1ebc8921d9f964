package cluster

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/link"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// keeper is a cluster in which loser and winner have both written to a resource "data"
// in a pool without the other, and see each other again.
type keeper struct {
	*Cluster
	// props are those of the resource definition.
	props               map[string]string
	loser, winner, pool string
	lvm                 map[string]*sim.LVM
	zfs                 map[string]*sim.ZFS
}

// fallenOut makes a keeper; prepare gets the cluster before anything is made.
func fallenOut(t *testing.T, kind v1.ProviderKind, prepare ...func(*keeper)) *keeper {
	t.Helper()
	k := &keeper{Cluster: replicated(t, 2), loser: "n1", winner: "n2", pool: "store", lvm: map[string]*sim.LVM{}, zfs: map[string]*sim.ZFS{}}
	backing := map[v1.ProviderKind]string{v1.ProviderKindFileThin: "/pool/in", v1.ProviderKindLvm: "vg", v1.ProviderKindLvmThin: "vg/thin",
		v1.ProviderKindZfs: "tank", v1.ProviderKindZfsThin: "tank"}[kind]
	for _, f := range prepare {
		f(k)
	}
	for _, n := range []string{"n1", "n2"} {
		m := k.Node(n).Machine
		m.AddDisk("/dev/vdb", "b", 64<<30)
		m.AddDisk("/dev/vdc", "c", 64<<30)
		m.MakeDir("/pool/in")
		l, z := sim.NewLVM(m), sim.NewZFS(m)
		for _, err := range []error{l.AddVG("vg", "/dev/vdb"), z.AddPool("tank", "/dev/vdc")} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if kind == v1.ProviderKindLvmThin {
			if err := l.AddThinPool("vg", "thin"); err != nil {
				t.Fatal(err)
			}
		}
		k.lvm[n], k.zfs[n] = l, z
		k.Must("PUT", "/v1/nodes/"+n+"/reconnect", nil)
		time.Sleep(time.Minute) // simulated time
		k.Must("POST", "/v1/nodes/"+n+"/storage-pools", v1.StoragePool{StoragePoolName: k.pool, ProviderKind: kind,
			Props: map[string]string{model.KeyPoolBacking: backing}})
	}
	defined(k.Cluster, "data", k.props)
	for _, n := range []string{"n1", "n2"} {
		k.Must("POST", "/v1/resource-definitions/data/resources", []v1.ResourceCreate{onPool(n, k.pool)})
	}
	awaitDisks(t, k.Cluster, "data", map[string]string{"n1": up, "n2": up})
	put(t, k.Cluster, "n1", "common")
	k.Network.Cut("n1", "n2")
	put(t, k.Cluster, k.loser, "given up")
	put(t, k.Cluster, k.winner, "kept")
	k.Network.Heal("n1", "n2")
	time.Sleep(time.Minute) // simulated time
	return k
}

func (k *keeper) order() (int, string) {
	status, answer := k.Call("PUT", doctorPath, v1.DoctorOrder{Survivor: k.winner})
	return status, string(answer)
}

func (k *keeper) snapshots() []v1.Snapshot {
	return Get[[]v1.Snapshot](k.Cluster, "/v1/view/snapshots")
}

// inSnapshot is what the loser's machine has in a snapshot; empty for none.
func (k *keeper) inSnapshot(name string) string {
	m := k.Node(k.loser).Machine
	for _, got := range []string{m.FileMark("/pool/in/data_00000_"+name+".img", sim.MarkData),
		k.lvm[k.loser].VolumeMark("vg", "data_00000_"+name, sim.MarkData), k.zfs[k.loser].SnapshotMark("tank/data_00000@"+name, sim.MarkData)} {
		if got != "" {
			return got
		}
	}
	return ""
}

func (k *keeper) data(node string) string { return k.Node(node).Machine.Mark(drbdDevice, sim.MarkData) }

// TestLoserIsKept: what a node gives up is in a snapshot before DRBD gets to discard it,
// whatever the storage; the snapshot is listed, keeps the definition, and goes.
func TestLoserIsKept(t *testing.T) {
	for _, kind := range []v1.ProviderKind{v1.ProviderKindFileThin, v1.ProviderKindLvmThin, v1.ProviderKindZfs, v1.ProviderKindZfsThin} {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := fallenOut(t, kind)
				defer k.Close()
				_, plan := k.Call("PUT", doctorPath+"?dry_run=true", v1.DoctorOrder{Survivor: k.winner})
				if !strings.Contains(string(plan), "before-heal-") || strings.Contains(string(plan), "--discard-my-data") || len(k.snapshots()) > 0 {
					t.Errorf("the plan is %s, with snapshots %+v", plan, k.snapshots())
				}
				k.Node(k.loser).Machine.ForgetCommands()
				rcs := k.Must("PUT", doctorPath, v1.DoctorOrder{Survivor: k.winner})
				awaitHealth(t, k.Cluster)
				holds(t, k.Cluster, "kept")
				list := k.snapshots()
				if len(list) != 1 || !slices.Equal(list[0].Nodes, []string{k.loser}) || !slices.Contains(list[0].Flags, "SUCCESSFUL") || list[0].Snapshots[0].CreateTimestamp == 0 {
					t.Fatalf("snapshots %+v", list)
				}
				name := list[0].Name
				if !strings.HasPrefix(name, "before-heal-") || rcs[0].ObjRefs["Snapshot"] != name {
					t.Errorf("the snapshot is %s, the answer %+v", name, rcs)
				}
				if got := k.inSnapshot(name); got != "given up" {
					t.Errorf("the snapshot holds %q", got)
				}
				var taken, given int
				for i, c := range k.Node(k.loser).Machine.Changes() {
					switch line := fmt.Sprint(c); {
					case strings.Contains(line, name) && taken == 0:
						taken = i + 1
					case strings.Contains(line, "--discard-my-data"):
						given = i + 1
					}
				}
				if taken == 0 || given < taken {
					t.Errorf("the snapshot was change %d, the discard %d", taken, given)
				}
				refused(k.Cluster, "DELETE", "/v1/resource-definitions/data", nil, "has snapshots")
				if kind == v1.ProviderKindZfs {
					k.Must("PUT", "/v1/resource-definitions/data", v1.ResourceDefinitionModify{OverrideProps: map[string]string{"StorDriver/Zfs/DeleteStrategy": "Delete"}})
					refused(k.Cluster, "DELETE", "/v1/resource-definitions/data/resources/"+k.loser, nil, "depends on the volume", "snapshot delete", "StorDriver/Zfs/DeleteStrategy")
				}
				k.Must("DELETE", "/v1/resource-definitions/data/snapshots/"+name, nil)
				if got := k.inSnapshot(name); got != "" || len(k.snapshots()) > 0 {
					t.Errorf("after its deletion the snapshot holds %q, and is listed: %+v", got, k.snapshots())
				}
				k.Must("DELETE", "/v1/resource-definitions/data", nil)
				if left := Get[[]v1.ResourceDefinition](k.Cluster, "/v1/resource-definitions"); len(left) > 0 {
					t.Errorf("left: %+v", left)
				}
			})
		})
	}
}

// TestKeepingNeedsStorageThatCan: without snapshots the user has to say that the data
// may be lost, and is told why.
func TestKeepingNeedsStorageThatCan(t *testing.T) {
	for _, c := range []struct {
		name    string
		kind    v1.ProviderKind
		words   string
		prepare func(*keeper)
	}{
		{"thick LVM", v1.ProviderKindLvm, "kind LVM", func(*keeper) {}},
		{"ext4", v1.ProviderKindFileThin, "on ext4", func(k *keeper) {
			for _, n := range []string{"n1", "n2"} {
				k.Node(n).Machine.MakeDir("/pool/in")
				k.Node(n).Machine.MountFS("/pool/in", sim.FileSystem{Type: "ext4", CapacityBytes: 1 << 30})
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := fallenOut(t, c.kind, c.prepare)
				defer k.Close()
				d := diagnosis(k.Cluster)
				if len(d.Choices) != 2 || len(d.Choices[0].NoSnapshot) != 1 || !strings.Contains(d.Choices[0].Command, "--without-snapshot") {
					t.Errorf("choices %+v", d.Choices)
				}
				if status, answer := k.order(); status < http.StatusBadRequest || !strings.Contains(answer, c.words) || !strings.Contains(answer, "--without-snapshot") {
					t.Errorf("answered %d: %s", status, answer)
				}
				time.Sleep(time.Minute)
				if k.data(k.loser) != "given up" || len(k.snapshots()) > 0 {
					t.Errorf("%s has %q, snapshots %+v", k.loser, k.data(k.loser), k.snapshots())
				}
				k.Must("PUT", doctorPath, v1.DoctorOrder{Survivor: k.winner, WithoutSnapshot: true})
				awaitHealth(t, k.Cluster)
				holds(t, k.Cluster, "kept")
			})
		})
	}
}

// TestKeepingWaits: as long as the snapshot cannot be taken nothing is discarded, over a
// restart of the controller too; everybody can see why, and it goes on by itself.
func TestKeepingWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := fallenOut(t, v1.ProviderKindLvmThin)
		defer k.Close()
		k.lvm[k.loser].SetHealth("vg", "thin", "out_of_data")
		if _, answer := k.order(); !strings.Contains(answer, "before-heal-") || !strings.Contains(answer, "out of") && !strings.Contains(answer, "full") && !strings.Contains(answer, "threshold") {
			t.Errorf("the answer does not say what is wrong: %s", answer)
		}
		k.StopController()
		k.StartController()
		time.Sleep(20 * time.Minute)
		d := diagnosis(k.Cluster)
		if len(d.Pending) != 1 || d.Pending[0].Node != k.loser || d.Pending[0].Phase != v1.DoctorPhaseSnapshot || d.Pending[0].Waits == "" {
			t.Fatalf("pending %+v", d.Pending)
		}
		if got := k.data(k.loser); got != "given up" || len(orders(k.Cluster)) > 0 {
			t.Fatalf("%s has %q, with orders on %v", k.loser, got, orders(k.Cluster))
		}
		found := false
		for _, e := range Get[[]v1.Explanation](k.Cluster, "/v1/explain/resources/data") {
			found = found || strings.Contains(e.Missing, "before-heal-") && e.Why != ""
		}
		if !found {
			t.Error("the explanation does not tell what is waited for")
		}
		k.lvm[k.loser].SetHealth("vg", "thin", "")
		time.Sleep(20 * time.Minute)
		awaitHealth(t, k.Cluster)
		holds(t, k.Cluster, "kept")
		if got := k.inSnapshot(k.snapshots()[0].Name); got != "given up" {
			t.Errorf("the snapshot holds %q", got)
		}
	})
}

// TestKeepingIsWithdrawn: deleting the snapshot that was not made takes the order back.
func TestKeepingIsWithdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := fallenOut(t, v1.ProviderKindLvmThin)
		defer k.Close()
		k.lvm[k.loser].SetHealth("vg", "thin", "out_of_data")
		k.order()
		name := k.snapshots()[0].Name
		k.Call("DELETE", "/v1/resource-definitions/data/snapshots/"+name, nil)
		k.lvm[k.loser].SetHealth("vg", "thin", "")
		time.Sleep(20 * time.Minute)
		if d := diagnosis(k.Cluster); len(d.Pending) > 0 || len(k.snapshots()) > 0 || k.data(k.loser) != "given up" || k.inSnapshot(name) != "" {
			t.Errorf("pending %+v, snapshots %+v, %s has %q", d.Pending, k.snapshots(), k.loser, k.data(k.loser))
		}
	})
}

// TestKeepingSeesUse: what was written after the snapshot is not in it, so that it is
// not given up.
func TestKeepingSeesUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := fallenOut(t, v1.ProviderKindLvmThin)
		defer k.Close()
		k.lvm[k.loser].SetHealth("vg", "thin", "out_of_data")
		k.order()
		if err := k.Node(k.loser).Machine.Hold(drbdDevice); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		k.lvm[k.loser].SetHealth("vg", "thin", "")
		time.Sleep(20 * time.Minute)
		if err := k.Node(k.loser).Machine.Release(drbdDevice); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Minute)
		if d := diagnosis(k.Cluster); len(d.Pending) != 1 || d.Pending[0].Phase != v1.DoctorPhaseUsed || k.data(k.loser) != "given up" {
			t.Fatalf("pending %+v, %s has %q", d.Pending, k.loser, k.data(k.loser))
		}
		put(t, k.Cluster, k.loser, "given up, later")
		k.order()
		awaitHealth(t, k.Cluster)
		holds(t, k.Cluster, "kept")
		last := k.snapshots()[len(k.snapshots())-1]
		if got := k.inSnapshot(last.Name); got != "given up, later" {
			t.Errorf("of %d snapshots the last one holds %q", len(k.snapshots()), got)
		}
	})
}

// forgetful is a satellite of before there were snapshots.
type forgetful struct{ link.Peer }

func (f forgetful) Apply(ctx context.Context, set wire.Set) (wire.Applied, error) {
	for i := range set.Resources {
		set.Resources[i].Snapshots = nil
	}
	return f.Peer.Apply(ctx, set)
}

// TestKeepingNeedsANewSatellite: one that knows no snapshots cannot be taken for having
// made one.
func TestKeepingNeedsANewSatellite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := fallenOut(t, v1.ProviderKindLvmThin, func(k *keeper) {
			k.Wire = func(_ *Node, p link.Peer) link.Peer { return forgetful{p} }
		})
		defer k.Close()
		k.order()
		time.Sleep(20 * time.Minute)
		d := diagnosis(k.Cluster)
		if len(d.Pending) != 1 || !strings.Contains(d.Pending[0].Correction, "update") || k.data(k.loser) != "given up" {
			t.Errorf("pending %+v, %s has %q", d.Pending, k.loser, k.data(k.loser))
		}
	})
}

// TestSnapshotOutlivesItsReplica: it stays when the replica is deleted, and can be
// deleted then, even while the node is away; a lost node takes its part along.
func TestSnapshotOutlivesItsReplica(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := fallenOut(t, v1.ProviderKindLvmThin)
		defer k.Close()
		k.Must("PUT", doctorPath, v1.DoctorOrder{Survivor: k.winner})
		awaitHealth(t, k.Cluster)
		name := k.snapshots()[0].Name
		path := "/v1/resource-definitions/data/snapshots/" + name
		k.Must("DELETE", "/v1/resource-definitions/data/resources/"+k.loser, nil)
		time.Sleep(time.Minute)
		if _, ok := k.World().Resources.Get("data", k.loser); ok || k.inSnapshot(name) != "given up" {
			t.Fatalf("the replica is there: %v; the snapshot holds %q", ok, k.inSnapshot(name))
		}
		refused(k.Cluster, "DELETE", "/v1/nodes/"+k.loser, nil, "snapshot")
		refused(k.Cluster, "DELETE", "/v1/nodes/"+k.loser+"/storage-pools/"+k.pool, nil, "snapshots")
		k.StopController()
		k.StartController()
		k.Node(k.loser).Cut(true)
		time.Sleep(time.Minute)
		k.Must("DELETE", path, nil)
		if s := Get[v1.Snapshot](k.Cluster, path); !slices.Contains(s.Flags, "DELETE") {
			t.Errorf("no tombstone: %+v", s)
		}
		k.Node(k.loser).Cut(false)
		time.Sleep(2 * time.Minute)
		if status, body := k.Call("GET", path, nil); status != http.StatusNotFound || k.inSnapshot(name) != "" {
			t.Errorf("GET answers %d: %s; the snapshot holds %q", status, body, k.inSnapshot(name))
		}
		if rcs := k.Must("DELETE", path, nil); rcs[0].RetCode&^v1.MaskSnapshot&^v1.MaskDelete != v1.WarnNotFound {
			t.Errorf("a deletion of nothing answers %+v", rcs)
		}
	})
}

// TestVolumeIsPutAsideForItsSnapshot: a replica in ZFS goes although its volume has a
// snapshot, and comes back; the old volume stays as long as the snapshot and goes with it.
func TestVolumeIsPutAsideForItsSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := fallenOut(t, v1.ProviderKindZfs)
		defer k.Close()
		k.Must("PUT", doctorPath, v1.DoctorOrder{Survivor: k.winner})
		awaitHealth(t, k.Cluster)
		name := k.snapshots()[0].Name
		v, _ := k.World().Resources.Get("data", k.loser)
		aside := "tank/_deleted_data_00000_" + v.Volumes[0].UUID
		holds := func() string { return k.zfs[k.loser].SnapshotMark(aside+"@"+name, sim.MarkData) }
		time.Sleep(time.Minute) // until the kernels have met
		k.Must("DELETE", "/v1/resource-definitions/data/resources/"+k.loser, nil)
		k.Must("POST", "/v1/resource-definitions/data/resources", []v1.ResourceCreate{onPool(k.loser, k.pool)})
		awaitDisks(t, k.Cluster, "data", map[string]string{"n1": up, "n2": up})
		k.Node(k.loser).Stop()
		k.Node(k.loser).Start(k.log)
		time.Sleep(20 * time.Minute)
		if got := holds(); got != "given up" || k.data(k.loser) != "kept" || len(k.snapshots()) != 1 {
			t.Fatalf("the snapshot holds %q, the replica %q; snapshots %+v", got, k.data(k.loser), k.snapshots())
		}
		if st, _ := k.World().ResourceStatus.Get("data", k.loser); st == nil || st.Problem != nil {
			t.Errorf("the replica's state is %+v", st)
		}
		k.Must("DELETE", "/v1/resource-definitions/data/snapshots/"+name, nil)
		time.Sleep(time.Minute)
		left, err := k.Node(k.loser).Machine.Run(t.Context(), run.Command("zfs", "list", "-H", "-d", "2", "-t", "volume,snapshot", "-o", "name", "tank"))
		if err != nil || string(left.Stdout) != "tank/data_00000\n" || len(k.snapshots()) > 0 {
			t.Errorf("left: %s, %v; snapshots %+v", left.Stdout, err, k.snapshots())
		}
		awaitDisks(t, k.Cluster, "data", map[string]string{"n1": up, "n2": up})
	})
}

// TestForeignSnapshotsDoNotHoldADeletion: those of the user's own tools keep a volume,
// under another name, but not the resource; it goes after the last of them.
func TestForeignSnapshotsDoNotHoldADeletion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := fallenOut(t, v1.ProviderKindZfsThin)
		defer k.Close()
		zfs := func(args ...string) string {
			r, err := k.Node("n1").Machine.Run(t.Context(), run.Command(append([]string{"zfs"}, args...)...))
			if err != nil || r.ExitCode != 0 {
				t.Fatalf("%v: %s, %v", args, r.Stderr, err)
			}
			return string(r.Stdout)
		}
		list := func() string { return zfs("list", "-H", "-d", "2", "-t", "volume,snapshot", "-o", "name", "tank") }
		k.zfs["n1"].Snapshot("tank/data_00000", "autosnap_daily")
		k.Must("DELETE", "/v1/resource-definitions/data", nil)
		if k.World().Definitions.Len() > 0 {
			t.Fatal("the definition is held up")
		}
		aside, _, _ := strings.Cut(list(), "\n")
		if !strings.HasPrefix(aside, "tank/_deleted_data_00000_") || list() != aside+"\n"+aside+"@autosnap_daily\n" {
			t.Fatalf("n1 has %s", list())
		}
		k.Node("n1").Stop()
		k.Rescan = time.Minute
		k.Node("n1").Start(k.log)
		time.Sleep(5 * time.Minute)
		zfs("destroy", aside+"@autosnap_daily")
		time.Sleep(2 * time.Minute)
		if left := list(); left != "" {
			t.Errorf("left: %s", left)
		}
	})
}

// TestDeletionOfLeftoversIsWaitedFor: scripts delete a snapshot and then the definition,
// also where the replica has gone before.
func TestDeletionOfLeftoversIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := fallenOut(t, v1.ProviderKindFileThin)
		defer k.Close()
		k.Must("PUT", doctorPath, v1.DoctorOrder{Survivor: k.winner})
		awaitHealth(t, k.Cluster)
		name := k.snapshots()[0].Name
		k.Must("DELETE", "/v1/resource-definitions/data/resources/"+k.loser, nil)
		rcs := k.Must("DELETE", "/v1/resource-definitions/data/snapshots/"+name, nil)
		if len(rcs) != 2 || !strings.Contains(rcs[1].Message, k.loser) || rcs[1].ObjRefs["Node"] != k.loser {
			t.Errorf("the answer is %+v", rcs)
		}
		k.Must("DELETE", "/v1/resource-definitions/data", nil)
		if k.inSnapshot(name) != "" || len(k.snapshots()) > 0 || k.World().Definitions.Len() > 0 {
			t.Errorf("left: %+v", k.snapshots())
		}
	})
}

// TestLostNodeTakesSnapshotsAlong: nothing of a host that never comes back is left.
func TestLostNodeTakesSnapshotsAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := fallenOut(t, v1.ProviderKindZfsThin)
		defer k.Close()
		k.Must("PUT", doctorPath, v1.DoctorOrder{Survivor: k.winner})
		awaitHealth(t, k.Cluster)
		k.Node(k.loser).Cut(true)
		time.Sleep(time.Minute)
		k.Must("DELETE", "/v1/nodes/"+k.loser+"/lost", nil)
		if left := k.snapshots(); len(left) > 0 {
			t.Errorf("left: %+v", left)
		}
		k.Must("DELETE", "/v1/resource-definitions/data", nil)
	})
}

// TestKeepingIsTried: where only trying tells that files share no blocks, the order waits
// with the reason, and the user can do without.
func TestKeepingIsTried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := fallenOut(t, v1.ProviderKindFileThin, func(k *keeper) {
			for _, n := range []string{"n1", "n2"} {
				k.Node(n).Machine.MakeDir("/pool/in")
				k.Node(n).Machine.MountFS("/pool/in", sim.FileSystem{Type: "xfs", CapacityBytes: 1 << 30})
			}
		})
		defer k.Close()
		if status, answer := k.order(); status < http.StatusBadRequest || !strings.Contains(answer, "share blocks") {
			t.Errorf("answered %d: %s", status, answer)
		}
		time.Sleep(20 * time.Minute)
		d := diagnosis(k.Cluster)
		if len(d.Pending) != 1 || !strings.Contains(d.Pending[0].Waits, "share blocks") || !strings.Contains(d.Pending[0].Correction, "--without-snapshot") {
			t.Errorf("pending %+v", d.Pending)
		}
		name := k.snapshots()[0].Name
		k.Must("PUT", doctorPath, v1.DoctorOrder{Survivor: k.winner, WithoutSnapshot: true})
		awaitHealth(t, k.Cluster)
		holds(t, k.Cluster, "kept")
		time.Sleep(20 * time.Minute)
		if _, left := k.Node(k.loser).Machine.File("/pool/in/data_00000_" + name + ".img"); left || len(k.snapshots()) > 0 {
			t.Errorf("left is a file: %v, and %+v", left, k.snapshots())
		}
	})
}

// TestMetadataIsKeptToo: external metadata is a part of what is given up.
func TestMetadataIsKeptToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := fallenOut(t, v1.ProviderKindLvmThin, func(k *keeper) { k.props = map[string]string{"StorPoolNameDrbdMeta": "store"} })
		defer k.Close()
		k.Must("PUT", doctorPath, v1.DoctorOrder{Survivor: k.winner})
		awaitHealth(t, k.Cluster)
		name := k.snapshots()[0].Name
		var made []string
		for _, c := range k.Node(k.loser).Machine.Commands() {
			if line := fmt.Sprint(c); strings.Contains(line, "--snapshot") {
				made = append(made, line)
			}
		}
		if len(made) != 2 || !strings.Contains(made[0], "vg/data_00000") || !strings.Contains(made[1], "data.meta_00000_"+name) {
			t.Errorf("snapshots were taken by %q", made)
		}
		k.Must("DELETE", "/v1/resource-definitions/data/snapshots/"+name, nil)
		k.Must("DELETE", "/v1/resource-definitions/data", nil)
	})
}

// TestEveryLoserIsKept: each of several losers gives up its data as soon as its own part
// of the snapshot is made; one that cannot keep its own waits alone.
func TestEveryLoserIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 3)
		defer c.Close()
		spawn(c, "three", "data")
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up, "n3": up})
		pairs := [][2]string{{"n1", "n2"}, {"n1", "n3"}, {"n2", "n3"}}
		c.Must("PUT", "/v1/resource-definitions/data", v1.ResourceDefinitionModify{OverrideProps: map[string]string{"DrbdOptions/auto-quorum": "disabled", "DrbdOptions/Resource/quorum": "off"}})
		for _, p := range pairs {
			c.Network.Cut(p[0], p[1])
		}
		for _, n := range []string{"n1", "n2", "n3"} {
			put(t, c, n, "of "+n)
		}
		for _, p := range pairs {
			c.Network.Heal(p[0], p[1])
		}
		time.Sleep(time.Minute)
		c.Node("n3").Machine.Fill("/pool", 0)
		c.Call("PUT", doctorPath, v1.DoctorOrder{Survivor: "n2"})
		time.Sleep(20 * time.Minute)
		data := func(n string) string { return c.Node(n).Machine.Mark(drbdDevice, sim.MarkData) }
		if data("n1") != "of n2" || data("n3") != "of n3" {
			t.Errorf("n1 has %q, n3 has %q", data("n1"), data("n3"))
		}
		if d := diagnosis(c); len(d.Pending) != 1 || d.Pending[0].Node != "n3" {
			t.Errorf("pending %+v", d.Pending)
		}
		c.Node("n3").Machine.Fill("/pool", 1<<30)
		time.Sleep(20 * time.Minute)
		awaitHealth(t, c)
		list := Get[[]v1.Snapshot](c, "/v1/view/snapshots")
		if len(list) != 1 || len(list[0].Nodes) != 2 || !slices.Contains(list[0].Flags, "SUCCESSFUL") {
			t.Fatalf("snapshots %+v", list)
		}
		for _, n := range []string{"n1", "n3"} {
			if got := c.Node(n).Machine.FileMark("/pool/data_00000_"+list[0].Name+".img", sim.MarkData); got != "of "+n || data(n) != "of n2" {
				t.Errorf("%s has %q, its snapshot %q", n, data(n), got)
			}
		}
	})
}
