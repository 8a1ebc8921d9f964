package satellite

import (
	"slices"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
)

// withoutPassphrases is a set as it may be kept on disk. An instruction that has lost
// something answers to no fingerprint: reports about it say nothing of the whole one.
func withoutPassphrases(set wire.Set) wire.Set {
	set.Resources = slices.Clone(set.Resources)
	for i := range set.Resources {
		r := &set.Resources[i]
		r.Volumes = slices.Clone(r.Volumes)
		for j := range r.Volumes {
			if l := r.Volumes[j].LUKS; l != nil && (l.Passphrase != "" || l.Former != "") {
				r.Volumes[j].LUKS = &wire.LUKS{Mark: l.Mark, Corrupt: l.Corrupt}
				r.Fingerprint = ""
			}
		}
	}
	return set
}
