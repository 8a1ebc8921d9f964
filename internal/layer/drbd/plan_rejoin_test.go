package drbd_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
)

// TestRejoin: connections are made again only while they are cut off and only to the
// peers that are named; data is given up only with that word, and never in use.
func TestRejoin(t *testing.T) {
	const reconnect, discard = "drbdsetup del-peer web 1", "drbdsetup connect web 1 --discard-my-data"
	order := func(again, give []int) func(*drbd.Wanted, *drbd.Observed) {
		return func(w *drbd.Wanted, _ *drbd.Observed) { w.Reconnect, w.Discard = again, give }
	}
	for _, c := range []struct {
		name  string
		state string
		// role and changes apply to a resource with a disk and two peers.
		role   string
		change func(*drbd.Wanted, *drbd.Observed)
		want   []string
		refuse v1.Code
	}{
		{name: "not asked for", state: drbd.StandAlone, change: order(nil, nil)},
		{name: "another peer", state: drbd.StandAlone, change: order([]int{2}, []int{2})},
		{name: "reconnect", state: drbd.StandAlone, change: order([]int{1}, nil), want: []string{reconnect}},
		{name: "reconnect in use", state: drbd.StandAlone, role: drbd.RolePrimary, change: order([]int{1}, nil), want: []string{reconnect}},
		{name: "discard", state: drbd.StandAlone, change: order(nil, []int{1}), want: []string{discard}},
		{name: "discard counts", state: drbd.StandAlone, change: order([]int{1}, []int{1}), want: []string{discard}},
		{name: "discard in use", state: drbd.StandAlone, role: drbd.RolePrimary, change: order(nil, []int{1}), refuse: v1.FailInUse},
		{name: "connected", state: drbd.Connected, change: order([]int{1}, []int{1})},
		{name: "connected and in use", state: drbd.Connected, role: drbd.RolePrimary, change: order([]int{1}, []int{1})},
		{name: "cut off again", state: drbd.StandAlone, change: func(w *drbd.Wanted, _ *drbd.Observed) { w.Reconnect, w.Refused = []int{1}, []int{1} }},
		{name: "discard, cut off again", state: drbd.StandAlone, change: func(w *drbd.Wanted, _ *drbd.Observed) { w.Discard, w.Refused = []int{1}, []int{1} }, want: []string{discard}},
		{name: "connecting", state: "Connecting", change: order([]int{1}, []int{1})},
		{name: "before the disk is attached", state: drbd.StandAlone, change: func(w *drbd.Wanted, o *drbd.Observed) {
			w.Reconnect = []int{1}
			o.State.Devices[0] = drbd.Device{Minor: 1000, Disk: drbd.DiskDiskless}
			o.Lower[0] = drbd.Lower{Present: true, SizeKiB: 8192, MetaKnown: true, Meta: drbd.Metadata{Found: true, NodeID: 0, MaxPeers: 7, Current: 0x99}}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := wantWeb()
			o := running(t, w)
			o.State.Connections[1] = drbd.Link{Name: "n2", Connection: c.state, Volumes: map[int]drbd.PeerDevice{0: {Disk: "DUnknown"}}}
			if c.role != "" {
				o.State.Role = c.role
			}
			c.change(&w, &o)
			out, err := drbd.Plan(w, o)
			if f, ok := fault.As(err); (c.refuse != 0) != ok || ok && f.Code != c.refuse {
				t.Fatalf("refused: %v", err)
			}
			var got []string
			for _, s := range out.Steps {
				if s.Cmd == nil || !slices.Contains(s.Cmd.Argv, "connect") && !slices.Contains(s.Cmd.Argv, "del-peer") {
					continue
				}
				got = append(got, strings.Join(s.Cmd.Argv, " "))
				if s.Destructive != slices.Contains(s.Cmd.Argv, "--discard-my-data") {
					t.Errorf("%v: destructive is %v", s.Cmd.Argv, s.Destructive)
				}
			}
			if again := strings.Contains(string(show(out)), "adjust web"); slices.Contains(c.want, reconnect) && !again {
				t.Errorf("the connection is not made anew:\n%s", show(out))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("steps %v, want %v", got, c.want)
			}
		})
	}
}

// TestRetract: the word to give data up goes with the connection alone, which is not made
// anew before the controller has heard of that.
func TestRetract(t *testing.T) {
	for state, want := range map[string]string{
		"Connecting":    "drbdsetup disconnect web 1, drbdsetup del-peer web 1",
		drbd.StandAlone: "drbdsetup disconnect web 1, drbdsetup del-peer web 1",
		drbd.Connected:  "",
		"":              "",
	} {
		w := wantWeb()
		w.Retract = []int{1}
		o := running(t, w)
		o.State.Connections[1] = drbd.Link{Name: "n2", Connection: state, Volumes: map[int]drbd.PeerDevice{0: {Disk: "DUnknown"}}}
		if state == "" {
			delete(o.State.Connections, 1)
		}
		out, err := drbd.Plan(w, o)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range out.Steps {
			if s.Cmd != nil {
				got = append(got, strings.Join(s.Cmd.Argv, " "))
			}
		}
		if g := strings.Join(got, ", "); g != want {
			t.Errorf("%q: steps %q, want %q", state, g, want)
		}
	}
}
