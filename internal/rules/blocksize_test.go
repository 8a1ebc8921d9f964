package rules

import (
	"slices"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/placing"
	"github.com/holdfast-storage/holdfast/internal/object/replica"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/place"
)

// pool tells what a node's pool is like, and which DRBD tools the node has.
func (c *cluster) pool(node string, minIO, granularityKiB int64, utils string) {
	c.t.Helper()
	c.do(func(tx *model.Tx) error {
		tx.SetPoolStatus(&model.PoolStatus{Node: node, Pool: "pool", Known: true, FreeKiB: 1 << 30, TotalKiB: 1 << 30,
			MinIOSizeBytes: minIO, GranularityKiB: granularityKiB})
		st, _ := tx.NodeStatus.Get(node)
		next, host := *st, *st.Host
		host.Versions = map[string]string{"drbd-utils": utils}
		next.Host = &host
		tx.SetNodeStatus(&next)
		return nil
	})
}

// volumeProps are the properties of the definition's first volume.
func (c *cluster) volumeProps() map[string]string {
	d, _ := c.w.Definitions.Get("d")
	return d.Volumes[0].Props
}

func (c *cluster) wantProps(want map[string]string) {
	c.t.Helper()
	for key, value := range want {
		if got := c.volumeProps()[key]; got != value {
			c.t.Errorf("%s is %q, want %q", key, got, value)
		}
	}
}

// TestBlockSize: it follows the storage until the volume is in use, stays then, and
// storage with larger blocks is refused and never chosen.
func TestBlockSize(t *testing.T) {
	c := newCluster(t, 4, 2)
	for node, minIO := range map[string]int64{"n0": 512, "n1": 1024, "n2": 4096, "n3": 512} {
		c.pool(node, minIO, 64, "9.22.0")
	}
	c.setProps(map[string]string{replication.KeyTiebreaker: "False"})
	c.add("n0", model.Diskful)
	c.wantProps(map[string]string{keyBlockSize: "", keyFreezeBlock: ""})
	c.add("n1", model.Diskful)
	c.wantProps(map[string]string{keyBlockSize: "1024", keyFreezeBlock: ""})
	c.settle()
	c.use("n0", true)
	c.wantProps(map[string]string{keyBlockSize: "1024", keyFreezeBlock: "True"})

	refused := func(what string, change func(tx *model.Tx) error) {
		t.Helper()
		if f, ok := fault.As(c.try(change)); !ok || f.Code != v1.FailInvalidBlkSize || f.Cause == "" || f.Correction == "" {
			t.Errorf("%s on a pool with larger blocks: %v", what, f)
		}
	}
	refused("a replica", func(tx *model.Tx) error {
		_, err := replica.Add(tx, replica.New{Definition: "d", Node: "n2", Stack: stack(), Pool: "pool"})
		return err
	})
	var req object.Request
	count := v1.FlexInt(3)
	c.do(func(tx *model.Tx) error {
		_, err := placing.Autoplace(tx, &req, "d", &v1.AutoSelectFilter{PlaceCount: &count}, nil)
		return err
	})
	if !slices.ContainsFunc(req.Verdicts(), func(r place.Row) bool { return r.NodeName == "n2" && r.Code == place.CodeMinIOSize }) {
		t.Errorf("what the placer says does not explain n2: %+v", req.Verdicts())
	}
	if _, ok := c.w.Resources.Get("d", "n3"); !ok {
		t.Errorf("a pool with smaller blocks was not used: %s", c.kinds())
	}
	c.settle()
	c.add("n2", model.DRBDDiskless)
	refused("a disk", func(tx *model.Tx) error {
		d, _ := tx.Definitions.Get("d")
		r, _ := tx.Resources.Get("d", "n2")
		_, err := placing.GiveDisk(tx, d, r, replication.Disk{Pool: "pool"})
		return err
	})
	c.use("n0", false)
	for _, n := range []string{"n0", "n1", "n2", "n3"} {
		c.delete(n)
	}
	c.wantProps(map[string]string{keyBlockSize: "", keyFreezeBlock: ""})
}

// TestBlockSizeIsTheUsers: what a user has set for all volumes is not lowered, and the
// management can be switched off.
func TestBlockSizeIsTheUsers(t *testing.T) {
	for name, set := range map[string]map[string]string{"larger": {keyBlockSize: "4096"}, "off": {keyAutoBlock: "False"}} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, 2, 2)
			c.pool("n0", 2048, 64, "9.22.0")
			c.setProps(set)
			c.add("n0", model.Diskful)
			c.wantProps(map[string]string{keyBlockSize: ""})
		})
	}
}

// TestCachedBlockSize: caches have blocks of 4 KiB, whatever is below.
func TestCachedBlockSize(t *testing.T) {
	c := newCluster(t, 1, 1)
	c.pool("n0", 512, 64, "9.22.0")
	c.do(func(tx *model.Tx) error {
		r := &model.Resource{Definition: "d", Node: "n0", UUID: "u", DRBD: &model.ReplicaDRBD{},
			Stack:   []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeWritecache, v1.LayerTypeStorage},
			Volumes: []model.Volume{{Number: 0, UUID: "v", Pool: "pool"}}}
		tx.PutResource(r)
		return nil
	})
	c.wantProps(map[string]string{keyBlockSize: "4096"})
}

// TestDiscards: units of discards follow thin storage where all nodes can be told of
// them, and give way to what a user sets for more than the volume.
func TestDiscards(t *testing.T) {
	c := newCluster(t, 3, 2)
	c.pool("n0", 512, 64, "9.34.0")
	c.pool("n1", 512, 2048, "9.22.0")
	c.add("n0", model.Diskful)
	c.wantProps(map[string]string{keyResync: "65536", keyDiscard: "65536"})

	old := newCluster(t, 2, 2)
	old.pool("n1", 512, 2048, "9.22.0")
	old.add("n1", model.Diskful)
	// DRBD takes no more than 1 MiB, and drbd-utils 9.22 do not know the other option.
	old.wantProps(map[string]string{keyResync: "1048576", keyDiscard: ""})

	c.setProps(map[string]string{keyResync: "4096", keyDiscard: "8192"})
	c.wantProps(map[string]string{keyResync: "", keyDiscard: ""})

	off := newCluster(t, 1, 1)
	off.pool("n0", 512, 64, "9.34.0")
	off.setProps(map[string]string{keyAutoDiscard: "no", keyAutoResync: "False"})
	off.add("n0", model.Diskful)
	off.wantProps(map[string]string{keyResync: "", keyDiscard: ""})
}
