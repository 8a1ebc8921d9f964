package rules

import (
	"slices"

	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/volumekey"
)

// tendKeys gives encrypted volumes the keys that they lack, however they came to be,
// and forgets former ones that no node needs any more.
func tendKeys(tx *model.Tx) error {
	if _, unlocked := tx.MasterKey(); !unlocked {
		return nil
	}
	if _, before := tx.Base().MasterKey(); !before {
		for _, r := range slices.Collect(tx.Resources.All) {
			giveKeys(tx, r)
		}
	}
	for _, name := range tx.Touched().Definitions {
		for _, r := range replicas(tx, name) {
			giveKeys(tx, r)
		}
		for _, r := range replicas(tx, name) {
			forgetFormerKeys(tx, r)
		}
	}
	return nil
}

// giveKeys leaves a replica alone whose keys cannot be made; whoever adds replicas
// hears why.
func giveKeys(tx *model.Tx, r *model.Resource) {
	d, ok := tx.Definitions.Get(r.Definition)
	lacks := func(v model.Volume) bool { return v.Key == "" }
	if !ok || !volumekey.Has(r) || !slices.ContainsFunc(r.Volumes, lacks) {
		return
	}
	next := *r
	if err := volumekey.Give(tx, d, &next); err == nil {
		tx.PutResource(&next)
	}
}

// forgetFormerKeys ends a change of passphrase: the node has reported ready with an
// instruction that had both.
func forgetFormerKeys(tx *model.Tx, r *model.Resource) {
	former := func(v model.Volume) bool { return v.FormerKey != "" }
	if !slices.ContainsFunc(r.Volumes, former) {
		return
	}
	if st, ok := settledStatus(tx, r); !ok || st.Progress != model.ProgressReady {
		return
	}
	next := *r
	next.Volumes = slices.Clone(r.Volumes)
	for i := range next.Volumes {
		next.Volumes[i].FormerKey = ""
	}
	tx.PutResource(&next)
}
