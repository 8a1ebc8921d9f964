package scenario

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// clientDistrusts: a node without a disk was cut off while data was written, and meets the
// others while their disks are not attached. It can read the new data all the same once
// they are, without anybody's doing.
func clientDistrusts(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := twoCopiesAndClient(ctx, t, l)
	c.client(ctx, t, "resource-definition", "set-property", "vol", "DrbdOptions/Resource/quorum", "off")
	dev := c.device(ctx, t, l.Node(1), "vol")
	overwrite(ctx, t, l.Node(1), dev)
	for _, n := range []int{2, 3} {
		answers(ctx, t, l.Node(1), l.Node(n), false)
	}
	l.Node(3).PowerOff()
	want := overwrite(ctx, t, l.Node(2), dev)
	do(t, l.Node(3).PowerOn(ctx))
	do(t, l.Node(3).StartSatellite(ctx))
	c.await(ctx, t, "the new data on node 3", func() (bool, string) {
		out, err := l.Node(3).Shell(ctx, "drbdsetup status vol | grep -q '^  disk:UpToDate' && head -c 16M "+dev+" | sha256sum")
		return err == nil && out == want+"\n", out
	})
	for _, n := range []int{3, 2} {
		do(t, l.Node(n).KillDaemon(ctx, vm.BinarySatellite))
		script(ctx, t, l.Node(n), "drbdsetup detach "+strings.TrimPrefix(dev, "/dev/drbd"))
	}
	for _, n := range []int{2, 3} {
		answers(ctx, t, l.Node(1), l.Node(n), true)
	}
	c.await(ctx, t, "the nodes met again without their disks", func() (bool, string) {
		r := c.kernel(ctx, t, l.Node(1))["vol"]
		met := len(r.Connections) == 2
		for _, conn := range r.Connections {
			met = met && conn.State == "Connected"
		}
		return met, fmt.Sprint(r)
	})
	for _, n := range []int{2, 3} {
		do(t, l.Node(n).StartSatellite(ctx))
	}
	c.awaitOnline(ctx, t)
	c.awaitDisks(ctx, t, "vol", diskless, upToDate, upToDate)
	c.await(ctx, t, "the new data on node 1", func() (bool, string) {
		out, err := l.Node(1).Shell(ctx, "head -c 16M "+dev+" | sha256sum")
		return err == nil && out == want+"\n", out
	})
}
