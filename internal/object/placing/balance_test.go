package placing

import (
	"fmt"
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// replicated makes a world of four nodes with one DRBD definition whose group wants
// two replicas and which has some, each of an age.
func replicated(have int, age time.Duration, disk string, change func(*model.Tx)) *model.Tx {
	now := time.Unix(1_000_000, 0)
	n := 0
	tx := model.NewWorld().Begin(model.Env{Now: now, NewUUID: func() string { n++; return fmt.Sprint("uuid", n) }})
	stack := []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage}
	two := v1.FlexInt(2)
	tx.PutGroup(&model.Group{Name: "grp", Filter: v1.AutoSelectFilter{PlaceCount: &two}})
	tx.PutDefinition(&model.Definition{Name: "data", Group: "grp", Stack: stack, Volumes: []model.VolumeDefinition{{SizeKiB: 1 << 10}}})
	for i := range 4 {
		name := fmt.Sprintf("n%d", i)
		tx.PutNode(&model.Node{Name: name, Type: model.NodeSatellite})
		tx.SetNodeStatus(&model.NodeStatus{Node: name, State: model.ConnOnline, Host: &model.HostInfo{Layers: stack,
			LayerSet:    map[v1.LayerType]bool{v1.LayerTypeDrbd: true, v1.LayerTypeStorage: true},
			ProviderSet: map[v1.ProviderKind]bool{v1.ProviderKindLvmThin: true}}})
		tx.PutPool(&model.Pool{Node: name, Name: "pool", Kind: v1.ProviderKindLvmThin})
		tx.SetPoolStatus(&model.PoolStatus{Node: name, Pool: "pool", Known: true, FreeKiB: 1 << 30, TotalKiB: 1 << 30})
		if i >= have {
			continue
		}
		made := now.Add(-age)
		tx.PutResource(&model.Resource{Definition: "data", Node: name, Stack: stack, Created: &made, Volumes: []model.Volume{{Pool: "pool"}}})
		tx.SetResourceStatus(&model.ResourceStatus{Definition: "data", Node: name, Progress: model.ProgressReady,
			Volumes: []model.VolumeStatus{{UsableKiB: 1 << 10, DiskState: disk}}})
	}
	if change != nil {
		change(tx)
	}
	return tx
}

// TestBalance: place counts are kept over time, and nothing is touched that is not calm.
func TestBalance(t *testing.T) {
	const old, young = 2 * time.Hour, 30 * time.Minute
	off := func(tx *model.Tx) {
		d, _ := tx.Definitions.Get("data")
		next := *d
		next.Props = map[string]string{keyBalance: "false"}
		tx.PutDefinition(&next)
	}
	evacuating := func(tx *model.Tx) {
		n, _ := tx.Nodes.Get("n0")
		next := *n
		next.Evacuating = true
		tx.PutNode(&next)
	}
	cases := map[string]struct {
		have     int
		age      time.Duration
		disk     string
		change   func(*model.Tx)
		replicas int
		going    int
	}{
		"as wanted":                      {2, old, "UpToDate", nil, 2, 0},
		"one missing is placed":          {1, old, "UpToDate", nil, 2, 0},
		"two surplus go one by one":      {4, old, "UpToDate", nil, 4, 1},
		"in the grace period":            {1, young, "UpToDate", nil, 1, 0},
		"none up to date":                {1, old, "Inconsistent", nil, 1, 0},
		"surplus, but none up to date":   {3, old, "Inconsistent", nil, 3, 0},
		"turned off":                     {1, old, "UpToDate", off, 1, 0},
		"an evacuating one counts not":   {2, old, "UpToDate", evacuating, 3, 0},
		"nothing placed is not balanced": {0, old, "UpToDate", nil, 0, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			tx := replicated(c.have, c.age, c.disk, c.change)
			Balance(tx)
			replicas, going := 0, 0
			for r := range tx.Resources.Under("data") {
				replicas++
				if r.Deleting != nil {
					going++
				}
			}
			if replicas != c.replicas || going != c.going {
				t.Errorf("%d replicas, %d of them going; want %d and %d", replicas, going, c.replicas, c.going)
			}
		})
	}
}
