// Package doctoring looks after DRBD resources whose nodes have fallen out with each
// other: it says from what the nodes tell what is wrong, and turns what the user
// chooses, or what is provably safe, into orders in the state.
//
// Invariant: an order names peers and lapses; what is destroyed is decided by the
// user alone, and a node that does not answer gets no order.
package doctoring

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/object/show"
	"github.com/holdfast-storage/holdfast/internal/object/snapshotting"
)

// KeyAutoHeal is the property that lets Holdfast take safe actions by itself.
const KeyAutoHeal = "Holdfast/Doctor/AutoHeal"

// Told is what a node told, or why it did not.
type Told struct {
	Answer link.InspectAnswer
	// Why is empty for a node that answered.
	Why string
}

// members are the replicas that DRBD shall connect.
func members(w *model.World, definition string) []*model.Resource {
	var out []*model.Resource
	for _, r := range replication.Replicas(w, definition) {
		if r.Deleting == nil && !r.Inactive && r.DRBD != nil {
			out = append(out, r)
		}
	}
	return out
}

// Nodes are those that have to be asked about a resource.
func Nodes(w *model.World, definition string) []string {
	out := []string{}
	for _, r := range members(w, definition) {
		out = append(out, r.Node)
	}
	return out
}

// hidden are the nodes whose replica may have data and is asked nothing.
func hidden(w *model.World, definition string) []string {
	var out []string
	for _, r := range replication.Replicas(w, definition) {
		if r.DRBD != nil && (r.Deleting != nil || r.Inactive) && (r.Diskless == model.Diskful || r.Toggle != model.ToggleNone) {
			out = append(out, r.Node)
		}
	}
	return out
}

// Diagnose says what is wrong with a resource; told has what the nodes have answered.
func Diagnose(w *model.World, d *model.Definition, told map[string]Told) v1.Diagnosis {
	f := drbd.Facts{Resource: d.Name, Hidden: hidden(w, d.Name)}
	for _, r := range members(w, d.Name) {
		t, asked := told[r.Node]
		diskless := r.Diskless != model.Diskful || r.Toggle != model.ToggleNone
		switch {
		case !asked:
			f.Nodes = append(f.Nodes, drbd.NodeFacts{Node: r.Node, Diskless: diskless, Why: "it was not asked"})
			continue
		case t.Why != "":
			f.Nodes = append(f.Nodes, drbd.NodeFacts{Node: r.Node, Diskless: diskless, Why: t.Why})
			continue
		}
		n := drbd.NodeFactsOf(r.Node, diskless, t.Answer)
		n.NoSnapshot = snapshotting.Impossible(w, r)
		if st, ok := w.ResourceStatus.Get(d.Name, r.Node); ok {
			for peer, since := range st.Apart {
				if l, ok := n.Links[peer]; ok {
					l.Since = since
					n.Links[peer] = l
				}
			}
		}
		keptApart(w, r, n)
		f.Nodes = append(f.Nodes, n)
	}
	out := drbd.Diagnose(f)
	out.AutoHeal = heals(w, d)
	out.Pending = Yields(w, d.Name)
	return out
}

// keptApart notes whom a node is kept from on purpose.
func keptApart(w *model.World, r *model.Resource, n drbd.NodeFacts) {
	for _, d := range replication.KeptApart(w, r) {
		for _, peer := range d.Nodes {
			if l, ok := n.Links[peer]; ok {
				l.Kept = d.Why + ". " + d.Fix
				n.Links[peer] = l
			}
		}
	}
}

// heals tells whether Holdfast may take safe actions by itself.
func heals(w *model.World, d *model.Definition) bool {
	v, ok := replication.Level(KeyAutoHeal, replication.Levels(w, d)...)
	return !ok || !strings.EqualFold(v, "false") && !strings.EqualFold(v, "no")
}

// Ailing lists the definitions in which a node reports a connection that was cut off, or
// takes no copy for good, or all copies are called outdated, and that Holdfast may heal by
// itself.
func Ailing(w *model.World) []*model.Definition {
	var out []*model.Definition
	for d := range w.Definitions.All {
		if d.Deleting != nil || !replication.Replicated(d) {
			continue
		}
		ailing := outdated(w, d.Name)
		for r := range w.Resources.Under(d.Name) {
			st, ok := w.ResourceStatus.Get(d.Name, r.Node)
			ailing = ailing || ok && (len(st.Apart) > 0 || distrusts(st)) && r.Deleting == nil && !r.Inactive
		}
		if ailing && heals(w, d) {
			out = append(out, d)
		}
	}
	return out
}

// distrusts tells whether a node without a disk reports a volume that no peer has up to
// date as it takes it, though it is connected to some.
func distrusts(st *model.ResourceStatus) bool {
	if st.DRBD == nil {
		return false
	}
	for _, v := range st.Volumes {
		connected, good := false, v.DiskState != drbd.DiskDiskless
		for _, l := range st.DRBD.Links {
			for _, lv := range l.Volumes {
				if l.State == drbd.Connected && lv.Number == v.Number {
					connected, good = connected || lv.Disk != drbd.DiskDiskless, good || lv.Disk == drbd.DiskUpToDate
				}
			}
		}
		if connected && !good {
			return true
		}
	}
	return false
}

// outdated tells whether all copies of a volume are called outdated.
func outdated(w *model.World, definition string) bool {
	good, late := map[int]bool{}, map[int]bool{}
	for _, r := range members(w, definition) {
		st, ok := w.ResourceStatus.Get(definition, r.Node)
		if !ok || r.Diskless != model.Diskful {
			continue
		}
		for _, v := range st.Volumes {
			late[v.Number] = late[v.Number] || v.DiskState == drbd.DiskOutdated
			good[v.Number] = good[v.Number] || v.DiskState != drbd.DiskOutdated
		}
	}
	for number := range late {
		if late[number] && !good[number] {
			return true
		}
	}
	return false
}

// lapse is how long an order to join nodes again stands.
const lapse = 5 * time.Minute

// Lapsed lists the replicas whose orders have come to nothing.
func Lapsed(w *model.World, now time.Time) []*model.Resource {
	var out []*model.Resource
	for r := range w.Resources.All {
		if r.DRBD != nil && r.DRBD.RejoinOrdered != nil && now.Sub(*r.DRBD.RejoinOrdered) >= lapse {
			out = append(out, r)
		}
	}
	return out
}

// Lapse takes the orders of a replica back.
func Lapse(tx *model.Tx, definition, node string) {
	r, ok := tx.Resources.Get(definition, node)
	if !ok || r.DRBD == nil || r.DRBD.RejoinOrdered == nil {
		return
	}
	set(tx, r, func(d *model.ReplicaDRBD) {
		d.Retract = append(slices.Clone(d.Retract), d.Discard...)
		d.Reconnect, d.Discard, d.RejoinOrdered, d.Restart, d.Trust = nil, nil, nil, false, false
	})
}

func set(tx *model.Tx, r *model.Resource, change func(*model.ReplicaDRBD)) {
	next, d := *r, *r.DRBD
	change(&d)
	next.DRBD = &d
	tx.PutResource(&next)
}

// Settle takes orders back whose peers are connected again, or gone. What was taken
// back before is done when the kernel has that connection no more, and the word to give
// data up with it.
func Settle(tx *model.Tx, r *model.Resource, st *model.ResourceStatus) {
	if r.DRBD == nil || r.DRBD.RejoinOrdered == nil && len(r.DRBD.Retract) == 0 || st.DRBD == nil {
		return
	}
	gone := func(peer string) bool {
		o, ok := tx.Resources.Get(r.Definition, peer)
		return !ok || o.Deleting != nil || o.Inactive
	}
	state := func(peer string) string {
		i := slices.IndexFunc(st.DRBD.Links, func(l link.DRBDLink) bool { return model.Key(l.Peer) == model.Key(peer) })
		if i < 0 {
			return ""
		}
		return st.DRBD.Links[i].State
	}
	joined := func(peer string) bool {
		return state(peer) == drbd.Connected && (!r.DRBD.Restart || !distrusts(st))
	}
	reconnect := without(r.DRBD.Reconnect, func(peer string) bool { return joined(peer) || gone(peer) })
	discard := without(r.DRBD.Discard, func(peer string) bool { return joined(peer) || gone(peer) })
	pending := without(r.DRBD.Discard, func(peer string) bool { return joined(peer) || !gone(peer) })
	retract := without(append(slices.Clone(r.DRBD.Retract), pending...), func(peer string) bool { return joined(peer) || state(peer) == "" })
	done := r.DRBD.Trust && trusted(r, st)
	if !done && len(reconnect) == len(r.DRBD.Reconnect) && len(discard) == len(r.DRBD.Discard) && len(retract) == len(r.DRBD.Retract) {
		return
	}
	set(tx, r, func(d *model.ReplicaDRBD) {
		d.Reconnect, d.Discard, d.Retract = reconnect, discard, retract
		d.Trust = d.Trust && !done
		if len(reconnect)+len(discard) == 0 && !d.Trust {
			d.RejoinOrdered, d.Restart = nil, false
		}
	})
}

// trusted tells whether a replica calls all its data up to date, and is in nobody's use.
func trusted(r *model.Resource, st *model.ResourceStatus) bool {
	for _, v := range r.Volumes {
		if vs, ok := st.Volume(v.Number); !ok || vs.DiskState != drbd.DiskUpToDate {
			return false
		}
	}
	return st.DRBD.Role != drbd.RolePrimary || slices.ContainsFunc(st.Volumes, opened)
}

func opened(v model.VolumeStatus) bool {
	return slices.ContainsFunc(v.Layers, func(l model.LayerStatus) bool { return l.Opened })
}

func without(list []string, drop func(string) bool) []string {
	var out []string
	for _, s := range list {
		if !drop(s) {
			out = append(out, s)
		}
	}
	return out
}

func inline(d string) string { return fmt.Sprintf("resource '%s'", d) }

// Clear tells that all nodes report of a resource that all is well, so that they need
// not be asked.
func Clear(w *model.World, definition string) bool {
	for _, r := range members(w, definition) {
		st, ok := w.ResourceStatus.Get(definition, r.Node)
		if !ok || !show.Online(w, r.Node) || st.DRBD == nil || len(st.DRBD.Suspended) > 0 || distrusts(st) {
			return false
		}
		for _, l := range st.DRBD.Links {
			if l.State != "Connected" {
				return false
			}
		}
		for _, v := range r.Volumes {
			vs, ok := st.Volume(v.Number)
			if !ok || vs.DRBD == nil || vs.DRBD.Quorum != nil && !*vs.DRBD.Quorum || r.Diskless == model.Diskful && vs.DiskState != "UpToDate" {
				return false
			}
		}
	}
	return true
}

// Well is the diagnosis of a resource that is clear.
func Well(w *model.World, d *model.Definition) v1.Diagnosis {
	out := drbd.Diagnose(drbd.Facts{Resource: d.Name})
	out.AutoHeal = heals(w, d)
	return out
}
