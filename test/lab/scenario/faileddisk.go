package scenario

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// failedDisk: a disk fails while another node is away. That one comes back with its old
// data and sees only the node whose disk has failed, whose vote DRBD counts: it must not
// be used until it has the new data.
func failedDisk(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpReplicated(ctx, t, l)
	c.client(ctx, t, "resource-group", "spawn-resources", replicas, "vol", "40M")
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, upToDate)
	dev := c.device(ctx, t, l.Node(2), "vol")
	l.Node(3).PowerOff()
	script(ctx, t, l.Node(1), breakDisk)
	want := overwrite(ctx, t, l.Node(2), dev)
	apart := "does not connect to node 'n3'"
	c.await(ctx, t, "a word that n3 is kept apart", func() (bool, string) {
		out := c.client(ctx, t, "--no-color", "explain", "resource", "vol")
		return strings.Contains(out, apart), out
	})
	do(t, l.Node(3).PowerOn(ctx))
	do(t, l.Part(ctx, 2, 3))
	do(t, l.Node(3).StartSatellite(ctx))
	c.await(ctx, t, "the old disk, and the product's knowledge of it", func() (bool, string) {
		r := c.kernel(ctx, t, l.Node(3))["vol"]
		out := c.client(ctx, t, "--no-color", "explain", "resource", "vol")
		return len(r.Devices) == 1 && r.Devices[0].Disk != diskless, fmt.Sprint(r, out)
	})
	c.awaitOnline(ctx, t)
	if out, err := l.Node(3).Shell(ctx, "dd if=/dev/zero of="+dev+" bs=64k count=1 oflag=direct status=none"); err == nil {
		t.Errorf("a node with old data could write: %s\n%s", out, must(ctx, t, l.Node(3), "drbdsetup", "status", "vol", "--verbose"))
	}
	do(t, l.Heal(ctx))
	c.awaitDisks(ctx, t, "vol", diskless, upToDate, upToDate)
	for _, n := range []int{1, 3} {
		if got := sum(ctx, t, l.Node(n), c.device(ctx, t, l.Node(n), "vol")); got != want {
			t.Errorf("node %d reads %s, node 2 wrote %s", n, got, want)
		}
	}
}
