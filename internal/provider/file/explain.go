package file

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

var _ provider.Explainer = Provider{}

// complaint is what a tool says, in the C locale, and what it means.
type complaint struct {
	tool, text string
	code       v1.Code
	message    string
	fix        string
}

func knownComplaints() []complaint {
	const again = "Nothing needs to be done; the node is looked at again and the work goes on."
	return []complaint{
		{"fallocate", "Operation not supported", v1.FailStoragePoolConfigurationError,
			"The file system of the pool cannot allocate space ahead.", "Use a pool of kind FILE_THIN, or a directory on ext4 or xfs."},
		{"", "No space left on device", v1.FailNotEnoughFreeSpace,
			"The file system of the pool is full.", "Free or add space in the pool's directory, or place the volume in another pool."},
		{"", "Disk quota exceeded", v1.FailNotEnoughFreeSpace,
			"The quota of the pool's directory is used up.", "Raise the quota, or place the volume in another pool."},
		{"", "File too large", v1.FailInvalidVolumeSize,
			"The volume is larger than a file can be in the file system of the pool.", "Use a smaller volume or another file system."},
		{"cp", "failed to clone", v1.FailSnapshotsNotSupported,
			"The file system of the pool cannot share blocks between files.", "Use a directory on btrfs, or on xfs made with reflink=1, for snapshots."},
		{"losetup", "set direct io failed", v1.FailUnknownError,
			"The image was attached, without direct I/O.", again},
		{"losetup", "overlapping loop device exists", v1.FailInUse,
			"The image is attached to another loop device in part or read-only.", "Find the device with losetup --associated and detach it."},
		{"losetup", "find an unused loop device", v1.FailUnknownError,
			"There is no free loop device.", "Load the kernel module loop, or raise its max_loop."},
		{"losetup", "Resource temporarily unavailable", v1.FailUnknownError,
			"Another program took the loop device first.", again},
		{"losetup", "No such device or address", v1.FailUnknownError,
			"The loop device was detached by another program.", again},
	}
}

// Explain gives a complaint of a tool its meaning.
func (Provider) Explain(c run.Cmd, r run.Result) error {
	words := string(r.Stderr)
	for _, k := range knownComplaints() {
		if (k.tool == "" || k.tool == c.Argv[0]) && strings.Contains(words, k.text) {
			return fault.New(k.code, "%s", k.message).Because("%s", strings.TrimSpace(words)).Fix("%s", k.fix).Detail("%s", c)
		}
	}
	return nil
}
