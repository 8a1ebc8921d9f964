package scenario

import (
	"context"
	"fmt"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// formerDisk: the disk of a node that is away is to go, and then to stay after all; another
// node loses its own meanwhile. The node that was away comes back with its old data and
// sees only the one without a disk: it must not be used until it has the new data.
func formerDisk(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := threeCopies(ctx, t, l)
	dev := c.device(ctx, t, l.Node(2), "vol")
	l.Node(3).PowerOff()
	want := overwrite(ctx, t, l.Node(2), dev)
	c.client(ctx, t, "resource", "toggle-disk", "n3", "vol", "--diskless")
	c.client(ctx, t, "resource", "toggle-disk", "n3", "vol", "--storage-pool", pool)
	c.client(ctx, t, "resource", "toggle-disk", "n1", "vol", "--diskless")
	do(t, l.Node(3).PowerOn(ctx))
	do(t, l.Part(ctx, 2, 3))
	do(t, l.Node(3).StartSatellite(ctx))
	c.await(ctx, t, "the old disk, with a connection to the node without one", func() (bool, string) {
		r := c.kernel(ctx, t, l.Node(3))["vol"]
		met := false
		for _, conn := range r.Connections {
			met = met || conn.State == "Connected"
		}
		return met && len(r.Devices) == 1 && r.Devices[0].Disk != diskless, fmt.Sprint(r)
	})
	cannotWrite(ctx, t, l.Node(3), dev)
	do(t, l.Heal(ctx))
	c.awaitOnline(ctx, t)
	c.awaitDisks(ctx, t, "vol", diskless, upToDate, upToDate)
	c.reads(ctx, t, want, 1, 3)
}
