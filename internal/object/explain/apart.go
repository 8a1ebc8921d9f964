package explain

import (
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// keptApart says why a replica is kept from others.
func keptApart(w *model.World, _ *model.Definition, r *model.Resource) (missing, why, fix string) {
	for _, d := range replication.KeptApart(w, r) {
		missing = join(missing, "does not connect to "+nodes(d.Nodes))
		why, fix = join(why, d.Why), join(fix, d.Fix)
	}
	return missing, why, fix
}
