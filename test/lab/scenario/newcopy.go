package scenario

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// newCopyNotTold: a copy is added while the satellite of a node is away whose kernel goes
// on. What is written there would not reach the copy: it waits until the node knows of it.
func newCopyNotTold(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpReplicated(ctx, t, l)
	c.client(ctx, t, "resource-definition", "create", "vol")
	c.client(ctx, t, "resource-definition", "set-property", "vol", "DrbdOptions/auto-add-quorum-tiebreaker", "False")
	c.client(ctx, t, "volume-definition", "create", "vol", "40M")
	c.client(ctx, t, "resource", "create", "n1", "n2", "vol", "--storage-pool", pool)
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, "")
	c.awaitListed(ctx, t, "vol", 2)

	do(t, l.Node(2).KillDaemon(ctx, vm.BinarySatellite))
	c.client(ctx, t, "resource", "create", "n3", "vol", "--storage-pool", pool, "--async")
	c.awaitExplained(ctx, t, "the replica waits for node 'n2'")
	dev := c.device(ctx, t, l.Node(2), "vol")
	want := overwrite(ctx, t, l.Node(2), dev)
	c.awaitDisks(ctx, t, "vol", upToDate+" Connecting", upToDate, "")

	do(t, l.Node(2).StartSatellite(ctx))
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, upToDate)
	c.reads(ctx, t, want, 1, 2, 3)
}

// newCopyWhileAway: a copy is added while a node is cut off. It comes back before its
// satellite does, and with what it knows it would leave the copy out: nobody meets it, and
// so it cannot be used, until its satellite has told it.
func newCopyWhileAway(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpReplicated(ctx, t, l)
	c.client(ctx, t, "resource-definition", "create", "vol")
	c.client(ctx, t, "volume-definition", "create", "vol", "40M")
	c.client(ctx, t, "resource", "create", "n1", "n2", "vol", "--storage-pool", pool)
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, diskless)
	c.awaitListed(ctx, t, "vol", 2)
	dev := c.device(ctx, t, l.Node(1), "vol")

	do(t, l.Isolate(ctx, 2))
	do(t, l.Node(2).KillDaemon(ctx, vm.BinarySatellite))
	c.await(ctx, t, "n2 away", func() (bool, string) {
		out := c.client(ctx, t, "--no-color", "node", "list")
		return strings.Contains(out, "OFFLINE"), out
	})
	c.client(ctx, t, "resource", "toggle-disk", "n3", "vol", "--storage-pool", pool, "--async")
	c.awaitExplained(ctx, t, "does not connect to node 'n2'")
	c.await(ctx, t, "the new copy", func() (bool, string) {
		r := c.kernel(ctx, t, l.Node(3))["vol"]
		return len(r.Devices) == 1 && r.Devices[0].Disk == upToDate, fmt.Sprint(r)
	})
	want := overwrite(ctx, t, l.Node(1), dev)
	do(t, l.Heal(ctx))
	script(ctx, t, l.Node(2), "ping -c 1 -W 20 "+l.Node(1).Addr(vm.NetA))
	cannotWrite(ctx, t, l.Node(2), dev)

	do(t, l.Node(2).StartSatellite(ctx))
	c.awaitOnline(ctx, t)
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, upToDate)
	c.reads(ctx, t, want, 1, 2, 3)
}

// awaitExplained waits until the product says something of the volume.
func (c cluster) awaitExplained(ctx context.Context, t *testing.T, words string) {
	t.Helper()
	c.await(ctx, t, "the words '"+words+"'", func() (bool, string) {
		out := c.client(ctx, t, "--no-color", "explain", "resource", "vol")
		return strings.Contains(out, words), out
	})
}

// spareUnderQuorum: a user has set quorum on a volume with one copy, and adds others while
// it is written to. The vote of a copy that is not there yet must not stop the writer.
func spareUnderQuorum(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpReplicated(ctx, t, l)
	c.client(ctx, t, "resource-definition", "create", "vol")
	c.client(ctx, t, "volume-definition", "create", "vol", "100M")
	c.client(ctx, t, "resource", "create", "n1", "vol", "--storage-pool", pool)
	c.awaitDisks(ctx, t, "vol", upToDate, "", "")
	c.awaitListed(ctx, t, "vol", 1)
	c.client(ctx, t, "resource-definition", "drbd-options", "--quorum", "majority", "--on-no-quorum", "io-error", "vol")
	c.startLoad(ctx, t, l.Node(1), "vol")
	c.client(ctx, t, "resource", "create", "n2", "vol", "--storage-pool", pool)
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, diskless)
	c.awaitWrites(ctx, t, l.Node(1))
	c.client(ctx, t, "resource", "create", "n3", "vol", "--storage-pool", pool)
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, upToDate)
	c.awaitWrites(ctx, t, l.Node(1))
	c.stopLoad(ctx, t, l.Node(1))
	if out := script(ctx, t, l.Node(1), "dmesg | grep 'quorum( yes -> no )' || true"); out != "" {
		t.Errorf("quorum was lost while copies were added:\n%s", out)
	}
	for _, n := range l.Nodes() {
		c.verify(ctx, t, n, "vol")
	}
}
