package scenario

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// volumeAddedInUse: a resource that is in use gets one more volume, which is good on all
// copies and can be used at once, also where the user's node has no disk of its own.
func volumeAddedInUse(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpReplicated(ctx, t, l)
	c.client(ctx, t, "resource-definition", "create", "vol")
	c.client(ctx, t, "volume-definition", "create", "vol", "40M")
	c.client(ctx, t, "resource", "create", "n1", "vol", "--storage-pool", pool)
	c.client(ctx, t, "resource", "create", "n2", "vol", "--storage-pool", pool)
	c.client(ctx, t, "resource", "create", "n3", "vol", "--drbd-diskless")
	for number, user := range []int{3, 2} {
		c.awaitAllDisks(ctx, t, "vol", number+1, upToDate, upToDate, diskless)
		c.startLoad(ctx, t, l.Node(user), "vol")
		c.client(ctx, t, "volume-definition", "create", "vol", "20M")
		c.awaitAllDisks(ctx, t, "vol", number+2, upToDate, upToDate, diskless)
		dev := c.newest(ctx, t, l.Node(user), "vol")
		want := overwrite(ctx, t, l.Node(user), dev)
		c.stopLoad(ctx, t, l.Node(user))
		c.awaitUnused(ctx, t, "vol")
		c.verify(ctx, t, l.Node(1), "vol")
		if got := sum(ctx, t, l.Node(1), c.newest(ctx, t, l.Node(1), "vol")); got != want {
			t.Errorf("node 1 reads %s, node %d wrote %s", got, user, want)
		}
	}
}

// awaitAllDisks waits until the kernels show these states of so many volumes' disks, by
// machine.
func (c cluster) awaitAllDisks(ctx context.Context, t *testing.T, resource string, volumes int, want ...string) {
	t.Helper()
	c.await(ctx, t, fmt.Sprintf("%d volumes of %s with the disks %q", volumes, resource, want), func() (bool, string) {
		got := make([]string, len(want))
		for i, n := range c.lab.Nodes()[:len(want)] {
			r := c.kernel(ctx, t, n)[resource]
			for _, d := range r.Devices {
				if len(r.Devices) == volumes && d.Disk == want[i] && (got[i] == "" || got[i] == want[i]) {
					got[i] = want[i]
				} else {
					got[i] = fmt.Sprint(r.Devices)
				}
			}
		}
		return slices.Equal(got, want), fmt.Sprintf("%q", got)
	})
}

// newest is the path of a resource's volume that was made last.
func (c cluster) newest(ctx context.Context, t *testing.T, n *vm.Node, resource string) string {
	t.Helper()
	r := c.kernel(ctx, t, n)[resource]
	if len(r.Devices) == 0 {
		t.Fatalf("%s has no device of %s", n.Name(), resource)
	}
	return fmt.Sprintf("/dev/drbd%d", r.Devices[len(r.Devices)-1].Minor)
}

// oldCopyAlone: of two copies one was away while data was written, and comes back while
// the other is away. DRBD calls it up to date; as long as nobody writes to it, the newer
// data is on both once they meet.
func oldCopyAlone(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpReplicated(ctx, t, l)
	c.client(ctx, t, "resource-definition", "create", "vol")
	c.client(ctx, t, "resource-definition", "set-property", "vol", "DrbdOptions/auto-add-quorum-tiebreaker", "False")
	c.client(ctx, t, "volume-definition", "create", "vol", "40M")
	c.client(ctx, t, "resource", "create", "n2", "vol", "--storage-pool", pool)
	c.client(ctx, t, "resource", "create", "n3", "vol", "--storage-pool", pool)
	c.awaitDisks(ctx, t, "vol", "", upToDate, upToDate)
	l.Node(3).PowerOff()
	dev := c.device(ctx, t, l.Node(2), "vol")
	want := overwrite(ctx, t, l.Node(2), dev)
	l.Node(2).PowerOff()
	do(t, l.Node(3).PowerOn(ctx))
	do(t, l.Node(3).StartSatellite(ctx))
	c.await(ctx, t, "the disk of the old copy", func() (bool, string) {
		r, ok := c.kernel(ctx, t, l.Node(3))["vol"]
		return ok && len(r.Devices) == 1 && r.Devices[0].Disk == upToDate, fmt.Sprint(r)
	})
	do(t, l.Node(2).PowerOn(ctx))
	do(t, l.Node(2).StartSatellite(ctx))
	c.awaitOnline(ctx, t)
	c.awaitDisks(ctx, t, "vol", "", upToDate, upToDate)
	c.reads(ctx, t, want, 2, 3)
}

// overwrite fills the first 16 MiB of a device anew and gives their sum.
func overwrite(ctx context.Context, t *testing.T, n *vm.Node, dev string) string {
	script(ctx, t, n, "dd if=/dev/urandom of="+dev+" bs=1M count=16 oflag=direct conv=fsync status=none")
	return sum(ctx, t, n, dev)
}

// sum is that of the first 16 MiB of a device.
func sum(ctx context.Context, t *testing.T, n *vm.Node, dev string) string {
	return script(ctx, t, n, "head -c 16M "+dev+" | sha256sum")
}
