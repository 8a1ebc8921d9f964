package rules

import (
	"slices"

	"github.com/holdfast-storage/holdfast/internal/model"
)

// recordFormat ends the grant to make a file system once there is one.
func recordFormat(tx *model.Tx) error {
	for _, name := range tx.Touched().Definitions {
		for _, r := range replicas(tx, name) {
			if !slices.ContainsFunc(r.Volumes, func(v model.Volume) bool { return v.Format }) {
				continue
			}
			st, ok := settledStatus(tx, r)
			if !ok {
				continue
			}
			next := *r
			changed := false
			for i, v := range r.Volumes {
				if vs, ok := st.Volume(v.Number); !ok || !v.Format || vs.FileSystem == "" {
					continue
				}
				if !changed {
					next.Volumes = slices.Clone(r.Volumes)
				}
				next.Volumes[i].Format, changed = false, true
			}
			if changed {
				tx.PutResource(&next)
			}
		}
	}
	return nil
}
