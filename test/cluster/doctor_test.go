package cluster

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

const (
	doctorPath = "/v1/resource-definitions/data/doctor"
	drbdDevice = "/dev/drbd1000"
)

// parted is a cluster of two nodes that cannot see each other any more, with a
// resource that they have in common.
func parted(t *testing.T) *Cluster {
	t.Helper()
	c := replicated(t, 2)
	spawn(c, "two", "data")
	awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up})
	put(t, c, "n1", "common")
	c.Network.Cut("n1", "n2")
	return c
}

func put(t *testing.T, c *Cluster, node, value string) {
	t.Helper()
	if err := c.Node(node).Machine.SetMark(drbdDevice, sim.MarkData, value); err != nil {
		t.Fatalf("write on %s: %v", node, err)
	}
}

func diagnosis(c *Cluster) v1.Diagnosis { return Get[v1.Diagnosis](c, doctorPath) }

// awaitHealth waits until the doctor has nothing to say.
func awaitHealth(t *testing.T, c *Cluster) {
	t.Helper()
	var d v1.Diagnosis
	for range 300 {
		if d = diagnosis(c); d.Healthy {
			return
		}
		time.Sleep(time.Second) // simulated time
	}
	t.Fatalf("still ill: %+v", d)
}

// holds checks what the disks of both nodes hold.
func holds(t *testing.T, c *Cluster, want string) {
	t.Helper()
	for _, n := range []string{"n1", "n2"} {
		if got := c.Node(n).Machine.Mark(drbdDevice, sim.MarkData); got != want {
			t.Errorf("%s has %q, want %q", n, got, want)
		}
	}
}

// healed checks that the doctor has nothing to say, and that nothing is ordered any more.
func healed(t *testing.T, c *Cluster) {
	t.Helper()
	if d := diagnosis(c); !d.Healthy {
		t.Errorf("%+v", d)
	}
	if left := orders(c); len(left) > 0 {
		t.Errorf("orders are left on %v", left)
	}
}

// orders are the replicas that still have an order to connect again.
func orders(c *Cluster) (out []string) {
	for r := range c.World().Resources.Under("data") {
		if len(r.DRBD.Reconnect)+len(r.DRBD.Discard) > 0 || r.DRBD.RejoinOrdered != nil {
			out = append(out, r.Node)
		}
	}
	return out
}

// TestDoctorRefuses: what there is nothing to say about gets a clear answer.
func TestDoctorRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 2)
		defer c.Close()
		c.Must("POST", "/v1/resource-definitions", v1.ResourceDefinitionCreate{ResourceDefinition: &v1.ResourceDefinition{Name: "plain",
			LayerData: []v1.ResourceDefinitionLayer{{Type: v1.LayerTypeStorage}}}})
		for path, want := range map[string]string{
			"/v1/resource-definitions/nosuch/doctor": "nosuch",
			"/v1/resource-definitions/plain/doctor":  "not replicated",
		} {
			for method, body := range map[string]any{"GET": nil, "PUT": v1.DoctorOrder{Reconnect: true}} {
				if status, data := c.Call(method, path, body); status < http.StatusBadRequest || !strings.Contains(string(data), want) {
					t.Errorf("%s %s answered %d: %s", method, path, status, data)
				}
			}
		}
		if status, data := c.Call("PUT", doctorPath, map[string]any{"survivors": "n1"}); status < http.StatusBadRequest || !strings.Contains(string(data), "survivors") {
			t.Errorf("an unknown field was answered with %d: %s", status, data)
		}
	})
}

// disconnect cuts off a connection as an administrator would.
func disconnect(t *testing.T, c *Cluster, node, peer string) {
	t.Helper()
	r, ok := c.World().Resources.Get("data", peer)
	if !ok {
		t.Fatalf("no replica on %s", peer)
	}
	res, err := c.Node(node).Machine.Run(t.Context(), run.Command("drbdsetup", "disconnect", "data", strconv.Itoa(r.DRBD.NodeID)))
	if err != nil || res.ExitCode != 0 {
		t.Fatalf("disconnect: %v, %s", err, res.Stderr)
	}
}

// TestSplitBrain: the doctor never chooses; the user's choice is carried out, once.
func TestSplitBrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := parted(t)
		defer c.Close()
		put(t, c, "n1", "mine")
		put(t, c, "n2", "yours")
		c.Network.Heal("n1", "n2")
		time.Sleep(5 * time.Minute)
		d := diagnosis(c)
		if d.Healthy || len(d.SafeActions) > 0 || len(d.Choices) != 2 || d.Findings[0].Kind != v1.DoctorSplitBrain || d.Findings[0].Since == 0 {
			t.Fatalf("diagnosis %+v", d)
		}
		if list := Get[[]v1.Diagnosis](c, "/v1/doctor"); len(list) != 1 || list[0].Healthy {
			t.Errorf("the list has %+v", list)
		}
		for _, in := range []v1.DoctorOrder{{}, {Reconnect: true}, {Survivor: "n3"}, {Survivor: "n3", WithoutSnapshot: true}, {Survivor: "n2", Reconnect: true}} {
			if status, data := c.Call("PUT", doctorPath, in); status < http.StatusBadRequest {
				t.Errorf("%+v was accepted: %s", in, data)
			}
		}
		if got := c.Node("n1").Machine.Mark(drbdDevice, sim.MarkData); got != "mine" {
			t.Fatalf("n1 has %q before anybody chose", got)
		}
		_, plan := c.Call("PUT", doctorPath+"?dry_run=true", v1.DoctorOrder{Survivor: "n2", WithoutSnapshot: true})
		if !strings.Contains(string(plan), "--discard-my-data") || len(orders(c)) > 0 {
			t.Errorf("the plan is %s, with orders on %v", plan, orders(c))
		}
		rcs := c.Must("PUT", doctorPath, v1.DoctorOrder{Survivor: "n2", WithoutSnapshot: true})
		if !strings.Contains(rcs[0].Message, "n2") {
			t.Errorf("answer %+v", rcs)
		}
		awaitHealth(t, c)
		holds(t, c, "yours")
		time.Sleep(time.Minute)
		if left := orders(c); len(left) > 0 {
			t.Errorf("orders are left on %v", left)
		}
	})
}

// TestOrdersLapse: an order that cannot be carried out does not stand for ever, and
// data that is in use is not given up at all.
func TestOrdersLapse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := parted(t)
		defer c.Close()
		put(t, c, "n1", "mine")
		put(t, c, "n2", "yours")
		c.Network.Heal("n1", "n2")
		time.Sleep(time.Minute)
		if err := c.Node("n1").Machine.Hold(drbdDevice); err != nil {
			t.Fatal(err)
		}
		order := v1.DoctorOrder{Survivor: "n2", WithoutSnapshot: true}
		if status, data := c.Call("PUT", doctorPath, order); status < http.StatusBadRequest || !strings.Contains(string(data), "in use") {
			t.Errorf("answered %d: %s", status, data)
		}
		if err := c.Node("n1").Machine.Release(drbdDevice); err != nil {
			t.Fatal(err)
		}
		c.Network.Cut("n1", "n2")
		c.Must("PUT", doctorPath, order)
		if len(orders(c)) != 2 {
			t.Errorf("orders on %v, want both nodes", orders(c))
		}
		time.Sleep(6 * time.Minute)
		if left := orders(c); len(left) > 0 {
			t.Errorf("orders are left on %v", left)
		}
		// What was to be given up is written on, and must not get lost when the nodes meet.
		put(t, c, "n1", "mine, later")
		c.Network.Heal("n1", "n2")
		time.Sleep(10 * time.Minute)
		if got := c.Node("n1").Machine.Mark(drbdDevice, sim.MarkData); got != "mine, later" {
			t.Errorf("n1 has %q: it gave up its data long after the order lapsed", got)
		}
		if r, _ := c.World().Resources.Get("data", "n1"); len(r.DRBD.Retract) > 0 {
			t.Errorf("nobody has noted that the order was taken back: %+v", r.DRBD)
		}
	})
}

// TestAnotherChoice: who chooses the other survivor later keeps that one's data, also
// where the first choice was told to DRBD already, and could not be carried out.
func TestAnotherChoice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := parted(t)
		defer c.Close()
		put(t, c, "n1", "mine")
		put(t, c, "n2", "yours")
		c.Network.Heal("n1", "n2")
		time.Sleep(time.Minute)
		c.Network.Cut("n1", "n2")
		c.Must("PUT", doctorPath, v1.DoctorOrder{Survivor: "n2", WithoutSnapshot: true})
		time.Sleep(6 * time.Minute)
		c.Network.Heal("n1", "n2")
		time.Sleep(time.Minute)
		c.Must("PUT", doctorPath, v1.DoctorOrder{Survivor: "n1", WithoutSnapshot: true})
		awaitHealth(t, c)
		holds(t, c, "mine")
		time.Sleep(time.Minute)
		if left := orders(c); len(left) > 0 {
			t.Errorf("orders are left on %v", left)
		}
	})
}

// TestSafeHealing: where one side has no writes of its own, nobody has to do anything.
func TestSafeHealing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := parted(t)
		defer c.Close()
		put(t, c, "n1", "more")
		disconnect(t, c, "n1", "n2")
		disconnect(t, c, "n2", "n1")
		c.Network.Heal("n1", "n2")
		awaitHealth(t, c)
		holds(t, c, "more")
		time.Sleep(time.Minute)
		if left := orders(c); len(left) > 0 {
			t.Errorf("orders are left on %v", left)
		}
	})
}

// TestHealingIsOptional: with the property unset to false, only the user joins nodes.
func TestHealingIsOptional(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 2)
		defer c.Close()
		spawn(c, "two", "data")
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up})
		c.Must("PUT", "/v1/resource-definitions/data", v1.ResourceDefinitionModify{
			OverrideProps: map[string]string{"Holdfast/Doctor/AutoHeal": "false"}})
		disconnect(t, c, "n1", "n2")
		time.Sleep(5 * time.Minute)
		d := diagnosis(c)
		if d.Healthy || d.AutoHeal || len(d.SafeActions) != 1 || len(d.Choices) > 0 {
			t.Fatalf("diagnosis %+v", d)
		}
		c.Must("PUT", doctorPath, v1.DoctorOrder{Reconnect: true})
		awaitHealth(t, c)
	})
}

// TestDoctorKnowsWhoIsAway: a node that does not answer is named, and nothing that
// needs it is offered.
func TestDoctorKnowsWhoIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := parted(t)
		defer c.Close()
		put(t, c, "n1", "mine")
		put(t, c, "n2", "yours")
		c.Network.Heal("n1", "n2")
		c.Node("n2").Cut(true)
		time.Sleep(time.Minute)
		d := diagnosis(c)
		if len(d.Findings) != 1 || d.Findings[0].Kind != v1.DoctorUnreachable || len(d.Choices)+len(d.SafeActions) > 0 {
			t.Fatalf("diagnosis %+v", d)
		}
	})
}

// TestAllOutdated: all copies are called outdated though all are there and the same. The
// volume can be used again without anybody's doing.
func TestAllOutdated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := threeBut(t, "n3")
		defer c.Close()
		put(t, c, "n3", "newest")
		c.Network.Cut("n1", "n2")
		for _, n := range []string{"n1", "n2"} {
			res, err := c.Node(n).Machine.Run(t.Context(), run.Command("drbdsetup", "outdate", "1000"))
			if err != nil || res.ExitCode != 0 {
				t.Fatalf("outdate %s: %v %s", n, err, res.Stderr)
			}
		}
		c.Network.Heal("n1", "n2")
		for _, n := range []string{"n1", "n2"} {
			if got := c.Node(n).DRBD.Look("data", 0).Disk; got != "Outdated" {
				t.Fatalf("%s is %q", n, got)
			}
		}
		time.Sleep(time.Minute) // simulated time
		healed(t, c)
		holds(t, c, "newest")
		put(t, c, "n3", "newer")
	})
}

// TestLastCopyOutdated: the only copy is called outdated. Nothing is done by itself, for what
// is gone may have been newer; the user can choose to go on with it.
func TestLastCopyOutdated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 2)
		defer c.Close()
		groupOfOne(c, "n1")
		spawn(c, "one", "data")
		c.Must("POST", "/v1/resource-definitions/data/resources/n2", v1.ResourceCreate{Resource: &v1.Resource{Flags: []string{"DRBD_DISKLESS"}}})
		put(t, c, "n1", "all that is left")
		c.Network.Cut("n1", "n2")
		res, err := c.Node("n1").Machine.Run(t.Context(), run.Command("drbdsetup", "outdate", "1000"))
		if err != nil || res.ExitCode != 0 {
			t.Fatalf("outdate: %v %s", err, res.Stderr)
		}
		c.Network.Heal("n1", "n2")
		time.Sleep(time.Minute) // simulated time
		if d := diagnosis(c); len(d.SafeActions) > 0 || len(d.Choices) != 1 || d.Choices[0].Survivor != "n1" {
			t.Fatalf("%+v", d)
		}
		c.Must("PUT", doctorPath, v1.DoctorOrder{Survivor: "n1"})
		time.Sleep(time.Minute) // simulated time
		healed(t, c)
		holds(t, c, "all that is left")
	})
}

// TestClientThatTrustsNobody: a node without a disk has seen older data than the disks have
// that are attached while it is connected, and takes none of them for good until it has
// begun anew.
func TestClientThatTrustsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := threeBut(t, "n3")
		defer c.Close()
		c.Must("PUT", "/v1/resource-definitions/data", v1.ResourceDefinitionModify{OverrideProps: map[string]string{"DrbdOptions/Resource/quorum": "off"}})
		put(t, c, "n3", "old")
		c.Network.Isolate("n3")
		c.Network.Cut("n1", "n2")
		put(t, c, "n1", "new")
		c.Network.Heal("n1", "n2")
		for _, n := range []string{"n1", "n2"} {
			res, err := c.Node(n).Machine.Run(t.Context(), run.Command("drbdsetup", "detach", "1000"))
			if err != nil || res.ExitCode != 0 {
				t.Fatalf("detach on %s: %v %s", n, err, res.Stderr)
			}
		}
		c.Network.HealAll()
		time.Sleep(time.Minute) // simulated time
		healed(t, c)
		if got := c.Node("n3").Machine.Mark(drbdDevice, sim.MarkData); got != "new" {
			t.Errorf("n3 reads %q", got)
		}
	})
}
