package scenario

import (
	"context"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// lapsedOrder: an order to give data up that cannot be carried out, because the
// survivor is not reached, ends after a while. When the network is back nothing is
// given up by it: the user may choose the other survivor then.
func lapsedOrder(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUp(ctx, t, l)
	one, two := l.Node(1), l.Node(2)
	for _, n := range []*vm.Node{one, two} {
		c.client(ctx, t, "node", "interface", "create", n.Name(), "repl", n.Addr(vm.NetB))
		c.client(ctx, t, "node", "set-property", n.Name(), "PrefNic", "repl")
	}
	c.define(ctx, t, "vol", "64M", "drbd,storage")
	c.client(ctx, t, "resource-definition", "set-property", "vol", "DrbdOptions/auto-add-quorum-tiebreaker", "False")
	c.client(ctx, t, "resource-definition", "set-property", "vol", "DrbdOptions/auto-quorum", "disabled")
	c.place(ctx, t, "vol", one)
	c.place(ctx, t, "vol", two)
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate)
	dev := c.device(ctx, t, one, "vol")
	script(ctx, t, one, "mkfs.ext4 -q "+dev+" && mount "+dev+" /mnt && echo before >/mnt/data && umount /mnt")
	replication := func(state string) {
		script(ctx, t, one, "ip link set dev $(ip -o address | grep -F '"+one.Addr(vm.NetB)+"/' | cut -d' ' -f2) "+state)
	}
	state := func(n *vm.Node) string {
		out, _ := n.Shell(ctx, "drbdadm -c /var/lib/linstor.d/vol.res cstate vol 2>&1")
		return strings.TrimSpace(out)
	}
	awaitState := func(n *vm.Node, want string) {
		c.await(ctx, t, n.Name()+" being "+want, func() (bool, string) { s := state(n); return s == want, s })
	}
	replication("down")
	for _, n := range []*vm.Node{one, two} {
		awaitState(n, "Connecting")
		script(ctx, t, n, "mount "+dev+" /mnt && echo from-"+n.Name()+" >/mnt/data && umount /mnt")
	}
	replication("up")
	c.await(ctx, t, "a doctor who names both", func() (bool, string) {
		out := c.client(ctx, t, "--no-color", "doctor", "vol")
		return strings.Contains(out, "--survivor n1") && strings.Contains(out, "--survivor n2"), out
	})
	awaitState(one, "StandAlone")
	replication("down")
	t.Log(c.client(ctx, t, "--no-color", "doctor", "vol", "--survivor", "n2"))
	awaitState(one, "Connecting")
	script(ctx, t, one, "sleep 280") // the order stands for five minutes
	c.await(ctx, t, "the end of the order", func() (bool, string) {
		log := one.DaemonLog(ctx, vm.BinarySatellite, 100)
		return strings.Contains(log, "take back that data is given up"), log
	})
	replication("up")
	c.await(ctx, t, "a doctor who names both again", func() (bool, string) {
		out := c.client(ctx, t, "--no-color", "doctor", "vol")
		return strings.Contains(out, "--survivor n1") && strings.Contains(out, "--survivor n2"), out
	})
	// The nodes meet once more when the taken back connection is made anew: for that moment
	// there is nothing to choose.
	c.await(ctx, t, "the choice of the survivor", func() (bool, string) {
		out, err := c.lab.Node(1).Run(ctx, vm.BinaryClient, "doctor", "vol", "--survivor", "n1")
		return err == nil, out
	})
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate)
	for _, n := range []*vm.Node{one, two} {
		if got := script(ctx, t, n, "mount -o ro "+dev+" /mnt && cat /mnt/data; umount /mnt"); got != "from-n1" {
			t.Errorf("%s reads %q, want what the survivor has written", n.Name(), got)
		}
	}
}
