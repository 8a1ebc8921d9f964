package show

import (
	"maps"

	"github.com/holdfast-storage/holdfast/internal/object/volumekey"
)

// withoutSecret are the properties of a volume definition that users may see.
func withoutSecret(props map[string]string) map[string]string {
	if _, has := props[volumekey.PropPassphrase]; !has {
		return props
	}
	out := maps.Clone(props)
	delete(out, volumekey.PropPassphrase)
	return out
}
