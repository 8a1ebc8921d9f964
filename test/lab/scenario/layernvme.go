package scenario

import (
	"context"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// nvmeLayer: a volume of one node is used on another over NVMe/TCP, grows there,
// comes back after the target has lost its power, and goes initiator first.
func nvmeLayer(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUp(ctx, t, l)
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
