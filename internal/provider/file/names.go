package file

import (
	"path"
	"strings"
	"unicode"

	"github.com/holdfast-storage/holdfast/internal/provider"
)

const (
	imageSuffix   = ".img"
	sidecarSuffix = ".img.holdfast"
	// maxName keeps the sidecar's name within the 255 bytes of a file name, with room
	// for the temporary names that are used while a file is written.
	maxName = 200
)

func imagePath(dir, name string) string   { return path.Join(dir, name+imageSuffix) }
func sidecarPath(dir, name string) string { return path.Join(dir, "."+name+sidecarSuffix) }

// volumeOfImage is the volume's name for an image's file name.
func volumeOfImage(file string) (string, bool) {
	name, found := strings.CutSuffix(file, imageSuffix)
	return name, found && name != "" && name[0] != '.'
}

// volumeOfSidecar is the volume's name for a sidecar's file name.
func volumeOfSidecar(file string) (string, bool) {
	name, dotted := strings.CutPrefix(file, ".")
	name, found := strings.CutSuffix(name, sidecarSuffix)
	return name, dotted && found && name != ""
}

// dirOf is the pool's directory in its shortest form.
func dirOf(p provider.Pool) (string, error) {
	if p.Backing == "" {
		return "", faultNoBacking(p)
	}
	if !path.IsAbs(p.Backing) || strings.ContainsFunc(p.Backing, unicode.IsControl) {
		return "", faultBadBacking(p)
	}
	return path.Clean(p.Backing), nil
}

func validName(name string) bool {
	return name != "" && len(name) <= maxName && name[0] != '.' && name[0] != '-' &&
		!strings.ContainsFunc(name, func(r rune) bool { return r == '/' || unicode.IsControl(r) })
}
