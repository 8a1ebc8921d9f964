package lvm

import (
	"errors"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// What lvm complains about, for errors.Is.
var (
	ErrExists    = errors.New("logical volume exists")
	ErrInUse     = errors.New("logical volume in use")
	ErrNoSpace   = errors.New("volume group full")
	ErrPoolFull  = errors.New("thin pool full")
	ErrNotFound  = errors.New("logical volume or group not found")
	ErrPVMissing = errors.New("physical volume missing")
	ErrSignature = errors.New("signature on device")
	ErrDeviceUse = errors.New("device in use")
	ErrNoDriver  = errors.New("no device-mapper in the kernel")
	ErrLocked    = errors.New("lvm lock not available")
	ErrOptions   = errors.New("option not accepted")
	ErrSameSize  = errors.New("size not above the present one")
)

type reason struct {
	// text is a part of the message; the source of lvm2 prints it literally.
	text string
	err  error
	code v1.Code
	fix  string
}

func reasons() []reason {
	inUse := "End what uses the device; lsblk shows what stands on it."
	space := "Add a physical volume with vgextend, or free space in the volume group."
	full := "Extend the thin pool with lvextend, data or --poolmetadatasize, or free space in it."
	repair := "Deactivate the volumes of the thin pool and run lvconvert --repair."
	disk := "Attach the missing disks and run vgextend --restoremissing, or give them up with vgreduce --removemissing."
	return []reason{
		{"/dev/mapper/control: open failed", ErrNoDriver, v1.FailSatelliteDoesNotSupportProvider, "Load the kernel module dm_mod."},
		{"Failure to communicate with kernel device-mapper driver", ErrNoDriver, v1.FailSatelliteDoesNotSupportProvider, "Load the kernel module dm_mod."},
		{"Required device-mapper target(s) not detected", ErrNoDriver, v1.FailSatelliteDoesNotSupportProvider, "Load the kernel module of the target, such as dm_thin_pool."},
		{"while PVs are missing", ErrPVMissing, v1.FailStoragePoolConfigurationError, disk},
		{"is used by another device", ErrInUse, v1.FailInUse, inUse},
		{"contains a filesystem in use", ErrInUse, v1.FailInUse, inUse},
		{" in use.", ErrInUse, v1.FailInUse, inUse},
		{"existing signature left on the device", ErrSignature, v1.FailInUse, "If the data is not needed, clear the device with wipefs -a."},
		{"signatures left on the device", ErrSignature, v1.FailInUse, "If the data is not needed, clear the device with wipefs -a."},
		{"is already in volume group", ErrDeviceUse, v1.FailInUse, "Use another device, or remove it from its volume group with vgreduce and pvremove."},
		{"Can't open", ErrDeviceUse, v1.FailInUse, inUse},
		{"already exists in volume group", ErrExists, v1.FailExistsVolume, "Run the operation again; the node is observed anew first."},
		{"A volume group called", ErrExists, v1.FailExistsStoragePool, "Use another pool name."},
		{"already exists in filesystem", ErrExists, v1.FailExistsStoragePool, "Use another pool name; /dev has an entry of this one."},
		{"insufficient free space", ErrNoSpace, v1.FailNotEnoughFreeSpace, space},
		{"Insufficient free space", ErrNoSpace, v1.FailNotEnoughFreeSpace, space},
		{"Insufficient suitable", ErrNoSpace, v1.FailNotEnoughFreeSpace, space},
		{"reached threshold", ErrPoolFull, v1.FailNotEnoughFreeSpace, full},
		{"out of data space", ErrPoolFull, v1.FailNotEnoughFreeSpace, full},
		{"needs_check", ErrPoolFull, v1.FailStoragePoolConfigurationError, repair},
		{"Check of pool", ErrPoolFull, v1.FailStoragePoolConfigurationError, repair},
		{"matches existing size", ErrSameSize, v1.FailInvalidVolumeSize, "Run the operation again; the node is observed anew first."},
		{"not larger than existing size", ErrSameSize, v1.FailInvalidVolumeSize, "Run the operation again; the node is observed anew first."},
		{"is not a thin pool", ErrNotFound, v1.FailStoragePoolConfigurationError, "Correct StorDriver/StorPoolName."},
		{"not found in Volume group", ErrNotFound, v1.FailStoragePoolConfigurationError, "Correct StorDriver/StorPoolName, or create the thin pool."},
		{"Failed to find logical volume", ErrNotFound, v1.FailNotFoundVolume, "Run the operation again; the node is observed anew first."},
		{"Cannot process volume group", ErrNotFound, v1.FailStoragePoolConfigurationError, "Attach the disks of the volume group, or correct StorDriver/StorPoolName."},
		{"No device found for", ErrNotFound, v1.FailInvalidRequest, "Give the path of an existing device."},
		{"Can't get lock for", ErrLocked, v1.FailResourceBusy, "Another lvm command holds the lock; it is tried again."},
		{"may not be repeated", ErrOptions, v1.FailInvalidProp, "Take the option out of " + KeyCreateOptions + "."},
		{"Error during parsing of command line", ErrOptions, v1.FailInvalidProp, "Correct " + KeyCreateOptions + " or the arguments that were given."},
		{"are reserved", ErrOptions, v1.FailInvalidResourceName, "Use another resource name."},
	}
}

// Explain knows the complaints of lvm's commands.
func (*Provider) Explain(c run.Cmd, r run.Result) error {
	if len(c.Argv) == 0 || !lvmTool(c.Argv[0]) {
		return nil
	}
	said := complaint(r.Stderr)
	for _, k := range reasons() {
		if strings.Contains(said, k.text) {
			return fault.New(k.code, "%s did not succeed", c.Argv[0]).Because("%s", said).
				Fix("%s", k.fix).Detail("%s exited with %d", c, r.ExitCode).Wrap(k.err)
		}
	}
	return nil
}

func lvmTool(name string) bool {
	return len(name) > 2 && (strings.HasPrefix(name, "lv") || strings.HasPrefix(name, "vg") || strings.HasPrefix(name, "pv"))
}
