package desired_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/define"
	"github.com/holdfast-storage/holdfast/internal/object/drbdalloc"
	"github.com/holdfast-storage/holdfast/internal/object/replica"
)

var update = flag.Bool("update", false, "write the golden files anew")

var drbdStack = []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage}

func golden(t *testing.T, name string, got any) {
	t.Helper()
	data, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	data = append(data, '\n')
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(data)); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", name, diff)
	}
}

// step runs a change on a world.
func step(t testing.TB, w *model.World, change func(tx *model.Tx) error) (*model.World, model.Touched) {
	t.Helper()
	n := 0
	tx := w.Begin(model.Env{Now: time.Unix(1000, 0), Secret: func() string { return "c2VjcmV0IG9mIDE1IGI=" },
		NewUUID: func() string { n++; return fmt.Sprintf("00000000-0000-4000-8000-%06d%06d", w.Rev, n) }})
	if err := change(tx); err != nil {
		t.Fatal(err)
	}
	touched := tx.Touched()
	return tx.Commit(w.Rev + 1), touched
}

// cluster has four nodes with a thin pool each.
func cluster(t testing.TB) *model.World {
	w, _ := step(t, model.NewWorld(), func(tx *model.Tx) error {
		for i, n := range []string{"alpha", "bravo", "charlie", "delta"} {
			tx.PutNode(&model.Node{Name: n, UUID: n, Type: model.NodeSatellite, Props: map[string]string{"NodeUname": n + ".example"},
				Interfaces: []model.NetInterface{{Name: "default", Address: fmt.Sprintf("10.0.0.%d", i+1)}, {Name: "fast", Address: fmt.Sprintf("10.1.0.%d", i+1)}}})
			tx.PutPool(&model.Pool{Node: n, Name: "thin", Kind: v1.ProviderKindLvmThin})
			tx.PutPool(&model.Pool{Node: n, Name: "thick", Kind: v1.ProviderKindLvm})
			tx.PutPool(&model.Pool{Node: n, Name: model.DefaultDisklessPool, Kind: v1.ProviderKindDiskless})
		}
		tx.PutGroup(&model.Group{Name: "grp", UUID: "grp"})
		_, _, err := define.Definition(tx, define.New{Name: "web", Group: "grp", Stack: drbdStack})
		if err != nil {
			return err
		}
		_, err = define.Volume(tx, "web", define.NewVolume{SizeKiB: 1 << 20, Props: map[string]string{"DrbdCurrentGi": "A0B1C2D3E4F50616"}})
		return err
	})
	return w
}

func add(t testing.TB, w *model.World, pool string, diskless model.Disklessness, nodes ...string) *model.World {
	t.Helper()
	w, _ = step(t, w, func(tx *model.Tx) error {
		for _, n := range nodes {
			if _, err := replica.Add(tx, replica.New{Definition: "web", Node: n, Pool: pool, Diskless: diskless, Stack: drbdStack,
				DRBD: drbdalloc.Request{With: nodes}}); err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

func instruction(t *testing.T, w *model.World, node string) link.Resource {
	t.Helper()
	r, ok := w.Resources.Get("web", node)
	if !ok {
		t.Fatalf("no replica on %s", node)
	}
	return desired.Resource(w, r)
}

// TestThreeReplicas: what the nodes of a spawned resource are told.
func TestThreeReplicas(t *testing.T) {
	w := add(t, cluster(t), "thin", model.Diskful, "alpha", "bravo", "charlie")
	golden(t, "three.json", []link.Resource{instruction(t, w, "alpha"), instruction(t, w, "bravo"), instruction(t, w, "charlie")})
}

// starts lists how the metadata of each node's volume begins.
func starts(t *testing.T, w *model.World) map[string]string {
	t.Helper()
	out := map[string]string{}
	for r := range w.Resources.Under("web") {
		if d := desired.Resource(w, r).DRBD; d != nil {
			out[r.Node] = d.Volumes[0].Start
		}
	}
	return out
}

// mixing allows that replicas lie on storage of unlike kinds.
func mixing(t *testing.T, w *model.World) *model.World {
	t.Helper()
	w, _ = step(t, w, func(tx *model.Tx) error {
		d, _ := tx.Definitions.Get("web")
		next := *d
		next.Props = map[string]string{"AllowMixingStoragePoolDriver": "True", desired.KeyExactSize: "True"}
		tx.PutDefinition(&next)
		for _, n := range []string{"Alpha", "Bravo"} {
			tx.SetNodeStatus(&model.NodeStatus{Node: n, Host: &model.HostInfo{Layers: drbdStack, LayerSet: map[v1.LayerType]bool{}, Versions: map[string]string{"drbd": "9.2.18"}}})
		}
		return nil
	})
	return w
}

func TestStart(t *testing.T) {
	up := func(w *model.World) *model.World {
		out, _ := step(t, w, func(tx *model.Tx) error {
			d, _ := tx.Definitions.Get("web")
			next := *d
			next.Volumes = slices.Clone(d.Volumes)
			next.Volumes[0].Initialized = true
			tx.PutDefinition(&next)
			return nil
		})
		return out
	}
	for name, c := range map[string]struct {
		make func() *model.World
		want map[string]string
	}{
		"thin": {func() *model.World { return add(t, cluster(t), "thin", "", "alpha", "bravo") },
			map[string]string{"alpha": "skip", "bravo": "skip"}},
		"thick": {func() *model.World { return add(t, cluster(t), "thick", "", "alpha", "bravo") },
			map[string]string{"alpha": "skip", "bravo": "full"}},
		"thick joins thin": {func() *model.World {
			return add(t, add(t, mixing(t, cluster(t)), "thin", "", "alpha"), "thick", "", "bravo")
		}, map[string]string{"alpha": "skip", "bravo": "full"}},
		"later": {func() *model.World { return add(t, up(add(t, cluster(t), "thin", "", "alpha")), "thin", "", "bravo") },
			map[string]string{"alpha": "skip", "bravo": "full"}},
		"later, before a report": {func() *model.World { return add(t, add(t, cluster(t), "thin", "", "alpha"), "thin", "", "bravo") },
			map[string]string{"alpha": "skip", "bravo": "full"}},
		"diskless first": {func() *model.World {
			return add(t, add(t, cluster(t), "", model.DRBDDiskless, "alpha"), "thin", "", "bravo")
		}, map[string]string{"alpha": "", "bravo": "skip"}},
		"forced": {func() *model.World {
			w, _ := step(t, cluster(t), func(tx *model.Tx) error {
				tx.SetController(&model.Controller{Props: map[string]string{"DrbdOptions/ForceInitialSync": "true"}})
				return nil
			})
			return add(t, w, "thin", "", "alpha", "bravo")
		}, map[string]string{"alpha": "skip", "bravo": "full"}},
		"named": {func() *model.World {
			w, _ := step(t, cluster(t), func(tx *model.Tx) error {
				d, _ := tx.Definitions.Get("web")
				next := *d
				next.Volumes = slices.Clone(d.Volumes)
				next.Volumes[0].Props = map[string]string{drbdalloc.KeyWinner: "Bravo"}
				tx.PutDefinition(&next)
				return nil
			})
			return add(t, w, "thick", "", "alpha", "bravo")
		}, map[string]string{"alpha": "full", "bravo": "skip"}},
	} {
		if diff := cmp.Diff(c.want, starts(t, c.make())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestNewVolumeOfOneMadeAnew: where the replica that begins a new volume was deleted and taken
// back, it begins with a generation of its own, and the others wait for its data.
func TestNewVolumeOfOneMadeAnew(t *testing.T) {
	w := add(t, cluster(t), "thin", "", "alpha", "bravo")
	for deletions, want := range []map[string]string{{"alpha": "skip", "bravo": "skip"}, {"alpha": "winner", "bravo": "full"}} {
		out, _ := step(t, w, func(tx *model.Tx) error {
			r, _ := tx.Resources.Get("web", "alpha")
			again := *r
			again.Deletions = deletions
			tx.PutResource(&again)
			_, err := define.Volume(tx, "web", define.NewVolume{SizeKiB: 1 << 20})
			return err
		})
		got := map[string]string{}
		for _, n := range []string{"alpha", "bravo"} {
			vs := instruction(t, out, n).DRBD.Volumes
			got[n] = vs[len(vs)-1].Start
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after %d deletions (-want +got):\n%s", deletions, diff)
		}
	}
}

// TestLateWinner: the node whose replica was to begin joins those that were in use
// before it appeared, and does not begin with data of its own. Made anew after a
// deletion, it begins as something that nobody has seen, or takes what there is.
func TestLateWinner(t *testing.T) {
	w := add(t, cluster(t), "thin", "", "alpha", "bravo")
	change := func(initialized bool, deletions int) string {
		out, _ := step(t, w, func(tx *model.Tx) error {
			d, _ := tx.Definitions.Get("web")
			next := *d
			next.Volumes = slices.Clone(d.Volumes)
			next.Volumes[0].Initialized = initialized
			tx.PutDefinition(&next)
			r, _ := tx.Resources.Get("web", "alpha")
			again := *r
			again.Deletions = deletions
			tx.PutResource(&again)
			return nil
		})
		return starts(t, out)["alpha"]
	}
	for _, c := range []struct {
		initialized bool
		deletions   int
		want        string
	}{{false, 0, "skip"}, {true, 0, "skip"}, {false, 1, "winner"}, {true, 1, "full"}} {
		if got := change(c.initialized, c.deletions); got != c.want {
			t.Errorf("with data %v and after %d deletions it begins %q, want %q", c.initialized, c.deletions, got, c.want)
		}
	}
}
