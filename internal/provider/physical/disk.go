// Package physical lists the unused block devices of a node and plans device pools
// (volume groups, thin pools, ZFS pools) on them.
//
// Invariant: a plan touches only devices of which nothing is known but that they
// are empty. Whatever is on a device, even if it looks like a leftover, is the
// user's to clear; the tools' own checks stay in force beside this one.
package physical

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// minBytes is the smallest device that is offered.
const minBytes = 1 << 30

// majorDRBD is the device number of DRBD in the kernel's list of devices.
const majorDRBD = "147"

// Disk is one block device of a node.
type Disk struct {
	Path       string
	KName      string
	SizeBytes  int64
	Rotational bool
	Model      string
	Serial     string
	WWN        string
	// Names are the paths of what lies directly upon it, such as partitions.
	Names []string
	// Unfit says what it is that no pool can be made of; Holds says what is on it
	// already. Both are empty for an unused disk.
	Unfit []string
	Holds []string
}

// Unused tells whether a pool may be made of the disk.
func (d Disk) Unused() bool { return len(d.Unfit)+len(d.Holds) == 0 }

// Node is the disk as the API shows it.
func (d Disk) Node() v1.PhysicalStorageNode {
	return v1.PhysicalStorageNode{Size: d.SizeBytes, Rotational: d.Rotational, Device: d.Path,
		Model: d.Model, Serial: d.Serial, WWN: d.WWN}
}

// List lists the unused block devices.
func List(ctx context.Context, h run.Host) ([]Disk, error) {
	disks, err := scan(ctx, h)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(disks, func(d Disk) bool { return !d.Unused() }), nil
}

// unfit says what a device is that no pool can be made of.
func unfit(n node) []string {
	var why []string
	major, _, _ := strings.Cut(n.MajMin, ":")
	switch {
	case major == majorDRBD || strings.HasPrefix(n.KName, "drbd"):
		why = append(why, "it is a DRBD device")
	case n.Parent != "":
		why = append(why, fmt.Sprintf("it lies on %s, give a whole device", n.Parent))
	case n.Type != "disk":
		why = append(why, fmt.Sprintf("it is of type %s", n.Type))
	case virtualDisk(n.KName):
		why = append(why, "it is not a disk but memory, a network device or a ZFS volume")
	}
	if n.Size < minBytes {
		why = append(why, fmt.Sprintf("it has %d bytes, at least %d are needed", n.Size, int64(minBytes)))
	}
	if n.ReadOnly {
		why = append(why, "it is read-only")
	}
	return why
}

// holds says what is on a device.
func holds(n node, upon []string) []string {
	var what []string
	if n.Mountpoint != "" {
		what = append(what, "it is mounted on "+n.Mountpoint)
	}
	if len(upon) > 0 {
		what = append(what, "used by "+strings.Join(upon, ", "))
	}
	if n.FSType != "" {
		what = append(what, "it has the signature "+n.FSType)
	}
	if n.PTType != "" {
		what = append(what, "it has a partition table of type "+n.PTType)
	}
	return what
}

// virtualDisk knows the devices that lsblk calls disks although they are none.
func virtualDisk(kname string) bool {
	for _, p := range []string{"zram", "ram", "nbd", "zd", "loop", "md", "dm-", "bcache", "sr", "fd"} {
		rest, found := strings.CutPrefix(kname, p)
		if found && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			return true
		}
	}
	return false
}
