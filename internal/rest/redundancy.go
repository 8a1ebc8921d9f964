package rest

import (
	"fmt"
	"sort"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// copies counts the replicas of a definition.
type copies struct {
	// diskful have the data or are to get it; syncing are those of them that still
	// have to; leaving have it and go once others have it.
	diskful, syncing, leaving, diskless int
}

// redundancy compares how many copies of the data there are and would be.
func redundancy(tx *model.Tx) []v1.RedundancyChange {
	var out []v1.RedundancyChange
	for _, d := range tx.Touched().Definitions {
		before, after := count(tx.Base(), d), count(tx.World, d)
		if before == after {
			continue
		}
		c := v1.RedundancyChange{Resource: d, Before: before.String(), After: after.String()}
		switch {
		case after.diskful == 0 && before.diskful > 0:
			c.Warning = "the last copy of the data would be destroyed"
		case after.diskful < before.diskful && after.diskful == 1:
			c.Warning = "one copy would be left: the loss of one disk would lose the data"
		}
		out = append(out, c)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Resource < out[j].Resource })
	return out
}

func count(w *model.World, d string) copies {
	var n copies
	leaving := map[string]bool{}
	for r := range w.Resources.Under(d) {
		if from := r.Props[replication.KeyMigrateFrom]; from != "" && r.Deleting == nil {
			leaving[model.Key(from)] = true
		}
	}
	for r := range w.Resources.Under(d) {
		switch {
		case r.Deleting != nil:
		case leaving[model.Key(r.Node)]:
			n.leaving++
		case r.Toggle == model.ToggleAddRequested || r.Toggle == model.ToggleAdding:
			n.diskful, n.syncing = n.diskful+1, n.syncing+1
		case r.Diskless != model.Diskful || r.Toggle == model.ToggleRemoveRequested || r.Toggle == model.ToggleRemoving:
			n.diskless++
		default:
			n.diskful++
		}
	}
	return n
}

// String is how users read it, such as "3 diskful (1 after its sync), 1 diskless".
func (n copies) String() string {
	parts := []string{fmt.Sprintf("%d diskful", n.diskful)}
	if n.syncing > 0 {
		parts[0] += fmt.Sprintf(" (%d after its sync)", n.syncing)
	}
	if n.leaving > 0 {
		parts = append(parts, fmt.Sprintf("%d that stays until then", n.leaving))
	}
	if n.diskless > 0 {
		parts = append(parts, fmt.Sprintf("%d diskless", n.diskless))
	}
	return strings.Join(parts, ", ")
}
