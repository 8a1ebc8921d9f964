package scenario

import (
	"context"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// breakDisk puts a device in the place of a volume's storage that fails whatever is
// asked of it; mendDisk takes it away again.
const (
	breakDisk = `
dmsetup table vg-vol_00000 >/run/table
echo "0 $(blockdev --getsz /dev/vg/vol_00000) error" >/run/broken
dmsetup suspend --noflush --nolockfs vg-vol_00000
dmsetup load vg-vol_00000 /run/broken
dmsetup resume vg-vol_00000`
	mendDisk = `
dmsetup suspend --noflush --nolockfs vg-vol_00000
dmsetup load vg-vol_00000 /run/table
dmsetup resume vg-vol_00000`
)

// diskFailure: a disk that fails under a volume in use costs no write and no read; it
// stays out, also after a restart, until the user says that it is whole again.
func diskFailure(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpReplicated(ctx, t, l)
	c.client(ctx, t, "resource-group", "spawn-resources", replicas, "vol", "100M")
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, upToDate)
	c.startLoad(ctx, t, l.Node(3), "vol")
	script(ctx, t, l.Node(3), breakDisk)
	c.awaitWrites(ctx, t, l.Node(3))
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, diskless)
	c.await(ctx, t, "a note that the disk is not used", func() (bool, string) {
		out := c.client(ctx, t, "--no-color", "resource", "list-properties", "n3", "vol")
		return strings.Contains(out, "SkipDisk"), out
	})
	t.Logf("explained:\n%s", c.client(ctx, t, "--no-color", "explain", "resource", "vol"))
	do(t, l.Node(3).KillDaemon(ctx, vm.BinarySatellite))
	do(t, l.Node(3).StartSatellite(ctx))
	c.awaitOnline(ctx, t)
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, diskless)
	c.awaitWrites(ctx, t, l.Node(3))
	script(ctx, t, l.Node(3), mendDisk)
	c.client(ctx, t, "resource", "set-property", "n3", "vol", "DrbdOptions/SkipDisk")
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, upToDate)
	c.stopLoad(ctx, t, l.Node(3))
	for _, n := range l.Nodes() {
		c.verify(ctx, t, n, "vol")
	}
	sum := "dd if=/dev/vg/vol_00000 bs=1M count=100 iflag=direct status=none | sha256sum"
	want := script(ctx, t, l.Node(1), sum)
	for _, n := range l.Nodes()[1:] {
		if got := script(ctx, t, n, sum); got != want {
			t.Errorf("the storage of %s differs from that of %s", n.Name(), l.Node(1).Name())
		}
	}
	c.awaitUnused(ctx, t, "vol")
	c.client(ctx, t, "resource-definition", "delete", "vol")
	c.awaitVolumes(ctx, t, nil)
}
