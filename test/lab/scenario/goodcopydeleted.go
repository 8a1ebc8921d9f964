package scenario

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// goodCopyDeleted: the only copy with the newest data is deleted while the other one, which
// is older, is away. The deletion waits until that one is back and has the data, also where
// the node that waits loses its power meanwhile.
func goodCopyDeleted(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := twoCopiesAndClient(ctx, t, l)
	l.Node(3).PowerOff()
	want := overwrite(ctx, t, l.Node(2), c.device(ctx, t, l.Node(2), "vol"))
	c.client(ctx, t, "resource", "delete", "n2", "vol")
	const waits = "deletion waits until another replica has the data"
	c.awaitExplained(ctx, t, waits)
	l.Node(2).PowerOff()
	do(t, l.Node(2).PowerOn(ctx))
	do(t, l.Node(2).StartSatellite(ctx))
	c.await(ctx, t, "n2 online", func() (bool, string) {
		out := c.client(ctx, t, "--no-color", "node", "list")
		return strings.Count(out, "Online") == 2, out
	})
	c.awaitExplained(ctx, t, waits)
	c.powerOnThird(ctx, t)
	c.awaitThird(ctx, t, want)
}

// goodCopyLost: the same copy is lost with its node. A node without a disk that has seen the
// newest data keeps away from the older copy, until it has begun anew; then it works with
// that.
func goodCopyLost(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := twoCopiesAndClient(ctx, t, l)
	dev := c.device(ctx, t, l.Node(2), "vol")
	old := overwrite(ctx, t, l.Node(2), dev)
	l.Node(3).PowerOff()
	overwrite(ctx, t, l.Node(2), dev)
	l.Node(2).PowerOff()
	c.await(ctx, t, "n2 away", func() (bool, string) {
		out := c.client(ctx, t, "--no-color", "node", "list")
		return strings.Count(out, "OFFLINE") == 2, out
	})
	c.client(ctx, t, "node", "lost", "n2")
	c.powerOnThird(ctx, t)
	c.awaitThird(ctx, t, old)
}

// powerOnThird brings n3 back.
func (c cluster) powerOnThird(ctx context.Context, t *testing.T) {
	t.Helper()
	do(t, c.lab.Node(3).PowerOn(ctx))
	do(t, c.lab.Node(3).StartSatellite(ctx))
}

// awaitThird waits until n3 has the only copy, which n1 uses, and compares what they read.
func (c cluster) awaitThird(ctx context.Context, t *testing.T, want string) {
	t.Helper()
	c.await(ctx, t, "the copy on n3 alone, and n1 connected to it", func() (bool, string) {
		one, three := c.kernel(ctx, t, c.lab.Node(1))["vol"], c.kernel(ctx, t, c.lab.Node(3))["vol"]
		ready := len(three.Devices) == 1 && three.Devices[0].Disk == upToDate && len(one.Connections) == 1 && one.Connections[0].State == "Connected"
		return ready, fmt.Sprint(one, three)
	})
	c.reads(ctx, t, want, 1, 3)
}
