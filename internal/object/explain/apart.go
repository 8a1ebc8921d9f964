package explain

import (
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// keptApart says why a replica without a disk that works is kept from others.
func keptApart(_ *model.World, _ *model.Definition, r *model.Resource) (missing, why, fix string) {
	if r.DRBD != nil && len(r.DRBD.Untold) > 0 {
		return "does not connect to " + nodes(r.DRBD.Untold), "another copy was added while its node could not be reached, and what is written there would not reach that copy",
			"It connects once the satellites there have been told."
	}
	if r.DRBD == nil || len(r.DRBD.Unaware) == 0 {
		return "", "", ""
	}
	others := nodes(r.DRBD.Unaware)
	if !replication.HasDisk(r) {
		return "does not connect to " + others, "DRBD there would count this replica's vote as that of a disk, which it has no more",
			"It connects once the satellites there have been told."
	}
	return "does not connect to " + others, "the data there may be old, and DRBD would count the vote of this replica, whose disk has failed",
		"It connects once they have met a replica with the newest data. Where that is lost for good, delete this replica: the others then go on with what they have."
}
