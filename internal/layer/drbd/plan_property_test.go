package drbd_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
)

// TestPlanConverges changes what is wanted again and again, crashes in the middle
// of plans, and checks that planning anew always reaches what is wanted. The
// machine refuses steps that do harm.
func TestPlanConverges(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := &drbd.Wanted{Dir: "/res", Tools: debian, MayKeep: true, Meta: map[int]drbd.MetaWanted{}, Resource: drbd.Resource{Name: "web", Secret: "s3cr3ts3cr3t", Local: "a",
			Nodes: []drbd.Node{{Name: "a", Uname: "a", Endpoint: endpoint("10.0.0.1", 7000)}}}}
		m := &machine{rt: rt, want: w, files: map[string][]byte{}, lower: map[int]*drbd.Lower{}, mayReplace: map[int]bool{}, nextUUID: 0x1000}
		addPeer(w, 1, false)
		addVolume(m, 0)
		for i := range rapid.IntRange(1, 8).Draw(rt, "changes") {
			if i > 0 {
				change(rt, m)
			}
			crashes(rt, m)
			settle(rt, m)
			if rapid.Bool().Draw(rt, "controller has heard") {
				clearGrants(m)
			}
		}
	})
}

func addPeer(w *drbd.Wanted, id int, diskless bool) {
	w.Resource.Nodes = append(w.Resource.Nodes, drbd.Node{Name: fmt.Sprint("p", id), Uname: fmt.Sprint("p", id), NodeID: id, Diskless: diskless,
		Endpoint: endpoint(fmt.Sprintf("10.0.0.%d", id+1), 7000)})
}

// addVolume makes a new volume with an empty lower device and the grant for it.
func addVolume(m *machine, n int) {
	m.want.Resource.Volumes = append(m.want.Resource.Volumes, drbd.Volume{Number: n, Minor: 1000 + n, BackingPath: fmt.Sprintf("/dev/vg/web_%05d", n)})
	grant(m, n)
}

func grant(m *machine, n int) {
	m.lower[n] = &drbd.Lower{Present: true, SizeKiB: 8192, MetaKnown: true, SignatureKnown: true}
	c := &drbd.Create{Start: rapid.SampledFrom([]drbd.Start{drbd.StartWinner, drbd.StartSkip, drbd.StartFull}).Draw(m.rt, "start"), Day0: 0xD0, Random: 0xABCDE0}
	if rapid.Bool().Draw(m.rt, "snapshot") {
		// The device is a copy of one that was in use, with its metadata.
		m.lower[n].Meta = drbd.Metadata{Found: true, NodeID: 5, MaxPeers: 7, Current: 0x5000, DeviceUUID: 0x5002}
		c.Replace = &drbd.Identity{Current: 0x5000, DeviceUUID: 0x5002}
		m.mayReplace[n] = true
	}
	m.want.Meta[n] = drbd.MetaWanted{Create: c}
}

func change(rt *rapid.T, m *machine) {
	w := m.want
	me := &w.Resource.Nodes[0]
	switch what := rapid.SampledFrom([]string{"disk", "add peer", "remove peer", "add volume", "remove volume", "down", "reboot", "skip", "grow", "option", "offline grow"}).Draw(rt, "change"); {
	case what == "down":
		w.Down = !w.Down
		clearGrants(m)
	case w.Down:
	case what == "disk":
		toggle(m, me)
	case what == "add peer" && len(w.Resource.Nodes) < 6:
		addPeer(w, len(w.Resource.Nodes), rapid.Bool().Draw(rt, "diskless"))
	case what == "remove peer" && len(w.Resource.Nodes) > 2:
		last := len(w.Resource.Nodes) - 1
		w.Resource.Nodes = w.Resource.Nodes[:last]
	case what == "add volume" && len(w.Resource.Volumes) < 3:
		if addVolume(m, len(w.Resource.Volumes)); me.Diskless {
			delete(m.lower, len(w.Resource.Volumes)-1)
		}
	case what == "remove volume" && len(w.Resource.Volumes) > 1:
		last := len(w.Resource.Volumes) - 1
		w.Resource.Volumes = w.Resource.Volumes[:last]
		delete(w.Meta, last)
	case what == "reboot":
		m.kernel = nil
	case what == "skip":
		w.SkipDisk = !w.SkipDisk
	case what == "grow" && !me.Diskless && !w.SkipDisk:
		m.lower[0].SizeKiB *= 2
		w.Meta[0] = drbd.MetaWanted{Create: w.Meta[0].Create, Grow: &drbd.Grow{NetKiB: m.lower[0].SizeKiB}}
	case what == "offline grow" && !me.Diskless:
		m.kernel, m.lower[0].Meta.Moved = nil, true
	default:
		w.Resource.Options = []drbd.Option{{Name: "quorum", Value: rapid.SampledFrom([]string{"off", "majority", "3"}).Draw(rt, "quorum")}}
	}
}

// clearGrants is the controller that has heard which disks have been in use.
func clearGrants(m *machine) {
	for n, meta := range m.want.Meta {
		if l := m.lower[n]; l == nil || l.Meta.NodeID == 0 && l.Meta.Found {
			m.want.Meta[n] = drbd.MetaWanted{}
		} else {
			m.want.Meta[n] = drbd.MetaWanted{Create: meta.Create}
		}
	}
}

// toggle takes the disks away, or brings new ones.
func toggle(m *machine, me *drbd.Node) {
	me.Diskless = !me.Diskless
	clearGrants(m)
	if me.Diskless {
		return
	}
	for _, v := range m.want.Resource.Volumes {
		grant(m, v.Number)
	}
}

// crashes executes parts of plans.
func crashes(rt *rapid.T, m *machine) {
	for range rapid.IntRange(0, 3).Draw(rt, "crashes") {
		out := plan(rt, m)
		if len(out.Steps) == 0 {
			return
		}
		done := rapid.IntRange(0, len(out.Steps)-1).Draw(rt, "steps before the crash")
		for _, s := range out.Steps[:done] {
			m.run(s, false)
		}
		if rapid.Bool().Draw(rt, "cut off") {
			m.run(out.Steps[done], true)
		}
		if rapid.Bool().Draw(rt, "power") {
			m.kernel = nil
		}
	}
}

func plan(rt *rapid.T, m *machine) drbd.Outcome {
	m.now = m.want
	out, err := drbd.Plan(*m.now, m.observe())
	if err == nil && len(out.Keep) > 0 {
		if len(out.Steps) > 0 {
			rt.Fatalf("disks are to be kept, and there are steps: %+v", out.Steps)
		}
		m.now = kept(m.want, out.Keep)
		out, err = drbd.Plan(*m.now, m.observe())
	}
	if err != nil {
		rt.Fatalf("plan: %v", err)
	}
	return out
}

// kept is what is wanted as long as disks cannot be let go of.
func kept(w *drbd.Wanted, volumes []int) *drbd.Wanted {
	out := *w
	out.Kept = true
	out.Resource.Nodes = slices.Clone(w.Resource.Nodes)
	out.Resource.Nodes[0].Diskless = false
	out.Resource.Volumes = slices.Clone(w.Resource.Volumes)
	for i, v := range out.Resource.Volumes {
		out.Resource.Volumes[i].NoDisk = !slices.Contains(volumes, v.Number)
	}
	return &out
}

// settle executes plans until there is nothing left to do.
func settle(rt *rapid.T, m *machine) {
	for range 6 {
		out := plan(rt, m)
		if len(out.Steps) == 0 {
			if len(out.Waiting) > 0 && !m.want.SkipDisk {
				rt.Fatalf("it waits: %q", out.Waiting)
			}
			settled(rt, m)
			return
		}
		for _, s := range out.Steps {
			m.run(s, false)
		}
	}
	rt.Fatal("there is always something left to do")
}

func settled(rt *rapid.T, m *machine) {
	w := m.want
	if w.Down {
		if m.kernel != nil || len(m.files) != 0 {
			rt.Fatalf("left over: %+v, %d files", m.kernel, len(m.files))
		}
		return
	}
	me := w.Resource.Nodes[0]
	for _, v := range w.Resource.Volumes {
		switch {
		case me.Diskless:
			if !drbd.Released(m.observe(), v.Number) {
				rt.Fatalf("volume %d still has its disk", v.Number)
			}
			delete(m.lower, v.Number)
		case w.SkipDisk:
		case !m.attached(v.Number):
			rt.Fatalf("volume %d has no disk", v.Number)
		case w.Meta[v.Number].Grow != nil && m.kernel.Devices[v.Number].SizeKiB < w.Meta[v.Number].Grow.NetKiB:
			rt.Fatalf("volume %d has not grown", v.Number)
		}
	}
	if len(m.kernel.Devices) != len(w.Resource.Volumes) {
		rt.Fatalf("volumes in the kernel: %+v", m.kernel.Devices)
	}
	for _, l := range m.kernel.Connections {
		if l.Connection != drbd.Connected {
			rt.Fatalf("not connected: %+v", l)
		}
	}
}
