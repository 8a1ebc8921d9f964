package scenario

import (
	"context"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// devicePools: the product makes its pools of unused disks and refuses used ones;
// volumes in thin, thick and file pools keep their data while they grow and while
// both daemons are restarted.
func devicePools(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := cluster{lab: l}
	c.startDaemons(ctx, t)
	n := l.Node(1)
	c.client(ctx, t, "node", "create", n.Name(), n.Addr(vm.NetA))
	disk := func(nr string) string {
		return strings.TrimSpace(script(ctx, t, n, "readlink -f /dev/disk/by-id/virtio-$(hostname)-data"+nr))
	}
	one, two := disk("1"), disk("2")
	if out := c.client(ctx, t, "--no-color", "physical-storage", "list"); !strings.Contains(out, one) || !strings.Contains(out, two) {
		t.Errorf("the unused disks %s and %s are not listed:\n%s", one, two, out)
	}
	c.client(ctx, t, "physical-storage", "create-device-pool", "lvmthin", n.Name(), one, "--pool-name", "fast", "--storage-pool", "thin")
	c.client(ctx, t, "physical-storage", "create-device-pool", "lvm", n.Name(), two, "--pool-name", "slow", "--storage-pool", "thick")
	script(ctx, t, n, "mkdir -p /var/lib/images")
	c.client(ctx, t, "storage-pool", "create", "filethin", n.Name(), "files", "/var/lib/images")
	out, err := n.Run(ctx, vm.BinaryClient, "--no-color", "physical-storage", "create-device-pool", "lvm", n.Name(), one, "--pool-name", "again")
	if err == nil {
		t.Errorf("a disk in use was taken again:\n%s", out)
	}
	for _, p := range []string{"thin", "thick", "files"} {
		c.client(ctx, t, "resource-group", "create", "in-"+p, "--place-count", "1", "--storage-pool", p, "--layer-list", "storage")
		c.client(ctx, t, "volume-group", "create", "in-"+p)
		c.client(ctx, t, "resource-group", "spawn-resources", "in-"+p, "on-"+p, "64M")
	}
	fill := `
for d in /dev/linstor_fast/on-thin_00000 /dev/slow/on-thick_00000 $(losetup -nO NAME -j /var/lib/images/on-files_00000.img); do
	dd if=/dev/urandom of=$d bs=1M count=64 oflag=direct status=none
done`
	sums := `
for d in /dev/linstor_fast/on-thin_00000 /dev/slow/on-thick_00000 $(losetup -nO NAME -j /var/lib/images/on-files_00000.img); do
	dd if=$d bs=1M count=64 iflag=direct status=none | sha256sum
done`
	script(ctx, t, n, fill)
	before := script(ctx, t, n, sums)
	for _, p := range []string{"thin", "thick", "files"} {
		c.client(ctx, t, "volume-definition", "set-size", "on-"+p, "0", "128M")
	}
	do(t, n.KillDaemon(ctx, vm.BinarySatellite))
	do(t, n.KillDaemon(ctx, vm.BinaryController))
	do(t, n.StartSatellite(ctx))
	do(t, l.StartController(ctx))
	c.await(ctx, t, "the node online again", func() (bool, string) {
		out := c.client(ctx, t, "-m", "--output-version", "v1", "node", "list")
		return strings.Contains(out, `"ONLINE"`), out
	})
	if after := script(ctx, t, n, sums); after != before {
		t.Errorf("the data differs after growing and restarting:\n%s\n%s", before, after)
	}
	for _, p := range []string{"thin", "thick", "files"} {
		c.client(ctx, t, "resource-definition", "delete", "on-"+p)
	}
	if left := script(ctx, t, n, "lvs --noheadings -o lv_name; losetup -l -n; ls /var/lib/images"); strings.Contains(left, "_00000") {
		t.Errorf("volumes are left:\n%s", left)
	}
}
