package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replica"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// cluster is a world of nodes with DRBD and one replicated definition, on which
// changes are made and satellites simulated.
type cluster struct {
	t     testing.TB
	w     *model.World
	n     int
	now   time.Time
	notes []v1.ApiCallRc
}

func stack() []v1.LayerType { return []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage} }

func newCluster(t testing.TB, nodes, want int) *cluster {
	t.Helper()
	c := &cluster{t: t, w: model.NewWorld(), now: time.Unix(1_000_000, 0)}
	c.do(func(tx *model.Tx) error {
		tx.SetController(&model.Controller{Props: map[string]string{"DrbdOptions/AutoEvictAllowEviction": "True"}})
		count := v1.FlexInt(want)
		tx.PutGroup(&model.Group{Name: "g", Filter: v1.AutoSelectFilter{PlaceCount: &count}})
		tx.PutDefinition(&model.Definition{Name: "d", UUID: "d", Group: "g", Stack: stack(), Volumes: []model.VolumeDefinition{{Number: 0, SizeKiB: 1024, Minor: 1000}}})
		for i := range nodes {
			c.addNode(tx, fmt.Sprintf("n%d", i))
		}
		return nil
	})
	return c
}

func (c *cluster) addNode(tx *model.Tx, name string) {
	tx.PutNode(&model.Node{Name: name, UUID: name, Type: model.NodeSatellite, Active: "default",
		Interfaces: []model.NetInterface{{Name: "default", Address: "10.0.0.1"}}})
	tx.PutPool(&model.Pool{Node: name, Name: "pool", Kind: v1.ProviderKindLvmThin})
	tx.PutPool(&model.Pool{Node: name, Name: model.DefaultDisklessPool, Kind: v1.ProviderKindDiskless})
	tx.SetPoolStatus(&model.PoolStatus{Node: name, Pool: "pool", Known: true, FreeKiB: 1 << 30, TotalKiB: 1 << 30})
	setOnline(tx, name, true)
}

func setOnline(tx *model.Tx, name string, online bool) {
	st := &model.NodeStatus{Node: name, State: model.ConnOffline, Since: tx.Now}
	if online {
		st.State = model.ConnOnline
		st.Host = &model.HostInfo{Layers: stack(), LayerSet: map[v1.LayerType]bool{v1.LayerTypeDrbd: true, v1.LayerTypeStorage: true},
			ProviderSet: map[v1.ProviderKind]bool{v1.ProviderKindLvmThin: true}}
	}
	tx.SetNodeStatus(st)
}

// do makes a change, runs the rules and checks that they are idempotent.
func (c *cluster) do(change func(tx *model.Tx) error) {
	c.t.Helper()
	if err := c.try(change); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) try(change func(tx *model.Tx) error) error {
	c.t.Helper()
	tx := c.begin()
	if err := change(tx); err != nil {
		return err
	}
	for _, rule := range All() {
		if err := rule(tx); err != nil {
			c.t.Fatal(err)
		}
	}
	c.notes = tx.Notes()
	c.w = tx.Commit(c.w.Rev + 1)
	return nil
}

func (c *cluster) begin() *model.Tx {
	return c.w.Begin(model.Env{Now: c.now, NewUUID: func() string { c.n++; return fmt.Sprintf("uuid-%d", c.n) },
		Secret: func() string { return "secret" }})
}

func (c *cluster) add(node string, kind model.Disklessness) {
	c.t.Helper()
	if err := c.tryAdd(node, kind); err != nil {
		c.t.Fatal(err)
	}
}

// addDisks gives nodes a disk in one step: all of them know of each other from the start.
func (c *cluster) addDisks(nodes ...string) {
	c.t.Helper()
	c.do(func(tx *model.Tx) error {
		for _, n := range nodes {
			if _, err := replica.Add(tx, replica.New{Definition: "d", Node: n, Stack: stack(), Pool: "pool"}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *cluster) tryAdd(node string, kind model.Disklessness) error {
	c.t.Helper()
	return c.try(func(tx *model.Tx) error {
		in := replica.New{Definition: "d", Node: node, Stack: stack(), Diskless: kind}
		if kind == model.Diskful {
			in.Pool = "pool"
		}
		_, err := replica.Add(tx, in)
		return err
	})
}

// threeDisks is a cluster of three nodes that have a disk each, and no tiebreakers.
func threeDisks(t testing.TB) *cluster {
	t.Helper()
	return disksOn(t, "n0", "n1", "n2")
}

// disksOn is a cluster of nodes that all have a disk.
func disksOn(t testing.TB, nodes ...string) *cluster {
	t.Helper()
	c := newCluster(t, len(nodes), len(nodes))
	c.setProps(map[string]string{replication.KeyTiebreaker: "False"})
	for _, n := range nodes {
		c.add(n, model.Diskful)
	}
	c.settle()
	return c
}

func (c *cluster) replica(node string) *model.Resource {
	c.t.Helper()
	r, ok := c.w.Resources.Get("d", node)
	if !ok {
		c.t.Fatalf("there is no replica on %s: %s", node, c.kinds())
	}
	return r
}

// report lets a node's satellite do what it was told and say so; disk is the state of
// a disk that it has.
func (c *cluster) report(node, disk string) {
	c.t.Helper()
	r, ok := c.w.Resources.Get("d", node)
	if !ok {
		return
	}
	if st, ok := c.w.NodeStatus.Get(node); !ok || st.State != model.ConnOnline {
		return
	}
	told := desired.Resource(c.w, r)
	no := false
	st := &model.ResourceStatus{Definition: "d", Node: node, Fingerprint: told.Fingerprint, Progress: model.ProgressReady, InUse: &no, DRBD: &link.DRBDReport{}}
	if old, ok := c.w.ResourceStatus.Get("d", node); ok && old.InUse != nil {
		st.InUse, st.InUseSince = old.InUse, old.InUseSince
	}
	if told.Delete {
		st.Progress = model.ProgressGone
	}
	if told.Delete || told.Inactive {
		st.DRBD = nil
	}
	for _, v := range told.Volumes {
		vs := model.VolumeStatus{Number: v.Number, UsableKiB: v.SizeKiB, DiskState: disk, DRBD: &link.DRBDVolumeReport{MetaReady: true}}
		if told.Diskless {
			vs.DiskState = "Diskless"
			vs.Dropped = v.Drop
		}
		st.Volumes = append(st.Volumes, vs)
	}
	c.do(func(tx *model.Tx) error { tx.SetResourceStatus(st); return nil })
}

// settle lets all satellites report until nothing changes any more.
func (c *cluster) settle() {
	c.t.Helper()
	for range 12 {
		before := c.told()
		for r := range c.w.Resources.Under("d") {
			c.report(r.Node, "UpToDate")
		}
		if c.told() == before {
			return
		}
	}
	c.t.Fatalf("no end: %s", c.kinds())
}

// told is what is told to all satellites, in short.
func (c *cluster) told() string {
	out := c.kinds()
	for r := range c.w.Resources.Under("d") {
		out += " " + desired.Resource(c.w, r).Fingerprint
	}
	return out
}

func (c *cluster) use(node string, in bool) {
	c.t.Helper()
	c.do(func(tx *model.Tx) error {
		st, ok := tx.ResourceStatus.Get("d", node)
		if !ok {
			return fmt.Errorf("no status of %s", node)
		}
		next := *st
		next.InUse, next.InUseSince = &in, nil
		if in {
			since := c.now
			next.InUseSince = &since
		}
		tx.SetResourceStatus(&next)
		return nil
	})
}

// kinds shows the replicas in short.
func (c *cluster) kinds() string {
	var out []string
	for r := range c.w.Resources.Under("d") {
		kind := "disk"
		switch r.Diskless {
		case model.Tiebreaker:
			kind = "tiebreaker"
		case model.DRBDDiskless:
			kind = "diskless"
		}
		if r.Toggle != model.ToggleNone {
			kind += " " + string(r.Toggle)
		}
		if r.Deleting != nil {
			kind += " going"
		}
		if r.Inactive {
			kind += " inactive"
		}
		out = append(out, r.Node+"="+kind)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func (c *cluster) expect(want string) {
	c.t.Helper()
	if got := c.kinds(); got != want {
		c.t.Fatalf("replicas are\n  %s, want\n  %s", got, want)
	}
}

func (c *cluster) prop(key string) string {
	d, _ := c.w.Definitions.Get("d")
	return d.Props[key]
}

func (c *cluster) noted(code v1.Code) bool {
	return slices.ContainsFunc(c.notes, func(rc v1.ApiCallRc) bool {
		return rc.RetCode&(v1.MaskBitsType|v1.MaskBitsCode) == code
	})
}

func (c *cluster) setProps(change map[string]string) {
	c.t.Helper()
	c.do(func(tx *model.Tx) error {
		d, _ := tx.Definitions.Get("d")
		next := *d
		next.Props = map[string]string{}
		maps.Copy(next.Props, d.Props)
		maps.Copy(next.Props, change)
		tx.PutDefinition(&next)
		return nil
	})
}

func (c *cluster) delete(node string) {
	c.t.Helper()
	c.do(func(tx *model.Tx) error {
		r, _ := tx.Resources.Get("d", node)
		next := *r
		at := tx.Now
		next.Deleting = &at
		tx.PutResource(&next)
		return nil
	})
}
