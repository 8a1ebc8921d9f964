package replication

import (
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// quorumAll asks for the votes of all disks.
const quorumAll = "all"

// Outvoted lists the nodes that would lose their quorum if they were to count the disk of a
// replica now: they have no connection with it, and DRBD counts a disk that it is told of
// whether it is there or not. Of nodes that say nothing, nothing is known.
func Outvoted(w *model.World, r *model.Resource) []string {
	d, ok := w.Definitions.Get(r.Definition)
	if !ok {
		return nil
	}
	quorum, _ := Level(KeyQuorum, Levels(w, d)...)
	if quorum != drbd.QuorumMajority && quorum != quorumAll {
		return nil
	}
	rs := Replicas(w, r.Definition)
	var out []string
	for _, o := range rs {
		if o.Node == r.Node || !HasDisk(o) || desired.Joining(o) || !Unmet(w, o.Definition, o.Node, r.Node) {
			continue
		}
		if quorum == quorumAll || losesMajority(w, rs, o, r) {
			out = append(out, o.Node)
		}
	}
	return out
}

// losesMajority tells whether a node has no majority if a disk counts that is not there. With
// exactly half of the votes a tiebreaker may keep the quorum, but never gives it back. Where
// the node has yet to tell of a peer, it is not known.
func losesMajority(w *model.World, rs []*model.Resource, o, absent *model.Resource) bool {
	voters, present := 2, 1
	for _, p := range rs {
		if p == o || p == absent || !desired.Votes(p) {
			continue
		}
		voters++
		switch {
		case Linked(w, o.Definition, o.Node, p.Node):
			present++
		case !p.Inactive && !Apart(w, o.Definition, o.Node, p.Node):
			return false
		}
	}
	return 2*present <= voters
}
