package rules

import (
	"slices"

	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/doctoring"
	"github.com/holdfast-storage/holdfast/internal/object/snapshotting"
)

// snapshots lists the snapshots of a definition; the tx may change meanwhile.
func snapshots(tx *model.Tx, definition string) []*model.SnapshotDefinition {
	return slices.Collect(tx.Snapshots.Under(definition))
}

// noteSnapshots writes down which snapshots have been made, and forgets those that
// are gone.
func noteSnapshots(tx *model.Tx) error {
	for _, name := range tx.Touched().Definitions {
		for _, s := range snapshots(tx, name) {
			snapshotting.Note(tx, s)
		}
	}
	return nil
}

// advanceYields gives the orders to discard data, once the data is kept in snapshots.
func advanceYields(tx *model.Tx) error {
	for _, name := range tx.Touched().Definitions {
		for _, r := range replicas(tx, name) {
			if r.DRBD != nil && r.DRBD.Yield != nil {
				doctoring.AdvanceYield(tx, r)
			}
		}
	}
	return nil
}
