package scenario

import (
	"context"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// goodCopyDeleted: the only copy with the newest data is deleted while the other one, which
// is older, is away. A node without a disk that has seen the newest data keeps away from the
// older copy, until it has begun anew; then it works with that.
func goodCopyDeleted(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := twoCopiesAndClient(ctx, t, l)
	dev := c.device(ctx, t, l.Node(2), "vol")
	old := overwrite(ctx, t, l.Node(2), dev)
	l.Node(3).PowerOff()
	overwrite(ctx, t, l.Node(2), dev)
	c.client(ctx, t, "resource", "delete", "n2", "vol")
	do(t, l.Node(3).PowerOn(ctx))
	do(t, l.Node(3).StartSatellite(ctx))
	c.awaitOnline(ctx, t)
	c.awaitDisks(ctx, t, "vol", diskless, "", upToDate)
	for _, n := range []int{1, 3} {
		if got := sum(ctx, t, l.Node(n), c.device(ctx, t, l.Node(n), "vol")); got != old {
			t.Errorf("node %d reads %s, the older copy has %s", n, got, old)
		}
	}
}
