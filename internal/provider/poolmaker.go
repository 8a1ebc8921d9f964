package provider

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// BlockDevice is a whole block device of which a pool is made.
type BlockDevice struct {
	Path      string
	SizeBytes int64
	// Names are its other paths: what a link leads to, and its partitions.
	Names []string
}

// DevicePool is a pool to be made of whole block devices.
type DevicePool struct {
	Kind v1.ProviderKind
	// Name is the name of the pool on the node, not of the storage pool object.
	Name    string
	Devices []BlockDevice
	// Args are additional words for the commands that make the pool.
	Args DevicePoolArgs
}

// DevicePoolArgs are the user's words for the tools, already split.
type DevicePoolArgs struct {
	PV    []string
	VG    []string
	LV    []string
	Zpool []string
}

// DevicePoolState is what a node already has of a DevicePool.
type DevicePoolState struct {
	// Exists tells that the name is taken.
	Exists bool
	// Ours tells that it carries the mark of a pool that Holdfast made.
	Ours bool
	// Devices are the block devices or partitions that it consists of.
	Devices []string
	// Notes are what the maker needs to know in PlanDevicePool.
	Notes map[string]string
}

// PoolMaker is a provider that can make its pools out of unused block devices.
// Whether a device is unused is not its business: it never passes a tool the
// option that overrides the tool's own check.
type PoolMaker interface {
	// Backing is StorDriver/StorPoolName of a pool made under that name.
	Backing(kind v1.ProviderKind, name string) string
	// ScanDevicePool observes what is there under the pool's name.
	ScanDevicePool(ctx context.Context, h run.Host, kind v1.ProviderKind, name string) (DevicePoolState, error)
	// PlanDevicePool gives the steps that make the pool, or what a crash has left of
	// them; none when it is there. Pure.
	PlanDevicePool(want DevicePool, have DevicePoolState) ([]Step, error)
}
