// Package luks is the layer that encrypts volumes with LUKS2 through cryptsetup.
//
// Invariants:
//   - A container is ours by the UUID in its header, which is that of the volume.
//     Another one of the same name, or on the same device, is never opened, changed
//     or formatted.
//   - A device is formatted only with the grant to make the volume, and only while it
//     carries no signature at all, or our own header without a single key.
//   - Passphrases go to cryptsetup through its standard input. They are in no command
//     line, step, report or error.
package luks

import (
	"fmt"
	"strings"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
)

// Layer drives LUKS.
type Layer struct{}

var (
	_ layer.Layer     = Layer{}
	_ layer.Explainer = Layer{}
)

// New makes the layer.
func New() Layer { return Layer{} }

// Kind implements layer.Layer.
func (Layer) Kind() v1.LayerType { return v1.LayerTypeLuks }

// mapperDir is where open containers are.
const mapperDir = "/dev/mapper/"

// mappingName is the name of a volume's open container.
func mappingName(resource string, volume int) string {
	return fmt.Sprintf("Linstor-Crypt-%s_%05d", resource, volume)
}

// plain is an identifier in the form that the device mapper keeps.
func plain(uuid string) string { return strings.ToLower(strings.ReplaceAll(uuid, "-", "")) }

// blockKiB is what usable sizes are whole multiples of: the largest sector that
// cryptsetup chooses by itself.
const blockKiB = 4

// LowerKiB implements layer.Layer: the header comes in front of the data.
func (Layer) LowerKiB(_ *link.Resource, v *link.Volume, sizeKiB int64) (int64, error) {
	o, err := formatOptions(v.Props)
	if err != nil {
		return 0, err
	}
	return (sizeKiB+blockKiB-1)/blockKiB*blockKiB + o.headerKiB, nil
}

// UpperKiB implements layer.Layer. A device that leaves no space behind the header
// is a fault.
func (Layer) UpperKiB(r *link.Resource, v *link.Volume, lowerKiB int64) (int64, error) {
	o, err := formatOptions(v.Props)
	if err != nil {
		return 0, err
	}
	kib := (lowerKiB - o.headerKiB) / blockKiB * blockKiB
	if kib <= 0 {
		return 0, fault.New(v1.FailInvalidVolumeSize, "Volume %d of resource '%s' is too small to be encrypted.", v.Number, r.Name).
			Because("the LUKS header takes %d KiB of the device's %d KiB", o.headerKiB, lowerKiB).
			Fix("Use a larger volume; with a gross size add at least %d KiB.", o.headerKiB)
	}
	return kib, nil
}

// Parts implements layer.Layer: there are none.
func (Layer) Parts(*link.Resource, *link.Volume, int64) ([]link.Part, error) { return nil, nil }
