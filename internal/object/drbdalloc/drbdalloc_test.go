package drbdalloc_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/drbdalloc"
)

// world is a cluster being changed.
type world struct {
	w *model.World
	n int
}

func (c *world) do(change func(tx *model.Tx) error) error {
	tx := c.w.Begin(model.Env{Now: time.Unix(1, 0), NewUUID: func() string { c.n++; return fmt.Sprint("u", c.n) },
		Secret: func() string { return "secret" }})
	if err := change(tx); err != nil {
		return err
	}
	c.w = tx.Commit(c.w.Rev + 1)
	return nil
}

func newWorld(t interface{ Fatal(...any) }, ctrl map[string]string, node map[string]string) *world {
	c := &world{w: model.NewWorld()}
	err := c.do(func(tx *model.Tx) error {
		tx.SetController(&model.Controller{Props: ctrl})
		for _, n := range []string{"a", "b", "c", "d"} {
			tx.PutNode(&model.Node{Name: n, UUID: n, Type: model.NodeSatellite, Props: node})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *world) define(name string, drbd model.DRBDDefinition) {
	_ = c.do(func(tx *model.Tx) error {
		tx.PutDefinition(&model.Definition{Name: name, UUID: name, DRBD: drbd,
			Volumes: []model.VolumeDefinition{{Number: 0, SizeKiB: 1 << 20, Minor: -1}, {Number: 1, SizeKiB: 1 << 20, Minor: -1}}})
		return nil
	})
}

// place adds a replica and answers the fault as FIELD or CODE, empty for none.
func (c *world) place(name, node string, diskless model.Disklessness, in drbdalloc.Request) (*model.Resource, error) {
	var r *model.Resource
	err := c.do(func(tx *model.Tx) error {
		d, _ := tx.Definitions.Get(name)
		r = &model.Resource{Definition: name, Node: node, UUID: tx.NewUUID(), Diskless: diskless,
			Stack: []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage}}
		if _, err := drbdalloc.Replica(tx, d, r, in); err != nil {
			return err
		}
		tx.PutResource(r)
		return nil
	})
	return r, err
}

func refused(t *testing.T, err error, code v1.Code, words string) {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Code != code || !strings.Contains(f.Message+f.Cause, words) || f.Correction == "" {
		t.Errorf("fault is %v, want code %x that names %q and a correction", err, uint64(code), words)
	}
}

func TestNumbers(t *testing.T) {
	c := newWorld(t, map[string]string{"MinorNrAutoRange": "2000-2003", "TcpPortAutoRange": "7000-7002"}, map[string]string{"TcpPortsBlocked": "7000"})
	for _, n := range []string{"one", "two", "three"} {
		c.define(n, model.DRBDDefinition{})
	}
	seven := 7
	a, _ := c.place("one", "a", "", drbdalloc.Request{})
	b, _ := c.place("one", "b", "", drbdalloc.Request{NodeID: &seven, Ports: []int{9000}})
	d, _ := c.place("two", "a", "", drbdalloc.Request{})
	e, _ := c.place("two", "c", "", drbdalloc.Request{})
	for _, g := range []struct {
		r    *model.Resource
		id   int
		port int
	}{{a, 0, 7001}, {b, 7, 9000}, {d, 0, 7002}, {e, 1, 7002}} {
		if g.r == nil || g.r.DRBD.NodeID != g.id || !slices.Equal(g.r.DRBD.Ports, []int{g.port}) || g.r.DRBD.PeerSlots != 7 {
			t.Errorf("got %+v, want node id %d, port %d and 7 peer slots", g.r, g.id, g.port)
		}
	}
	for name, minors := range map[string][2]int{"one": {2000, 2001}, "two": {2002, 2003}} {
		got, _ := c.w.Definitions.Get(name)
		if got.DRBD.Secret != "secret" || got.Volumes[0].Minor != minors[0] || got.Volumes[1].Minor != minors[1] {
			t.Errorf("definition %s has %+v, want minors %v and a secret", name, got.Volumes, minors)
		}
	}
	_, err := c.place("two", "b", "", drbdalloc.Request{Ports: []int{9000}})
	refused(t, err, v1.FailInvalidTCPPort, "drbd_tcp_ports")
	_, err = c.place("one", "c", "", drbdalloc.Request{NodeID: &seven})
	refused(t, err, v1.FailInvalidNodeID, "drbd_node_id")
	_, err = c.place("three", "b", "", drbdalloc.Request{})
	refused(t, err, v1.FailPoolExhaustedMinorNumber, "2000-2003")
}

// TestFreed: what a replica had is free when it is gone, a node id when nobody keeps
// metadata under it.
func TestFreed(t *testing.T) {
	c := newWorld(t, map[string]string{"TcpPortAutoRange": "7000"}, nil)
	c.define("one", model.DRBDDefinition{})
	c.define("two", model.DRBDDefinition{})
	first, _ := c.place("one", "a", "", drbdalloc.Request{})
	_, _ = c.place("one", "b", "", drbdalloc.Request{})
	_, err := c.place("two", "a", "", drbdalloc.Request{})
	refused(t, err, v1.FailPoolExhaustedTCPPort, "7000")
	_ = c.do(func(tx *model.Tx) error {
		tx.DeleteResource("one", first.Node)
		b, _ := tx.Resources.Get("one", "b")
		next, own := *b, *b.DRBD
		own.Forget = []int{0}
		next.DRBD = &own
		tx.PutResource(&next)
		return nil
	})
	if r, err := c.place("two", "a", "", drbdalloc.Request{}); err != nil || r.DRBD.Ports[0] != 7000 {
		t.Errorf("the port of a replica that is gone is not given again: %+v, %v", r, err)
	}
	if r, err := c.place("one", "c", "", drbdalloc.Request{}); err != nil || r.DRBD.NodeID != 2 {
		t.Errorf("node id is %+v (%v), want 2: a peer still has metadata under 0", r, err)
	}
}

// A resource has 32 members at most; the next one is refused in words.
func TestMembersHaveAnEnd(t *testing.T) {
	c := newWorld(t, nil, nil)
	c.define("one", model.DRBDDefinition{PeerSlots: 31})
	for i := range 33 {
		name := fmt.Sprintf("n%d", i)
		_ = c.do(func(tx *model.Tx) error {
			tx.PutNode(&model.Node{Name: name, UUID: name, Type: model.NodeSatellite})
			return nil
		})
		_, err := c.place("one", name, map[bool]model.Disklessness{true: model.DRBDDiskless}[i%2 == 1], drbdalloc.Request{})
		if i < 32 && err != nil {
			t.Fatalf("replica %d: %v", i+1, err)
		}
		if i == 32 {
			refused(t, err, v1.FailPoolExhaustedNodeID, "32")
		}
	}
}

func TestPeerSlots(t *testing.T) {
	c := newWorld(t, nil, nil)
	c.define("one", model.DRBDDefinition{PeerSlots: 1})
	for _, n := range []string{"a", "b"} {
		if _, err := c.place("one", n, "", drbdalloc.Request{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.place("one", "c", model.DRBDDiskless, drbdalloc.Request{}); err != nil {
		t.Errorf("a diskless replica takes no slot: %v", err)
	}
	_, err := c.place("one", "d", "", drbdalloc.Request{})
	refused(t, err, v1.FailInsufficientPeerSlots, "1 peers")
}

// TestOnePort: replicas made in one step have one port, whatever is taken on each node.
func TestOnePort(t *testing.T) {
	c := newWorld(t, nil, nil)
	for i, n := range []string{"a", "b", "b", "c"} {
		c.define(fmt.Sprint("old", i), model.DRBDDefinition{})
		if _, err := c.place(fmt.Sprint("old", i), n, "", drbdalloc.Request{}); err != nil {
			t.Fatal(err)
		}
	}
	c.define("new", model.DRBDDefinition{})
	with := []string{"a", "b", "c"}
	for _, n := range with {
		if r, err := c.place("new", n, "", drbdalloc.Request{With: with}); err != nil || r.DRBD.Ports[0] != 7002 {
			t.Errorf("node %s: %+v, %v; want port 7002, the first that all have free", n, r, err)
		}
	}
}

// TestUnique: whatever is made and deleted, no two volumes share a minor number, no two
// replicas of a node a port, and the lowest free number is given.
func TestUnique(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := newWorld(rt, map[string]string{"MinorNrAutoRange": "1000-1005", "TcpPortAutoRange": "7000-7003"}, nil)
		for i := range rapid.IntRange(1, 25).Draw(rt, "steps") {
			name := fmt.Sprint("d", rapid.IntRange(0, 3).Draw(rt, "definition"))
			node := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "node")
			_, known := c.w.Definitions.Get(name)
			_, placed := c.w.Resources.Get(name, node)
			switch {
			case !known:
				c.define(name, model.DRBDDefinition{})
			case placed:
				_ = c.do(func(tx *model.Tx) error { tx.DeleteResource(name, node); return nil })
			case i%5 == 4:
				_ = c.do(func(tx *model.Tx) error {
					for _, r := range slices.Collect(tx.Resources.Under(name)) {
						tx.DeleteResource(name, r.Node)
					}
					tx.DeleteDefinition(name)
					return nil
				})
			default:
				_, _ = c.place(name, node, "", drbdalloc.Request{})
			}
			checkUnique(rt, c.w)
		}
	})
}

func checkUnique(t *rapid.T, w *model.World) {
	used := map[string]bool{}
	take := func(what string, n int) {
		key := fmt.Sprint(what, n)
		if used[key] {
			t.Fatalf("%s %d is given twice", what, n)
		}
		used[key] = true
	}
	for d := range w.Definitions.All {
		for _, v := range d.Volumes {
			if v.Minor >= 0 {
				take("minor ", v.Minor)
			}
		}
		for r := range w.Resources.Under(d.Name) {
			take("node id of "+d.Name+" ", r.DRBD.NodeID)
			for _, p := range r.DRBD.Ports {
				take("port of "+r.Node+" ", p)
			}
		}
	}
	for n := 1000; n <= 1006; n++ {
		if w.MinorUsed(n) != used[fmt.Sprint("minor ", n)] {
			t.Fatalf("minor %d: the index says %v", n, w.MinorUsed(n))
		}
	}
	for n := 7000; n <= 7004; n++ {
		if w.PortUsed("A", n) != used[fmt.Sprint("port of a ", n)] {
			t.Fatalf("port %d: the index says %v", n, w.PortUsed("A", n))
		}
	}
}

// TestMinorOfLaterVolume: a new volume gets a minor number where replicas have DRBD,
// also if the definition itself names no layers.
func TestMinorOfLaterVolume(t *testing.T) {
	c := newWorld(t, nil, nil)
	c.define("one", model.DRBDDefinition{})
	if _, err := c.place("one", "a", "", drbdalloc.Request{}); err != nil {
		t.Fatal(err)
	}
	d, _ := c.w.Definitions.Get("one")
	bare := *d
	bare.Stack = nil
	vd := model.VolumeDefinition{Number: 9}
	if err := drbdalloc.NewVolume(c.w, &bare, &vd, nil); err != nil || vd.Minor < 0 || c.w.MinorUsed(vd.Minor) {
		t.Errorf("minor %d, %v", vd.Minor, err)
	}
}
