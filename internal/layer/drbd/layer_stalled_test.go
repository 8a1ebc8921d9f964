package drbd_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
)

// An answer of a peer that DRBD has lost while a disk was attached is noticed, and one
// connection is made anew, which lets DRBD go on.
func TestLayerEndsAStalledAttach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 3, 3, true)
		l.settle()
		n := l.nodes[2]
		n.must("drbdsetup", "detach", "1000")
		n.drbd.StallAttach()
		n.must("drbdadm", "adjust", "web")
		before := len(n.commands())
		for range 2 {
			if _, out, err := n.round(); err != nil || out.Volumes[0].DiskState != "Negotiating" {
				t.Fatalf("%+v, %v", out, err)
			}
		}
		if c := strings.Join(n.commands()[before:], "\n"); strings.Contains(c, "disconnect") {
			t.Fatalf("a connection is cut off at once:\n%s", c)
		}
		time.Sleep(6 * time.Second)
		if got := disks(l.settle()); got != "UpToDate UpToDate UpToDate" {
			t.Errorf("disks: %s", got)
		}
		if c := strings.Join(n.commands()[before:], "\n"); strings.Count(c, "disconnect") != 1 {
			t.Errorf("commands:\n%s", c)
		}
	})
}

// A resync that DRBD does not go on with is begun anew, and not more than once in a minute;
// one that moves is left alone.
func TestLayerEndsAStalledResync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 2, 2, false)
		l.net.HoldResync(true)
		l.settle()
		n := l.nodes[1]
		cuts := func() int { return strings.Count(strings.Join(n.commands(), "\n"), "drbdsetup disconnect") }
		time.Sleep(59 * time.Second)
		l.settle()
		if got := cuts(); got != 0 {
			t.Fatalf("cut off %d times within a minute", got)
		}
		time.Sleep(2 * time.Second)
		l.settle()
		l.settle()
		if got := cuts(); got != 1 {
			t.Fatalf("cut off %d times after a minute", got)
		}
		time.Sleep(30 * time.Second)
		l.net.HoldResync(false)
		if got := disks(l.settle()); got != "UpToDate UpToDate" || cuts() != 1 {
			t.Errorf("disks: %s, cut off %d times", got, cuts())
		}
	})
}

// TestStalled: which connection is cut off, and when none is.
func TestStalled(t *testing.T) {
	disk, resync := []drbd.Stall{{Volume: 0, Peer: -1}}, []drbd.Stall{{Volume: 0, Peer: 1, LeftKiB: 4}}
	peer := func(w *drbd.Observed, disk2, disk3 string) {
		for id, disk := range map[int]string{1: disk2, 2: disk3} {
			l := w.State.Connections[id]
			l.Volumes = map[int]drbd.PeerDevice{0: {Disk: disk}}
			w.State.Connections[id] = l
		}
	}
	for _, c := range []struct {
		name    string
		stalled []drbd.Stall
		change  func(*drbd.Observed)
		cut     string
		waits   bool
		inUse   bool
	}{
		{name: "not for long", change: func(*drbd.Observed) {}, waits: true},
		{name: "the only peer with a disk", stalled: disk, change: func(o *drbd.Observed) { peer(o, drbd.DiskUpToDate, drbd.DiskDiskless) }, cut: "1"},
		{name: "no peer with a disk", stalled: disk, change: func(o *drbd.Observed) { peer(o, drbd.DiskDiskless, drbd.DiskDiskless) }, waits: true},
		{name: "the peer without good data", stalled: disk, change: func(o *drbd.Observed) {
			peer(o, drbd.DiskUpToDate, "Inconsistent")
			o.State.Role = drbd.RolePrimary
		}, cut: "2"},
		{name: "in use, another peer has the data", stalled: disk, change: func(o *drbd.Observed) {
			peer(o, drbd.DiskUpToDate, drbd.DiskUpToDate)
			o.State.Role = drbd.RolePrimary
		}, cut: "1"},
		{name: "in use, no other peer has the data", stalled: disk, change: func(o *drbd.Observed) {
			peer(o, drbd.DiskUpToDate, drbd.DiskDiskless)
			o.State.Role = drbd.RolePrimary
		}, cut: "1", inUse: true},
		{name: "a bitmap", stalled: []drbd.Stall{{Volume: 0, Peer: 2}}, change: func(o *drbd.Observed) {
			o.State.Devices[0] = drbd.Device{Minor: 1000, Disk: drbd.DiskUpToDate}
			o.State.Role = drbd.RolePrimary
		}, cut: "2"},
		{name: "a resync", stalled: resync, change: func(o *drbd.Observed) {
			o.State.Devices[0] = drbd.Device{Minor: 1000, Disk: "Inconsistent"}
			peer(o, drbd.DiskUpToDate, drbd.DiskDiskless)
		}, cut: "1"},
		{name: "a resync to a volume in use, another peer has the data", stalled: resync, change: func(o *drbd.Observed) {
			o.State.Devices[0] = drbd.Device{Minor: 1000, Disk: "Inconsistent"}
			peer(o, drbd.DiskUpToDate, drbd.DiskUpToDate)
			o.State.Role = drbd.RolePrimary
		}, cut: "1"},
		{name: "a resync to a volume in use, no other peer has the data", stalled: resync, change: func(o *drbd.Observed) {
			o.State.Devices[0] = drbd.Device{Minor: 1000, Disk: "Inconsistent"}
			peer(o, drbd.DiskUpToDate, drbd.DiskDiskless)
			o.State.Role = drbd.RolePrimary
		}, waits: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := wantWeb()
			o := running(t, w)
			o.State.Devices[0] = drbd.Device{Minor: 1000, Disk: "Negotiating"}
			o.Stalled = c.stalled
			c.change(&o)
			out, err := drbd.Plan(w, o)
			if err != nil {
				t.Fatal(err)
			}
			got := string(show(out))
			if (len(out.Waiting) > 0) != c.waits || (len(out.Steps) > 0) != (c.cut != "") {
				t.Fatalf("plan:\n%s", got)
			}
			if c.cut == "" {
				return
			}
			// A crash after any of them must lead to the configuration being applied again.
			order := []string{"remove /var/lib/linstor.d/.backup/web.res", "drbdsetup disconnect web " + c.cut + " #", "adjust web"}
			if c.inUse {
				order = []string{order[0], "drbdsetup resource-options web --on-no-data-accessible=suspend-io --on-no-quorum=suspend-io", "drbdsetup disconnect web 1 --force", "drbdsetup connect web 1 #"}
			}
			at := 0
			for _, step := range order {
				i := strings.Index(got[at:], step)
				if i < 0 {
					t.Fatalf("no %q at its place:\n%s", step, got)
				}
				at += i
			}
			if c.inUse && strings.Contains(got, "adjust") {
				t.Errorf("the users fail:\n%s", got)
			}
		})
	}
}

// TestUsersWaitForTheConnection: what was cut off under a user is connected before the
// configuration is applied again, which would make the user fail; see Stall.
func TestUsersWaitForTheConnection(t *testing.T) {
	w := wantWeb()
	o := running(t, w)
	o.Good, o.State.Role = nil, drbd.RolePrimary
	o.State.Suspended.NoData = true
	plan := func(connection string) string {
		o.State.Connections[1] = drbd.Link{Name: "n2", Connection: connection, Volumes: map[int]drbd.PeerDevice{0: {Disk: "DUnknown"}}}
		out, err := drbd.Plan(w, o)
		if err != nil {
			t.Fatal(err)
		}
		return string(show(out))
	}
	if got := plan(drbd.StandAlone); !strings.Contains(got, "drbdsetup connect web 1 ") || strings.Contains(got, "adjust") {
		t.Errorf("cut off:\n%s", got)
	}
	if got := plan("Connecting"); strings.Contains(got, "drbdsetup") || !strings.Contains(got, "waits: I/O waits") {
		t.Errorf("connecting:\n%s", got)
	}
	o.Stalled = []drbd.Stall{{Volume: -1, Peer: -1}}
	if got := plan("Connecting"); !strings.Contains(got, "adjust") {
		t.Errorf("connecting for long:\n%s", got)
	}
	o.Stalled, o.State.Suspended.NoData = nil, false
	if got := plan(drbd.Connected); !strings.Contains(got, "adjust") {
		t.Errorf("connected:\n%s", got)
	}
	// A new configuration may be what brings the data back.
	o.State.Suspended.NoData, o.File = true, append([]byte("# older\n"), o.File...)
	w.Resource.Options = nil
	if got := plan("Connecting"); !strings.Contains(got, "adjust") {
		t.Errorf("another configuration:\n%s", got)
	}
}
