package doctoring

import (
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/object/snapshotting"
)

// snapshotPrefix begins the names of the snapshots that keep what is given up.
const snapshotPrefix = "before-heal-"

// keep orders a snapshot of the losers, and lets each of them give up its data for that
// of the keepers once its part of the snapshot was reported made.
func keep(tx *model.Tx, d *model.Definition, losers []*model.Resource, keepers []string) *model.SnapshotDefinition {
	name := snapshotting.FreeName(tx.World, d.Name, snapshotPrefix+snapshotting.Stamp(tx.Now))
	s := snapshotting.Ask(tx, d, name, losers)
	for _, r := range losers {
		set(tx, r, func(d *model.ReplicaDRBD) {
			d.Yield = &model.Yield{To: keepers, Snapshot: s.Name, Ordered: tx.Now}
		})
	}
	return s
}

// withdraw takes back what waits for snapshots: a new choice takes the place of an old
// one.
func withdraw(tx *model.Tx, definition string) {
	for _, r := range replication.Replicas(tx.World, definition) {
		if r.DRBD != nil && r.DRBD.Yield != nil {
			endYield(tx, r)
		}
	}
}

// endYield takes an order back. A snapshot that was not made for it is not needed any
// more; one that was is the user's.
func endYield(tx *model.Tx, r *model.Resource) {
	y := r.DRBD.Yield
	if s, ok := tx.Snapshots.Get(r.Definition, y.Snapshot); ok {
		if n, has := s.On(r.Node); has && n.Created == nil && n.Deleting == nil {
			snapshotting.GiveUp(tx, s, r.Node)
		}
	}
	set(tx, r, func(d *model.ReplicaDRBD) { d.Yield = nil })
}

// AdvanceYield gives the order to discard a replica's data once the satellite has
// reported the snapshot that keeps it, and takes the waiting order back where it has
// lost its meaning. Both reports of the snapshot and of the device being unused are one
// and the same, so that nothing was written in between.
func AdvanceYield(tx *model.Tx, r *model.Resource) {
	y := r.DRBD.Yield
	var keepers []string
	for _, n := range y.To {
		if o, ok := tx.Resources.Get(r.Definition, n); ok && o.Deleting == nil && !o.Inactive && o.DRBD != nil && o.Diskless == model.Diskful {
			keepers = append(keepers, o.Node)
		}
	}
	part, has := snapshotPart(tx.World, r)
	if !has || part.Deleting != nil || len(keepers) == 0 || r.Deleting != nil || r.Inactive || !replication.HasDisk(r) || joined(tx.World, r, keepers) {
		endYield(tx, r)
		return
	}
	if part.Created == nil || y.Used {
		return
	}
	if st, ok := tx.ResourceStatus.Get(r.Definition, r.Node); !ok || used(st) {
		set(tx, r, func(d *model.ReplicaDRBD) {
			late := *y
			late.Used = true
			d.Yield = &late
		})
		return
	}
	set(tx, r, func(d *model.ReplicaDRBD) { d.Yield = nil })
	giveUp(tx, r.Definition, []string{r.Node}, keepers)
}

func snapshotPart(w *model.World, r *model.Resource) (model.SnapshotNode, bool) {
	s, ok := w.Snapshots.Get(r.Definition, r.DRBD.Yield.Snapshot)
	if !ok {
		return model.SnapshotNode{}, false
	}
	return s.On(r.Node)
}

// joined tells that a replica has found together with those that it was to yield to;
// only a report on the present instruction counts.
func joined(w *model.World, r *model.Resource, keepers []string) bool {
	st, ok := replication.Settled(w, r)
	if !ok || st.DRBD == nil {
		return false
	}
	for _, l := range st.DRBD.Links {
		if l.State == drbd.Connected && slices.ContainsFunc(keepers, func(n string) bool { return model.Key(n) == model.Key(l.Peer) }) {
			return true
		}
	}
	return false
}

func used(st *model.ResourceStatus) bool {
	return st.InUse != nil && *st.InUse || st.DRBD != nil && st.DRBD.Role == drbd.RolePrimary
}

// Yields says which orders to give up data wait for a snapshot, and what for.
func Yields(w *model.World, definition string) []v1.DoctorPending {
	out := []v1.DoctorPending{}
	for _, r := range replication.Replicas(w, definition) {
		if r.DRBD == nil || r.DRBD.Yield == nil {
			continue
		}
		y := r.DRBD.Yield
		p := v1.DoctorPending{Node: r.Node, Survivors: y.To, Snapshot: y.Snapshot, Since: y.Ordered.UnixMilli()}
		part, has := snapshotPart(w, r)
		switch {
		case y.Used:
			p.Phase = v1.DoctorPhaseUsed
			p.Waits = "the resource was in use on " + r.Node + " after the snapshot was taken: what was written then is not in it"
			p.Correction = "Stop using it there and give the order again; a new snapshot is taken then. The old one stays until it is deleted."
		case has:
			s, _ := w.Snapshots.Get(definition, y.Snapshot)
			p.Phase = v1.DoctorPhaseSnapshot
			p.Waits, p.Correction = snapshotting.Waits(w, s, part)
			back := "'holdfast snapshot delete " + definition + " " + y.Snapshot + "' takes the order back; with --without-snapshot the data is given up for good."
			p.Correction = strings.TrimSpace(p.Correction + " " + back)
		}
		out = append(out, p)
	}
	return out
}
