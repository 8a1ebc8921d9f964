package file

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
)

func faultNoBacking(p provider.Pool) error {
	return fault.New(v1.FailStoragePoolConfigurationError, "Storage pool '%s' has no directory.", p.Name).
		Because("the property StorDriver/StorPoolName is not set").
		Fix("Set StorDriver/StorPoolName to the absolute path of a directory.")
}

func faultBadBacking(p provider.Pool) error {
	return fault.New(v1.FailStoragePoolConfigurationError, "Storage pool '%s' cannot be at %q.", p.Name, p.Backing).
		Because("StorDriver/StorPoolName is not an absolute path without control characters").
		Fix("Set StorDriver/StorPoolName to the absolute path of a directory.")
}

func faultNoDirectory(p provider.Pool, dir string) error {
	return fault.New(v1.FailStoragePoolConfigurationError, "The directory %s of storage pool '%s' is missing.", dir, p.Name).
		Because("there is no directory at StorDriver/StorPoolName").
		Fix("Mount the file system that belongs there, or create the directory (mkdir -p %s).", dir)
}

func faultUnreadable(p provider.Pool, dir, why string) error {
	return fault.New(v1.FailStoragePoolConfigurationError, "The directory %s of storage pool '%s' cannot be looked at.", dir, p.Name).
		Because("%s", why).Fix("Mend the cause on the node; nothing is changed in the pool until then.")
}

func faultBadVolume(want provider.Volume, what string) error {
	return fault.New(v1.FailImplError, "Volume '%s' cannot be put into a file.", want.Name).
		Because("%s", what).Fix("Report this error; it should have been refused earlier.")
}

func faultNoNotes(o *provider.Observed) error {
	return fault.New(v1.FailImplError, "The state of volume '%s' is not known.", o.Name).
		Because("the observation has no note of this provider").Fix("Report this error.")
}

func faultForeign(img, why string) error {
	return fault.New(v1.FailExistsVolume, "%s is in the way and is left alone.", img).
		Because("%s", why).
		Fix("Move it elsewhere if it is needed, otherwise remove it; the volume is then created by itself.")
}

func faultOtherUUID(img, side string, have *provider.Observed, want provider.Volume) error {
	return fault.New(v1.FailUUIDVolume, "%s belongs to another volume and is left alone.", img).
		Because("its sidecar %s names volume %s, wanted is %s", side, have.UUID, want.UUID).
		Fix("If nothing needs the image any more, remove it and then its sidecar.")
}

func faultBadSidecar(img, side, why string) error {
	return fault.New(v1.FailUUIDVolume, "It is not known whose image %s is; it is left alone.", img).
		Because("its sidecar %s cannot be read: %s", side, why).
		Fix("Restore the sidecar from a backup, or, if nothing needs the image any more, remove the image and then its sidecar.")
}

func faultLost(img string) error {
	return fault.New(v1.FailNotFoundVolume, "The image %s has disappeared, and its data with it.", img).
		Because("something other than Holdfast removed the file").
		Fix("Restore the file from a backup, or delete the resource on this node and create it anew.")
}

func faultDetached(img, device string) error {
	return fault.New(v1.FailNotFoundVolume, "The image %s was removed or replaced while %s was attached to it.", img, device).
		Because("something other than Holdfast did that; the data is only behind the loop device now").
		Fix("Copy the data if it is needed (for example with dd if=%[1]s). Then stop what uses the device, detach it "+
			"(losetup --detach %[1]s), and put the copy in place of the image or delete the resource on this node.", device)
}

func faultCut(img string, im image) error {
	return fault.New(v1.FailInvalidVolumeSize, "The image %s has been cut and is left alone.", img).
		Because("it has %d bytes and once had %d KiB", im.Bytes, im.SizeKiB).
		Fix("Restore the file from a backup, or delete the resource on this node and create it anew.")
}

func faultOrphanLoop(img, device string) error {
	return fault.New(v1.FailInUse, "%s is still attached to a deleted file that was %s.", device, img).
		Because("the file and its sidecar were removed while the loop device was attached").
		Fix("Copy what is needed from %[1]s, stop what uses it and detach it (losetup --detach %[1]s); the volume is then created by itself.", device)
}

func faultOddLoop(img, device, why string) error {
	return fault.New(v1.FailInUse, "The image %s is attached to %s in a way that Holdfast did not choose.", img, device).
		Because("%s", why).
		Fix("Detach it (losetup --detach %s); the volume is then attached by itself.", device)
}

func faultManyLoops(img string, loops []attachment) error {
	names := make([]string, len(loops))
	for i, a := range loops {
		names[i] = a.Device
	}
	return fault.New(v1.FailInUse, "The image %s is attached to more than one loop device: %s.", img, strings.Join(names, ", ")).
		Because("two devices on one image destroy its data when both are used").
		Fix("Find out which one is in use (losetup --associated, lsblk) and detach the others with losetup --detach.")
}

func faultInUse(img, device string) error {
	return fault.New(v1.FailInUse, "The image %s is in use and is not removed.", img).
		Because("%s is open, or was detached while it was open", device).
		Fix("Unmount it or stop what uses it; the deletion then goes on by itself.")
}

func faultFull(p provider.Pool, want provider.Volume, needKiB, freeKiB int64) error {
	return fault.New(v1.FailNotEnoughFreeSpace, "Storage pool '%s' has not enough free space for volume '%s'.", p.Name, want.Name).
		Because("it needs %d KiB more and %d KiB are free", needKiB, freeKiB).
		Fix("Free or add space in %s, or place the volume in another pool.", p.Backing)
}

func faultNoFallocate(p provider.Pool, fsType string) error {
	return fault.New(v1.FailStoragePoolConfigurationError, "Storage pool '%s' cannot hold thick volumes.", p.Name).
		Because("the file system type %s cannot allocate space ahead", fsType).
		Fix("Use a pool of kind FILE_THIN, or a directory on ext4 or xfs.")
}
