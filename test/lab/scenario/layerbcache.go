package scenario

import (
	"context"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// bcacheLayer: a volume behind the kernel's real bcache keeps what was written through
// a restart of the satellite and a power cut, grows while nobody uses it, writes its
// cache back when it is taken down, and leaves nothing when it is deleted.
func bcacheLayer(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpLayers(ctx, t, l)
	n := l.Node(2)
	c.client(ctx, t, "controller", "set-property", "BCache/PoolName", fastPool)
	c.client(ctx, t, "controller", "set-property", "BCache/Size", "524288")
	c.client(ctx, t, "controller", "set-property", "BCache/Writeback", "True")
	c.define(ctx, t, "vol", "64M", "bcache,storage")
	c.place(ctx, t, "vol", n)
	dev := c.awaitDevice(ctx, t, n, "vol")
	sum := fill(ctx, t, n, dev, "/mnt", 16)
	t.Logf("%s: %s", dev, script(ctx, t, n, "head /sys/fs/bcache/*-*/bdev0/{state,cache_mode,dirty_data,writeback_percent,dev/size,dev/uevent}; lsblk; bcache-super-show /dev/vg/vol_00000"))
	atLeast(ctx, t, n, dev, 64)
	c.restartSatellite(ctx, t, n)
	same(t, "with the satellite restarted", script(ctx, t, n, "sha256sum </mnt/data"), sum)
	c.reboot(ctx, t)
	same(t, "after the power cut", sumOf(ctx, t, n, c.awaitDevice(ctx, t, n, "vol")), sum)
	c.client(ctx, t, "volume-definition", "set-size", "vol", "0", "96M")
	dev = c.awaitDevice(ctx, t, n, "vol")
	atLeast(ctx, t, n, dev, 96)
	c.client(ctx, t, "resource", "deactivate", n.Name(), "vol")
	c.await(ctx, t, "the volume without its cache", func() (bool, string) {
		out, _ := n.Shell(ctx, "ls -d /sys/block/bcache* /sys/fs/bcache/*-* 2>/dev/null")
		return out == "", out
	})
	// The data begins behind the superblock.
	same(t, "on the slow device alone", script(ctx, t, n, `
lvchange -qq -K -ay vg/vol_00000; udevadm settle
loop=$(losetup -f --show -r -o 8192 /dev/vg/vol_00000)
mkdir -p /run/look; mount -o ro,noload $loop /run/look
sha256sum </run/look/data
umount /run/look; losetup -d $loop`), sum)
	c.client(ctx, t, "resource", "activate", n.Name(), "vol")
	same(t, "active again", sumOf(ctx, t, n, c.awaitDevice(ctx, t, n, "vol")), sum)
	c.client(ctx, t, "resource-definition", "delete", "vol")
	c.awaitVolumes(ctx, t, nil)
	c.nothingLeft(ctx, t, "vol_00000", "bcache0")
}
