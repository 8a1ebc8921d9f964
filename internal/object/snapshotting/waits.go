package snapshotting

import (
	"strings"

	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// Waits says what a node's part of a snapshot waits for to be made, or gone, and what
// helps; empty where it waits for nothing.
func Waits(w *model.World, s *model.SnapshotDefinition, n model.SnapshotNode) (why, fix string) {
	if n.Created != nil && n.Deleting == nil {
		return "", ""
	}
	if !show.Online(w, n.Node) {
		return "node '" + n.Node + "' is not online: " + show.WhyOffline(w, n.Node),
			"Start the satellite, or use 'node lost " + n.Node + "' if the host will never come back."
	}
	st, known := w.ResourceStatus.Get(s.Definition, n.Node)
	rep, told := st.Snapshot(n.UUID)
	switch {
	case told && rep.Problem != nil:
		why, fix = rep.Problem.Message, rep.Problem.Correction
		if rep.Problem.Cause != "" {
			why = strings.TrimSuffix(why, ".") + ": " + rep.Problem.Cause
		}
		return why, fix
	case told && n.Deleting != nil:
		return "the satellite is removing it", ""
	case told:
		return "the satellite is taking it", ""
	case known && st.Progress == model.ProgressFailed && st.Problem != nil:
		return "the satellite is held up: " + st.Problem.Message, st.Problem.Correction
	}
	return "the satellite of node '" + n.Node + "' has said nothing of the snapshot yet",
		"If this lasts, the satellite there may be of a version that knows no snapshots; update it."
}
