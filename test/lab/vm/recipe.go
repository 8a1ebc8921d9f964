package vm

import (
	_ "embed"
	"strings"
)

// NodeCount is how many machines a lab has.
const NodeCount = 3

const (
	suite          = "bookworm"
	imageSize      = "1536M"
	memoryMiB      = 1024
	dataDisks      = 2
	dataDiskSize   = 2 << 30
	rootFilesystem = "ext4"
)

// packages is what a machine has beyond a minimal Debian.
var packages = []string{
	"linux-image-cloud-amd64",
	"bcache-tools", "cryptsetup-bin", "dmsetup", "drbd-utils", "e2fsprogs",
	"iproute2", "iputils-ping", "jq", "kmod", "less", "lvm2", "mdadm",
	"nvme-cli", "procps", "socat", "thin-provisioning-tools", "udev",
	"util-linux", "xfsprogs", "zfsutils-linux", "zstd",
}

// bootModules is what the root file system and the network are reached with.
var bootModules = []string{"virtio_pci", "virtio_blk", "virtio_net", "virtio-rng", "ext4"}

// kernelArguments leave out what takes seconds of an emulated boot and finds
// nothing in a throw-away machine.
var kernelArguments = strings.Join([]string{
	"console=ttyS0", "quiet", "panic=-1", "cryptomgr.notests", "mitigations=off",
	"random.trust_cpu=on", "net.ifnames=0", "no_timer_check", "tsc=reliable",
}, " ")

// sources are the package archives; zfsutils-linux is in contrib.
func sources(mirror string) []string {
	return []string{
		"deb " + mirror + "/debian " + suite + " main contrib",
		"deb " + mirror + "/debian " + suite + "-updates main",
		"deb " + mirror + "/debian-security " + suite + "-security main",
	}
}

// leftOut keeps the image small.
var leftOut = []string{"/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*"}

//go:embed init.sh
var initScript []byte

// imageRecipe is everything that decides the content of the image.
func imageRecipe(mirror string) []string {
	parts := []string{"image v1", imageSize, rootFilesystem}
	parts = append(parts, sources(mirror)...)
	parts = append(parts, packages...)
	parts = append(parts, bootModules...)
	return append(parts, leftOut...)
}
