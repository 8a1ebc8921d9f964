package zfs

import (
	"errors"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// What zfs and zpool complain about, for errors.Is.
var (
	ErrExists     = errors.New("dataset or pool exists")
	ErrNoSpace    = errors.New("dataset full")
	ErrInUse      = errors.New("dataset in use")
	ErrDependents = errors.New("snapshots or clones depend on the dataset")
	ErrNotFound   = errors.New("dataset or pool not found")
	ErrReadOnly   = errors.New("pool read-only")
	ErrSuspended  = errors.New("pool suspended")
	ErrDeviceUse  = errors.New("device in use")
	ErrNoModule   = errors.New("no ZFS in the kernel")
	ErrOptions    = errors.New("option not accepted")
)

type reason struct {
	// text is a part of the message; libzfs prints it literally.
	text string
	err  error
	code v1.Code
	fix  string
}

func reasons() []reason {
	module := "Load the kernel module with modprobe zfs."
	again := "Run the operation again; the node is observed anew first."
	device := "Use another device; if the data on it is not needed, clear it with wipefs -a or zpool labelclear."
	deps := "Delete the snapshots and clones first; zfs promote frees a clone from its origin."
	return []reason{
		{"ZFS modules cannot be auto-loaded", ErrNoModule, v1.FailSatelliteDoesNotSupportProvider, module},
		{"ZFS modules are not loaded", ErrNoModule, v1.FailSatelliteDoesNotSupportProvider, module},
		{"/dev/zfs and /proc/self/mounts are required", ErrNoModule, v1.FailSatelliteDoesNotSupportProvider, module},
		{"initialize the libzfs library", ErrNoModule, v1.FailSatelliteDoesNotSupportProvider, module},
		{"pool I/O is currently suspended", ErrSuspended, v1.FailStoragePoolConfigurationError, "Bring the disks back and run zpool clear."},
		{"dataset already exists", ErrExists, v1.FailExistsVolume, again},
		{"pool already exists", ErrExists, v1.FailExistsStoragePool, "Use another pool name."},
		{"out of space", ErrNoSpace, v1.FailNotEnoughFreeSpace, "Add disks with zpool add, or delete volumes or snapshots of the pool."},
		{"size is greater than available space", ErrNoSpace, v1.FailNotEnoughFreeSpace, "Add disks with zpool add, or delete volumes or snapshots of the pool."},
		{"has dependent clones", ErrDependents, v1.FailInUse, deps},
		{"has children", ErrDependents, v1.FailInUse, deps},
		{"dataset is busy", ErrInUse, v1.FailInUse, "End what uses the device; lsblk shows what stands on it."},
		{"is in use and contains", ErrDeviceUse, v1.FailInUse, device},
		{"is part of", ErrDeviceUse, v1.FailInUse, device},
		{"contains a", ErrDeviceUse, v1.FailInUse, device},
		{"is busy", ErrDeviceUse, v1.FailInUse, device},
		{"does not exist", ErrNotFound, v1.FailNotFoundVolume, again},
		{"no such pool", ErrNotFound, v1.FailStoragePoolConfigurationError, "Attach the disks and run zpool import, or correct StorDriver/StorPoolName."},
		{"must be a multiple of volume block size", ErrOptions, v1.FailInvalidVolumeSize, "Use a size that is a multiple of the volblocksize in " + KeyCreateOptions + "."},
		{"pool is read-only", ErrReadOnly, v1.FailStoragePoolConfigurationError, "Run zpool export and import the pool again without readonly."},
		{"cannot resolve path", ErrNotFound, v1.FailInvalidRequest, "Give one of the devices that the list of physical storage shows."},
		{"must be power of 2", ErrOptions, v1.FailInvalidProp, "Correct " + KeyCreateOptions + " or the arguments that were given."},
		{"must be one of", ErrOptions, v1.FailInvalidProp, "Correct " + KeyCreateOptions + " or the arguments that were given."},
		{"invalid property", ErrOptions, v1.FailInvalidProp, "Correct " + KeyCreateOptions + " or the arguments that were given."},
		{"invalid option", ErrOptions, v1.FailInvalidProp, "Correct " + KeyCreateOptions + " or the arguments that were given."},
		{"usage:", ErrOptions, v1.FailInvalidProp, "Correct " + KeyCreateOptions + " or the arguments that were given."},
		{"invalid vdev specification", ErrOptions, v1.FailInvalidRequest, "Correct device_paths and zpool_create_arguments."},
	}
}

// Explain knows the complaints of zfs and zpool.
func (*Provider) Explain(c run.Cmd, r run.Result) error {
	if len(c.Argv) == 0 || c.Argv[0] != "zfs" && c.Argv[0] != "zpool" {
		return nil
	}
	said := complaint(r.Stderr)
	for _, k := range reasons() {
		if strings.Contains(said, k.text) {
			return fault.New(k.code, "%s did not succeed", strings.Join(c.Argv[:min(2, len(c.Argv))], " ")).
				Because("%s", said).Fix("%s", k.fix).Detail("%s exited with %d", c, r.ExitCode).Wrap(k.err)
		}
	}
	return nil
}
