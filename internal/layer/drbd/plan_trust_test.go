package drbd_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
)

// TestTrust: data is called up to date by force only with that order, where all disks are
// connected and outdated and nobody uses them, without a connection to them, and the role
// that brings is given up.
func TestTrust(t *testing.T) {
	const force, back = "drbdsetup primary web --force", "drbdsetup secondary web"
	const cut, again = "drbdsetup disconnect web 1", "drbdsetup connect web 1"
	const outdated = "Outdated"
	peer := func(id int, l drbd.Link, disk string) func(*drbd.Observed) {
		return func(o *drbd.Observed) {
			l.Volumes = map[int]drbd.PeerDevice{0: {Disk: disk, Replication: "Established"}}
			o.State.Connections[id] = l
		}
	}
	disk := func(state string, open drbd.Truth) func(*drbd.Observed) {
		return func(o *drbd.Observed) { o.State.Devices[0] = drbd.Device{Minor: 1000, Disk: state, Open: open} }
	}
	role := func(role string) func(*drbd.Observed) { return func(o *drbd.Observed) { o.State.Role = role } }
	for _, c := range []struct {
		name   string
		not    bool // ordered
		bare   bool // the peers have no disk
		change []func(*drbd.Observed)
		want   []string
	}{
		{name: "all outdated", want: []string{cut, force, back, again}},
		{name: "the last copy", change: []func(*drbd.Observed){peer(1, drbd.Link{Name: "n2", Connection: drbd.Connected}, drbd.DiskDiskless)}, bare: true, want: []string{force, back}},
		{name: "not ordered", not: true},
		{name: "in use", change: []func(*drbd.Observed){disk(outdated, drbd.Yes)}},
		{name: "a peer is up to date", change: []func(*drbd.Observed){peer(1, drbd.Link{Name: "n2", Connection: drbd.Connected}, drbd.DiskUpToDate)}},
		{name: "a peer is inconsistent", change: []func(*drbd.Observed){peer(1, drbd.Link{Name: "n2", Connection: drbd.Connected}, "Inconsistent")}},
		{name: "a peer is away", change: []func(*drbd.Observed){peer(1, drbd.Link{Name: "n2", Connection: "Connecting"}, "DUnknown")}},
		{name: "a peer is in use", change: []func(*drbd.Observed){peer(1, drbd.Link{Name: "n2", Connection: drbd.Connected, PeerRole: drbd.RolePrimary}, outdated)}},
		{name: "done", change: []func(*drbd.Observed){disk(drbd.DiskUpToDate, drbd.No)}},
		{name: "cut off in the middle", change: []func(*drbd.Observed){role(drbd.RolePrimary), disk(drbd.DiskUpToDate, drbd.No)}, want: []string{back}},
		{name: "in use since", change: []func(*drbd.Observed){role(drbd.RolePrimary), disk(drbd.DiskUpToDate, drbd.Yes)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := wantWeb()
			o := running(t, w)
			w.Trust = !c.not
			for i := range w.Resource.Nodes {
				n := &w.Resource.Nodes[i]
				n.Diskless = n.Diskless || c.bare && n.Name != w.Resource.Local
			}
			disk(outdated, drbd.No)(&o)
			for _, n := range w.Resource.Nodes {
				if n.Name != w.Resource.Local {
					peer(n.NodeID, drbd.Link{Name: n.Name, Connection: drbd.Connected}, outdated)(&o)
				}
			}
			for _, change := range c.change {
				change(&o)
			}
			out, err := drbd.Plan(w, o)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range out.Steps {
				if s.Cmd == nil {
					continue
				}
				if line := strings.Join(s.Cmd.Argv, " "); slices.Contains([]string{cut, force, back, again}, line) {
					got = append(got, line)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("steps %v, want %v", got, c.want)
			}
		})
	}
}
