package scenario

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// isolatedPrimary: a node that has a volume in use is cut off from all others, and one of
// them goes on. The first to meet it again has no disk, so that DRBD calls the newer data
// outdated. Once nobody uses the older any more it is replaced by the newer, which can be
// used again without anybody's doing.
func isolatedPrimary(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := twoCopiesAndClient(ctx, t, l)
	dev := c.device(ctx, t, l.Node(3), "vol")
	script(ctx, t, l.Node(3), "setsid sleep infinity <>"+dev+" >/dev/null 2>&1 & echo $! >/run/holder")
	do(t, l.Part(ctx, 2, 3))
	answers(ctx, t, l.Node(1), l.Node(3), false)
	c.await(ctx, t, "no quorum on the node that is cut off", func() (bool, string) {
		out, _ := l.Node(3).Shell(ctx, "drbdsetup status vol --verbose")
		return strings.Contains(out, "quorum:no"), out
	})
	// DRBD 9.3.3 holds the disk back for good if it is written to while this goes on.
	c.await(ctx, t, "the other disk in use without the node that is cut off", func() (bool, string) {
		out, _ := l.Node(2).Shell(ctx, "drbdsetup status vol")
		return strings.Contains(out, "  disk:UpToDate") && strings.Contains(out, "n3 connection:Connecting"), out
	})
	want := overwrite(ctx, t, l.Node(1), dev)
	answers(ctx, t, l.Node(1), l.Node(3), true)
	c.await(ctx, t, "the node that is cut off and that without a disk met again", func() (bool, string) {
		r := c.kernel(ctx, t, l.Node(1))["vol"]
		for _, conn := range r.Connections {
			if conn.State != "Connected" {
				return false, fmt.Sprint(r)
			}
		}
		return len(r.Connections) == 2, fmt.Sprint(r)
	})
	do(t, l.Heal(ctx))
	script(ctx, t, l.Node(3), "kill $(cat /run/holder)")
	c.awaitOnline(ctx, t)
	c.awaitDisks(ctx, t, "vol", diskless, upToDate, upToDate)
	c.reads(ctx, t, want, 1, 2, 3)
}
