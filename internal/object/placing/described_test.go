package placing

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/place"
)

// TestDescribedAsNow: however often the placer is told of nodes and pools, it hears how
// they are now, and what it was told before stays as it was.
func TestDescribedAsNow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := model.NewWorld()
		var told []*place.Pool
		var was []place.Pool
		for range rapid.IntRange(1, 12).Draw(t, "changes") {
			tx := w.Begin(model.Env{Now: time.Unix(1, 0)})
			for range rapid.IntRange(0, 3).Draw(t, "at once") {
				changeAny(t, tx)
			}
			compareDescribed(t, tx.World)
			w = tx.Commit(1)
			compareDescribed(t, w)
			for i, p := range told {
				if *p != was[i] {
					t.Fatalf("a description has changed: %+v, was %+v", *p, was[i])
				}
			}
			told, was = Pools(w), nil
			for _, p := range told {
				was = append(was, *p)
			}
		}
	})
}

// changeAny changes one thing that a description follows from.
func changeAny(t *rapid.T, tx *model.Tx) {
	node := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "node")
	pool := rapid.SampledFrom([]string{"p", "q"}).Draw(t, "pool")
	n := rapid.Int64Range(1, 3).Draw(t, "number")
	props := map[string]string{place.KeyRatio: fmt.Sprint(n), place.KeyMinThinFree: fmt.Sprint(n * 10), keyTarget: fmt.Sprint(n == 1)}
	switch rapid.IntRange(0, 9).Draw(t, "what") {
	case 0:
		tx.PutNode(&model.Node{Name: node, Type: model.NodeSatellite, Evacuating: n == 2, Props: props})
	case 1:
		tx.SetNodeStatus(&model.NodeStatus{Node: node, State: model.ConnOnline, Host: &model.HostInfo{}})
	case 2:
		tx.SetNodeStatus(&model.NodeStatus{Node: node, State: model.ConnOffline, Why: fmt.Sprint(n)})
	case 3, 4:
		kind := rapid.SampledFrom([]v1.ProviderKind{v1.ProviderKindLvm, v1.ProviderKindLvmThin, v1.ProviderKindDiskless}).Draw(t, "kind")
		tx.PutPool(&model.Pool{Node: node, Name: pool, Kind: kind, Props: map[string]string{keyTarget: fmt.Sprint(n == 1)}})
	case 5:
		tx.SetPoolStatus(&model.PoolStatus{Node: node, Pool: pool, Known: true, FreeKiB: n, TotalKiB: 3})
	case 6:
		tx.DeletePool(node, pool)
	case 7:
		tx.PutPoolDefinition(&model.PoolDefinition{Name: pool, Props: props})
	case 8:
		tx.SetController(&model.Controller{Props: props})
	case 9:
		tx.PutDefinition(&model.Definition{Name: "data", Volumes: []model.VolumeDefinition{{SizeKiB: n, Minor: -1}}})
		tx.PutResource(&model.Resource{Definition: "data", Node: node, Volumes: []model.Volume{{Pool: pool}}})
	}
}

// compareDescribed compares with what is made anew of every node and pool.
func compareDescribed(t *rapid.T, w *model.World) {
	var pools []*place.Pool
	for p := range w.Pools.All {
		pools = append(pools, Pool(w, p))
	}
	var nodes []*place.Node
	for u := range w.NodeUses {
		nodes = append(nodes, describeNode(nodeParts{u, isFalse(w.Props()[keyTarget])}))
	}
	if got := Pools(w); len(got)+len(pools) > 0 && !cmp.Equal(got, pools) {
		t.Fatalf("pools: %s", cmp.Diff(pools, got))
	}
	if got := Nodes(w); len(got)+len(nodes) > 0 && !cmp.Equal(got, nodes) {
		t.Fatalf("nodes: %s", cmp.Diff(nodes, got))
	}
}
