// Package snapshotting is what calls, rules and explanations share about snapshots:
// where they can be taken, how one is asked for and given up, and how far it is.
//
// Invariant: a snapshot is asked for by what is stored, and has been made only when the
// satellite said so of its very identity; its record goes when nothing of it is left.
package snapshotting

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// KeySequence is the property that orders the snapshots of a definition.
const KeySequence = "SequenceNumber"

// Impossible says why no snapshot can be taken of a replica; empty where it can, as far
// as is known.
func Impossible(w *model.World, r *model.Resource) string {
	if r.Diskless != model.Diskful {
		return "it has no disk there"
	}
	for _, l := range r.Stack {
		switch l {
		case v1.LayerTypeDrbd, v1.LayerTypeLuks, v1.LayerTypeStorage:
		case v1.LayerTypeNvme:
			return "its storage is reached over NVMe"
		default:
			return fmt.Sprintf("the layer %s keeps data beside the storage", l)
		}
	}
	if len(r.Volumes) == 0 {
		return "it has no volumes"
	}
	for _, v := range r.Volumes {
		pools := []string{v.Pool}
		for _, p := range v.Parts {
			pools = append(pools, p.Pool)
		}
		for _, p := range pools {
			if why := poolCannot(w, r.Node, p); why != "" {
				return why
			}
		}
	}
	return ""
}

func poolCannot(w *model.World, node, pool string) string {
	p, ok := w.Pools.Get(node, pool)
	if !ok {
		return fmt.Sprintf("storage pool '%s' is not known", pool)
	}
	switch p.Kind {
	case v1.ProviderKindLvmThin, v1.ProviderKindZfs, v1.ProviderKindZfsThin, v1.ProviderKindFile, v1.ProviderKindFileThin:
	default:
		return fmt.Sprintf("storage pool '%s' is of kind %s, which takes no snapshots", p.Name, p.Kind)
	}
	if st, ok := w.PoolStatus.Get(node, pool); ok && st.NoSnapshots != "" {
		return fmt.Sprintf("storage pool '%s' takes no snapshots: %s", p.Name, st.NoSnapshots)
	}
	return ""
}

// FreeName is a name that no snapshot of a definition has: the wanted one, or that with
// a number.
func FreeName(w *model.World, definition, wanted string) string {
	name := wanted
	for i := 2; ; i++ {
		if _, taken := w.Snapshots.Get(definition, name); !taken {
			return name
		}
		name = wanted + "-" + strconv.Itoa(i)
	}
}

// Stamp is a moment as names of snapshots have it, in UTC.
func Stamp(at time.Time) string { return at.UTC().Format("20060102-150405") }

// Ask orders a snapshot of a definition's replicas on some nodes. The name must be free
// and the replicas able to have one.
func Ask(tx *model.Tx, d *model.Definition, name string, replicas []*model.Resource) *model.SnapshotDefinition {
	s := &model.SnapshotDefinition{Definition: d.Name, Name: name, UUID: tx.NewUUID(),
		Props: map[string]string{KeySequence: strconv.Itoa(sequence(tx.World, d.Name))}}
	for _, vd := range d.Volumes {
		if vd.Deleting == nil {
			s.Volumes = append(s.Volumes, model.SnapshotVolume{Number: vd.Number, UUID: tx.NewUUID(), SizeKiB: vd.SizeKiB})
		}
	}
	for _, r := range replicas {
		n := model.SnapshotNode{Node: r.Node, UUID: tx.NewUUID()}
		for _, v := range r.Volumes {
			if vd, ok := d.Volume(v.Number); ok && vd.Deleting == nil {
				n.Devices = append(n.Devices, model.SnapshotDevice{Number: v.Number, UUID: tx.NewUUID(), Source: v.UUID, Pool: v.Pool, Parts: slices.Clone(v.Parts)})
			}
		}
		s.Nodes = append(s.Nodes, n)
	}
	tx.PutSnapshot(s)
	return s
}

// sequence is the next number in the order of a definition's snapshots.
func sequence(w *model.World, definition string) int {
	last := 0
	for s := range w.Snapshots.Under(definition) {
		if n, err := strconv.Atoi(s.Props[KeySequence]); err == nil {
			last = max(last, n)
		}
	}
	return last + 1
}

// GiveUp orders that nodes destroy their part of a snapshot. A part of which no
// satellite can have been told stays as a tombstone, too: only its satellite knows.
func GiveUp(tx *model.Tx, s *model.SnapshotDefinition, nodes ...string) {
	next := *s
	next.Nodes = slices.Clone(s.Nodes)
	now := tx.Now
	left := false
	for i, n := range next.Nodes {
		if n.Deleting == nil && slices.ContainsFunc(nodes, func(name string) bool { return model.Key(name) == model.Key(n.Node) }) {
			next.Nodes[i].Deleting = &now
		}
		left = left || next.Nodes[i].Deleting == nil
	}
	if !left && next.Deleting == nil {
		next.Deleting = &now
	}
	tx.PutSnapshot(&next)
}

// Note writes down which parts of a snapshot were reported made, and forgets those that
// were reported gone.
func Note(tx *model.Tx, s *model.SnapshotDefinition) {
	next := *s
	next.Nodes = nil
	changed := false
	for _, n := range s.Nodes {
		st, _ := tx.ResourceStatus.Get(s.Definition, n.Node)
		rep, told := st.Snapshot(n.UUID)
		switch {
		case told && n.Deleting != nil && rep.Gone:
			changed = true
			continue
		case told && n.Deleting == nil && n.Created == nil && rep.Made:
			now := tx.Now
			n.Created, changed = &now, true
		}
		next.Nodes = append(next.Nodes, n)
	}
	if changed {
		put(tx, &next)
	}
}

// ForgetNode forgets the parts of all snapshots on a node that will never come back.
func ForgetNode(tx *model.Tx, node string) {
	for _, s := range slices.Collect(tx.Snapshots.All) {
		if _, has := s.On(node); !has {
			continue
		}
		next := *s
		next.Nodes = slices.DeleteFunc(slices.Clone(s.Nodes), func(n model.SnapshotNode) bool { return model.Key(n.Node) == model.Key(node) })
		put(tx, &next)
	}
}

// put stores a snapshot of which parts may have gone: it goes with the last of them.
func put(tx *model.Tx, s *model.SnapshotDefinition) {
	old, _ := tx.Snapshots.Get(s.Definition, s.Name)
	if len(s.Nodes) == 0 {
		tx.DeleteSnapshot(s.Definition, s.Name)
	} else {
		tx.PutSnapshot(s)
	}
	for _, n := range old.Nodes {
		if _, still := s.On(n.Node); !still && len(On(tx.World, n.Node, s.Definition)) == 0 {
			tx.DropResourceStatus(s.Definition, n.Node)
		}
	}
}

// On lists the snapshots of which a node holds a part; with a definition, only of that.
func On(w *model.World, node string, definition ...string) []*model.SnapshotDefinition {
	walk := w.Snapshots.All
	if len(definition) > 0 {
		walk = w.Snapshots.Under(definition[0])
	}
	var out []*model.SnapshotDefinition
	for s := range walk {
		if _, has := s.On(node); has {
			out = append(out, s)
		}
	}
	return out
}

// refusesDeletion tells whether ZFS volumes of a definition with snapshots must stay.
func refusesDeletion(w *model.World, definition string) bool {
	d, ok := w.Definitions.Get(definition)
	if !ok {
		return false
	}
	strategy, _ := replication.Level(KeyDeleteStrategy, replication.Levels(w, d)...)
	return strings.EqualFold(strategy, "Delete")
}

// In counts the snapshots that have devices in a pool.
func In(w *model.World, node, pool string) int {
	n := 0
	for _, s := range On(w, node) {
		part, _ := s.On(node)
		if slices.ContainsFunc(part.Devices, func(d model.SnapshotDevice) bool {
			return model.Key(d.Pool) == model.Key(pool) ||
				slices.ContainsFunc(d.Parts, func(p model.VolumePart) bool { return model.Key(p.Pool) == model.Key(pool) })
		}) {
			n++
		}
	}
	return n
}

// KeyDeleteStrategy is the property that says whether a ZFS volume that has snapshots
// may be put aside when it is to go.
const KeyDeleteStrategy = "StorDriver/Zfs/DeleteStrategy"

// Holding finds a snapshot that keeps a replica's volumes from being removed; nil for
// none. ZFS has snapshots depend on their volume, which is put aside for them unless the
// user has ruled that out.
func Holding(w *model.World, r *model.Resource) *model.SnapshotDefinition {
	if !refusesDeletion(w, r.Definition) {
		return nil
	}
	for _, s := range On(w, r.Node, r.Definition) {
		part, _ := s.On(r.Node)
		for _, d := range part.Devices {
			p, ok := w.Pools.Get(r.Node, d.Pool)
			v, same := r.Volume(d.Number)
			if ok && same && v.UUID == d.Source && (p.Kind == v1.ProviderKindZfs || p.Kind == v1.ProviderKindZfsThin) {
				return s
			}
		}
	}
	return nil
}
