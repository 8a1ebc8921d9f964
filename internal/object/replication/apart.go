package replication

import (
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/model"
)

// Distance says why a replica is kept from some of the others.
type Distance struct {
	Nodes []string
	// Why and Fix are words for the user; Fix begins a sentence.
	Why, Fix string
}

// KeptApart lists whom a replica is kept from, and why.
func KeptApart(w *model.World, r *model.Resource) []Distance {
	if r.DRBD == nil {
		return nil
	}
	var out []Distance
	if len(r.DRBD.Untold) > 0 {
		out = append(out, Distance{Nodes: r.DRBD.Untold,
			Why: "another copy was added while that node could not be reached, and what is written there would not reach that copy",
			Fix: "It connects once the satellite there has been told."})
	}
	unaware := r.DRBD.Unaware
	if failed := failedDisks(w, r); len(failed) > 0 {
		// Those without a disk keep from what these keep from.
		from := slices.DeleteFunc(slices.Clone(unaware), func(n string) bool {
			return !slices.ContainsFunc(failed, func(o *model.Resource) bool { return slices.Contains(o.DRBD.Unaware, n) })
		})
		if len(from) > 0 {
			on := names(failed)
			out = append(out, Distance{Nodes: from,
				Why: "the data there may be old, and DRBD would count the vote of the unused disk of " + on,
				Fix: "It connects once that node has met a replica with the newest data. The newest data may be on the unused disk of " + on +
					" alone: mend the disk and delete property " + KeySkipDisk + " there, so that it is tried again. Only where it is lost for good, delete the replica there: the others then go on with what they have."})
			unaware = slices.DeleteFunc(slices.Clone(unaware), func(n string) bool { return slices.Contains(from, n) })
		}
	}
	if len(unaware) > 0 {
		why := "DRBD there would count this replica's vote as that of a disk, which it has no more"
		if HasDisk(r) {
			why = "a disk is being added there, and its vote would count here before that node has heard of it"
		}
		out = append(out, Distance{Nodes: unaware, Why: why, Fix: "It connects once the satellite there has been told."})
	}
	return out
}

// failedDisks are the replicas with a disk that is not used and keep from others: this one
// if it is one, else all.
func failedDisks(w *model.World, r *model.Resource) []*model.Resource {
	return slices.DeleteFunc(Replicas(w, r.Definition), func(o *model.Resource) bool {
		mine := model.Key(o.Node) == model.Key(r.Node) || !HasDisk(r)
		return !mine || !HasDisk(o) || !IsTrue(o.Props[KeySkipDisk]) || o.DRBD == nil || len(o.DRBD.Unaware) == 0
	})
}

func names(rs []*model.Resource) string {
	var out []string
	for _, r := range rs {
		out = append(out, r.Node)
	}
	return strings.Join(out, ", ")
}
