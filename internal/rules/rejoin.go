package rules

import (
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/doctoring"
)

// endRejoins takes back the orders to join nodes again once they are joined. Only a
// report on the instruction with the order counts: one from before may still say
// that they are connected.
func endRejoins(tx *model.Tx) error {
	for _, name := range tx.Touched().Definitions {
		for _, r := range replicas(tx, name) {
			if r.DRBD == nil || r.DRBD.RejoinOrdered == nil && len(r.DRBD.Retract) == 0 {
				continue
			}
			if st, ok := settledStatus(tx, r); ok {
				doctoring.Settle(tx, r, st)
			}
		}
	}
	return nil
}
