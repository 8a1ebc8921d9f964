package scenario

import (
	"context"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// splitBrain: two nodes that were cut off from each other have both written; the
// doctor names them, and the chosen survivor's data is on both afterwards. What the
// other one has given up is in a snapshot, byte by byte.
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
	sum := func(n *vm.Node, lv string) string {
		return script(ctx, t, n, "dd if=/dev/vg/"+lv+" bs=1M count=64 iflag=direct status=none | sha256sum")
	}
	before := sum(one, "vol_00000")
	c.client(ctx, t, "doctor", "vol", "--survivor", "n2")
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate)
	snap := script(ctx, t, one, "lvs --noheadings -o lv_name vg | tr -d ' ' | grep ^vol_00000_before-heal-")
	if got := script(ctx, t, one, "lvs --noheadings -o lv_attr,pool_lv,origin,lv_tags vg/"+snap); !strings.Contains(got, "holdfast.uuid.") || !strings.Contains(got, "vol_00000") {
		t.Errorf("the snapshot is %s", got)
	}
	script(ctx, t, one, "lvchange -ay -K vg/"+snap)
	if got := sum(one, snap); got != before {
		t.Errorf("the snapshot of the loser is %s, its device was %s", got, before)
	}
	if got := script(ctx, t, one, "mount -t ext4 -o ro,noload /dev/vg/"+snap+" /mnt && cat /mnt/data; umount /mnt"); got != "from-n1" {
		t.Errorf("the snapshot reads %q, want what the loser has written", got)
	}
	if out := c.client(ctx, t, "--no-color", "snapshot", "list"); !strings.Contains(out, "Successful") || !strings.Contains(out, "before-heal-") {
		t.Errorf("the snapshot is not listed:\n%s", out)
	}
	for _, n := range []*vm.Node{one, two} {
		if got := script(ctx, t, n, "mount -o ro "+dev+" /mnt && cat /mnt/data; umount /mnt"); got != "from-n2" {
			t.Errorf("%s reads %q, want what the survivor has written", n.Name(), got)
		}
	}
	if a, b := sum(one, "vol_00000"), sum(two, "vol_00000"); a != b {
		t.Errorf("the devices differ after the resync: %s and %s", a, b)
	}
	c.client(ctx, t, "snapshot", "delete", "vol", strings.TrimPrefix(snap, "vol_00000_"))
	c.await(ctx, t, "the end of the snapshot", func() (bool, string) {
		out, _ := one.Shell(ctx, "lvs --noheadings -o lv_name vg")
		return !strings.Contains(out, "before-heal-"), out
	})
	c.await(ctx, t, "a content doctor", func() (bool, string) {
		out := c.client(ctx, t, "--no-color", "doctor", "vol")
		return strings.Contains(out, "all is well"), out
	})
}
