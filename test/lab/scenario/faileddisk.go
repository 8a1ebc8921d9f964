package scenario

import (
	"context"
	"fmt"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// failedDisk: a disk fails while another node is away. That one comes back with its old
// data and sees only the node whose disk has failed, whose vote DRBD counts: it must not
// be used until it has the new data.
func failedDisk(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := threeCopies(ctx, t, l)
	dev := c.device(ctx, t, l.Node(2), "vol")
	l.Node(3).PowerOff()
	script(ctx, t, l.Node(1), breakDisk)
	want := overwrite(ctx, t, l.Node(2), dev)
	c.awaitExplained(ctx, t, "does not connect to node 'n3'")
	do(t, l.Node(3).PowerOn(ctx))
	do(t, l.Part(ctx, 2, 3))
	do(t, l.Node(3).StartSatellite(ctx))
	c.await(ctx, t, "the old disk", func() (bool, string) {
		r := c.kernel(ctx, t, l.Node(3))["vol"]
		return len(r.Devices) == 1 && r.Devices[0].Disk != diskless, fmt.Sprint(r)
	})
	c.awaitOnline(ctx, t)
	cannotWrite(ctx, t, l.Node(3), dev)
	do(t, l.Heal(ctx))
	c.awaitDisks(ctx, t, "vol", diskless, upToDate, upToDate)
	c.reads(ctx, t, want, 1, 3)
}
