package scenario

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// nvmeLayer: a volume of one node is used on another over NVMe/TCP, grows there,
// comes back after the target has lost its power, and goes initiator first; then with a
// write cache on the initiator's node.
func nvmeLayer(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpLayers(ctx, t, l)
	target, initiator := l.Node(1), l.Node(2)
	c.client(ctx, t, "controller", "set-property", "NVMe/TRType", "tcp")
	c.define(ctx, t, "vol", "64M", "nvme,storage")
	c.place(ctx, t, "vol", target)
	c.client(ctx, t, "resource", "create", initiator.Name(), "vol", "--nvme-initiator")
	dev := c.awaitDevice(ctx, t, initiator, "vol")
	if !strings.HasPrefix(dev, "/dev/nvme") {
		t.Errorf("the initiator's device is %s", dev)
	}
	sum := fill(ctx, t, initiator, dev, "/mnt", 16)
	c.restartSatellite(ctx, t, target)
	c.restartSatellite(ctx, t, initiator)
	same(t, "with the satellites restarted", script(ctx, t, initiator, "echo 3 >/proc/sys/vm/drop_caches; sha256sum </mnt/data"), sum)
	c.client(ctx, t, "volume-definition", "set-size", "vol", "0", "96M")
	c.await(ctx, t, "the larger device on the initiator", func() (bool, string) {
		out, _ := initiator.Shell(ctx, "blockdev --getsize64 "+dev)
		return strings.TrimSpace(out) == "100663296", out
	})
	script(ctx, t, initiator, "resize2fs "+dev+" 2>/dev/null; umount /mnt")
	target.PowerOff()
	do(t, target.PowerOn(ctx))
	do(t, target.StartSatellite(ctx))
	do(t, l.StartController(ctx))
	c.awaitOnline(ctx, t)
	c.await(ctx, t, "a live connection", func() (bool, string) {
		out, _ := initiator.Shell(ctx, "cat /sys/class/nvme/nvme*/state")
		return strings.TrimSpace(out) == "live", out
	})
	dev = c.awaitDevice(ctx, t, initiator, "vol")
	same(t, "after the target's power cut", sumOf(ctx, t, initiator, dev), sum)
	c.disconnectByHand(ctx, t, initiator, sum)
	c.client(ctx, t, "resource", "delete", initiator.Name(), "vol")
	if left := script(ctx, t, initiator, "ls /sys/class/nvme 2>/dev/null || true"); left != "" {
		t.Errorf("the initiator is still connected: %s", left)
	}
	c.client(ctx, t, "resource", "create", initiator.Name(), "vol", "--nvme-initiator")
	dev = c.awaitDevice(ctx, t, initiator, "vol")
	same(t, "connected anew", sumOf(ctx, t, initiator, dev), sum)
	c.deleteInUse(ctx, t, target, initiator, dev)
	c.awaitVolumes(ctx, t, nil)
	c.nothingLeft(ctx, t, "vol_00000", "LS-NVMe_vol", "nvme")
	c.remoteWriteCache(ctx, t)
}

// remoteWriteCache: a write cache on an initiator's node is in front of the volume of
// another node. It keeps what it has through a power cut, and brings it to the target
// when the initiator goes, also one that was deleted without power; the third node reads
// it there.
func (c cluster) remoteWriteCache(ctx context.Context, t *testing.T) {
	t.Helper()
	target, initiator, third := c.lab.Node(1), c.lab.Node(2), c.lab.Node(3)
	for key, value := range map[string]string{"Writecache/PoolName": fastPool, "Writecache/Size": "32768", "Writecache/Options/HighWatermark": "90"} {
		c.client(ctx, t, "controller", "set-property", key, value)
	}
	c.define(ctx, t, "far", "64M", "writecache,nvme,storage")
	c.place(ctx, t, "far", target)
	c.client(ctx, t, "resource", "create", initiator.Name(), "far", "--nvme-initiator")
	dev := c.awaitDevice(ctx, t, initiator, "far")
	if !strings.HasSuffix(dev, "/linstor_writecache_far_00000") {
		t.Errorf("the initiator's device is %s", dev)
	}
	if out := script(ctx, t, target, "dmsetup ls; lvs --noheadings -o lv_name"); strings.Contains(out, "far.cache") || strings.Contains(out, "writecache_far") {
		t.Errorf("the target has something of the cache:\n%s", out)
	}
	sum := fill(ctx, t, initiator, dev, "/mnt", 8)
	script(ctx, t, initiator, "umount /mnt; sync")
	t.Logf("the cache after writing: %s", script(ctx, t, initiator, "dmsetup status linstor_writecache_far_00000"))
	c.powerCut(ctx, t, initiator, nil)
	same(t, "behind the write cache after its power cut", sumOf(ctx, t, initiator, c.awaitDevice(ctx, t, initiator, "far")), sum)
	c.client(ctx, t, "resource", "delete", initiator.Name(), "far")
	c.goneFrom(ctx, t, initiator, "far")
	c.client(ctx, t, "resource", "create", third.Name(), "far", "--nvme-initiator")
	dev = c.awaitDevice(ctx, t, third, "far")
	same(t, "on another initiator", sumOf(ctx, t, third, dev), sum)
	sum = script(ctx, t, third, "mount "+dev+` /mnt
dd if=/dev/urandom of=/mnt/data bs=1M count=8 conv=fsync,notrunc status=none
sha256sum </mnt/data; umount /mnt; sync`)
	t.Logf("the cache after writing: %s", script(ctx, t, third, "dmsetup status linstor_writecache_far_00000"))
	c.powerCut(ctx, t, third, func() {
		// Until it is known to be offline its device counts as it was seen last.
		c.await(ctx, t, "far ordered to go from "+third.Name(), func() (bool, string) {
			said, err := target.Run(ctx, vm.BinaryClient, "--no-color", "resource", "delete", third.Name(), "far")
			out := c.client(ctx, t, "--no-color", "resource", "list", "--nodes", third.Name())
			return strings.Contains(out, "DELETING"), fmt.Sprintf("%v %s\n%s", err, said, out)
		})
	})
	c.goneFrom(ctx, t, third, "far")
	c.client(ctx, t, "resource", "create", initiator.Name(), "far", "--nvme-initiator")
	same(t, "after a deletion without power", sumOf(ctx, t, initiator, c.awaitDevice(ctx, t, initiator, "far")), sum)
	c.client(ctx, t, "resource-definition", "delete", "far")
	c.awaitVolumes(ctx, t, nil)
	c.nothingLeft(ctx, t, "far_00000", "far.cache_00000", "LS-NVMe_far", "nvme")
}

// powerCut cuts the power of a node, and starts it again after what is done meanwhile.
func (c cluster) powerCut(ctx context.Context, t *testing.T, n *vm.Node, meanwhile func()) {
	t.Helper()
	n.PowerOff()
	if meanwhile != nil {
		meanwhile()
	}
	do(t, n.PowerOn(ctx))
	do(t, n.StartSatellite(ctx))
	c.awaitOnline(ctx, t)
}

// goneFrom waits until a node has no replica of a resource, and looks for what is left.
func (c cluster) goneFrom(ctx context.Context, t *testing.T, n *vm.Node, resource string) {
	t.Helper()
	c.await(ctx, t, resource+" gone from "+n.Name(), func() (bool, string) {
		out := c.client(ctx, t, "--no-color", "resource", "list", "--nodes", n.Name(), "--resources", resource)
		return !strings.Contains(out, resource), out
	})
	left := script(ctx, t, n, "dmsetup ls; lvs --noheadings -o lv_name; ls /sys/class/nvme 2>/dev/null || true")
	for _, name := range []string{resource + ".cache", "cache_" + resource, "nvme"} {
		if strings.Contains(left, name) {
			t.Errorf("%s still has something of %s:\n%s", n.Name(), resource, left)
		}
	}
}

// disconnectByHand: somebody disconnects the volume; the satellite connects it again.
func (c cluster) disconnectByHand(ctx context.Context, t *testing.T, n *vm.Node, sum string) {
	t.Helper()
	script(ctx, t, n, "nvme disconnect-all")
	c.restartSatellite(ctx, t, n)
	same(t, "after it was disconnected by hand", sumOf(ctx, t, n, c.awaitDevice(ctx, t, n, "vol")), sum)
}

// deleteInUse deletes the definition while the initiator has the volume mounted: the
// target stays as long as that is so.
func (c cluster) deleteInUse(ctx context.Context, t *testing.T, target, initiator *vm.Node, dev string) {
	t.Helper()
	script(ctx, t, initiator, "mount "+dev+" /mnt")
	out, err := c.lab.Node(1).Run(ctx, vm.BinaryClient, "--no-color", "resource-definition", "delete", "vol")
	t.Logf("deleting a mounted volume says %v\n%s", err, out)
	script(ctx, t, initiator, "echo still >/mnt/here && sync && umount /mnt")
	if len(c.volumes(ctx, t, target)) == 0 {
		t.Error("the target's volume went while the initiator had it mounted")
	}
	c.client(ctx, t, "resource-definition", "delete", "vol")
	c.await(ctx, t, "the volume gone", func() (bool, string) {
		out := c.client(ctx, t, "--no-color", "resource", "list")
		return !strings.Contains(out, "vol"), out
	})
}
