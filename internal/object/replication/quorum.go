package replication

import (
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// Members describes the replicas of a definition to the rules about quorum.
func Members(w *model.World, definition string) []drbd.Member {
	var out []drbd.Member
	for _, r := range Replicas(w, definition) {
		m := drbd.Member{Node: r.Node, Deleting: r.Deleting != nil, Inactive: r.Inactive || desired.Joining(r),
			InUse: InUse(w, r), Online: show.Online(w, r.Node), Client: r.DRBD != nil && r.DRBD.Client}
		switch {
		case Removing(r):
			m.Diskless, m.Leaving, m.Tiebreaker = true, true, r.ToggleTo == model.Tiebreaker
		case r.Diskless != model.Diskful:
			// One that gets a disk is a plain voter until it has it.
			m.Diskless, m.Tiebreaker = true, r.Diskless == model.Tiebreaker && r.Toggle == model.ToggleNone
			m.Leaving = r.FormerDisk
		}
		if PutOff(w, r) {
			m.Deleting, m.Diskless, m.Leaving = false, true, true
		}
		if st, ok := w.NodeStatus.Get(r.Node); ok && st.Host != nil {
			m.Kernel = drbd.ToolsOf(st.Host.Versions).Kernel
		}
		if n, ok := w.Nodes.Get(r.Node); ok && n.Evicted {
			m.Inactive = true
		}
		if m.Deleting && GivenUp(w, r.Node) {
			// It must not be kept on a node that is being emptied.
			m.Inactive = true
		}
		out = append(out, m)
	}
	return out
}

// Quorum is what the rules about quorum go by for a definition.
func Quorum(w *model.World, d *model.Definition) drbd.QuorumInput {
	in := drbd.QuorumInput{Resource: d.Name, Members: Members(w, d.Name), SetBy: drbd.QuorumByRules,
		Current: d.Props[KeyQuorum], AutoTiebreaker: true}
	levels := Levels(w, d)
	for _, l := range levels {
		if l[KeyQuorumSetBy] == string(drbd.QuorumByUser) {
			in.SetBy, in.UserValue = drbd.QuorumByUser, l[KeyQuorum]
			break
		}
	}
	if v, ok := Level(KeyTiebreaker, levels...); ok {
		in.AutoTiebreaker = IsTrue(v)
	}
	return in
}
