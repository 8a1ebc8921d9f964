package explain

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/doctoring"
	"github.com/holdfast-storage/holdfast/internal/object/show"
	"github.com/holdfast-storage/holdfast/internal/object/snapshotting"
)

// yielding says what an order to give up a replica's data waits for.
func yielding(w *model.World, d *model.Definition, r *model.Resource) (missing, why, fix string) {
	for _, p := range doctoring.Yields(w, d.Name) {
		if model.Key(p.Node) == model.Key(r.Node) {
			return "its data is given up for that of " + nodes(p.Survivors) + " once snapshot '" + p.Snapshot + "' keeps it", strings.TrimSuffix(p.Waits, "."), p.Correction
		}
	}
	return "", "", ""
}

// snapshots says what snapshots wait for that are not made, or not gone, yet.
func snapshots(w *model.World, d *model.Definition) []v1.Explanation {
	var out []v1.Explanation
	for s := range w.Snapshots.Under(d.Name) {
		for _, n := range s.Nodes {
			if n.Created != nil && n.Deleting == nil {
				continue
			}
			e := v1.Explanation{Object: show.SnapshotName(d.Name, s.Name) + " on node '" + n.Node + "'", Wanted: "to be taken", Missing: "the snapshot"}
			if n.Deleting != nil {
				e.Wanted, e.Missing = "to be removed", "the end of its deletion"
			}
			e.Why, e.Correction = snapshotting.Waits(w, s, n)
			out = append(out, e)
		}
	}
	return out
}
