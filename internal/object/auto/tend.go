package auto

import (
	"slices"

	"github.com/holdfast-storage/holdfast/internal/model"
)

// Tend does what is due now, and says what was done, for the log.
func Tend(tx *model.Tx) []string {
	for _, n := range slices.Collect(tx.Nodes.All) {
		if n.Evacuating {
			Evacuate(tx, n)
		}
	}
	out := EvictAbsent(tx)
	ReplaceEvicted(tx)
	return append(out, GiveDisks(tx)...)
}
