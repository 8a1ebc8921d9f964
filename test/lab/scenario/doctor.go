package scenario

import (
	"context"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// splitBrain: two nodes that were cut off from each other have both written; the
// doctor names them, and the chosen survivor's data is on both afterwards.
func splitBrain(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUp(ctx, t, l)
	one, two := l.Node(1), l.Node(2)
	c.define(ctx, t, "vol", "64M", "drbd,storage")
	c.client(ctx, t, "resource-definition", "set-property", "vol", "DrbdOptions/auto-add-quorum-tiebreaker", "False")
	c.client(ctx, t, "resource-definition", "set-property", "vol", "DrbdOptions/auto-quorum", "disabled")
	c.place(ctx, t, "vol", one)
	c.place(ctx, t, "vol", two)
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate)
	dev := c.device(ctx, t, one, "vol")
	script(ctx, t, one, "mkfs.ext4 -q "+dev+" && mount "+dev+" /mnt && echo before >/mnt/data && umount /mnt")
	if out := c.client(ctx, t, "--no-color", "doctor", "vol"); !strings.Contains(out, "all is well") {
		t.Errorf("the doctor finds something where nothing is wrong:\n%s", out)
	}
	do(t, l.Part(ctx, 1, 2))
	for _, n := range []*vm.Node{one, two} {
		c.await(ctx, t, "the lost connection on "+n.Name(), func() (bool, string) {
			out, _ := n.Shell(ctx, "drbdadm cstate vol 2>&1")
			return !strings.Contains(out, "Connected"), out
		})
		script(ctx, t, n, "mount "+dev+" /mnt && echo from-"+n.Name()+" >/mnt/data && dd if=/dev/urandom of=/mnt/more bs=1M count=4 conv=fsync status=none && umount /mnt")
	}
	do(t, l.Heal(ctx))
	c.awaitOnline(ctx, t)
	c.await(ctx, t, "a doctor who names both", func() (bool, string) {
		out := c.client(ctx, t, "--no-color", "doctor", "vol")
		return strings.Contains(out, "--survivor n1") && strings.Contains(out, "--survivor n2"), out
	})
	t.Logf("the doctor says:\n%s\nthe kernel says: %s", c.client(ctx, t, "--no-color", "doctor", "vol"),
		script(ctx, t, one, "drbdsetup status vol --verbose"))
	out, err := one.Run(ctx, vm.BinaryClient, "--no-color", "doctor", "vol", "--survivor", "n2")
	if err == nil {
		t.Errorf("data was given up without being asked for:\n%s", out)
	}
	c.client(ctx, t, "doctor", "vol", "--survivor", "n2", "--without-snapshot")
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate)
	for _, n := range []*vm.Node{one, two} {
		if got := script(ctx, t, n, "mount -o ro "+dev+" /mnt && cat /mnt/data; umount /mnt"); got != "from-n2" {
			t.Errorf("%s reads %q, want what the survivor has written", n.Name(), got)
		}
	}
	sum := "dd if=/dev/vg/vol_00000 bs=1M count=64 iflag=direct status=none | sha256sum"
	if a, b := script(ctx, t, one, sum), script(ctx, t, two, sum); a != b {
		t.Errorf("the devices differ after the resync: %s and %s", a, b)
	}
	c.await(ctx, t, "a content doctor", func() (bool, string) {
		out := c.client(ctx, t, "--no-color", "doctor", "vol")
		return strings.Contains(out, "all is well"), out
	})
}
