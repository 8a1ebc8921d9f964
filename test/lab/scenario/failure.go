package scenario

import (
	"context"
	"errors"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// powerOffWhileWriting: what was synced is there after the power failure, and
// the call that was under way ends with the reason.
func powerOffWhileWriting(ctx context.Context, t *testing.T, l *vm.Lab) {
	n := l.Node(2)
	script(ctx, t, n, thinPool+`
lvcreate -qq -V 500M --thinpool pool -n vol vg
udevadm settle
mkfs.ext4 -q /dev/vg/vol
mount /dev/vg/vol /mnt
echo precious >/mnt/synced
sync`)
	busy := make(chan error, 1)
	go func() {
		_, err := n.Shell(ctx, "touch /run/begun; while :; do dd if=/dev/urandom of=/mnt/noise bs=64k count=64 conv=fsync status=none; done")
		busy <- err
	}()
	script(ctx, t, n, "until [[ -s /mnt/noise ]]; do sleep 0.1; done")
	n.PowerOff()
	if err := <-busy; !errors.Is(err, vm.ErrPowerOff) {
		t.Errorf("the interrupted call says %v, want %v", err, vm.ErrPowerOff)
	}
	if _, err := n.Run(ctx, "true"); !errors.Is(err, vm.ErrPowerOff) {
		t.Errorf("a call without power says %v, want %v", err, vm.ErrPowerOff)
	}
	do(t, n.PowerOn(ctx))
	got := script(ctx, t, n, "vgchange -qq -ay vg; udevadm settle; mount /dev/vg/vol /mnt; cat /mnt/synced")
	if got != "precious" {
		t.Errorf("after the power failure the file holds %q", got)
	}
}

func partition(ctx context.Context, t *testing.T, l *vm.Lab) {
	check := func(when string, from, to int, want bool) {
		t.Helper()
		for _, nw := range []vm.Network{vm.NetA, vm.NetB} {
			_, err := l.Node(from).Run(ctx, "ping", "-q", "-c1", "-W2", l.Node(to).Addr(nw))
			var exit *vm.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if got := err == nil; got != want {
				t.Errorf("%s: node %d reaches node %d on network %d: %v, want %v", when, from, to, nw, got, want)
			}
		}
	}
	check("whole", 1, 2, true)
	do(t, l.Isolate(ctx, 2))
	check("2 isolated", 1, 2, false)
	check("2 isolated", 2, 3, false)
	check("2 isolated", 1, 3, true)
	do(t, l.Heal(ctx))
	check("healed", 1, 2, true)
	do(t, l.Part(ctx, 1, 2))
	check("1 and 2 parted", 1, 2, false)
	check("1 and 2 parted", 1, 3, true)
	check("1 and 2 parted", 3, 2, true)
	do(t, l.Heal(ctx))
	check("healed again", 2, 1, true)
}
