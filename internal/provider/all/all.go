// Package all lists the storage providers. A new provider is one folder and one
// line here.
package all

import (
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/diskless"
	"github.com/holdfast-storage/holdfast/internal/provider/file"
	"github.com/holdfast-storage/holdfast/internal/provider/lvm"
	"github.com/holdfast-storage/holdfast/internal/provider/zfs"
)

// Providers is every provider that a satellite can drive.
func Providers() []provider.Provider {
	return []provider.Provider{diskless.New(), file.New(), lvm.New(), zfs.New()}
}
